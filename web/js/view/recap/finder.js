// @ts-check
/** Finding a text in the transcript: all places are marked, Enter goes from one to the next. */

import { h, icon, setText } from "../../lib/h.js";
import { markOne } from "../transcript/find.js";

export class Finder {
  /** @param {(wanted: string) => Range[]} find */
  constructor(find) {
    this.find = find;
    /** @type {Range[]} */
    this.found = [];
    this.at = -1;
    this.input = h("input", {
      type: "search", class: "find", placeholder: "Find in the transcript", "aria-label": "Find in the transcript", autocomplete: "off",
      oninput: () => this.changed(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.pressed(event),
    });
    this.count = h("span", { class: "small num", role: "status" });
    this.steps = h("span", { class: "steps", hidden: true }, this.stepButton(-1, "Previous place", "up"), this.stepButton(1, "Next place", "down"));
    this.element = h("div", { class: "finder" }, this.count, this.steps, this.input);
  }

  /** @param {number} step @param {string} name @param {string} drawing */
  stepButton(step, name, drawing) {
    return h("button", { type: "button", class: "square", "aria-label": name, onclick: () => this.next(step, true) }, icon(drawing));
  }

  changed() {
    this.found = this.find(this.input.value);
    this.at = -1;
    const wanted = this.input.value.trim().length >= 2;
    this.steps.hidden = this.found.length === 0;
    setText(this.count, wanted && this.found.length === 0 ? "Not found" : "");
    if (this.found.length) this.next(1, false);
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    if (event.key === "Escape") {
      this.input.value = "";
      this.changed();
      this.input.blur();
    }
    if (event.key !== "Enter" || this.found.length === 0) return;
    event.preventDefault();
    this.next(event.shiftKey ? -1 : 1, true);
  }

  /** @param {number} step @param {boolean} scroll */
  next(step, scroll) {
    this.at = (this.at + step + this.found.length) % this.found.length;
    const range = this.found[this.at];
    markOne(range);
    setText(this.count, `${this.at + 1} of ${this.found.length}`);
    if (scroll) range.startContainer.parentElement?.scrollIntoView({ block: "center" });
  }
}
