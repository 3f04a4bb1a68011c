// @ts-check
/** The one line that says how things are, in plain sentences: worst first. Pure. */

import { plural, size, spell } from "../lib/format.js";

/** @typedef {"ok" | "warn" | "bad"} Level */
/** @typedef {{level: Level, text: string}} Sentence */
/**
 * @typedef {object} LinkStatus
 * @property {string} state
 * @property {string} reason
 * @property {string} slow
 * @property {string} paused
 * @property {number} recorded_s
 * @property {number} safe_s
 * @property {number} waiting_s
 * @property {number} retry_in_s
 * @property {boolean} [direct] by WebRTC: nothing waits, what is not connected is lost
 */

const UNSAFE_S = 3;
const LATE_MS = 2500;

/**
 * What to say about the recording that runs in this page; null when all is well.
 * @param {LinkStatus | null} link
 * @returns {Sentence | null}
 */
export function linkSentence(link) {
  if (!link) return null;
  const waiting = Math.floor(link.recorded_s - link.safe_s);
  if (link.state === "failed") return { level: "bad", text: FAILURES[link.reason] ?? "The server refused the recording." };
  if (link.direct) return directSentence(link);
  if (link.reason === "signed-out") {
    return { level: "bad", text: `You are signed out. Recording goes on here, ${waiting} s waiting: open the sign-in link in another tab.` };
  }
  if (link.reason === "full" || link.slow === "full") {
    return { level: "bad", text: `The server's disk is full. Recording goes on here, ${waiting} s waiting: make room on the server.` };
  }
  if (link.state === "waiting" || (link.state === "connecting" && waiting >= UNSAFE_S)) {
    return { level: "bad", text: `No connection. Recording goes on here, ${waiting} s waiting to be sent.` };
  }
  if (waiting >= UNSAFE_S) return { level: "warn", text: `Sending what was recorded meanwhile: ${waiting} s to go.` };
  return null;
}

/** @param {LinkStatus} link @returns {Sentence | null} */
function directSentence(link) {
  if (link.state === "open" || link.state === "done") return null;
  if (link.reason === "signed-out") return { level: "bad", text: "You are signed out, and what is said now is lost: open the sign-in link in another tab." };
  if (link.state === "connecting" && !link.reason) return { level: "warn", text: "Connecting by WebRTC." };
  return { level: "bad", text: "No connection by WebRTC: what is said now is lost. Trying again by itself." };
}

/** @type {Record<string, string>} */
const FAILURES = {
  taken: "This recording is running in another window now. Close this one, or end the meeting there.",
  ended: "The meeting was ended somewhere else. What was said after that is not recorded.",
  unknown: "The server no longer knows this meeting: it was deleted.",
  forbidden: "You are not allowed to record in this meeting.",
  malformed: "The server did not understand the recording. Reload the page: what was recorded so far is safe.",
};

/** "12 min 04 s recorded, all of it safe". @param {LinkStatus} link */
export function safetySentence(link) {
  if (link.direct) return `${spell(link.recorded_s)} sent by WebRTC`;
  const unsafe = link.recorded_s - link.safe_s;
  if (unsafe < UNSAFE_S) return `${spell(link.recorded_s)} recorded, all of it safe`;
  return `${spell(link.recorded_s)} recorded, ${spell(link.safe_s)} safe on the server`;
}

/**
 * How far the captions are behind.
 * @param {Iterable<Record<string, any>>} health the newest message of each track, and of the notes
 * @returns {Sentence[]}
 */
export function captionSentences(health) {
  let lag_ms = 0;
  let thin = false;
  let known = false;
  let detail = "";
  /** @type {Sentence[]} */
  const sentences = [];
  for (const message of health) {
    if (message.notes) sentences.push(notesSentence(message));
    else if (typeof message.lag_ms === "number") {
      known = true;
      lag_ms = Math.max(lag_ms, message.lag_ms);
      thin ||= message.interims === false;
      detail ||= message.detail ?? "";
    }
  }
  if (known || detail) sentences.unshift(lagSentence(lag_ms, thin, detail));
  return sentences;
}

/**
 * How much of a meeting that is over, or of a file, is still to be written down.
 * @param {Iterable<Record<string, any>>} health
 * @returns {Sentence}
 */
export function endingSentence(health) {
  const left_ms = Math.max(0, ...[...health].map((message) => (message.notes ? 0 : message.lag_ms ?? 0)));
  const what = left_ms > LATE_MS ? `${spell(Math.round(left_ms / 1000))} of sound are still to be written down` : "The last words are being written down";
  return { level: "ok", text: `${what}; then the recap is made. You can leave this page.` };
}

/** @param {number} lag_ms @param {boolean} thin @param {string} detail @returns {Sentence} */
function lagSentence(lag_ms, thin, detail) {
  if (/load|fetch|model/i.test(detail)) return { level: "warn", text: "Captions start as soon as the speech model is loaded. The recording is not affected." };
  const seconds = lag_ms / 1000;
  if (lag_ms > LATE_MS || thin) {
    return { level: "warn", text: `Captions are ${Math.max(1, Math.round(seconds))} s behind: this computer is busy` };
  }
  return { level: "ok", text: `Captions ${seconds.toFixed(1)} s behind` };
}

/** @param {Record<string, any>} message @returns {Sentence} */
function notesSentence(message) {
  const state = message.notes;
  const lag_s = Math.round((message.lag_ms ?? 0) / 1000);
  if (state === "loading") return { level: "warn", text: "Notes start as soon as the language model is loaded" };
  if (state === "down") return { level: "warn", text: "Notes are in the speakers’ own words: the language model is too slow or does not answer." };
  if (state === "busy" && lag_s > 60) return { level: "warn", text: `Notes are ${spell(lag_s)} behind: this computer is busy` };
  return { level: "ok", text: lag_s > 30 ? `Notes ${lag_s} s behind` : "Notes up to date" };
}

/** @type {Record<string, string>} */
const MODEL_USES = { speech: "Captions start", vad: "Captions start", llm: "Notes and recaps get better words", embeddings: "Search gets better" };

/**
 * What is still being fetched.
 * @param {Record<string, any>[]} models
 * @returns {Sentence[]}
 */
export function modelSentences(models) {
  return models
    .filter((model) => model.state !== "present")
    .map((model) => {
      const use = MODEL_USES[model.role] ?? "More works";
      if (model.state === "failed") return { level: "warn", text: `${model.name} could not be fetched${model.detail ? `: ${model.detail}` : "."}` };
      if (model.state === "missing" || !model.total_bytes) return { level: "ok", text: `${use} when the model ${model.name} is here.` };
      const percent = Math.floor((100 * model.done_bytes) / model.total_bytes);
      return { level: "ok", text: `${use} when ${model.name} is here: ${percent} % of ${size(model.total_bytes)}.` };
    });
}

/** @param {number} seconds */
export function feedSentence(seconds) {
  return `No connection to the server for ${plural(Math.max(1, Math.round(seconds)), "second")}. Trying again by itself.`;
}
