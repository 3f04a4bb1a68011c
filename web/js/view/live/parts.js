// @ts-check
/** What the live page is built of. Only shapes and names: the page itself gives them their content. */

import { fill, h, icon } from "../../lib/h.js";

export const LEVELS = 5;

/**
 * @param {HTMLElement} root
 * @param {{title: HTMLElement, transcript: HTMLElement, notes: HTMLElement, ask: HTMLElement, pause: () => void, end: () => void, jump: () => void,
 *   scrolled: () => void, addNote: () => void, showTab: (tab: string) => void}} wishes
 */
export function liveParts(root, wishes) {
  const head = headParts(wishes);
  const text = textParts(wishes);
  const notes = notesParts(wishes);
  const people = h("ul", { class: "people", "aria-label": "Who is here and who has spoken" });
  const transcribed = h("p", { class: "transcribed" }, h("i", { class: "dot small-dot" }), h("span", null, "Being transcribed"));
  const recordButton = h("button", { type: "button", class: "button quiet small-button", hidden: true }, "Off the record");
  const inviteButton = h("button", { type: "button", class: "button quiet small-button", hidden: true }, icon("plus"), "Invite");
  const crowd = h("div", { class: "crowd" }, transcribed, people, h("div", { class: "crowd-controls" }, recordButton, inviteButton));
  const banners = h("div", { class: "banners" });
  const count = h("span", { class: "badge" }, "0");
  const columns = h("div", { class: "columns", dataset: { tab: "transcript" } }, text.textColumn, notes.notesColumn);
  const tabs = h("div", { class: "tabs", role: "tablist" }, tabButton(wishes, "transcript", "Transcript"), tabButton(wishes, "notes", "Notes", count));
  const health = h("footer", { class: "health" });
  const spoken = h("div", { class: "hidden", "aria-live": "polite", role: "log", "aria-label": "What is being said" });
  const alert = h("div", { class: "hidden", role: "status" });
  fill(root, h("div", { class: "live" }, head.element, h("div", { class: "room" }, crowd, banners), tabs, columns, health, spoken, alert));
  return { ...head, ...text, ...notes, people, transcribed, recordButton, inviteButton, banners, count, columns, tabs, health, spoken, alert };
}

/** @param {Parameters<typeof liveParts>[1]} wishes */
function headParts({ title, pause, end }) {
  const dot = h("i", { class: "dot" });
  const elapsed = h("strong", null, "0:00");
  const safe = h("span", { class: "safe" }, "");
  const level = h("div", { class: "level", role: "img", "aria-label": "Level of the recording" }, ...Array.from({ length: LEVELS }, () => h("i", null)));
  const pauseButton = h("button", { type: "button", class: "button", onclick: pause, hidden: true }, "Pause");
  const endButton = h("button", { type: "button", class: "button danger", onclick: end, hidden: true, "aria-label": "End meeting" }, icon("stop"), h("span", null, "End", h("span", { class: "wide" }, " meeting")));
  const element = h("header", { class: "live-head" },
    h("div", { class: "name" }, h("a", { class: "square", href: "/", "aria-label": "All meetings" }, icon("left")), title),
    h("div", { class: "live-status" }, dot, elapsed, safe, level),
    h("div", { class: "controls" }, pauseButton, endButton));
  return { element, dot, elapsed, safe, level, pauseButton, endButton };
}

/** @param {Parameters<typeof liveParts>[1]} wishes */
function textParts({ transcript, jump, scrolled }) {
  const firstWords = h("p", { class: "first-words" });
  const jumpButton = h("div", { class: "jump", hidden: true }, h("button", { type: "button", class: "button", onclick: jump }, icon("down"), "Jump to live"));
  const textColumn = h("section", { class: "column text", id: "main", tabIndex: -1, "aria-label": "Transcript", onscroll: scrolled }, firstWords, h("div", { class: "paper" }, transcript), jumpButton);
  return { firstWords, jumpButton, textColumn };
}

/** @param {Parameters<typeof liveParts>[1]} wishes */
function notesParts({ notes, addNote, ask }) {
  const notesEmpty = h("p", { class: "notes-empty" });
  const soFarText = h("p", { dir: "auto" });
  const soFar = h("details", { class: "so-far", hidden: true }, h("summary", null, "Summary so far"), soFarText);
  const add = h("button", { type: "button", class: "button quiet", onclick: addNote }, icon("plus"), "Add a note");
  const notesColumn = h("section", { class: "column notes", id: "notes-column", tabIndex: -1, "aria-label": "Notes" }, h("div", { class: "notes-head" }, h("h2", null, "Notes"), add), notesEmpty, notes, soFar, ask);
  return { notesEmpty, soFar, soFarText, notesColumn };
}

/** @param {Parameters<typeof liveParts>[1]} wishes @param {string} tab @param {string} name @param {HTMLElement} [badge] */
function tabButton({ showTab }, tab, name, badge) {
  return h("button", { type: "button", role: "tab", "aria-selected": String(tab === "transcript"), "aria-controls": tab === "transcript" ? "main" : "notes-column", dataset: { tab }, onclick: () => showTab(tab) }, name, badge ? " " : null, badge ?? null);
}
