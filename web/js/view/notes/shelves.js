// @ts-check
/** Cards under headings. What stays is never moved or made anew, so an open field keeps its focus. */

import { arrange, h, setText } from "../../lib/h.js";

/** @typedef {{key: string, title: string, cards: HTMLElement[]}} List title: "" = none */
/** @typedef {{key: string, title: string, count: number, lists: List[]}} Group */

export class Shelves {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    /** @type {Map<string, HTMLElement>} */
    this.made = new Map();
  }

  /** @param {Group[]} groups */
  show(groups) {
    arrange(this.root, groups.map((group) => this.group(group)));
  }

  /** @param {Group} group */
  group({ key, title, count, lists }) {
    const section = this.make(key, () => h("section", { class: "notes-group", id: `notes-${key}` }, h("h2", null, h("span", null, title), " ", h("span", { class: "count" }))));
    const heading = /** @type {HTMLElement} */ (section.firstElementChild);
    setText(/** @type {HTMLElement} */ (heading.lastElementChild), String(count));
    arrange(section, [heading, ...lists.filter((list) => list.cards.length).flatMap((list) => this.list(key, list))]);
    return section;
  }

  /** @param {string} group @param {List} list */
  list(group, { key, title, cards }) {
    const path = `${group}/${key}`;
    const shelf = this.make(`${path}/ul`, () => h("ul", null));
    arrange(shelf, cards);
    return title ? [this.make(`${path}/h3/${title}`, () => h("h3", { dir: "auto" }, title)), shelf] : [shelf];
  }

  /** @param {string} key @param {() => HTMLElement} make */
  make(key, make) {
    const known = this.made.get(key) ?? make();
    this.made.set(key, known);
    return known;
  }
}
