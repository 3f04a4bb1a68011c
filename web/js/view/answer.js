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
    this.written = h("div", { class: "written" });
    this.list = h("ol", { class: "quoted" });
    this.said = h("p", { class: "small", role: "status" });
    this.element = h("section", { class: "answer", "aria-label": "Answer", hidden: true }, h("header", null, this.question, h("button", { type: "button", class: "square", "aria-label": "Close the answer", onclick: () => this.clear() }, icon("close"))), this.written, this.list, this.said);
  }

  /** @param {{question: string, meetings?: string[], last_s?: number}} question */
  async ask(question) {
    this.clear();
    const mine = (this.asked = new AbortController());
    setText(this.question, question.question);
    setText(this.said, "Looking through what was said…");
    this.element.hidden = false;
    try {
      /** @type {Sentence[]} */
      const sentences = [];
      const { found, how } = await ask(question, (what, sentence) => {
        if (mine.signal.aborted) return;
        if (what === "sentence") sentences.push(sentence);
        else this.quote(sentence);
      }, mine.signal);
      if (!mine.signal.aborted) this.finish(found, how, sentences);
    } catch (fault) {
      if (!mine.signal.aborted) setText(this.said, fault instanceof Error ? fault.message : "The question could not be answered.");
    }
  }

  clear() {
    this.asked.abort();
    this.element.hidden = true;
    fill(this.written);
    fill(this.list);
    this.list.classList.remove("near");
  }

  /** @param {Sentence} sentence */
  quote({ text, citation }) {
    const place = `${citation.meeting}@${citation.start} ${text}`;
    if ([.../** @type {HTMLCollectionOf<HTMLElement>} */ (this.list.children)].some((known) => known.dataset.place === place)) return;
    setText(this.said, "Reading these words for an answer…");
    this.list.append(h("li", { dataset: { place } }, h("p", { class: "words", dir: "auto" }, text), h("p", { class: "where" }, ...this.where(citation))));
  }

  /** @param {boolean} found @param {"quoted" | "written"} how @param {Sentence[]} sentences */
  finish(found, how, sentences) {
    if (how === "written") fill(this.written, sentences.map(({ text, citation }) => h("p", { dir: "auto" }, `${text} `, this.hearButton(citation))));
    else if (!this.list.children.length) for (const sentence of sentences) this.quote(sentence);
    const words = how === "written" ? "Written from the words quoted here; press a time to hear them." : "Quoted from what was said; press a time to hear it.";
    const none = this.list.children.length ? "Nothing that was said seems to answer this. These words come nearest." : "Nothing that was said answers this.";
    this.list.classList.toggle("near", !found);
    setText(this.said, found ? words : none);
  }

  /** @param {Citation} citation */
  hearButton(citation) {
    const at = clock(citation.start);
    return h("button", { type: "button", class: "hear", dataset: { start: String(citation.start), meeting: citation.meeting }, "aria-label": `Hear the words at ${at}`, onclick: () => this.wishes.hear(citation) }, icon("play"), at);
  }

  /** @param {Citation} citation */
  where(citation) {
    const second = Math.ceil(citation.start * 10) / 10;
    return [
      this.hearButton(citation),
      citation.speaker ? h("span", { dir: "auto" }, citation.speaker) : null,
      this.wishes.withTitles ? h("a", { href: `/recap.html#${citation.meeting}@${second}`, dir: "auto" }, citation.title) : null,
    ].filter((part) => part !== null);
  }

  /** Marks the place that is being heard. @param {string} meeting @param {number | null} start */
  heard(meeting, start) {
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (this.element.querySelectorAll(".hear"))) {
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
