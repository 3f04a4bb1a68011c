// @ts-check
/** What of the meeting was not recorded: every gap with its length and its cause. */

import { gapRows, gapSum } from "../../feed/gaps.js";
import { clock } from "../../lib/format.js";
import { fill, h, setText } from "../../lib/h.js";

/** @typedef {import("../../feed/fold.js").State} State */

const OPEN_UP_TO = 5;

export class Gaps {
  /** @param {(second: number) => void} hear */
  constructor(hear) {
    this.hear = hear;
    this.sum = h("summary", null);
    this.list = h("ol", null);
    this.details = h("details", null, this.sum, this.list);
    this.root = h("section", { id: "gaps", tabIndex: -1, hidden: true }, h("h2", null, "Gaps in the recording"), this.details);
  }

  /** @param {State} state */
  update(state) {
    const rows = gapRows(state);
    const text = gapSum(rows);
    this.root.hidden = rows.length === 0;
    if (text === this.sum.textContent) return;
    setText(this.sum, text);
    /** @type {HTMLDetailsElement} */ (this.details).open = rows.length <= OPEN_UP_TO;
    fill(this.list, rows.map((row) => h("li", { class: "chapter" }, h("time", null, clock(row.start)),
      h("button", { type: "button", title: "Play from here", onclick: () => this.hear(row.start) }, row.text))));
  }
}
