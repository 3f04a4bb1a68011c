// @ts-check
/** The notes as lists of cards: every field is edited where it stands, every change can be taken back for ten seconds. */

import { shownNotes } from "../../feed/fold.js";
import { groupBy } from "../../lib/group.js";
import { h } from "../../lib/h.js";
import { askLine, openMenu } from "../dialog.js";
import { noteCard } from "./card.js";
import { askMerge, openAddNote } from "./dialogs.js";
import { NoteEditing } from "./editing.js";
import { openHistory } from "./history.js";
import { KINDS } from "./kinds.js";
import { RelatedNotes, linkLine } from "./related.js";
import { Shelves } from "./shelves.js";

/** @typedef {import("../../feed/fold.js").Note} Note */
/** @typedef {import("../../feed/fold.js").State} State */
/**
 * @typedef {object} NoteWishes
 * @property {(start: number, end: number) => void} hear
 * @property {(second: number) => void} reveal
 * @property {(note: Note, fields: Record<string, any>) => Promise<boolean>} edit
 * @property {(note: Note, into: Note) => Promise<boolean>} merge
 * @property {(fields: {kind: string, text: string, owner?: string | null, due?: string | null}) => Promise<boolean>} add
 * @property {(user: string) => string} nameOf what to call the person who changed something
 * @property {import("../dialog.js").Toasts} toasts
 */

/** All cards of a meeting, grouped. */
export class Notes {
  /** @param {NoteWishes} wishes @param {{byOwner?: boolean, meeting?: string}} [options] meeting: whose memory is asked for related notes */
  constructor(wishes, { byOwner = false, meeting } = {}) {
    this.wishes = wishes;
    this.byOwner = byOwner;
    this.related = meeting === undefined ? null : new RelatedNotes(meeting, (text) => wishes.toasts.show(text), () => this.state && this.update(this.state));
    this.root = h("div", { class: "notes-list" });
    this.shelves = new Shelves(this.root);
    /** @type {Map<string, {element: HTMLElement, sign: string}>} */
    this.cards = new Map();
    this.first = true;
    /** @type {State | null} */
    this.state = null;
    this.editing = new NoteEditing({
      edit: wishes.edit,
      show: (note) => this.show(note),
      redraw: () => this.state && this.update(this.state),
      names: () => this.names(),
      toasts: wishes.toasts,
    });
    /** @type {import("./card.js").CardWishes} */
    this.doing = {
      edit: (note, field, button) => this.editing.edit(note, field, button),
      setStatus: (note, status) => void this.editing.save(note, "status", status),
      menu: (note, anchor) => this.menu(note, anchor),
      hear: (start, end) => wishes.hear(start, end),
    };
  }

  /** @param {State} state */
  update(state) {
    this.state = state;
    const notes = shownNotes(state);
    this.related?.look(notes);
    const focused = document.activeElement;
    const focusKey = focused instanceof HTMLElement && this.root.contains(focused) ? [focused.closest(".note")?.getAttribute("data-id") ?? "", focused.dataset.field] : null;
    this.shelves.show(KINDS.flatMap(([kind, title]) => this.group(kind, title, notes.filter((note) => note.kind === kind))));
    for (const id of this.cards.keys()) if (!notes.some((note) => note.id === id)) this.cards.delete(id);
    this.first = false;
    if (focusKey?.[0]) this.focus(focusKey[0], focusKey[1]);
  }

  /** @param {string} id @param {string} [field] */
  focus(id, field) {
    const card = this.cards.get(id)?.element;
    if (!card || card.contains(document.activeElement)) return;
    /** @type {HTMLElement | null} */ (card.querySelector(field ? `[data-field="${field}"]` : "button"))?.focus({ preventScroll: true });
  }

  /** Marks the evidence that is being heard. @param {number | null} start */
  heard(start) {
    for (const button of this.root.querySelectorAll(".hear")) button.setAttribute("aria-pressed", String(start !== null && Number(/** @type {HTMLElement} */ (button).dataset.start) === start));
  }

