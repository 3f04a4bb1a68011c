// @ts-check
/** One note as a card: text, facts, evidence. What a person does with it goes to ``doing``. */

import { clock, dueText } from "../../lib/format.js";
import { h, icon } from "../../lib/h.js";
import { openMenu } from "../dialog.js";
import { MARKS } from "./kinds.js";

/** @typedef {import("../../feed/fold.js").Note} Note */
/**
 * @typedef {object} CardWishes
 * @property {(note: Note, field: "text" | "owner" | "due", button: HTMLElement) => void} edit
 * @property {(note: Note, status: string) => void} setStatus
 * @property {(note: Note, anchor: HTMLElement) => void} menu
 * @property {(start: number, end: number) => void} hear
 */

const MOST_EVIDENCE = 3;

/**
 * @param {Note} note
 * @param {CardWishes} doing
 * @param {{showOwner: boolean, overdue?: boolean, source?: Node, related?: Node[]}} look source: where the note comes from, if that is not plain
 */
export function noteCard(note, doing, look) {
  return h("li", { class: `note ${note.status ?? "open"}`, dataset: { id: note.id } },
    mark(note, doing),
    h("div", null,
      editable(note, "text", note.text, "text", "Edit", doing),
      h("div", { class: "facts" }, ...facts(note, doing, look)),
      quote(note),
      ...(look.related ?? [])),
    h("button", { type: "button", class: "square more", "aria-label": `More for: ${note.text}`, onclick: (/** @type {any} */ event) => doing.menu(note, event.currentTarget) }, icon("more")));
}

/** @param {Note} note @param {CardWishes} doing */
function mark(note, doing) {
  if (note.kind !== "action") return h("span", { class: "mark", "aria-hidden": "true" }, MARKS[note.kind]);
  const done = note.status === "done";
  return h("input", { type: "checkbox", checked: done, dataset: { field: "status" }, "aria-label": `Done: ${note.text}`, onchange: () => doing.setStatus(note, done ? "open" : "done") });
}

/** @param {Note} note @param {"text" | "owner" | "due"} field @param {string} shown @param {string} className @param {string} title @param {CardWishes} doing */
function editable(note, field, shown, className, title, doing) {
  const button = h("button", { type: "button", class: `${className} editable`, dir: "auto", dataset: { field }, title, onclick: () => doing.edit(note, field, button) }, shown);
  return button;
}

/** @param {Note} note @param {CardWishes} doing @param {Parameters<typeof noteCard>[2]} look @returns {Node[]} */
function facts(note, doing, look) {
  const parts = [
    ...(note.kind === "action" ? actionFacts(note, doing, look) : []),
    note.status === "answered" ? h("span", null, "Answered") : null,
    ...sentences(note).slice(0, MOST_EVIDENCE).map((evidence, index) => hearButton(evidence, index === 0, doing)),
    (note.locked ?? []).length ? lockMark(note) : null,
    changeTag(note),
    look.source ?? null,
  ];
  return parts.filter((part) => part !== null).flatMap((part, index) => (index ? [h("span", { class: "sep", "aria-hidden": "true" }), part] : [part]));
}

/** @param {Note} note @param {CardWishes} doing @param {Parameters<typeof noteCard>[2]} look */
function actionFacts(note, doing, { showOwner, overdue }) {
  const said = note.due && note.due_words ? `“${note.due_words}”` : "Change when it is due";
  const due = dueText(note.due, note.due_words) || "No date";
  return [
    showOwner || !note.owner ? editable(note, "owner", note.owner || "Nobody yet", note.owner ? "owner" : "", "Change who does it", doing) : null,
    editable(note, "due", overdue ? `${due}, overdue` : due, overdue ? "late" : "", said, doing),
  ];
}

/** @param {{start: number, end: number}} evidence @param {boolean} first @param {CardWishes} doing */
function hearButton(evidence, first, doing) {
  const at = clock(evidence.start);
  return h("button", { type: "button", class: "hear", dataset: { start: String(evidence.start) }, "aria-label": `Hear the words at ${at}`, onclick: () => doing.hear(evidence.start, evidence.end) }, first ? icon("play") : null, at);
}

/**
 * The words a note rests on: lines of one sentence, which became final one by one, as one.
 * @param {Note} note @returns {{quote: string, start: number, end: number}[]}
 */
export function sentences(note) {
  /** @type {{quote: string, start: number, end: number}[]} */
  const found = [];
  for (const { quote, start, end, goes_on } of note.evidence ?? []) {
    const before = found.at(-1);
    if (before && goes_on) found.splice(-1, 1, { quote: `${before.quote} ${quote}`, start: before.start, end });
    else found.push({ quote, start, end });
  }
  return found;
}

/** @param {Note} note */
function quote(note) {
  const text = sentences(note)[0]?.quote;
  return text ? h("blockquote", { dir: "auto" }, text) : null;
}

/** @param {Note} note */
function lockMark(note) {
  const text = `Edited by hand (${(note.locked ?? []).join(", ")}): the analyzer leaves it as it is.`;
  return h("span", { title: text }, icon("lock"), h("span", { class: "hidden" }, text));
}

/** "changed" or "withdrawn", with the reason at a click. @param {Note} note */
function changeTag(note) {
  const change = (note.history ?? []).filter(({ by, what }) => by === "analyzer" && (what === "changed" || what === "withdrawn" || what === "closed")).at(-1);
  if (!change || (change.what === "withdrawn") !== (note.status === "withdrawn")) return null;
  const button = h("button", { type: "button", class: "tag", onclick: () => openMenu(button, [h("p", { dir: "auto" }, change.reason || "No reason was given.")], "Why") }, change.what);
  return button;
}
