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
  return {
    edit: (/** @type {any} */ note, /** @type {object} */ fields) => told(api.editNote(meeting, note.id, fields)),
    merge: (/** @type {any} */ note, /** @type {any} */ into) => told(api.mergeNote(meeting, note.id, into.id)),
    add: (/** @type {object} */ note) => told(api.addNote(meeting, note)),
    correct: async (/** @type {any} */ segment, /** @type {string} */ text) => {
      const before = segment.text;
      if (!(await told(api.editSegment(meeting, segment.id, { text })))) return false;
      app.toasts.show("Corrected", () => void told(api.editSegment(meeting, segment.id, { text: before })));
      return true;
    },
    rename: async (/** @type {import("../feed/turns.js").Turn} */ turn) => {
      const segment = turn.segments[0];
      const label = segment.speaker ?? state().tracks.get(segment.track)?.speaker ?? segment.track;
      const name = await askLine("Name this speaker", "Name", state().speakers[label] ?? "", "Save", "The name appears everywhere in this meeting. A name that somebody else has makes the two one.");
      if (!name) return;
      const before = state().speakers[label];
      if (!(await told(api.nameSpeaker(meeting, label, name)))) return;
      app.toasts.show(`Now called ${name}`, before ? () => void told(api.nameSpeaker(meeting, label, before)) : null);
    },
    retitle: (/** @type {string} */ title) => told(api.rename(meeting, title)),
  };
}
