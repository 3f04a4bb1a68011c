// @ts-check
/** A field that is edited where it stands: an input takes the place of the button that shows it. */

import { h } from "../../lib/h.js";

/** @typedef {HTMLInputElement | HTMLTextAreaElement} Input */

/**
 * Enter and leaving the field keep what was typed, Escape does not. ``over`` hears once which it was.
 * @param {HTMLElement} button
 * @param {Input} input
 * @param {(kept: boolean) => void} over
 */
export function editInPlace(button, input, over) {
  const before = input.value;
  let done = false;
  const finish = (/** @type {boolean} */ keep) => {
    if (done) return;
    done = true;
    const focused = input === document.activeElement;
    input.replaceWith(button);
    if (focused) button.focus();
    over(keep && input.value.trim() !== before.trim());
  };
  input.addEventListener("keydown", (event) => pressed(/** @type {KeyboardEvent} */ (event), finish));
  input.addEventListener("blur", () => finish(true));
  button.replaceWith(input);
  input.focus();
  if (input.type !== "date") input.select();
}

/** @param {KeyboardEvent} event @param {(keep: boolean) => void} finish */
function pressed(event, finish) {
  if (event.key === "Escape") {
    event.stopPropagation();
    finish(false);
  }
  if (event.key !== "Enter" || event.shiftKey) return;
  event.preventDefault();
  finish(true);
}

/** Offers names while a person types. @param {HTMLInputElement} input @param {string[]} names */
export function suggest(input, names) {
  const list = h("datalist", { id: `names-${Math.random().toString(36).slice(2)}` }, names.map((name) => h("option", { value: name })));
  input.setAttribute("list", list.id);
  input.addEventListener("focus", () => input.after(list), { once: true });
  input.addEventListener("blur", () => list.remove());
}
