// @ts-check
/** What a person does to a meeting, as calls; failures are told, and answered with false. */

import { labelsOf } from "../feed/turns.js";
import { api } from "../lib/api.js";
import { askLine } from "./dialog.js";

/** @typedef {import("../app.js").App} App */

/**
 * @param {App} app
 * @param {string} meeting
 * @param {() => import("../feed/fold.js").State} state
 */
export function edits(app, meeting, state) {
  /** @param {Promise<any>} call */
  const told = async (call) => {
    try {
      await call;
      return true;
    } catch (fault) {
      app.complain(fault);
      return false;
    }
  };
  /** Asks what a voice is called, everywhere in the meeting. @param {string} voice */
  const rename = async (voice) => {
    const { speakers, tracks, meeting: facts } = state();
    const labels = labelsOf(state(), voice);
    // A label is a name until it gets another; a track has none.
    const before = new Map(labels.map((label) => [label, speakers[label] ?? (tracks.has(label) ? "" : label)]));
    const shown = before.get(voice) ?? [...before.values()][0] ?? "";
    const known = [...new Set([...Object.values(speakers), ...(facts.participants ?? [])])];
    const name = await askLine("Who is this?", "Name", shown, "Save", "The name appears everywhere in this meeting. A name that somebody else has makes the two one.", known);
    if (!name || name === shown || !(await told(Promise.all(labels.map((label) => api.nameSpeaker(meeting, label, name)))))) return;
    const back = [...before].filter(([, old]) => old);
    app.toasts.show(`Now called ${name}`, back.length ? () => void told(Promise.all(back.map(([label, old]) => api.nameSpeaker(meeting, label, old)))) : null);
  };
  return {
    nameOf: (/** @type {string} */ user) => (user === app.me.id ? "You" : "Somebody"),
    edit: (/** @type {any} */ note, /** @type {object} */ fields) => told(api.editNote(meeting, note.id, fields)),
    merge: (/** @type {any} */ note, /** @type {any} */ into) => told(api.mergeNote(meeting, note.id, into.id)),
    add: (/** @type {object} */ note) => told(api.addNote(meeting, note)),
    correct: async (/** @type {any} */ segment, /** @type {string} */ text) => {
      const before = segment.text;
      if (!(await told(api.editSegment(meeting, segment.id, { text })))) return false;
      app.toasts.show("Corrected", () => void told(api.editSegment(meeting, segment.id, { text: before })));
      return true;
    },
    rename,
    renameTurn: (/** @type {import("../feed/turns.js").Turn} */ turn) => void rename(turn.voice),
    retitle: (/** @type {string} */ title) => told(api.rename(meeting, title)),
  };
}
