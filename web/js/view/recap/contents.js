// @ts-check
/** The list of contents beside a recap, and which part of it is being read. */

import { clock } from "../../lib/format.js";
import { fill, h } from "../../lib/h.js";

/** @typedef {import("../../feed/fold.js").Chapter} Chapter */

export class Contents {
  /** @param {HTMLElement} nav @param {(chapter: Chapter) => void} openChapter */
  constructor(nav, openChapter) {
    this.nav = nav;
    this.openChapter = openChapter;
    this.sign = "";
    /** @type {IntersectionObserver | null} */
    this.watcher = null;
  }

  /** @param {[string, string][]} parts id and name of those that are there @param {Chapter[]} chapters */
  draw(parts, chapters) {
    const sign = JSON.stringify([parts, chapters]);
    if (sign === this.sign) return;
    this.sign = sign;
    fill(this.nav,
      parts.map(([id, name]) => h("a", { href: `#${id}` }, name)),
      chapters.length ? h("hr", null) : null,
      chapters.map((chapter) => h("button", { type: "button", dir: "auto", dataset: { start: String(chapter.start) }, onclick: () => this.openChapter(chapter) }, h("span", { class: "num" }, clock(chapter.start)), h("span", null, chapter.title))));
    this.watch(parts.map(([id]) => id));
  }

  /** The part whose head was last above the middle of the window is the one being read. @param {string[]} ids */
  watch(ids) {
    this.watcher?.disconnect();
    this.watcher = new IntersectionObserver(() => this.mark(ids), { rootMargin: "-20% 0px -79% 0px" });
    for (const id of ids) {
      const part = document.getElementById(id);
      if (part) this.watcher.observe(part);
    }
  }

  /** @param {string[]} ids */
  mark(ids) {
    const tops = ids.map((id) => document.getElementById(id)?.getBoundingClientRect().top ?? Infinity);
    const at = tops.findLastIndex((top) => top < innerHeight * 0.25);
    this.nav.querySelectorAll("a").forEach((link, index) => link.toggleAttribute("aria-current", index === at));
  }

  close() {
    this.watcher?.disconnect();
  }
}
