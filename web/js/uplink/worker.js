// @ts-check
/// <reference lib="webworker" />
/**
 * The Worker of one track: owns its socket, its numbers and its part of the store. The page's timers, its busy
 * moments and its closing do not matter to it. All decisions are made by ``machine.js``; here is only the I/O.
 *
 * In:  start{recording, continuous}, pause{cause}, resume, wake, forget, frames (a port of the audio thread)
 * Out: started{start} with the media sample at which the sound goes on, status{...} a few times a second, fault{detail}
 */

import { FRAME_MS, SAMPLE_RATE_HZ } from "./frames.js";
import { Uplink } from "./machine.js";
import { Store } from "./store.js";

/** @typedef {import("./store.js").Recording} Recording */
/** @typedef {import("./session.js").Chunk} Chunk */
/** @typedef {import("./session.js").Session} Session */

const POLL_MS = 30;
const STATUS_MS = 250;
const BATCH = 5;
const GRACE_MS = 600;
const KEEP_IN_MEMORY = 1000;

class TrackWorker {
  constructor() {
    this.uplink = new Uplink();
    /** @type {Store | null} */
    this.store = null;
    /** @type {Recording | null} */
    this.recording = null;
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {Chunk[]} */
    this.batch = [];
    /** Batches that are written: where they start and how long they are, per session. @type {Map<number, Map<number, number>>} */
    this.written = new Map();
    /** The writes so far, one after the other. @type {Promise<void>} */
    this.writing = Promise.resolve();
    this.statusAt = 0;
    this.continuous = false;
    this.timer = 0;
    this.savedPts = 0;
  }

  /** @param {Recording} recording @param {boolean} continuous whether the source has no wall clock (a file) */
  async start(recording, continuous) {
    this.recording = recording;
    this.continuous = continuous;
    this.store = await Store.open().catch(() => null);
    for (const known of recording.sessions) await this.restore(known);
    if (recording.finished && (this.uplink.current?.lastN ?? -1) >= 0) this.uplink.finishing = true;
    else this.beginSession(recording);
    await this.saveRecording();
    this.timer = setInterval(() => this.tick(), POLL_MS);
    if (recording.finished) this.finish(new Uint8Array(0));
  }

  /** @param {Recording} recording */
  beginSession(recording) {
    const newest = recording.sessions.at(-1)?.id ?? 0;
    const id = Math.max(Math.floor(Date.now() / 1000), newest + 1);
    const start = this.startPts();
    this.uplink.begin(id, start, recording.paused || "reload", this.continuous);
    post({ type: "started", start });
    if (recording.paused) this.uplink.pause(recording.paused);
    recording.sessions = [...recording.sessions, { id, basePts: null, shift: 0 }];
  }

  /** Where in media time the sound goes on: where it was cut off, or where the clock says. */
  startPts() {
    const recording = /** @type {Recording} */ (this.recording);
    const known = Math.max(recording.endPts, this.uplink.endPts);
    if (this.continuous || recording.finished || recording.sessions.length === 0) return known;
    const byClock = Math.round(((Date.now() - FRAME_MS - recording.startedAt) * SAMPLE_RATE_HZ) / 1000);
    return Math.max(known, byClock);
  }

  /** Takes back what an earlier page of this recording left behind. @param {{id: number, basePts: number | null, shift: number}} known */
  async restore({ id, basePts, shift }) {
    const recording = /** @type {Recording} */ (this.recording);
    const batches = (await this.store?.batches(recording.key, id).catch(() => [])) ?? [];
    const chunks = batches.flat();
    if (chunks.length === 0) return;
    const session = this.uplink.begin(id, chunks[0].pts, "reload", this.continuous);
    session.basePts = basePts;
    session.shift = shift;
    session.safeN = chunks[0].n;
    for (const chunk of chunks) session.restore({ ...chunk, stored: true });
    session.shed(KEEP_IN_MEMORY);
    this.written.set(id, new Map(batches.map((batch) => [batch[0].n, batch.length])));
  }

