// @ts-check
/** Action items of all meetings: by day or by person, what is late first, each with the words it comes from. */

import { askedOf, filtersOf, hashOf, isLate, shelvesOf } from "../feed/board.js";
import { ApiError, api } from "../lib/api.js";
import { plural, shortDay } from "../lib/format.js";
import { fill, h, setText } from "../lib/h.js";
import { openMenu } from "../view/dialog.js";
import { bindKeys } from "../view/keys.js";
import { noteCard } from "../view/notes/card.js";
import { NoteEditing } from "../view/notes/editing.js";
import { openHistory } from "../view/notes/history.js";
import { Shelves } from "../view/notes/shelves.js";
import { Sound } from "../view/sound.js";
import { topBar } from "../view/top.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../feed/board.js").Asked} Asked */
/** @typedef {import("../feed/board.js").Board} Board */
/** @typedef {import("../feed/board.js").BoardItem} BoardItem */
/** @typedef {import("../feed/fold.js").Note} Note */

const REFRESH_MS = 20000;
/** @type {[Asked["status"], string][]} */
const STATUSES = [["open", "Open"], ["done", "Done"], ["all", "All"]];
/** @type {[Asked["by"], string][]} */
const ORDERS = [["date", "By date"], ["person", "By person"]];
/** @type {Record<Asked["status"], string>} */
const NOTHING = {
  open: "Nothing is open. Action items of your meetings appear here, each with the words it comes from.",
  done: "Nothing is done yet.",
  all: "No action items yet. They appear here after the first meeting in which somebody promises something.",
};

class ActionsPage {
  /** @param {App} app @param {string} hash */
  constructor(app, hash) {
    this.app = app;
    this.asked = askedOf(hash);
    /** @type {Map<string, BoardItem>} */
    this.items = new Map();
    /** @type {Board | null} */
    this.board = null;
    this.gone = false;
    this.statuses = segments("Which", STATUSES, (status) => this.want({ status }));
    this.orders = segments("Order", ORDERS, (by) => this.want({ by }));
    this.owner = h("select", { "aria-label": "Whose", onchange: () => this.want({ owner: this.owner.value === "*" ? null : this.owner.value.slice(1) }) });
    this.summary = h("p", { class: "facts", role: "status" });
    this.list = h("div", { class: "board" });
    this.empty = h("p", { class: "lead", hidden: true });
    this.more = h("button", { type: "button", class: "button", hidden: true, onclick: () => void this.load(this.board?.next ?? 0) }, "Show more");
    this.shelves = new Shelves(this.list);
    /** @type {Map<string, {element: HTMLElement, sign: string}>} */
    this.cards = new Map();
    this.editing = new NoteEditing({ edit: (note, fields) => this.edit(note, fields), show: (note) => this.show(note), redraw: () => this.draw(), names: () => this.names(), toasts: app.toasts });
    fill(app.root, topBar("/actions.html"), h("main", { class: "actions", id: "main", tabIndex: -1 },
      h("div", { class: "head" }, h("div", null, h("h1", null, "Action items"), this.summary)),
      h("div", { class: "filters" }, this.statuses.element, this.orders.element, this.owner),
      this.empty, this.list, this.more));
    document.title = "Action items · Rapporteur";
    this.unbind = bindKeys([{ key: "/", name: "/", does: "Search all meetings", run: () => app.go("/") }]);
    this.timer = setInterval(() => !document.hidden && !this.editing.open && this.items.size <= 100 && void this.load(0), REFRESH_MS);
    void this.load(0);
  }

  /** @param {Partial<Asked>} change */
  want(change) {
    this.asked = { ...this.asked, ...change };
    history.replaceState(null, "", `/actions.html#${hashOf(this.asked)}`);
    if ("by" in change) this.draw();
    else void this.load(0);
  }

  /** @param {number} offset */
  async load(offset) {
    const asked = this.asked;
    try {
      /** @type {Board} */
      const board = await api.actions(filtersOf(asked, offset));
      if (this.gone || asked.status !== this.asked.status || asked.owner !== this.asked.owner) return;
      this.board = board;
      if (offset === 0) this.items.clear();
      for (const entry of board.items) this.items.set(entry.item.id, entry);
      this.draw();
    } catch (fault) {
      if (fault instanceof ApiError && fault.status === 401) return location.reload();
      if (!this.board) setText(this.summary, fault instanceof Error ? fault.message : "");
    }
  }

  draw() {
    const { asked, board } = this;
    if (!board || this.gone) return;
    this.statuses.choose(asked.status);
    this.orders.choose(asked.by);
    this.drawOwners(board);
    const open = board.counts.open ?? 0;
    setText(this.summary, [plural(open, "open item"), board.counts.overdue ? `${board.counts.overdue} overdue` : ""].filter(Boolean).join(" · "));
    const shelves = shelvesOf([...this.items.values()].filter(({ item }) => !item.deleted), asked.by, new Date());
    this.shelves.show(shelves.map(({ key, title, items }) => ({ key, title, count: items.length, lists: [{ key: "all", title: "", cards: items.map((entry) => this.card(entry)) }] })));
    this.empty.hidden = shelves.length > 0;
    setText(this.empty, asked.owner === null ? NOTHING[asked.status] : "Nothing here for this person.");
    this.more.hidden = board.next === null;
  }

