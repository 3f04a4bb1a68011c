// @ts-check
/** What the recap page is built of. Only shapes and names: the page itself gives them their content. */

import { fill, h, icon } from "../lib/h.js";

/**
 * @param {import("../app.js").App} app
 * @param {{title: HTMLElement, transcript: HTMLElement, notes: HTMLElement, player: HTMLElement, find: () => void, findKey: (event: KeyboardEvent) => void,
 *   addNote: () => void, copyLink: () => void, menu: (anchor: HTMLElement) => void}} wishes
 */
export function recapParts(app, wishes) {
  const facts = h("p", { class: "facts" });
  const people = h("p", { class: "facts", dir: "auto" });
  const busy = h("p", { class: "notice", hidden: true }, h("span", null, "The recap is being written. It appears here by itself."));
  const more = h("button", { type: "button", class: "button", onclick: () => wishes.menu(more) }, icon("down"), "Export and more");
  const summary = h("p", { class: "prose", dir: "auto" });
  const summarySection = section("summary", "Summary", summary);
  const notesSection = section("notes", "Notes", wishes.notes);
  const notesNone = h("p", { class: "small" }, "No action items, decisions or questions were found.");
  notesSection.append(notesNone, h("p", { class: "row" }, h("button", { type: "button", class: "button quiet", onclick: () => wishes.addNote() }, icon("plus"), "Add a note")));
  const chapterList = h("ol", null);
  const chapterSection = section("chapters", "Chapters", chapterList);
  const finder = h("input", { type: "search", class: "find", placeholder: "Find in the transcript", "aria-label": "Find in the transcript", oninput: () => wishes.find(), onkeydown: (/** @type {KeyboardEvent} */ event) => wishes.findKey(event) });
  const foundCount = h("span", { class: "small num", role: "status" });
  const textSection = h("section", { id: "transcript", tabIndex: -1 }, h("div", { class: "bar-row" }, h("h2", null, "Transcript"), foundCount, finder), wishes.transcript);
  const nav = h("nav", { "aria-label": "In this recap" });
  fill(app.root,
    h("header", { class: "top" }, app.brand(), app.themeButton()),
    h("main", { class: "recap", id: "main", tabIndex: -1 }, nav,
      h("article", null,
        h("header", { class: "doc" }, h("h1", null, wishes.title), facts, people, busy,
          h("div", { class: "row" }, h("button", { type: "button", class: "button", onclick: () => wishes.copyLink() }, icon("link"), "Copy link"), more)),
        summarySection, notesSection, chapterSection, textSection)),
    wishes.player);
  return { facts, people, busy, summary, summarySection, notesSection, notesNone, chapterList, chapterSection, finder, foundCount, textSection, nav };
}

/** @param {string} id @param {string} title @param {...Node} children */
function section(id, title, ...children) {
  return h("section", { id, tabIndex: -1 }, h("h2", null, title), ...children);
}
