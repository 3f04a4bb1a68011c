// @ts-check
/** What the recap page is built of. Only shapes and names: the page itself gives them their content. */

import { fill, h, icon } from "../../lib/h.js";
import { topBar } from "../top.js";

/**
 * @typedef {object} RecapContent
 * @property {HTMLElement} title
 * @property {HTMLElement} transcript
 * @property {HTMLElement} notes
 * @property {HTMLElement} player
 * @property {HTMLElement} ask
 * @property {HTMLElement} finder
 * @property {HTMLElement} gaps
 * @property {() => void} addNote
 * @property {() => void} copyLink
 * @property {(anchor: HTMLElement) => void} exports
 * @property {(anchor: HTMLElement) => void} more
 */

/** @param {HTMLElement} root @param {RecapContent} content */
export function recapParts(root, content) {
  const head = headParts(content);
  const summary = h("p", { class: "prose", dir: "auto" });
  const summarySection = section("summary", "Summary", summary);
  const notesNone = h("p", { class: "small" }, "No action items, decisions or questions were found in this meeting.");
  const notesSection = section("notes", "Notes", content.notes, notesNone,
    h("p", { class: "row" }, h("button", { type: "button", class: "button quiet", onclick: content.addNote }, icon("plus"), "Add a note")));
  const chapterList = h("ol", null);
  const chapterSection = section("chapters", "Chapters", chapterList);
  const silent = h("p", { class: "small", hidden: true }, "Nothing was said in this meeting.");
  const textSection = h("section", { id: "transcript", tabIndex: -1, "aria-label": "Transcript" }, h("div", { class: "bar-row" }, h("h2", null, "Transcript"), content.finder), silent, content.transcript);
  const nav = h("nav", { "aria-label": "In this recap" });
  const article = h("article", null, head.element, summarySection, content.ask, notesSection, chapterSection, content.gaps, textSection);
  const main = h("main", { class: "recap loading", id: "main", tabIndex: -1 }, nav, article);
  fill(root, topBar(), main, content.player);
  return { ...head, main, summary, summarySection, notesSection, notesNone, chapterList, chapterSection, silent, textSection, nav };
}

/** @param {RecapContent} content */
function headParts({ title, copyLink, exports, more }) {
  const facts = h("p", { class: "facts" });
  const people = h("ul", { class: "people", "aria-label": "Who has spoken" });
  const busy = h("p", { class: "notice", role: "status", hidden: true }, "The recap is being written. It appears here by itself.");
  const exportButton = h("button", { type: "button", class: "button", "aria-haspopup": "true", onclick: () => exports(exportButton) }, icon("down"), "Export");
  const moreButton = h("button", { type: "button", class: "button square-button", "aria-label": "More", "aria-haspopup": "true", onclick: () => more(moreButton) }, icon("more"));
  const element = h("header", { class: "doc" }, h("h1", null, title), facts, people, busy,
    h("div", { class: "row" }, exportButton, h("button", { type: "button", class: "button", onclick: copyLink }, icon("link"), "Copy link"), moreButton));
  return { element, facts, people, busy };
}

/** @param {string} id @param {string} title @param {...Node} children */
function section(id, title, ...children) {
  return h("section", { id, tabIndex: -1 }, h("h2", null, title), ...children);
}
