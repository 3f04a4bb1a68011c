// @ts-check
/** Calls to the server. Every failure is an ``ApiError`` whose message can be shown to a person as it is. */

import { NOTICE, VOICE_NOTICE } from "./consent.js";

/** What went wrong, in words for people. */
export class ApiError extends Error {
  /** @param {number} status 0: the server could not be reached @param {string} message @param {string} [code] */
  constructor(status, message, code = "") {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const TIMEOUT_MS = 15000;

/**
 * One call; the decoded answer, or null where there is none.
 * @param {string} method
 * @param {string} path
 * @param {any} [body]
 * @returns {Promise<any>}
 */
export async function call(method, path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    throw new ApiError(0, "The server cannot be reached. Try again in a moment.", "unreachable");
  }
  const data = await answer.json().catch(() => null);
  if (answer.ok) return data;
  throw new ApiError(answer.status, data?.detail || data?.title || `The server answered with ${answer.status}.`, data?.code);
}

/** @param {string} id */
const meeting = (id) => `/v1/meetings/${encodeURIComponent(id)}`;

export const api = {
  me: () => call("GET", "/v1/me"),
  status: () => call("GET", "/v1/status"),
  /** @param {string | null} [before] */
  meetings: (before) => call("GET", `/v1/meetings?limit=50${before ? `&before=${encodeURIComponent(before)}` : ""}`),
  /** Action items of all meetings. @param {URLSearchParams} filters */
  actions: (filters) => call("GET", `/v1/actions?${filters}`),
  /** @param {string} id */
  meeting: (id) => call("GET", meeting(id)),
  /** @param {object} details */
  create: (details) => call("POST", "/v1/meetings", details),
  /** @param {string} id @param {string} title */
  rename: (id, title) => call("PATCH", meeting(id), { title }),
  /** @param {string} id */
  remove: (id) => call("DELETE", meeting(id)),
  /** Writes the recap again. @param {string} id */
  rewrite: (id) => call("POST", `${meeting(id)}/recap`, {}),
  /** @param {string} id */
  end: (id) => call("POST", `${meeting(id)}/end`),
  /** @param {string} id @param {object} track */
  addTrack: (id, track) => call("POST", `${meeting(id)}/tracks`, track),
  /** What earlier meetings have to do with the notes of this one. @param {string} id */
  related: (id) => call("GET", `${meeting(id)}/related`),
  /** @param {string} id @param {object} note */
  addNote: (id, note) => call("POST", `${meeting(id)}/notes`, note),
  /** @param {string} id @param {string} item @param {object} fields */
  editNote: (id, item, fields) => call("PATCH", `${meeting(id)}/notes/${encodeURIComponent(item)}`, fields),
  /** @param {string} id @param {string} item @param {string} into */
  mergeNote: (id, item, into) => call("POST", `${meeting(id)}/notes/${encodeURIComponent(item)}/merge`, { into }),
  /** @param {string} id @param {string} segment @param {object} fields */
  editSegment: (id, segment, fields) => call("PATCH", `${meeting(id)}/segments/${encodeURIComponent(segment)}`, fields),
  /** @param {string} id @param {string} speaker @param {string} name */
  nameSpeaker: (id, speaker, name) => call("POST", `${meeting(id)}/speakers`, { speaker, name }),
  /** The voices that I have remembered. */
  voices: () => call("GET", "/v1/voices"),
  /** Whose voice a speaker may have. @param {string} id @param {string} speaker */
  voiceLike: (id, speaker) => call("GET", `/v1/voices/like?meeting=${encodeURIComponent(id)}&speaker=${encodeURIComponent(speaker)}`),
  /** Whoever calls this has shown the text and heard a yes. @param {string} id @param {string} speaker */
  rememberVoice: (id, speaker) => call("POST", "/v1/voices", { meeting: id, speaker, consent: true, notice: VOICE_NOTICE }),
  /** @param {string} voice */
  forgetVoice: (voice) => call("DELETE", `/v1/voices/${encodeURIComponent(voice)}`),
  /** @param {string} id @param {string} scope */
  ticket: (id, scope) => call("POST", "/v1/auth/tickets", { meeting: id, scope }),
  /** @param {string} id @param {string} track */
  audioTicket: (id, track) => call("POST", "/v1/auth/tickets", { meeting: id, track, scope: "audio" }),
  /** What a link leads to. @param {string} code */
  look: (code) => call("POST", "/v1/join/look", { code }),
  /** Comes in by a link; whoever calls this has shown the notice and heard a yes. @param {string} code @param {string} name @param {string} notice */
  join: (code, name, notice) => call("POST", "/v1/join", { code, name, consent: true, notice }),
  /** Takes part as somebody who is signed in and starts the recording. @param {string} id @param {string} name */
  takePart: (id, name) => call("POST", `${meeting(id)}/participants`, { name, consent: true, notice: NOTICE }),
  /** @param {string} id @param {string} state */
  setState: (id, state) => call("PATCH", `${meeting(id)}/participants/me`, { state }),
  /** Leaves, or removes a guest. @param {string} id @param {string} [who] */
  leave: (id, who = "me") => call("DELETE", `${meeting(id)}/participants/${encodeURIComponent(who)}`),
  /** @param {string} id @param {number} ttl_s */
  invite: (id, ttl_s) => call("POST", `${meeting(id)}/invites`, { ttl_s }),
  /** @param {string} id @param {string} invite */
  stopInvite: (id, invite) => call("DELETE", `${meeting(id)}/invites/${encodeURIComponent(invite)}`),
  /** @param {string} id */
  audioUrl: (id) => `${meeting(id)}/audio.wav`,
};
