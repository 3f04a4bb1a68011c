// @ts-check
/** What earlier meetings have to do with the notes of this one: what is open already, what was decided otherwise. */

import { api } from "../../lib/api.js";
import { clock, shortDay } from "../../lib/format.js";
import { h, icon } from "../../lib/h.js";
import { Sound } from "../sound.js";

/** @typedef {import("../../feed/fold.js").Note} Note */
/**
 * @typedef {object} Link
 * @property {"open_since" | "decided" | "differs"} relation
 * @property {string} meeting
 * @property {string} title
 * @property {number} started_at
 * @property {string} text
 * @property {{text: string, start: number}} quote
 * @property {string | null} [owner]
 */

const WAIT_MS = 2500;
const HEARD_S = 12;

/** The links of one meeting's notes. They are asked for again when a note comes or changes, and not more often. */
export class RelatedNotes {
  /** @param {string} meeting @param {(text: string) => void} tell @param {() => void} onChange */
  constructor(meeting, tell, onChange) {
    this.meeting = meeting;
    this.tell = tell;
    this.onChange = onChange;
    /** @type {Map<string, Link[]>} */
    this.links = new Map();
    this.asked = "";
    this.timer = 0;
    /** @type {Sound | null} */
    this.sound = null;
  }

  /** @param {Note[]} notes those that are shown */
  look(notes) {
    const sign = notes.filter(({ kind }) => kind === "action" || kind === "decision").map(({ id, text }) => `${id} ${text}`).join("\n");
    if (sign === this.asked) return;
    this.asked = sign;
    clearTimeout(this.timer);
    if (sign) this.timer = setTimeout(() => void this.ask(), WAIT_MS);
  }

  async ask() {
    // Links are an extra: while the index is not there, the notes stand without them.
    const page = await api.related(this.meeting).catch(() => null);
    if (!page) return;
    this.links = new Map(page.items.map((/** @type {{item: string, links: Link[]}} */ related) => [related.item, related.links]));
    this.onChange();
  }

  /** @param {string} note @returns {Link[]} */
  of(note) {
    return this.links.get(note) ?? [];
  }

  /** @param {Link} link @param {HTMLElement} button */
  hear(link, button) {
    this.sound?.close();
    this.sound = new Sound(link.meeting, this.tell, (second) => button.setAttribute("aria-pressed", String(second !== null)));
    this.sound.hear(link.quote.start, link.quote.start + HEARD_S);
  }

  close() {
    clearTimeout(this.timer);
    this.sound?.close();
  }
}

/** How an earlier note has to do with this one, in words. Pure. @param {Link} link @param {Date} today @param {string} [locale] */
export function linkWords({ relation, started_at }, today, locale) {
  const day = shortDay(new Date(started_at * 1000), today, locale);
  if (relation === "open_since") return `Already open since ${day}`;
  return relation === "differs" ? `Differs from the decision of ${day}` : `Decided already on ${day}`;
}

/** @param {Link} link @param {(link: Link, button: HTMLElement) => void} hear */
export function linkLine(link, hear) {
  const at = Math.ceil(link.quote.start * 10) / 10;
  /** @type {HTMLButtonElement} */
  const button = h("button", { type: "button", class: "hear", "aria-label": `Hear the words at ${clock(at)} of ${link.title}`, onclick: () => hear(link, button) }, icon("play"), clock(at));
  return h("div", { class: `related ${link.relation}` },
    h("p", { class: "facts" }, h("strong", null, linkWords(link, new Date())), h("a", { href: `/recap.html#${link.meeting}@${at}`, dir: "auto" }, link.title), link.quote.text ? button : null),
    h("p", { dir: "auto" }, link.text),
    link.quote.text && link.quote.text !== link.text ? h("blockquote", { dir: "auto" }, link.quote.text) : null);
}
