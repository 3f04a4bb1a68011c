// @ts-check
/** The notes as lists of cards: every field is edited where it stands, every change can be taken back for ten seconds. */

import { shownNotes } from "../feed/fold.js";
import { clock, dueText } from "../lib/format.js";
import { fill, h, icon } from "../lib/h.js";
import { askLine, openDialog, openMenu } from "./dialog.js";

/** @typedef {import("../feed/fold.js").Note} Note */
/** @typedef {import("../feed/fold.js").State} State */
/**
 * @typedef {object} NoteWishes
 * @property {(start: number, end: number) => void} hear
 * @property {(second: number) => void} reveal
 * @property {(note: Note, fields: Record<string, any>) => Promise<boolean>} edit
 * @property {(note: Note, into: Note) => Promise<boolean>} merge
 * @property {(fields: {kind: string, text: string, owner?: string | null, due?: string | null}) => Promise<boolean>} add
 * @property {import("./dialog.js").Toasts} toasts
 */

/** @type {[Note["kind"], string, string][]} */
export const KINDS = [
  ["action", "Action items", "Action item"],
  ["decision", "Decisions", "Decision"],
  ["question", "Open questions", "Question"],
  ["risk", "Risks", "Risk"],
  ["topic", "Topics", "Topic"],
];

/** @type {Record<string, string>} */
const MARKS = { decision: "✓", question: "?", risk: "!", topic: "–" };

/** All cards of a meeting, grouped. */
export class Notes {
  /** @param {NoteWishes} wishes @param {{byOwner?: boolean}} [options] */
  constructor(wishes, { byOwner = false } = {}) {
    this.wishes = wishes;
    this.byOwner = byOwner;
    this.root = h("div", { class: "notes-list" });
    /** @type {Map<string, {element: HTMLElement, sign: string}>} */
    this.cards = new Map();
    this.first = true;
    /** @type {State | null} */
    this.state = null;
    this.editing = "";
  }

