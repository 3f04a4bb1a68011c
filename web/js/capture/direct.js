// @ts-check
/**
 * One source on its way by WebRTC (WHIP): never behind, but what the network loses is gone. The same outside as
 * ``Track``: the recorder does not know the difference. A lost connection is dialled again, to the same track.
 */

import { api } from "../lib/api.js";
import { Captured } from "./captured.js";
import { FATAL_STATUS, dial, hangUp } from "./whip.js";
import { Store } from "../uplink/store.js";

/** @typedef {import("../uplink/store.js").Recording} Recording */

const TICK_MS = 250;
const WAIT_MS = [0, 1000, 2000, 4000, 8000];
const SETTLE_MS = 400;
const PATIENCE_MS = 4000;

export class DirectTrack extends Captured {
  /** @param {import("./recorder.js").Recorder} recorder @param {Recording} recording */
  constructor(recorder, recording) {
    super(recorder, recording);
    /** @type {AnalyserNode | null} */
    this.meter = null;
    /** @type {import("./whip.js").Call | null} */
    this.call = null;
    /** @type {"waiting" | "connecting" | "open" | "done" | "failed"} */
    this.link = "waiting";
    this.reason = "";
    this.attempt = 0;
    this.retryAt = 0;
    this.badSince = 0;
    this.timer = setInterval(() => this.tick(), TICK_MS);
    if (recording.finished) void this.end();
    else void this.save();
  }

  /** What the worker of a ``Track`` is told. @param {any} message */
  post(message) {
    if (message.type === "pause") this.recording.paused ||= message.cause;
    else if (message.type === "resume") this.recording.paused = "";
    else if (message.type === "wake") this.retryAt = 0;
    else if (message.type === "forget") return void this.end();
    else return;
    void this.save();
  }

  async save() {
    const store = await Store.open().catch(() => null);
    await store?.saveRecording(this.recording).catch(() => undefined);
  }

  /** @param {MediaStream | null} stream */
  async connect(stream) {
    if (stream) this.plug(stream);
  }

  /** @param {MediaStream} stream */
  plug(stream) {
    super.plug(stream);
    if (this.call) void this.call.sender.replaceTrack(stream.getAudioTracks()[0]);
    this.tick();
  }

  /** @param {AudioNode} input */
  flow(input) {
    this.meter = new AnalyserNode(this.recorder.context, { fftSize: 2048 });
    input.connect(this.meter);
  }

  tick() {
    const now = Date.now();
    if (this.link === "waiting" && this.stream && now >= this.retryAt) void this.ring();
    else if (this.link === "open") this.watch(now);
    if (this.meter) this.measure(this.meter);
    const recorded_s = (now - this.recording.startedAt) / 1000;
    this.status = {
      state: this.link, reason: this.reason, slow: "", paused: this.recording.paused, direct: true,
      recorded_s, safe_s: recorded_s, waiting_s: 0, retry_in_s: this.link === "waiting" ? Math.max(0, this.retryAt - now) / 1000 : 0,
    };
    this.recorder.changed();
  }

  /** @param {AnalyserNode} meter */
  measure(meter) {
    const samples = new Float32Array(meter.fftSize);
    meter.getFloatTimeDomainData(samples);
    this.level = Math.max(this.level * 0.5, samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0));
  }

  async ring() {
    const { meeting, track } = this.recording;
    this.link = "connecting";
    try {
      const { ticket } = await api.audioTicket(meeting, track);
      const call = await dial(meeting, track, ticket, /** @type {MediaStream} */ (this.stream));
      if (this.link !== "connecting") return void hangUp(call, true);
      this.call = call;
      this.link = "open";
      this.reason = "";
      this.badSince = 0;
    } catch (fault) {
      this.failed(/** @type {any} */ (fault).status ?? 0);
    }
  }

  /** @param {number} status */
  failed(status) {
    if (this.link !== "connecting") return;
    const fatal = FATAL_STATUS.get(status);
    this.link = fatal ? "failed" : "waiting";
    this.reason = fatal ?? (status === 401 ? "signed-out" : "network");
    this.redialLater();
  }

  /** A connection that is gone for a while is made anew. @param {number} now */
  watch(now) {
    const state = this.call?.peer.connectionState ?? "closed";
    if (state === "connected") {
      this.badSince = 0;
      this.attempt = 0;
      return;
    }
    this.badSince ||= now;
    if (state !== "failed" && state !== "closed" && now - this.badSince < PATIENCE_MS) return;
    this.call?.peer.close();
    this.call = null;
    this.link = "waiting";
    this.reason = "network";
    this.redialLater();
  }

  redialLater() {
    this.retryAt = Date.now() + WAIT_MS[Math.min(this.attempt, WAIT_MS.length - 1)];
    this.attempt += 1;
  }

  /** No more sound; what is on its way arrives. */
  finish() {
    setTimeout(() => void this.end(), SETTLE_MS);
  }

  async end() {
    const call = this.call;
    this.call = null;
    this.link = "done";
    this.recording.finished = true;
    clearInterval(this.timer);
    await this.save();
    if (call) await hangUp(call, true);
    this.tick();
    const store = await Store.open().catch(() => null);
    await store?.forget(this.recording.key).catch(() => undefined);
  }

  release() {
    clearInterval(this.timer);
    this.call?.peer.close();
    super.release();
  }
}
