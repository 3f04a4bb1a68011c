// @ts-check
/**
 * The search field of the home page: answers as one types; a result leads to the second where it was said. Enter asks
 * what was typed as a question.
 */

import { call } from "../lib/api.js";
import { clock, dayName, plural } from "../lib/format.js";
import { fill, h, icon, setText } from "../lib/h.js";
import { Answer } from "./answer.js";
import { KINDS } from "./notes/kinds.js";

const WAIT_MS = 120;
const LIMIT = 30;
/** @type {Record<string, string>} */
const NAMES = { transcript: "Said", recap: "Summary", ...Object.fromEntries(KINDS.map(([kind, , name]) => [kind, name])) };

/**
 * @typedef {object} Found
 * @property {string} id
 * @property {string} meeting
 * @property {string} title
 * @property {number} started_at
 * @property {string} kind
 * @property {string[]} [speakers]
 * @property {string | null} [status]
 * @property {{text: string, highlights: [number, number][], at: number, speaker?: string}} snippet
 */
/** @typedef {{kind?: {value: string, count: number}[]}} Facets */

/** A field, an answer and results. */
export class Search {
  /**
   * @param {object} wishes
   * @param {(searching: boolean) => void} wishes.onSearch hears whether something is being searched for
   * @param {(citation: import("../lib/ask.js").Citation) => void} wishes.hear
   */
  constructor({ onSearch, hear }) {
    this.onSearch = onSearch;
    this.timer = 0;
    this.asked = 0;
    this.kind = "";
    this.answer = new Answer({ hear, withTitles: true });
    this.input = h("input", {
      type: "search", placeholder: "Search, or ask a question", "aria-label": "Search all meetings", maxLength: 300, autocomplete: "off",
      oninput: () => this.changed(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.pressed(event),
    });
    this.askButton = h("button", { type: "button", class: "button", hidden: true, onclick: () => this.ask() }, "Ask", h("kbd", { class: "wide", "aria-hidden": "true" }, "↵"));
    this.row = h("div", { class: "search", role: "search", hidden: true }, icon("search"), this.input, this.askButton);
    this.count = h("p", { class: "small", role: "status" });
    this.kinds = h("div", { class: "offers" });
    this.list = h("ul", { class: "found" });
    this.results = h("div", { hidden: true }, this.answer.element, this.kinds, this.count, this.list);
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    if (event.key === "Escape") this.clear();
    if (event.key === "Enter") this.ask();
  }

  ask() {
    const question = this.input.value.trim();
    if (question) void this.answer.ask({ question });
  }

  clear() {
    this.input.value = "";
    this.changed();
  }

  changed() {
    clearTimeout(this.timer);
    const words = this.input.value.trim();
    this.results.hidden = words === "";
    this.askButton.hidden = words === "";
    this.answer.clear();
    this.kind = "";
    this.onSearch(words !== "");
    if (words) this.timer = setTimeout(() => void this.find(words), WAIT_MS);
  }

  /** Only the newest question's answer is shown. @param {string} words */
  async find(words) {
    this.asked += 1;
    const mine = this.asked;
    const filters = new URLSearchParams({ limit: String(LIMIT), q: words, ...(this.kind ? { kind: this.kind } : {}) });
    try {
      const answer = await call("GET", `/v1/search?${filters}`);
      if (mine === this.asked) this.draw(words, answer);
    } catch (fault) {
      if (mine === this.asked) setText(this.count, fault instanceof Error ? fault.message : "");
    }
  }

  /** @param {string} words @param {{items: Found[], found?: number, mode?: string, facets?: Facets}} answer */
  draw(words, { items, found = items.length, mode, facets }) {
    const how = mode === "keyword" ? ", by their words only" : "";
    const nothing = this.answer.element.hidden ? "Nothing was found." : "";
    setText(this.count, items.length ? `${plural(found, "place")}${how}` : nothing);
    if (!this.kind) this.drawKinds(words, facets?.kind ?? []);
    fill(this.list, items.map((item) => h("li", null, result(item))));
  }

  /** @param {string} words @param {{value: string, count: number}[]} kinds */
  drawKinds(words, kinds) {
    const choose = (/** @type {string} */ kind) => {
      this.kind = this.kind === kind ? "" : kind;
      for (const chip of this.kinds.children) chip.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (chip).dataset.kind === this.kind));
      void this.find(words);
    };
    fill(this.kinds, kinds.length < 2 ? [] : kinds.map(({ value, count }) =>
      h("button", { type: "button", class: "chip", "aria-pressed": "false", dataset: { kind: value }, onclick: () => choose(value) }, `${NAMES[value] ?? value} `, h("span", { class: "count" }, count))));
  }
}

/** @param {Found} item */
function result(item) {
  const day = dayName(new Date(item.started_at * 1000), new Date());
  const who = item.snippet.speaker || (item.speakers ?? []).join(", ");
  const kind = item.status === "done" ? `${NAMES[item.kind] ?? item.kind}, done` : (NAMES[item.kind] ?? item.kind);
  // Rounded up, so that the place is not before the turn that it stands in.
  const at = Math.ceil(item.snippet.at * 10) / 10;
  return h("a", { class: "meeting", href: `/recap.html#${item.meeting}@${at}` },
    h("time", { class: "time" }, clock(at)),
    h("span", { class: "said", dir: "auto" }, marked(item.snippet.text, item.snippet.highlights)),
    h("span", { class: "facts" }, [kind, who, item.title, day].filter(Boolean).join(" · ")));
}

/** The text with its found places marked. @param {string} text @param {[number, number][]} places */
function marked(text, places) {
  /** @type {(string | Node)[]} */
  const parts = [];
  let at = 0;
  for (const [from, to] of [...places].sort((a, b) => a[0] - b[0])) {
    if (from < at) continue;
    parts.push(text.slice(at, from), h("mark", null, text.slice(from, to)));
    at = to;
  }
  return [...parts, text.slice(at)];
}
