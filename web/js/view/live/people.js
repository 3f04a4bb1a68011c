// @ts-check
/** Who is in the meeting, and how much of the talking is theirs. */

import { talkTime } from "../../feed/turns.js";
import { spell } from "../../lib/format.js";
import { fill, h } from "../../lib/h.js";

const MOST_SHOWN = 12;

/** @param {HTMLElement} list @param {import("../../feed/fold.js").State} state @param {(voice: string) => number} hue */
export function drawPeople(list, state, hue) {
  const voices = talkTime(state.order, state).filter((voice) => voice.name).slice(0, MOST_SHOWN);
  const most = voices[0]?.seconds ?? 1;
  const total = voices.reduce((sum, voice) => sum + voice.seconds, 0) || 1;
  const silent = (state.meeting.participants ?? []).filter((/** @type {string} */ name) => !voices.some((voice) => voice.name === name));
  fill(list,
    voices.map((voice) => h("li", { class: `voice-${hue(voice.voice)}` },
      h("span", { class: "label", dir: "auto" }, voice.name), h("span", { class: "share" }, `${Math.round((100 * voice.seconds) / total)} %`),
      h("meter", { min: 0, max: most, value: voice.seconds, "aria-label": `${voice.name} has spoken ${spell(voice.seconds)}` }))),
    silent.map((/** @type {string} */ name) => h("li", null, h("span", { class: "label", dir: "auto" }, name))));
  list.hidden = voices.length + silent.length === 0;
}
