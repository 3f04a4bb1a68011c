// @ts-check
/** What a person does to a meeting, as calls; failures are told, and answered with false. */

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
  /** Asks what a voice is called, everywhere in the meeting. @param {string} voice a speaker label, or the track of one voice */
  const rename = async (voice) => {
    const { speakers, tracks, meeting: facts } = state();
    const label = tracks.get(voice)?.speaker ?? voice;
    const before = speakers[label];
    const known = [...new Set([...Object.values(speakers), ...(facts.participants ?? [])])];
    const name = await askLine("Who is this?", "Name", before ?? "", "Save", "The name appears everywhere in this meeting. A name that somebody else has makes the two one.", known);
    if (!name || name === before || !(await told(api.nameSpeaker(meeting, label, name)))) return;
    app.toasts.show(`Now called ${name}`, before ? () => void told(api.nameSpeaker(meeting, label, before)) : null);
  };
  return {
    nameOf: (/** @type {string} */ user) => (user === app.me.user ? "You" : "Somebody"),
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
