// @ts-check
/** The form in which the lines of a turn are corrected. */

import { clock } from "../../lib/format.js";
import { h } from "../../lib/h.js";

/** @typedef {import("../../feed/fold.js").Segment} Segment */

/**
 * Puts the form in the place of the text. Enter saves, Escape does not; ``done`` is called once, when the text is back.
 * @param {HTMLElement} element the turn
 * @param {Segment[]} segments
 * @param {(segment: Segment, text: string) => Promise<boolean>} correct
 * @param {() => void} done
 */
export function openCorrection(element, segments, correct, done) {
  const said = /** @type {HTMLElement} */ (element.querySelector(".said"));
  const lines = segments.map((segment) => h("textarea", { value: segment.text, rows: 1, dir: "auto", "aria-label": `Line at ${clock(segment.start)}` }));
  const leave = () => {
    form.remove();
    said.hidden = false;
    done();
    /** @type {HTMLElement | null} */ (element.querySelector(".time"))?.focus();
  };
  const save = async () => {
    for (const [at, segment] of segments.entries()) {
      const text = lines[at].value.trim();
      if (text !== segment.text && !(await correct(segment, text))) return;
    }
    leave();
  };
  const form = h("form", {
    onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      void save();
    },
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Escape") leave();
      if (event.key !== "Enter" || event.shiftKey || !(event.target instanceof HTMLTextAreaElement)) return;
      event.preventDefault();
      void save();
    },
  }, ...lines, h("div", { class: "row" }, h("button", { class: "button primary" }, "Save"), h("button", { type: "button", class: "button", onclick: leave }, "Cancel")));
  said.hidden = true;
  said.after(form);
  lines[0].focus();
}
