// @ts-check
/** An answer made of what was said: every sentence has the place where it was said, to hear or to open. */

import { ask } from "../lib/ask.js";
import { clock } from "../lib/format.js";
import { fill, h, icon, setText } from "../lib/h.js";

/** @typedef {import("../lib/ask.js").Citation} Citation */
/** @typedef {import("../lib/ask.js").Sentence} Sentence */

/** One question at a time; a new one takes the place of the one before. */
export class Answer {
  /** @param {{hear: (citation: Citation) => void, withTitles: boolean}} wishes withTitles: whether the meeting must be named */
  constructor(wishes) {
    this.wishes = wishes;
    this.asked = new AbortController();
    this.question = h("p", { class: "asked", dir: "auto" });
    this.list = h("ol", { class: "quoted" });
    this.said = h("p", { class: "small", role: "status" });
    this.element = h("section", { class: "answer", "aria-label": "Answer", hidden: true }, h("header", null, this.question, h("button", { type: "button", class: "square", "aria-label": "Close the answer", onclick: () => this.clear() }, icon("close"))), this.list, this.said);
  }

  /** @param {{question: string, meetings?: string[], last_s?: number}} question */
  async ask(question) {
    this.clear();
    const mine = (this.asked = new AbortController());
    setText(this.question, question.question);
    setText(this.said, "Looking through what was said…");
    this.element.hidden = false;
    try {
      const found = await ask(question, (sentence) => mine.signal.aborted || this.add(sentence), mine.signal);
      if (!mine.signal.aborted) setText(this.said, found ? "Quoted from what was said; press a time to hear it." : "Nothing that was said answers this.");
    } catch (fault) {
      if (!mine.signal.aborted) setText(this.said, fault instanceof Error ? fault.message : "The question could not be answered.");
    }
  }

  clear() {
    this.asked.abort();
    this.element.hidden = true;
    fill(this.list);
  }

  /** @param {Sentence} sentence */
  add(sentence) {
    const citations = sentence.citations ?? (sentence.citation ? [sentence.citation] : []);
    this.list.append(h("li", null, h("p", { class: "words", dir: "auto" }, sentence.text), h("p", { class: "where" }, ...citations.flatMap((citation) => this.where(citation)))));
  }

  /** @param {Citation} citation */
  where(citation) {
    const at = clock(citation.start);
    const second = Math.ceil(citation.start * 10) / 10;
    return [
      h("button", { type: "button", class: "hear", dataset: { start: String(citation.start), meeting: citation.meeting }, "aria-label": `Hear the words at ${at}`, onclick: () => this.wishes.hear(citation) }, icon("play"), at),
      citation.speaker ? h("span", { dir: "auto" }, citation.speaker) : null,
      this.wishes.withTitles ? h("a", { href: `/recap.html#${citation.meeting}@${second}`, dir: "auto" }, citation.title) : null,
    ].filter((part) => part !== null);
  }

  /** Marks the place that is being heard. @param {string} meeting @param {number | null} start */
  heard(meeting, start) {
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (this.list.querySelectorAll(".hear"))) {
      button.setAttribute("aria-pressed", String(start !== null && button.dataset.meeting === meeting && Number(button.dataset.start) === start));
    }
  }
}

/**
 * The field of a meeting in which its readers ask.
 * @param {string} meeting
 * @param {(citation: Citation) => void} hear
 * @param {{words: string, question: string, last_s?: number}[]} [offers] questions that can be asked with one press
 */
export function askBox(meeting, hear, offers = []) {
  const answer = new Answer({ hear, withTitles: false });
  const input = h("input", { type: "text", placeholder: "Ask about this meeting", "aria-label": "Ask about this meeting", maxLength: 500, autocomplete: "off", dir: "auto" });
  const form = h("form", { class: "ask-row", onsubmit: (/** @type {Event} */ event) => {
    event.preventDefault();
    if (input.value.trim()) void answer.ask({ question: input.value.trim(), meetings: [meeting] });
  } }, input, h("button", { class: "button" }, "Ask"));
  const row = h("div", { class: "offers" }, offers.map(({ words, question, last_s }) =>
    h("button", { type: "button", class: "chip", onclick: () => void answer.ask({ question, meetings: [meeting], ...(last_s ? { last_s } : {}) }) }, words)));
  row.hidden = offers.length === 0;
  return { element: h("section", { class: "ask", "aria-label": "Ask about this meeting" }, form, row, answer.element), answer, input };
}