  /** @param {Board} board */
  drawOwners(board) {
    if (document.activeElement === this.owner) return;
    const { owner } = this.asked;
    const known = board.owners.map((count) => count.owner ?? "");
    const names = owner === null || known.includes(owner) ? known : [...known, owner];
    fill(this.owner, h("option", { value: "*", selected: owner === null }, "Everybody"), names.map((name) => {
      const open = board.owners.find((count) => (count.owner ?? "") === name)?.open ?? 0;
      return h("option", { value: `=${name}`, selected: owner === name }, `${name || "Nobody yet"} (${open})`);
    }));
  }

  /** @param {BoardItem} entry */
  card(entry) {
    const { item } = entry;
    const byPerson = this.asked.by === "person";
    const sign = JSON.stringify([entry, byPerson]);
    const known = this.cards.get(item.id);
    if (known && (known.sign === sign || this.editing.open === item.id)) return known.element;
    const element = noteCard(item, this.doing(entry), { showOwner: !byPerson, overdue: entry.overdue, source: source(entry) });
    this.cards.set(item.id, { element, sign });
    return element;
  }

  /** @param {BoardItem} entry @returns {import("../view/notes/card.js").CardWishes} */
  doing(entry) {
    return {
      edit: (note, field, button) => this.editing.edit(note, field, button),
      setStatus: (note, status) => void this.editing.save(note, "status", status),
      menu: (note, anchor) => this.menu(note, anchor),
      hear: (start, end) => this.hear(entry, start, end),
    };
  }

  /** @param {Note} note @param {HTMLElement} anchor */
  menu(note, anchor) {
    const entry = this.items.get(note.id);
    const history = (note.history ?? []).length > 0;
    openMenu(anchor, [
      entry ? h("a", { href: placeOf(entry) }, "Open the meeting") : null,
      history ? h("button", { type: "button", onclick: () => openHistory(note, anchor, (user) => (user === this.app.me.id ? "You" : "Somebody")) }, "History") : null,
      h("button", { type: "button", class: "danger", onclick: () => void this.editing.remove(note) }, "Delete"),
    ], "More for this item");
  }

  /** @param {Note} note @param {Record<string, any>} fields */
  async edit(note, fields) {
    const entry = this.items.get(note.id);
    if (!entry) return false;
    try {
      const stored = await api.editNote(entry.meeting, note.id, fields);
      if (stored?.id) this.show(stored);
      return true;
    } catch (fault) {
      this.app.complain(fault);
      return false;
    }
  }

  /** What a person did stays where it is until the list is asked for again. @param {Note} note */
  show(note) {
    const entry = this.items.get(note.id);
    if (entry) this.items.set(note.id, { ...entry, item: note, overdue: isLate(note, new Date()) });
    this.draw();
  }

  names() {
    return (this.board?.owners ?? []).map(({ owner }) => owner ?? "").filter(Boolean);
  }

  /** @param {BoardItem} entry @param {number} start @param {number} end */
  hear(entry, start, end) {
    this.sound?.close();
    const buttons = () => [.../** @type {NodeListOf<HTMLElement>} */ (this.cards.get(entry.item.id)?.element.querySelectorAll(".hear") ?? [])];
    this.sound = new Sound(entry.meeting, (text) => this.app.toasts.show(text), (second, from) => {
      for (const button of buttons()) button.setAttribute("aria-pressed", String(second !== null && Number(button.dataset.start) === from));
    });
    this.sound.hear(start, end);
  }

  close() {
    this.gone = true;
    clearInterval(this.timer);
    this.unbind();
    this.sound?.close();
  }
}

/** The second from which the words of the item are heard. @param {BoardItem} entry */
function placeOf({ meeting, item }) {
  const start = item.evidence?.[0]?.start;
  return `/recap.html#${meeting}${start === undefined ? "" : `@${Math.ceil(start * 10) / 10}`}`;
}

/** @param {BoardItem} entry */
function source(entry) {
  return h("a", { class: "source-of", href: placeOf(entry), dir: "auto" }, `${entry.title}, ${shortDay(new Date(entry.started_at * 1000), new Date())}`);
}

/**
 * A few choices of which one is on.
 * @template {string} T
 * @param {string} label @param {[T, string][]} choices @param {(value: T) => void} chosen
 */
function segments(label, choices, chosen) {
  const buttons = choices.map(([value, name]) => h("button", { type: "button", "aria-pressed": "false", onclick: () => chosen(value) }, name));
  const element = h("div", { class: "segments", role: "group", "aria-label": label }, buttons);
  const choose = (/** @type {T} */ value) => buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(choices[index][0] === value)));
  return { element, choose };
}

/** @param {App} app */
export async function mount(app) {
  return new ActionsPage(app, location.hash.slice(1));
}
