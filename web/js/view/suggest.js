// @ts-check
/** Names that are offered while a person types. */

import { h } from "../lib/h.js";

/** @param {HTMLInputElement} input @param {string[]} names */
export function suggest(input, names) {
  const list = h("datalist", { id: `names-${Math.random().toString(36).slice(2)}` }, names.map((name) => h("option", { value: name })));
  input.setAttribute("list", list.id);
  input.addEventListener("focus", () => input.after(list));
  input.addEventListener("blur", () => list.remove());
  if (document.activeElement === input) input.after(list);
}