  /** @param {{type: string, pcm: ArrayBuffer, wall: number}} message */
  captured(message) {
    if (!this.uplink.current) return;
    const pcm = new Uint8Array(message.pcm);
    if (message.type === "last") this.finish(pcm);
    else this.keep(this.uplink.push(pcm, this.continuous ? 0 : message.wall));
  }

  /** @param {Uint8Array} rest */
  finish(rest) {
    const recording = /** @type {Recording} */ (this.recording);
    this.keep(this.uplink.finish(rest));
    recording.finished = true;
    void this.flush();
  }

  /** @param {Chunk[]} chunks */
  keep(chunks) {
    this.batch.push(...chunks);
    if (this.batch.length >= BATCH) void this.flush(this.healthy() ? GRACE_MS : 0);
  }

  healthy() {
    return this.uplink.state === "open" && this.uplink.status(Date.now()).waiting_s < 1;
  }

  /**
   * Writes what is still not safe after ``grace`` milliseconds. Batches are written in the order of capture, so that
   * what a crash leaves behind has no hole.
   */
  flush(grace = 0) {
    const session = this.uplink.current;
    const batch = this.batch.splice(0);
    const due = Date.now() + grace;
    this.writing = this.writing.then(async () => {
      const wait = due - Date.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      await this.writeOut(session, batch);
    });
    return this.writing;
  }

  /** @param {Session} session @param {Chunk[]} batch */
  async writeOut(session, batch) {
    const unsafe = batch.filter((chunk) => session.chunks.has(chunk.n));
    if (!this.store || !this.recording) return;
    try {
      if (unsafe.length) await this.writeBatch(this.recording.key, session, unsafe);
      await this.saveRecording();
    } catch (fault) {
      post({ type: "fault", detail: fault instanceof DOMException && fault.name === "QuotaExceededError" ? "quota" : "store" });
    }
  }

  /** @param {string} key @param {Session} session @param {Chunk[]} chunks */
  async writeBatch(key, session, chunks) {
    await /** @type {Store} */ (this.store).write(key, session.id, chunks);
    for (const chunk of chunks) chunk.stored = true;
    const starts = this.written.get(session.id) ?? new Map();
    starts.set(chunks[0].n, chunks[chunks.length - 1].n - chunks[0].n + 1);
    this.written.set(session.id, starts);
    session.shed(KEEP_IN_MEMORY);
  }

  async saveRecording() {
    const recording = /** @type {Recording} */ (this.recording);
    const live = new Set(this.uplink.sessions.map((session) => session.id));
    recording.endPts = this.uplink.durablePts;
    recording.paused = this.uplink.pausedAt?.cause ?? "";
    recording.sessions = recording.sessions
      .filter(({ id }) => live.has(id))
      .map((known) => {
        const session = this.uplink.sessions.find(({ id }) => id === known.id);
        return session?.bound ? { id: known.id, basePts: session.basePts, shift: session.shift } : known;
      });
    await this.store?.saveRecording(recording);
  }

  tick() {
    const now = Date.now();
    for (const action of this.uplink.poll(now, this.socket?.bufferedAmount ?? 0)) {
      if (action.do === "connect") void this.connect(action.session, action.nextSeq);
      else if (action.do === "send") this.socket?.send(action.data);
      else if (action.do === "ping") this.socket?.send(JSON.stringify({ type: "ping" }));
      else if (action.do === "close") this.drop(action.code);
      else void this.load(action.session, action.n);
    }
    if (now < this.statusAt) return;
    this.statusAt = now + STATUS_MS;
    this.report(now);
    void this.trim();
  }

  /** @param {number} now */
  report(now) {
    const status = this.uplink.status(now);
    post({ type: "status", status });
    if (status.state !== "done" && status.state !== "failed") return;
    clearInterval(this.timer);
    this.drop(1000);
    if (status.state === "done" && this.recording) void this.store?.forget(this.recording.key);
  }

  /** Removes what has become safe from the store. */
  async trim() {
    const recording = /** @type {Recording} */ (this.recording);
    for (const [id, starts] of this.written) {
      const session = this.uplink.sessions.find((known) => known.id === id);
      const safe = [...starts].filter(([n, length]) => !session || n + length <= session.safeN).map(([n]) => n);
      for (const n of safe) starts.delete(n);
      await this.store?.remove(recording.key, id, safe).catch(() => undefined);
    }
  }

