// @ts-check
/** Changing the fields of a note: at once on the page, then on the server, with a way back for ten seconds. */

import { h } from "../../lib/h.js";
import { suggest } from "../suggest.js";
import { editInPlace } from "./field.js";

/** @typedef {import("../../feed/fold.js").Note} Note */
/** @typedef {"text" | "owner" | "due"} Field */
/**
 * @typedef {object} EditWishes
 * @property {(note: Note, fields: Record<string, any>) => Promise<boolean>} edit
 * @property {(note: Note) => void} show puts this version of the note on the page
 * @property {() => void} redraw brings the page up to date with what came while a field was open
 * @property {() => string[]} names
 * @property {import("../dialog.js").Toasts} toasts
 */

/** @type {Record<string, string>} */
const STATUS_SAID = { done: "Done", open: "Open again", answered: "Answered" };

export class NoteEditing {
  /** @param {EditWishes} wishes */
  constructor(wishes) {
    this.wishes = wishes;
    /** The note that has an open field. */
    this.open = "";
  }

  /** Opens a field where it stands. @param {Note} note @param {Field} field @param {HTMLElement} button */
  edit(note, field, button) {
    const input = this.input(note, field);
    this.open = note.id;
    editInPlace(button, input, (kept) => {
      this.open = "";
      const value = input.value.trim();
      if (kept && (value || field !== "text")) void this.save(note, field, value || null);
      else this.wishes.redraw();
    });
  }

  /** @param {Note} note @param {Field} field */
  input(note, field) {
    if (field === "text") return h("textarea", { value: note.text, rows: 1, dir: "auto", maxLength: 1000, "aria-label": "Text", dataset: { field } });
    if (field === "due") return h("input", { type: "date", value: note.due ?? "", "aria-label": "Due", dataset: { field } });
    const input = h("input", { type: "text", value: note.owner ?? "", "aria-label": "Who does it", maxLength: 100, dir: "auto", dataset: { field } });
    suggest(input, this.wishes.names());
    return input;
  }

  /** Saves a field and offers the way back. @param {Note} note @param {Field | "status"} field @param {string | null} value */
  async save(note, field, value) {
    const before = note[field] ?? (field === "status" ? "open" : null);
    const wasLocked = (note.locked ?? []).includes(field);
    const { edit, show, toasts } = this.wishes;
    show({ ...note, [field]: value, ...(field === "due" ? { due_words: null } : {}) });
    if (!(await edit(note, { [field]: value }))) return show(note);
    const back = { [field]: before, ...(wasLocked ? {} : { unlock: [field] }) };
    toasts.show(field === "status" ? STATUS_SAID[value ?? ""] ?? "Saved" : "Saved", () => void edit(note, back));
  }

  /** @param {Note} note */
  async remove(note) {
    const { edit, show, toasts } = this.wishes;
    show({ ...note, deleted: true });
    if (!(await edit(note, { deleted: true }))) return show(note);
    toasts.show("Deleted", () => void edit(note, { deleted: false }));
  }
}
