// @ts-check
/**
 * The uplink of one track, without I/O: what was captured (``intake.js``) goes in, what the server says goes in, and
 * out come the things to do. Time is an argument (milliseconds). The Worker around it owns the socket, the store and the timer.
 *
 * Guarantees: a frame is forgotten only when the server said that it stored it; after a break only the hole is sent
 * again, at most four times as fast as it was spoken; a connection is tried again for as long as sound is unsafe.
 */

import { FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE_HZ } from "./frames.js";
import { Intake } from "./intake.js";
import { Session } from "./session.js";

/**
 * @typedef {{do: "connect", session: number, nextSeq: number}
 *   | {do: "send", data: ArrayBuffer}
 *   | {do: "ping"}
 *   | {do: "close", code: number}
 *   | {do: "load", session: number, n: number}} Action
 */
/**
 * @typedef {"waiting" | "connecting" | "open" | "done" | "failed"} LinkState
 */

export const BACKOFF_MS = [0, 300, 1200, 2700, 4800, 7000];
const JITTER_MS = 1000;
const DEFAULT_WINDOW = 100;
const MAX_BUFFERED_BYTES = 256 * 1024;
const CATCH_UP = 4;
const MAX_BURST = 8;
const PING_EVERY_MS = 5000;
const DEAD_AFTER_MS = 10000;
const CONNECT_WITHIN_MS = 10000;
const FATAL = new Map([
  [4400, "malformed"],
  [4403, "forbidden"],
  [4404, "unknown"],
  [4409, "taken"],
  [4410, "ended"],
  [4413, "malformed"],
]);

/** One track with its way to the server. */
export class Uplink extends Intake {
  /** @param {{random?: () => number}} [options] */
  constructor({ random = Math.random } = {}) {
    super();
    this.random = random;
    /** @type {LinkState} */
    this.state = "waiting";
    this.reason = "";
    /** Nothing is sent for now; the connection stays. */
    this.held = false;
    this.retryAt = 0;
    this.attempt = 0;
    this.nextSend = 0;
    this.window = DEFAULT_WINDOW;
    this.tokens = MAX_BURST;
    this.polledAt = 0;
    this.heardAt = 0;
    this.pingAt = 0;
    this.connectAt = 0;
    /** Highest media time that the server is known to have, in samples. */
    this.storedPts = 0;
    this.slow = "";
    /** @type {Set<number>} */
    this.asked = new Set();
  }

  /** What is sent now. */
  get sending() {
    return this.sessions[0];
  }

  /** The track ends with what has been captured; nothing more is taken when the server has refused it. @param {Uint8Array} rest */
  finish(rest) {
    return super.finish(this.state === "failed" ? new Uint8Array(0) : rest);
  }

  // ---- the server ------------------------------------------------------------------------------------------------

  /** @param {{resume_from: number, pts_samples: number, window?: number}} message @param {number} now */
  welcomed(message, now) {
    const session = this.sending;
    if (this.state !== "connecting" || !session) return;
    this.state = "open";
    this.reason = "";
    this.heardAt = now;
    this.pingAt = now + PING_EVERY_MS;
    this.polledAt = now;
    this.window = message.window ?? DEFAULT_WINDOW;
    this.storedPts = Math.max(this.storedPts, message.pts_samples);
    this.bindLater = undefined;
    if (message.resume_from > 0) session.basePts ??= message.pts_samples;
    else if (session.ready(message.pts_samples)) session.bind(message.pts_samples);
    else this.bindLater = message.pts_samples;
    if (session.bound) session.markSafe(message.resume_from);
    this.nextSend = session.nextSeq;
    this.asked.clear();
  }

  /** @type {number | undefined} */
  bindLater = undefined;

  /** Everything up to this number is stored. @param {number} seq @param {number} now */
  acked(seq, now) {
    this.heard(now);
    this.attempt = 0;
    this.slow = "";
    const session = this.sending;
    if (this.state !== "open" || !session) return;
    session.markSafe(seq + 1);
    this.storedPts = Math.max(this.storedPts, session.safePts);
    this.nextSend = Math.max(this.nextSend, seq + 1);
  }

  /** The server misses these numbers. @param {number} from @param {number} now */
  missed(from, now) {
    this.heard(now);
    if (this.state === "open" && this.sending) this.nextSend = Math.max(this.sending.nextSeq, Math.min(this.nextSend, from));
  }

  /** The server cannot store anything right now. @param {"full" | "slow"} why @param {number} now */
  slowed(why, now) {
    this.heard(now);
    this.slow = why;
  }

  /** @param {number} now */
  heard(now) {
    this.heardAt = now;
  }

  /** The socket closed, or could not be opened. @param {number} code @param {number} now */
  closed(code, now) {
    if (this.state === "done" || this.state === "failed") return;
    this.bindLater = undefined;
    const fatal = FATAL.get(code);
    if (code === 4410 && this.lastWasSent()) {
      this.forgetAll();
      this.state = "done";
      return;
    }
    if (fatal && !(code === 4409 && this.sessions.length > 1)) {
      this.state = "failed";
      this.reason = fatal;
      return;
    }
    if (code === 4409) this.sessions.shift();
    this.retry(code, now);
  }