  /** @param {number} session @param {number} nextSeq */
  async connect(session, nextSeq) {
    const { meeting, track } = /** @type {Recording} */ (this.recording);
    const ticket = await this.ticket(meeting, track);
    if (!ticket || this.uplink.state !== "connecting") return;
    const scheme = self.location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${self.location.host}/v1/meetings/${meeting}/audio`);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    const format = { codec: "pcm16", sample_rate_hz: SAMPLE_RATE_HZ, channels: 1 };
    socket.onopen = () => socket.send(JSON.stringify({ type: "hello", ticket, track, session, next_seq: nextSeq, format }));
    socket.onmessage = (event) => this.socket === socket && this.heard(event.data);
    socket.onclose = (event) => {
      if (this.socket !== socket) return;
      this.socket = null;
      this.uplink.closed(event.code, Date.now());
    };
  }

  /** A ticket for the socket; null when there is none, and the machine has been told. @param {string} meeting @param {string} track */
  async ticket(meeting, track) {
    try {
      const answer = await fetch("/v1/auth/tickets", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ meeting, track, scope: "audio" }),
        signal: AbortSignal.timeout(8000),
      });
      if (answer.ok) return (await answer.json()).ticket;
      const code = { 401: 4401, 403: 4403, 404: 4404, 409: 4410, 410: 4410, 429: 4429 }[answer.status] ?? 1013;
      this.uplink.closed(code, Date.now());
    } catch {
      this.uplink.closed(1006, Date.now());
    }
    return null;
  }

  /** @param {string} data */
  heard(data) {
    const message = JSON.parse(data);
    const now = Date.now();
    if (message.type === "welcome") {
      this.uplink.welcomed(message, now);
      void this.saveRecording().catch(() => undefined);
    } else if (message.type === "ack") this.uplink.acked(message.upto, now);
    else if (message.type === "nack") this.uplink.missed(message.from, now);
    else if (message.type === "slow") this.uplink.slowed(message.code === "storage-full" ? "full" : "slow", now);
    else this.uplink.heard(now);
  }

  /** @param {number} code */
  drop(code) {
    const socket = this.socket;
    this.socket = null;
    if (socket && socket.readyState <= WebSocket.OPEN) socket.close(code);
  }

  /** @param {number} id @param {number} n */
  async load(id, n) {
    const recording = /** @type {Recording} */ (this.recording);
    const session = this.uplink.sessions.find((known) => known.id === id);
    const chunks = (await this.store?.batch(recording.key, id, n).catch(() => [])) ?? [];
    for (const chunk of chunks) {
      const known = session?.chunks.get(chunk.n);
      if (known && chunk.pcm) known.pcm ??= chunk.pcm.slice(chunk.pcm.length - known.samples * 2);
    }
    const wanted = session?.chunks.get(n);
    if (wanted && !wanted.pcm && !wanted.gap) session?.chunks.delete(n);
  }

  /** @param {string} cause */
  pause(cause) {
    this.uplink.pause(cause);
    void this.flush();
  }

  resume() {
    this.keep(this.uplink.resume());
    void this.flush();
  }

  async forget() {
    clearInterval(this.timer);
    this.drop(1000);
    if (this.recording) await this.store?.forget(this.recording.key);
    post({ type: "forgotten" });
  }
}

/** @param {object} message */
function post(message) {
  self.postMessage(message);
}

const worker = new TrackWorker();
self.addEventListener("message", (event) => {
  const message = event.data;
  if (message.type === "frames") message.port.onmessage = (/** @type {MessageEvent} */ frame) => worker.captured(frame.data);
  else if (message.type === "start") void worker.start(message.recording, message.continuous);
  else if (message.type === "pause") worker.pause(message.cause);
  else if (message.type === "resume") worker.resume();
  else if (message.type === "wake") worker.uplink.wake(Date.now());
  else if (message.type === "flush") void worker.flush();
  else if (message.type === "finish") worker.finish(new Uint8Array(0));
  else if (message.type === "forget") void worker.forget();
});
self.addEventListener("online", () => worker.uplink.wake(Date.now()));
