// @ts-check
/** Who is in the meeting, what they let be taken, and how much of the talking is theirs. */

import { talkTime } from "../feed/turns.js";
import { spell } from "../lib/format.js";
import { fill, h } from "../lib/h.js";

/** @typedef {import("../feed/fold.js").State} State */
/** @typedef {import("../feed/fold.js").Participant} Participant */
/** @typedef {{name: string, voice: string | null, seconds: number, person: Participant | null}} Shown */
/** @typedef {((person: Participant, anchor: HTMLElement) => void) | null} Ask what a press on a guest does, for those who may */
/** @typedef {((voice: string) => void) | null} Rename what a press on a voice does, for those who may */

const MOST_SHOWN = 12;

/** @param {HTMLElement} list @param {State} state @param {(voice: string) => number} hue @param {Rename} rename @param {Ask} [ask] */
export function drawPeople(list, state, hue, rename, ask = null) {
  const shown = peopleOf(state);
  const most = Math.max(1, ...shown.map(({ seconds }) => seconds));
  const total = shown.reduce((sum, { seconds }) => sum + seconds, 0) || 1;
  // Afterwards everybody has left.
  const away = (/** @type {Shown} */ { person }) => (state.meeting.state === "live" ? stateWords(person) : "");
  fill(list, shown.map((one) => item(one, total, most, hue, label(one, rename, ask), away(one))));
  list.hidden = shown.length === 0;
}

/** Voices by how long they spoke, then who has said nothing. @param {State} state @returns {Shown[]} */
function peopleOf(state) {
  const people = new Map([...state.people.values()].map((person) => [person.name, person]));
  const voices = talkTime(state.order, state).filter((voice) => voice.name).slice(0, MOST_SHOWN);
  const said = voices.map((voice) => ({ ...voice, person: people.get(voice.name) ?? null }));
  const names = new Set([...people.keys(), ...(state.meeting.participants ?? [])]);
  const silent = [...names].filter((name) => !voices.some((voice) => voice.name === name));
  return [...said, ...silent.map((name) => ({ name, voice: null, seconds: 0, person: people.get(name) ?? null }))];
}

/** @param {Shown} one @param {Rename} rename @param {Ask} ask */
function label({ name, voice, seconds, person }, rename, ask) {
  if (person && ask && person.invite && person.left_at == null) {
    return h("button", { type: "button", class: "label", dir: "auto", "aria-label": `${name}: more`, onclick: (/** @type {any} */ event) => ask(person, event.currentTarget) }, name);
  }
  if (!voice || !rename || person) return h("span", { class: "label", dir: "auto" }, name);
  return h("button", { type: "button", class: "label", dir: "auto", title: `${name}: ${spell(seconds)}. Press to rename`, onclick: () => rename(voice) }, name);
}

/** @param {Shown} one @param {number} total @param {number} most @param {(voice: string) => number} hue @param {HTMLElement} named @param {string} away */
function item({ name, voice, seconds }, total, most, hue, named, away) {
  const share = away || (voice ? `${Math.round((100 * seconds) / total)} %` : "");
  return h("li", { class: [voice ? `voice-${hue(voice)}` : "silent", away ? "away" : ""].join(" ").trim() },
    named,
    share ? h("span", { class: "share" }, share) : null,
    voice ? h("meter", { min: 0, max: most, value: seconds, "aria-label": `${name} has spoken ${spell(seconds)}` }) : null);
}

/** What is not as usual about somebody, in words. @param {Participant | null} person */
export function stateWords(person) {
  if (!person) return "";
  if (person.left_at != null) return { lost: "connection lost", removed: "removed" }[person.left ?? ""] ?? "left";
  if (person.state === "off_record") return "off the record";
  return person.state === "paused" ? "paused" : "";
}
