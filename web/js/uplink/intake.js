// @ts-check
/**
 * What was captured of one track and is not known to be safe, without I/O: sessions of sound, and gaps for sound that
 * is missing. Time is an argument (milliseconds).
 *
 * Guarantees: media time goes on without a hole; whatever was not heard (sleep, a pause, a busy computer) is a gap with
 * its cause.
 */

import { Drift } from "./drift.js";
import { FRAME_MS, SAMPLE_RATE_HZ } from "./frames.js";
import { Session } from "./session.js";

/** @typedef {import("./session.js").Chunk} Chunk */

const SLEEP_MS = 2000;

/** One track as this page hears it. */
export class Intake {
  constructor() {
    /** Oldest first; the last one takes new sound. @type {Session[]} */
    this.sessions = [];
    /** @type {{pts: number, cause: string} | null} */
    this.pausedAt = null;
    this.lastWall = 0;
    this.finishing = false;
    this.drift = new Drift();
  }

  /**
   * A new session takes the sound from here on.
   * @param {number} id
   * @param {number} pts
   * @param {string} [cause]
   * @param {boolean} [repeats] see Session
   */
  begin(id, pts, cause = "reload", repeats = true) {
    const session = new Session(id, pts, repeats);
    session.bridgeCause = cause;
    this.sessions.push(session);
    this.lastWall = 0;
    return session;
  }

  /** The session that takes new sound. */
  get current() {
    return this.sessions[this.sessions.length - 1];
  }

  get endPts() {
    return this.current?.endPts ?? 0;
  }

  /** Media time up to which all sound is on the server or in the store: a crash of the page now costs nothing before it. */
  get durablePts() {
    for (const session of this.sessions) {
      for (const chunk of session.chunks.values()) if (!chunk.stored) return chunk.pts;
    }
    return this.endPts;
  }

  /**
   * Takes a frame of sound; returns the chunks that it became (none while paused).
   * ``wall`` is the clock when it was captured: a jump means that the computer slept, which becomes a gap.
   * @param {Uint8Array} pcm
   * @param {number} wall milliseconds
   * @returns {Chunk[]}
   */
  push(pcm, wall) {
    /** @type {Chunk[]} */
    const chunks = [];
    const samples = pcm.length / 2;
    const lost = this.lastWall ? wall - this.lastWall - FRAME_MS : 0;
    this.lastWall = wall;
    if (this.pausedAt) {
      this.pausedAt.pts += samples + (lost > SLEEP_MS ? Math.round((lost * SAMPLE_RATE_HZ) / 1000) : 0);
      return chunks;
    }
    if (lost > SLEEP_MS) {
      this.drift.reset();
      chunks.push(this.gap(Math.round((lost * SAMPLE_RATE_HZ) / 1000), "sleep"));
    } else if (wall) chunks.push(...this.madeUp(wall, samples));
    chunks.push(this.current.add({ pts: this.endPts, samples, pcm }));
    return chunks;
  }

  /** A gap for sound that got lost before it came here. @param {number} wall @param {number} samples @returns {Chunk[]} */
  madeUp(wall, samples) {
    const lost_ms = this.drift.lost(wall, ((this.endPts + samples) * 1000) / SAMPLE_RATE_HZ);
    return lost_ms > 0 ? [this.gap(Math.round((lost_ms * SAMPLE_RATE_HZ) / 1000), "dropped")] : [];
  }

  /** @param {number} samples @param {string} cause */
  gap(samples, cause) {
    return this.current.add({ pts: this.endPts, samples, pcm: null, gap: cause });
  }

  /** Sound is left out from here on; media time goes on. @param {string} cause */
  pause(cause) {
    this.pausedAt ??= { pts: this.endPts, cause };
  }

  /** Ends a pause. @returns {Chunk[]} */
  resume() {
    this.drift.reset();
    const paused = this.pausedAt;
    this.pausedAt = null;
    return paused && paused.pts > this.endPts ? [this.gap(paused.pts - this.endPts, paused.cause)] : [];
  }

  /** The track ends with what has been captured. @param {Uint8Array} rest @returns {Chunk[]} */
  finish(rest) {
    if (this.finishing) return [];
    this.finishing = true;
    const chunks = this.resume();
    chunks.push(this.current.add({ pts: this.endPts, samples: rest.length / 2, pcm: rest, last: true }));
    return chunks;
  }
}
