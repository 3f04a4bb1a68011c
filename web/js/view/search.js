// @ts-check
/** The search field of the home page: answers as one types; a result leads to the second where it was said. */

import { call } from "../lib/api.js";
import { clock, dayName, plural } from "../lib/format.js";
import { fill, h, setText } from "../lib/h.js";

const WAIT_MS = 120;
/** @type {Record<string, string>} */
const KINDS = { transcript: "Said", recap: "Summary", action: "Action item", decision: "Decision", question: "Question", risk: "Risk", topic: "Topic" };

/**
 * @typedef {object} Found
 * @property {string} meeting
 * @property {string} title
 * @property {number} started_at
 * @property {string} kind
 * @property {string[]} [speakers]
 * @property {{text: string, highlights: [number, number][], at: number, speaker?: string}} snippet
 */

/** A field and its results; ``onSearch`` hears whether something is being searched for. */
export class Search {
  /** @param {(searching: boolean) => void} onSearch */
  constructor(onSearch) {
    this.onSearch = onSearch;
    this.timer = 0;
    this.asked = 0;
    this.input = h("input", {
      type: "search", placeholder: "Search what was said, decided and promised", "aria-label": "Search all meetings", maxLength: 300,
      oninput: () => this.changed(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && this.clear(),
    });
    this.count = h("p", { class: "small", role: "status" });
    this.list = h("ul", { class: "found" });
    this.results = h("div", { hidden: true }, this.count, this.list);
  }

  clear() {
    this.input.value = "";
    this.changed();
  }

  changed() {
    clearTimeout(this.timer);
    const words = this.input.value.trim();
    this.results.hidden = words === "";
    this.onSearch(words !== "");
    if (words) this.timer = setTimeout(() => void this.ask(words), WAIT_MS);
  }

  /** Only the newest question's answer is shown. @param {string} words */
  async ask(words) {
    this.asked += 1;
    const mine = this.asked;
    try {
      const answer = await call("GET", `/v1/search?limit=30&q=${encodeURIComponent(words)}`);
      if (mine === this.asked) this.draw(answer.items, answer.found ?? answer.items.length);
    } catch (fault) {
      if (mine === this.asked) setText(this.count, fault instanceof Error ? fault.message : "");
    }
  }

  /** @param {Found[]} items @param {number} found */
  draw(items, found) {
    setText(this.count, items.length ? plural(found, "place") : "Nothing was found.");
    fill(this.list, items.map((item) => h("li", null, result(item))));
  }
}

/** @param {Found} item */
function result(item) {
  const day = dayName(new Date(item.started_at * 1000), new Date());
  const who = item.snippet.speaker || (item.speakers ?? []).join(", ");
  // Rounded up, so that the place is not before the turn that it stands in.
  const at = Math.ceil(item.snippet.at * 10) / 10;
  return h("a", { class: "meeting", href: `/recap.html#${item.meeting}@${at}` },
    h("time", { class: "time" }, clock(at)),
    h("span", { class: "said", dir: "auto" }, marked(item.snippet.text, item.snippet.highlights)),
    h("span", { class: "facts" }, [KINDS[item.kind] ?? item.kind, who, item.title, day].filter(Boolean).join(" · ")));
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
