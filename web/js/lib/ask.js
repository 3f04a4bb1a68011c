// @ts-check
/** A question to the server, and its answer sentence by sentence. */

import { ApiError } from "./api.js";
import { eventsOf } from "./events.js";

/** @typedef {{meeting: string, title: string, segment: string, start: number, end: number, speaker?: string | null, kind?: string}} Citation */
/** @typedef {{text: string, citation: Citation}} Sentence */

const TIMEOUT_MS = 60000;

/**
 * The quotes come first, then the sentences of the answer, which cite them; ``say`` hears both as they come. Where
 * nobody can write, ``how`` is "quoted" and the sentences are the quotes again.
 * @param {{question: string, meetings?: string[], last_s?: number}} question
 * @param {(what: "quote" | "sentence", sentence: Sentence) => void} say
 * @param {AbortSignal} stop
 * @returns {Promise<{found: boolean, how: "quoted" | "written"}>}
 */
export async function ask(question, say, stop) {
  const answer = await post({ ...question, write: true }, stop);
  let found = false;
  for await (const { event, data } of eventsOf(answer)) {
    const message = JSON.parse(data);
    if (event === "sentence" || event === "quote") say(event, message);
    else if (event === "error") throw new ApiError(500, message.detail ?? "The answer broke off.");
    else if (event === "done") return { found: Boolean(message.found), how: message.how ?? "quoted" };
    found ||= event === "quote" || event === "sentence";
  }
  return { found, how: "quoted" };
}

/** @param {object} question @param {AbortSignal} stop @returns {Promise<Response>} */
async function post(question, stop) {
  const headers = { "Content-Type": "application/json", Accept: "text/event-stream" };
  const signal = AbortSignal.any([stop, AbortSignal.timeout(TIMEOUT_MS)]);
  const answer = await fetch("/v1/ask", { method: "POST", headers, body: JSON.stringify(question), signal }).catch((fault) => {
    throw stop.aborted ? fault : new ApiError(0, "The server cannot be reached. Try again in a moment.", "unreachable");
  });
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => null);
  throw new ApiError(answer.status, problem?.detail ?? "The question could not be answered.", problem?.code);
}
