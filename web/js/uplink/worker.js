// @ts-check
/// <reference lib="webworker" />
/**
 * The Worker of one track: owns its socket, its numbers and its part of the store (``shelf.js``). The page's timers, its
 * busy moments and its closing do not matter to it. All decisions are made by ``machine.js``; here is only the I/O.
 *
 * In:  start{recording, continuous}, pause{cause}, resume, hold{on}, wake, forget, frames (a port of the audio thread)
 * Out: started{start} with the media sample at which the sound goes on, status{...} a few times a second, fault{detail}
 */

import { FRAME_MS, SAMPLE_RATE_HZ } from "./frames.js";
import { Uplink } from "./machine.js";
import { Shelf } from "./shelf.js";

/** @typedef {import("./store.js").Recording} Recording */

const POLL_MS = 30;
const STATUS_MS = 250;

class TrackWorker {
  constructor() {
    this.uplink = new Uplink();
    /** @type {Shelf | null} */
    this.shelf = null;
    /** @type {Recording | null} */
    this.recording = null;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.statusAt = 0;
    this.continuous = false;
    this.timer = 0;
  }

  /** @param {Recording} recording @param {boolean} continuous whether the source has no wall clock (a file) */
  async start(recording, continuous) {
    this.recording = recording;
    this.continuous = continuous;
    const shelf = new Shelf(recording, this.uplink, (detail) => post({ type: "fault", detail }));
    await shelf.open();
    for (const known of recording.sessions) await shelf.restore(known, continuous);
    this.shelf = shelf;
    if (recording.finished && (this.uplink.current?.lastN ?? -1) >= 0) this.uplink.finishing = true;
    else this.beginSession(recording);
    await shelf.saveRecording();
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

  /** @param {{type: string, pcm: ArrayBuffer, wall: number}} message */
  captured(message) {
    if (!this.shelf) return;
    const pcm = new Uint8Array(message.pcm);
    if (message.type === "last") this.finish(pcm);
    else this.shelf?.keep(this.uplink.push(pcm, this.continuous ? 0 : message.wall));
  }

  /** @param {Uint8Array} rest */
  finish(rest) {
    const recording = /** @type {Recording} */ (this.recording);
    this.shelf?.keep(this.uplink.finish(rest));
    recording.finished = true;
    void this.shelf?.flush();
  }

  tick() {
    const now = Date.now();
    for (const action of this.uplink.poll(now, this.socket?.bufferedAmount ?? 0)) {
      if (action.do === "connect") void this.connect(action.session, action.nextSeq);
      else if (action.do === "send") this.socket?.send(action.data);
      else if (action.do === "ping") this.socket?.send(JSON.stringify({ type: "ping" }));
      else if (action.do === "close") this.drop(action.code);
      else void this.shelf?.load(action.session, action.n);
    }
    if (now < this.statusAt) return;
    this.statusAt = now + STATUS_MS;
    this.report(now);
    void this.shelf?.trim();
  }

  /** @param {number} now */
  report(now) {
    const status = this.uplink.status(now);
    post({ type: "status", status });
    if (status.state !== "done" && status.state !== "failed") return;
    clearInterval(this.timer);
    this.drop(1000);
    if (status.state === "done") void this.shelf?.forget();
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
      void this.shelf?.saveRecording().catch(() => undefined);
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

  /** @param {string} cause */
  pause(cause) {
    this.uplink.pause(cause);
    void this.shelf?.flush();
  }

  resume() {
    this.shelf?.keep(this.uplink.resume());
    void this.shelf?.flush();
  }

  async forget() {
    clearInterval(this.timer);
    this.drop(1000);
    await this.shelf?.forget();
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
  else if (message.type === "hold") worker.uplink.held = message.on;
  else if (message.type === "wake") worker.uplink.wake(Date.now());
  else if (message.type === "flush") void worker.shelf?.flush();
  else if (message.type === "finish") worker.finish(new Uint8Array(0));
  else if (message.type === "forget") void worker.forget();
});
self.addEventListener("online", () => worker.uplink.wake(Date.now()));
