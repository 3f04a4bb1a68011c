// @ts-check
/** What a person does to a meeting, as calls; failures are told, and answered with false. */

import { api } from "../lib/api.js";
import { nameVoice } from "./naming.js";

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
  /** @param {string} voice */
  const rename = (voice) => nameVoice(app, meeting, state(), voice, told);
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