  /** @param {Note["kind"]} kind @param {string} title @param {Note[]} notes @returns {import("./shelves.js").Group[]} */
  group(kind, title, notes) {
    if (notes.length === 0) return [];
    const open = notes.filter((note) => note.status !== "withdrawn");
    const gone = notes.filter((note) => note.status === "withdrawn");
    const lists = kind === "action" && this.byOwner ? this.owners(open) : [this.list("open", "", open)];
    return [{ key: kind, title, count: open.length, lists: [...lists, this.list("withdrawn", "", gone)] }];
  }

  /** @param {Note[]} notes */
  owners(notes) {
    const owners = groupBy(notes, (note) => note.owner ?? "");
    const named = [...owners].sort(([a], [b]) => Number(a === "") - Number(b === ""));
    return named.map(([owner, items]) => this.list(`owner ${owner}`, owner || "Nobody yet", items));
  }

  /** @param {string} key @param {string} title @param {Note[]} notes @returns {import("./shelves.js").List} */
  list(key, title, notes) {
    return { key, title, cards: notes.map((note) => this.card(note)) };
  }

  /** The note's element; made anew only when the note changed. @param {Note} note */
  card(note) {
    const links = this.related?.of(note.id) ?? [];
    const sign = JSON.stringify([note, links]);
    const known = this.cards.get(note.id);
    if (known && (known.sign === sign || this.editing.open === note.id)) return known.element;
    const element = noteCard(note, this.doing, { showOwner: !this.byOwner, related: links.map((link) => linkLine(link, (heard, button) => this.related?.hear(heard, button))) });
    if (!known && !this.first) element.classList.add("fresh");
    this.cards.set(note.id, { element, sign });
    return element;
  }

  /** Names that are known in this meeting. */
  names() {
    const state = this.state;
    if (!state) return [];
    const owners = [...state.notes.values()].map((note) => note.owner ?? "");
    return [...new Set([...(state.meeting.participants ?? []), ...Object.values(state.speakers), ...owners])].filter(Boolean);
  }

  // ---- editing ---------------------------------------------------------------------------------------------------

  /** What a person did is on the page at once; the feed confirms it. @param {Note} note */
  show(note) {
    this.state?.notes.set(note.id, note);
    if (this.state) this.update(this.state);
  }

  /** @param {Note} note @param {HTMLElement} anchor */
  menu(note, anchor) {
    const others = this.state ? shownNotes(this.state).filter((other) => other.kind === note.kind && other.id !== note.id) : [];
    const first = note.evidence?.[0];
    const answered = note.status === "answered";
    openMenu(anchor, [
      first ? item("Show in the transcript", () => this.wishes.reveal(first.start)) : null,
      note.kind === "question" ? item(answered ? "Not answered" : "Mark as answered", () => void this.editing.save(note, "status", answered ? "open" : "answered")) : null,
      note.kind === "action" && this.byOwner ? item("Give it to somebody else…", () => void this.giveAway(note)) : null,
      note.status === "withdrawn" ? item("Take back the withdrawal", () => void this.editing.save(note, "status", "open")) : null,
      (note.locked ?? []).length ? item("Let the analyzer change it again", () => void this.wishes.edit(note, { unlock: note.locked })) : null,
      (note.history ?? []).length ? item("History", () => openHistory(note, anchor, this.wishes.nameOf)) : null,
      others.length ? item("Merge into another…", () => void this.merge(note, others)) : null,
      item("Delete", () => void this.editing.remove(note), "danger"),
    ], "More for this note");
  }

  /** @param {Note} note */
  async giveAway(note) {
    const owner = await askLine("Who does it?", "Name", note.owner ?? "", "Save");
    if (owner !== null && owner !== (note.owner ?? "")) await this.editing.save(note, "owner", owner || null);
  }

  /** @param {Note} note @param {Note[]} others */
  async merge(note, others) {
    const into = await askMerge(note, others);
    if (into) await this.wishes.merge(note, into);
  }

  close() {
    this.related?.close();
  }

  /** Adds a note by hand. @param {Note["kind"]} [kind] */
  add(kind = "action") {
    openAddNote(kind, this.names(), this.wishes.add);
  }
}

/** @param {string} name @param {() => void} run @param {string} [className] */
function item(name, run, className) {
  return h("button", { type: "button", class: className ?? "", onclick: run }, name);
}
