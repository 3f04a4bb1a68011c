// @ts-check
/** Who is in the meeting, and how much of the talking is theirs. */

import { talkTime } from "../feed/turns.js";
import { spell } from "../lib/format.js";
import { fill, h } from "../lib/h.js";

const MOST_SHOWN = 12;

/**
 * @param {HTMLElement} list
 * @param {import("../feed/fold.js").State} state
 * @param {(voice: string) => number} hue
 * @param {(voice: string) => void} rename
 */
export function drawPeople(list, state, hue, rename) {
  const voices = talkTime(state.order, state).filter((voice) => voice.name).slice(0, MOST_SHOWN);
  const total = voices.reduce((sum, voice) => sum + voice.seconds, 0) || 1;
  const silent = (state.meeting.participants ?? []).filter((/** @type {string} */ name) => !voices.some((voice) => voice.name === name));
  fill(list, voices.map((voice) => person(voice, total, voices[0].seconds, hue, rename)), silent.map((/** @type {string} */ name) => h("li", { class: "silent" }, h("span", { class: "label", dir: "auto" }, name))));
  list.hidden = voices.length + silent.length === 0;
}

/** @param {{voice: string, name: string, seconds: number}} talker @param {number} total @param {number} most @param {(voice: string) => number} hue @param {(voice: string) => void} rename */
function person({ voice, name, seconds }, total, most, hue, rename) {
  return h("li", { class: `voice-${hue(voice)}` },
    h("button", { type: "button", class: "label", dir: "auto", title: `${name}: ${spell(seconds)}. Press to rename`, onclick: () => rename(voice) }, name),
    h("span", { class: "share" }, `${Math.round((100 * seconds) / total)} %`),
    h("meter", { min: 0, max: most, value: seconds, "aria-label": `${name} has spoken ${spell(seconds)}` }));
}