  /** @param {number} code @param {number} now */
  retry(code, now) {
    const wait = code === 4507 || code === 4429 ? BACKOFF_MS.length - 1 : Math.min(this.attempt, BACKOFF_MS.length - 1);
    const jitter = wait >= 2 ? this.random() * JITTER_MS : 0;
    this.state = "waiting";
    this.reason = code === 4507 ? "full" : code === 4401 ? "signed-out" : "network";
    this.retryAt = now + BACKOFF_MS[wait] + jitter;
    this.attempt += 1;
  }

  /** The network or the page came back: no need to wait. @param {number} now */
  wake(now) {
    if (this.state === "waiting") this.retryAt = Math.min(this.retryAt, now);
  }

  lastWasSent() {
    const session = this.sending;
    return this.sessions.length === 1 && session.lastN >= 0 && this.nextSend > session.lastN + session.shift;
  }

  forgetAll() {
    for (const session of this.sessions) {
      session.markSafe(session.endSeq);
      this.storedPts = Math.max(this.storedPts, session.endPts);
    }
  }

  // ---- what to do ------------------------------------------------------------------------------------------------

  /**
   * What is to be done now.
   * @param {number} now
   * @param {number} bufferedBytes what the socket still holds
   * @returns {Action[]}
   */
  poll(now, bufferedBytes) {
    if (this.state === "waiting") return this.pollWaiting(now);
    if (this.state === "connecting") return this.dead(now, this.connectAt + CONNECT_WITHIN_MS);
    if (this.state !== "open") return [];
    this.bindIfDue();
    if (this.sending.allSafe && this.sending.bound && this.advance(now)) return [{ do: "close", code: 1000 }];
    const dead = this.dead(now, this.heardAt + DEAD_AFTER_MS);
    if (dead.length) return dead;
    /** @type {Action[]} */
    const actions = [];
    if (now >= this.pingAt) {
      this.pingAt = now + PING_EVERY_MS;
      actions.push({ do: "ping" });
    }
    return [...actions, ...this.sendDue(now, bufferedBytes)];
  }

  /** @param {number} now @returns {Action[]} */
  pollWaiting(now) {
    while (this.sessions.length > 1 && this.sessions[0].allSafe) this.sessions.shift();
    if (!this.sending || now < this.retryAt) return [];
    this.state = "connecting";
    this.connectAt = now;
    return [{ do: "connect", session: this.sending.id, nextSeq: Math.max(0, this.sending.nextSeq) }];
  }

  /** @param {number} now @param {number} limit @returns {Action[]} */
  dead(now, limit) {
    if (now < limit) return [];
    this.closed(4000, now);
    return [{ do: "close", code: 4000 }];
  }

  bindIfDue() {
    const session = this.sending;
    if (this.bindLater === undefined || !session.ready(this.bindLater)) return;
    session.bind(this.bindLater);
    this.bindLater = undefined;
    this.nextSend = session.nextSeq;
  }

  /** Goes to the next session, or to the end; whether there was something to go to. @param {number} now */
  advance(now) {
    if (this.sessions.length > 1) {
      this.sessions.shift();
      this.state = "waiting";
      this.retryAt = now;
      return true;
    }
    if (this.sending.lastN < 0) return false;
    this.state = "done";
    return true;
  }

  /** @param {number} now @param {number} bufferedBytes @returns {Action[]} */
  sendDue(now, bufferedBytes) {
    const session = this.sending;
    /** @type {Action[]} */
    const actions = [];
    this.tokens = Math.min(MAX_BURST, this.tokens + ((now - this.polledAt) * CATCH_UP) / FRAME_MS);
    this.polledAt = now;
    if (this.held) return actions;
    while (session.bound && this.nextSend < session.endSeq && this.tokens >= 1) {
      if (this.nextSend - session.nextSeq >= this.window || bufferedBytes > MAX_BUFFERED_BYTES) break;
      const chunk = session.at(this.nextSend);
      if (!chunk) {
        this.nextSend += 1;
        continue;
      }
      if (Session.lies(chunk)) {
        if (!this.asked.has(chunk.n)) actions.push({ do: "load", session: session.id, n: chunk.n });
        this.asked.add(chunk.n);
        break;
      }
      const data = session.encode(this.nextSend, chunk);
      actions.push({ do: "send", data });
      bufferedBytes += data.byteLength;
      this.tokens -= 1;
      this.nextSend += 1;
    }
    return actions;
  }

  /** What a person wants to know. @param {number} now */
  status(now) {
    const recorded = Math.max(this.pausedAt?.pts ?? 0, this.endPts);
    const pending = this.sessions.reduce((sum, session) => sum + session.chunks.size, 0);
    const safe = pending === 0 ? this.endPts : Math.min(this.endPts, Math.max(this.storedPts, this.sending?.safePts ?? 0));
    return {
      state: this.state,
      reason: this.reason,
      slow: this.slow,
      paused: this.pausedAt?.cause ?? "",
      recorded_s: recorded / SAMPLE_RATE_HZ,
      safe_s: (this.pausedAt && pending === 0 ? recorded : safe) / SAMPLE_RATE_HZ,
      waiting_s: (pending * FRAME_SAMPLES) / SAMPLE_RATE_HZ,
      retry_in_s: this.state === "waiting" ? Math.max(0, this.retryAt - now) / 1000 : 0,
    };
  }
}
