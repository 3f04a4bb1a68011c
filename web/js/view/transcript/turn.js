// @ts-check
/** One turn or gap as an element. Filling it again changes only what differs. */

import { gapSentence } from "../../feed/turns.js";
import { stableChars } from "../../feed/words.js";
import { clock } from "../../lib/format.js";
import { fill, h, setText } from "../../lib/h.js";

/** @typedef {import("../../feed/fold.js").Segment} Segment */
/** @typedef {import("../../feed/turns.js").Turn} Turn */

/** Whether the first letters are of a script that is written from right to left. */
const RTL = /^[^\p{L}]*[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}]/u;

export function emptyTurn() {
  return h("article", { class: "turn" },
    h("button", { type: "button", class: "time", tabIndex: -1 }),
    h("button", { type: "button", class: "who", tabIndex: -1, title: "Name this speaker" }),
    h("p", { class: "said", dir: "auto" }),
    h("button", { type: "button", class: "edit", tabIndex: -1 }, "Correct"));
}

/** @param {HTMLElement} element @param {Turn} turn @param {number} hue */
export function fillTurn(element, turn, hue) {
  const [time, who, said] = /** @type {HTMLElement[]} */ ([...element.children]);
  element.className = `turn voice-${hue}${turn.speaker ? "" : " anonymous"}${element.classList.contains("current") ? " current" : ""}`;
  element.classList.toggle("rtl", RTL.test(turn.segments[0].text));
  const clocked = clock(turn.start);
  setText(time, clocked);
  time.setAttribute("aria-label", `Hear from ${clocked}`);
  setText(who, turn.speaker);
  who.hidden = !turn.speaker;
  who.classList.toggle("by-voice", turn.byVoice);
  /** @type {HTMLButtonElement} */ (who).disabled = turn.unknown;
  who.title = turn.unknown ? "Who says this is not known yet" : turn.byVoice ? "Recognised by voice. Press if it is somebody else" : "Name this speaker";
  turn.segments.forEach((segment, index) => fillSegment(said, index, segment));
  while (said.children.length > turn.segments.length) said.lastChild?.remove();
  return element;
}

/** @param {HTMLElement} said @param {number} index @param {Segment} segment */
function fillSegment(said, index, segment) {
  let span = /** @type {HTMLElement | undefined} */ (said.children[index]);
  if (!span) {
    span = h("span", { class: "seg" });
    if (index > 0) said.append(" ");
    said.append(span);
  }
  const open = segment.final === false;
  span.classList.toggle("open", open);
  const stable = open ? stableChars(segment) : segment.text.length;
  const tail = segment.text.slice(stable);
  if (!tail) return setText(span, segment.text);
  const words = tail.trimStart();
  fill(span, segment.text.slice(0, segment.text.length - words.length), h("span", { class: "tail" }, words));
}

/** @param {import("../../feed/turns.js").GapItem} item */
export function gapElement(item) {
  return h("p", { class: "gap" }, h("time", null, clock(item.start)), h("span", null, `${Math.max(1, Math.round(item.end - item.start))} s ${gapSentence(item.cause)}`));
}
