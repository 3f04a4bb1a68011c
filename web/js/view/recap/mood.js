// @ts-check
/** How a chapter sounds, in words, with the words that it rests on. */

import { h } from "../../lib/h.js";

/** @typedef {import("../../feed/fold.js").Mood} Mood */

const MIXED = 0.1;
const MOSTLY = 0.35;

/** @param {number} value -1 to 1 */
export function moodWord(value) {
  if (Math.abs(value) < MIXED) return "Mixed";
  const side = value > 0 ? "glad" : "worried";
  return `${Math.abs(value) < MOSTLY ? "Rather" : "Mostly"} ${side}`;
}

/** @param {Mood} mood @param {(mood: Mood) => void} hear */
export function moodLine(mood, hear) {
  return h("p", { class: "mood" }, `${moodWord(mood.value)}: `,
    h("button", { type: "button", dir: "auto", title: "Hear it", onclick: () => hear(mood) }, `“${mood.quote}”`));
}