  /** @param {State} state */
  update(state) {
    this.state = state;
    const notes = shownNotes(state);
    const focused = document.activeElement;
    const focusKey = focused instanceof HTMLElement && this.root.contains(focused) ? [focused.closest(".note")?.getAttribute("data-id") ?? "", focused.dataset.field] : null;
    fill(this.root, KINDS.map(([kind, title]) => this.group(kind, title, notes.filter((note) => note.kind === kind))));
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

  /** @param {Note["kind"]} kind @param {string} title @param {Note[]} notes */
  group(kind, title, notes) {
    if (notes.length === 0) return null;
    const open = notes.filter((note) => note.status !== "withdrawn");
    const gone = notes.filter((note) => note.status === "withdrawn");
    const heading = h("h2", null, title, " ", h("span", { class: "count" }, open.length));
    if (kind === "action" && this.byOwner) return h("section", { class: "notes-group", id: `notes-${kind}` }, heading, ...this.owners(open), list([...gone].map((note) => this.card(note))));
    return h("section", { class: "notes-group", id: `notes-${kind}` }, heading, list([...open, ...gone].map((note) => this.card(note))));
  }

  /** @param {Note[]} notes */
  owners(notes) {
    /** @type {Map<string, Note[]>} */
    const owners = new Map();
    for (const note of notes) owners.set(note.owner ?? "", [...(owners.get(note.owner ?? "") ?? []), note]);
    const named = [...owners].sort(([a], [b]) => (a === "" ? 1 : b === "" ? -1 : 0));
    return named.flatMap(([owner, items]) => [h("h3", { dir: "auto" }, owner || "Nobody yet"), list(items.map((note) => this.card(note)))]);
  }

  /** The note's element; made anew only when the note changed. @param {Note} note */
  card(note) {
    const sign = JSON.stringify(note);
    const known = this.cards.get(note.id);
    if (known && (known.sign === sign || this.editing === note.id)) return known.element;
    const element = this.draw(note);
    if (!known && !this.first) element.classList.add("fresh");
    this.cards.set(note.id, { element, sign });
    return element;
  }

  /** @param {Note} note */
  draw(note) {
    const facts = h("div", { class: "facts" }, ...this.facts(note));
    return h("li", { class: `note ${note.status ?? "open"}`, dataset: { id: note.id } },
      this.mark(note),
      h("div", null, this.textField(note), facts, this.quote(note)),
      h("button", { type: "button", class: "square more", "aria-label": `More for: ${note.text}`, onclick: (/** @type {any} */ event) => this.menu(note, event.currentTarget) }, icon("more")));
  }

  /** @param {Note} note */
  mark(note) {
    if (note.kind !== "action") return h("span", { class: "mark", "aria-hidden": "true" }, MARKS[note.kind]);
    const done = note.status === "done";
    return h("input", { type: "checkbox", checked: done, dataset: { field: "status" }, "aria-label": `Done: ${note.text}`, onchange: () => void this.save(note, "status", done ? "open" : "done") });
  }

  /** @param {Note} note */
  textField(note) {
    const button = h("button", { type: "button", class: "text editable", dir: "auto", dataset: { field: "text" }, title: "Edit", onclick: () => this.editText(note, button) }, note.text);
    return button;
  }

  /** @param {Note} note @returns {(Node | null)[]} */
  facts(note) {
    /** @type {(Node | null)[]} */
    const parts = [];
    if (note.kind === "action") parts.push(this.byOwner && note.owner ? null : this.ownerField(note), this.dueField(note));
    if (note.status === "answered") parts.push(h("span", null, "Answered"));
    const evidence = note.evidence ?? [];
    parts.push(...evidence.slice(0, 3).map((quote, index) => this.hearButton(quote, index === 0)));
    if ((note.locked ?? []).length) parts.push(lockMark(note));
    const tag = changeTag(note);
    if (tag) parts.push(tag);
    return parts.filter((part) => part !== null).flatMap((part, index) => (index ? [h("span", { class: "sep", "aria-hidden": "true" }), part] : [part]));
  }

  /** @param {Note} note */
  ownerField(note) {
    const button = h("button", { type: "button", class: `editable${note.owner ? " owner" : ""}`, dir: "auto", dataset: { field: "owner" }, title: "Change who does it", onclick: () => this.editFact(note, "owner", button) }, note.owner || "Nobody yet");
    return button;
  }

  /** @param {Note} note */
  dueField(note) {
    const due = dueText(note.due, note.due_words);
    const said = note.due && note.due_words ? `“${note.due_words}”` : "Change when it is due";
    const button = h("button", { type: "button", class: "editable", dataset: { field: "due" }, title: said, onclick: () => this.editFact(note, "due", button) }, due || "No date");
    return button;
  }

  /** @param {import("../feed/fold.js").Evidence} quote @param {boolean} first */
  hearButton(quote, first) {
    const at = clock(quote.start);
    return h("button", { type: "button", class: "hear", dataset: { start: String(quote.start) }, "aria-label": `Hear the words at ${at}`, onclick: () => this.wishes.hear(quote.start, quote.end) }, first ? icon("play") : null, at);
  }

  /** @param {Note} note */
  quote(note) {
    const quote = note.evidence?.[0]?.quote;
    return quote ? h("blockquote", { dir: "auto" }, quote) : null;
  }

  // ---- editing ---------------------------------------------------------------------------------------------------

  /** @param {Note} note @param {HTMLElement} button */
  editText(note, button) {
    const input = h("textarea", { value: note.text, rows: 1, dir: "auto", maxLength: 1000, "aria-label": "Text", dataset: { field: "text" } });
    this.swap(note, button, input, () => input.value.trim() && this.save(note, "text", input.value.trim()));
  }

  /** @param {Note} note @param {"owner" | "due"} field @param {HTMLElement} button */
  editFact(note, field, button) {
    const input = field === "due"
      ? h("input", { type: "date", value: note.due ?? "", "aria-label": "Due", dataset: { field } })
      : h("input", { type: "text", value: note.owner ?? "", "aria-label": "Who does it", maxLength: 100, dataset: { field } });
    if (field === "owner") suggest(input, this.names());
    this.swap(note, button, input, () => this.save(note, field, input.value.trim() || null));
  }

  /** Names that are known in this meeting. */
  names() {
    const state = this.state;
    if (!state) return [];
    const owners = [...state.notes.values()].map((note) => note.owner ?? "");
    return [...new Set([...(state.meeting.participants ?? []), ...Object.values(state.speakers), ...owners])].filter(Boolean);
  }

  /**
   * Puts an input in the place of a field. Enter and leaving it save, Escape does not.
   * @param {Note} note @param {HTMLElement} button @param {HTMLInputElement | HTMLTextAreaElement} input @param {() => any} save
   */
  swap(note, button, input, save) {
    const before = input.value;
    this.editing = note.id;
    let over = false;
    const finish = (/** @type {boolean} */ keep) => {
      if (over) return;
      over = true;
      this.editing = "";
      const again = input === document.activeElement;
      input.replaceWith(button);
      if (again) button.focus();
      if (keep && input.value.trim() !== before.trim()) void save();
      else if (this.state) this.update(this.state);
    };
    input.addEventListener("keydown", (event) => {
      const key = /** @type {KeyboardEvent} */ (event).key;
      if (key === "Escape") event.stopPropagation();
      if (key === "Escape") finish(false);
      if (key === "Enter" && !(/** @type {KeyboardEvent} */ (event).shiftKey)) {
        event.preventDefault();
        finish(true);
      }
    });
    input.addEventListener("blur", () => finish(true));
    button.replaceWith(input);
    input.focus();
    if (input.type !== "date") input.select();
  }

  /** Saves a field and offers the way back. @param {Note} note @param {"text" | "owner" | "due" | "status"} field @param {string | null} value */
  async save(note, field, value) {
    const before = note[field] ?? (field === "status" ? "open" : null);
    const wasLocked = (note.locked ?? []).includes(field);
    this.show({ ...note, [field]: value, ...(field === "due" ? { due_words: null } : {}) });
    if (!(await this.wishes.edit(note, { [field]: value }))) return this.show(note);
    const back = { [field]: before, ...(wasLocked ? {} : { unlock: [field] }) };
    this.wishes.toasts.show(field === "status" ? STATUS_SAID[value ?? ""] ?? "Saved" : "Saved", () => void this.wishes.edit(note, back));
  }

  /** What a person did is on the page at once; the feed confirms it. @param {Note} note */
  show(note) {
    this.state?.notes.set(note.id, note);
    if (this.state) this.update(this.state);
  }

  /** @param {Note} note @param {HTMLElement} anchor */
  menu(note, anchor) {
    const others = this.state ? shownNotes(this.state).filter((other) => other.kind === note.kind && other.id !== note.id) : [];
    const first = note.evidence?.[0];
    openMenu(anchor, [
      first ? item("Show in the transcript", () => this.wishes.reveal(first.start)) : null,
      note.kind === "question" ? item(note.status === "answered" ? "Not answered" : "Mark as answered", () => void this.save(note, "status", note.status === "answered" ? "open" : "answered")) : null,
      note.kind === "action" && this.byOwner ? item("Give it to somebody else…", () => void this.giveAway(note)) : null,
      note.status === "withdrawn" ? item("Take back the withdrawal", () => void this.save(note, "status", "open")) : null,
      (note.locked ?? []).length ? item("Let the analyzer change it again", () => void this.wishes.edit(note, { unlock: note.locked })) : null,
      others.length ? item("Merge into another…", () => void this.askMerge(note, others)) : null,
      item("Delete", () => void this.remove(note), "danger"),
    ], "More for this note");
  }

  /** @param {Note} note */
  async giveAway(note) {
    const owner = await askLine("Who does it?", "Name", note.owner ?? "", "Save");
    if (owner !== null && owner !== (note.owner ?? "")) await this.save(note, "owner", owner || null);
  }

  /** @param {Note} note */
  async remove(note) {
    this.show({ ...note, deleted: true });
    if (!(await this.wishes.edit(note, { deleted: true }))) return this.show(note);
    this.wishes.toasts.show("Deleted", () => void this.wishes.edit(note, { deleted: false }));
  }

  /** @param {Note} note @param {Note[]} others */
  async askMerge(note, others) {
    const choice = h("select", { id: "merge-into", size: Math.min(8, Math.max(2, others.length)) }, others.map((other, index) => h("option", { value: other.id, selected: index === 0 }, other.text)));
    const { closed } = openDialog({
      title: "Merge two notes",
      body: [h("p", { dir: "auto" }, `“${note.text}” is the same as:`), h("div", { class: "field" }, h("label", { htmlFor: "merge-into", class: "hidden" }, "The note that stays"), choice), h("p", { class: "small" }, "Its evidence moves there. This cannot be undone.")],
      footer: [h("button", { class: "button", value: "" }, "Cancel"), h("button", { class: "button primary", value: "merge" }, "Merge")],
    });
    const into = others.find((other) => other.id === choice.value);
    if ((await closed) === "merge" && into) await this.wishes.merge(note, into);
  }

  /** Adds a note by hand. @param {Note["kind"]} [kind] */
  async add(kind = "action") {
    const kinds = h("select", { id: "note-kind" }, KINDS.slice(0, 4).map(([value, , name]) => h("option", { value, selected: value === kind }, name)));
    const text = h("textarea", { id: "note-text", rows: 2, maxLength: 1000, dir: "auto", autofocus: true });
    const owner = h("input", { type: "text", id: "note-owner", maxLength: 100 });
    const due = h("input", { type: "date", id: "note-due" });
    suggest(owner, this.names());
    const extra = h("div", { class: "pair" }, field("Who does it", owner), field("Due", due));
    kinds.addEventListener("change", () => (extra.hidden = kinds.value !== "action"));
    extra.hidden = kind !== "action";
    const { dialog } = openDialog({
      title: "Add a note",
      body: [field("Kind", kinds), field("Text", text), extra],
      footer: [h("button", { type: "button", class: "button", onclick: () => dialog.close("") }, "Cancel"), h("button", { class: "button primary" }, "Add")],
      onSubmit: async (close) => {
        if (!text.value.trim()) return text.focus();
        const action = kinds.value === "action" ? { owner: owner.value.trim() || null, due: due.value || null } : {};
        if (await this.wishes.add({ kind: kinds.value, text: text.value.trim(), ...action })) close("added");
      },
    });
    text.focus();
    text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey) return;
      event.preventDefault();
      text.form?.requestSubmit();
    });
  }
}

/** @type {Record<string, string>} */
const STATUS_SAID = { done: "Done", open: "Open again", answered: "Answered" };

/** @param {HTMLElement[]} cards */
function list(cards) {
  return cards.length ? h("ul", null, ...cards) : null;
}

/** @param {string} name @param {() => void} run @param {string} [className] */
function item(name, run, className) {
  return h("button", { type: "button", class: className ?? "", onclick: run }, name);
}

/** @param {string} name @param {HTMLElement} control */
function field(name, control) {
  return h("div", { class: "field" }, h("label", { htmlFor: control.id }, name), control);
}

/** @param {HTMLInputElement} input @param {string[]} names */
function suggest(input, names) {
  const list = h("datalist", { id: `names-${Math.random().toString(36).slice(2)}` }, names.map((name) => h("option", { value: name })));
  input.setAttribute("list", list.id);
  input.addEventListener("focus", () => input.after(list), { once: true });
  input.addEventListener("blur", () => list.remove());
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

