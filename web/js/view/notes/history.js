// @ts-check
/** What happened to a note, newest first: found, changed with the reason, edited by whom. */

import { dayName, timeOfDay } from "../../lib/format.js";
import { h } from "../../lib/h.js";
import { openMenu } from "../dialog.js";

/** @typedef {import("../../feed/fold.js").Note} Note */
/** @typedef {NonNullable<Note["history"]>[number]} Change */

/** @type {Record<string, string>} */
const FIELDS = { text: "text", owner: "owner", due: "due date", status: "status" };
/** @type {Record<string, string>} */
const BY_ANALYZER = { added: "Found in the meeting", changed: "Changed", closed: "Closed", withdrawn: "Withdrawn" };
/** @type {Record<string, string>} */
const BY_PERSON = { added: "added it", deleted: "deleted it", restored: "brought it back", merged: "merged another note into it" };

/** One line of the history in words. Pure. @param {Change} change @param {(user: string) => string} nameOf */
export function changeWords({ by, what, reason }, nameOf) {
  if (by === "analyzer") return { what: BY_ANALYZER[what] ?? what, why: what === "added" ? "" : (reason ?? "") };
  if (what !== "edited") return { what: `${nameOf(by)} ${BY_PERSON[what] ?? what}`, why: "" };
  const fields = (reason ?? "").split(", ").filter(Boolean).map((field) => FIELDS[field] ?? field);
  return { what: `${nameOf(by)} ${fields.length ? `changed the ${fields.join(" and the ")}` : "gave it back to the analyzer"}`, why: "" };
}

/** @param {Note} note @param {HTMLElement} anchor @param {(user: string) => string} nameOf */
export function openHistory(note, anchor, nameOf) {
  const lines = [...(note.history ?? [])].reverse().map((change) => {
    const { what, why } = changeWords(change, nameOf);
    const at = new Date(change.at * 1000);
    return h("li", null, h("p", { dir: "auto" }, what), why ? h("p", { class: "why", dir: "auto" }, why) : null,
      change.at > 0 ? h("time", { class: "small", dateTime: at.toISOString() }, `${dayName(at, new Date())}, ${timeOfDay(at)}`) : null);
  });
  openMenu(anchor, [h("h3", null, "History"), h("ol", { class: "history" }, lines)], "History");
}
