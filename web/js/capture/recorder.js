// @ts-check
/**
 * The recording of a meeting in this page: one track per source, each with its own Worker. It outlives the view that
 * shows it, and after a reload it goes on with the same tracks.
 */

import { api } from "../lib/api.js";
import { DirectTrack } from "./direct.js";
import { openMicrophone, openTab } from "./sources.js";
import { Track } from "./track.js";
import { stored } from "./unfinished.js";

/** @typedef {import("../uplink/store.js").Recording} Recording */
/** @typedef {import("../feed/health.js").LinkStatus} LinkStatus */
/** @typedef {{source: "mic" | "tab" | "sample", stream?: MediaStream, deviceId?: string, label: string, speaker?: string | null, people?: number | null, way?: "socket" | "webrtc"}} Pick */

const LOCK_WAIT_MS = 2500;
const HOLD_MS = 60000;

/** The recording that this page makes; fires ``change``. */
export class Recorder extends EventTarget {
  /** @param {string} meeting @param {{guest?: boolean}} [options] a guest leaves where others end the meeting */
  constructor(meeting, { guest = false } = {}) {
    super();
    this.meeting = meeting;
    this.guest = guest;
    // Long blocks: nobody listens to the microphone here, and a busy computer then loses no sound.
    this.context = new AudioContext({ latencyHint: "playback" });
    /** @type {(Track | DirectTrack)[]} */
    this.tracks = [];
    this.paused = false;
    /** Why: "paused" or "off_record". */
    this.cause = "";
    /** Whether the server may still take this person for off, and would leave out what is sent. */
    this.toldOff = false;
    this.ending = false;
    this.ended = false;
    this.fault = "";
    /** @type {WakeLockSentinel | null} */
    this.wakeLock = null;
    this.unload = (/** @type {BeforeUnloadEvent} */ event) => this.unsafe_s >= 1 && event.preventDefault();
    this.hidden = () => this.visibility();
    addEventListener("beforeunload", this.unload);
    addEventListener("pagehide", () => this.each({ type: "flush" }));
    document.addEventListener("visibilitychange", this.hidden);
    this.context.onstatechange = () => this.changed();
  }

  /** Starts new tracks. @param {Pick[]} picks */
  async start(picks) {
    await this.prepare();
    for (const pick of picks) {
      const source = pick.source === "sample" ? "upload" : pick.source;
      const { track } = await api.addTrack(this.meeting, { source, label: pick.label, speaker: pick.speaker ?? null, people: pick.people ?? null });
      /** @type {Recording} */
      const recording = {
        key: `${this.meeting}/${track}`, meeting: this.meeting, track, source: pick.source, deviceId: pick.deviceId ?? "",
        label: pick.label, startedAt: Date.now(), endPts: 0, paused: "", finished: false, sessions: [], way: pick.way ?? "socket",
      };
      await this.hold(recording.key);
      const entry = this.made(recording);
      await entry.connect(pick.stream ?? null);
    }
    this.changed();
  }

  /** Goes on with what an earlier page recorded; false when another page does. @param {Recording[]} recordings */
  async goOn(recordings) {
    for (const recording of recordings) if (!(await this.hold(recording.key))) return false;
    await this.prepare();
    this.ending = recordings.every((recording) => recording.finished);
    this.cause = recordings.map((recording) => recording.paused).find((cause) => PAUSES.includes(cause)) ?? "";
    this.paused = this.cause !== "";
    this.toldOff = this.paused;
    for (const recording of recordings) await this.goOnWith(recording);
    this.changed();
    return true;
  }

  /** @param {Recording} recording */
  async goOnWith(recording) {
    const fresh = (await stored(recording.key)) ?? recording;
    const entry = this.made(fresh);
    if (fresh.finished) return;
    if (fresh.source === "tab") return void (entry.lost = true);
    try {
      await entry.connect(fresh.source === "mic" ? await openMicrophone(fresh.deviceId) : null);
      entry.hear(!this.paused);
    } catch {
      entry.unplugged();
    }
  }

  /** @param {Recording} recording */
  made(recording) {
    const entry = recording.way === "webrtc" ? new DirectTrack(this, recording) : new Track(this, recording);
    this.tracks.push(entry);
    return entry;
  }

  async prepare() {
    await this.context.audioWorklet.addModule(new URL("./worklet.js", import.meta.url));
    void this.context.resume();
    void navigator.storage?.persist?.();
    this.visibility();
  }

  /** One page records a track, whoever else has the meeting open. @param {string} key @returns {Promise<boolean>} */
  hold(key) {
    if (!navigator.locks) return Promise.resolve(true);
    return new Promise((resolve) => {
      const signal = AbortSignal.timeout(LOCK_WAIT_MS);
      const held = () => new Promise((release) => {
        this.addEventListener("released", release, { once: true });
        resolve(true);
      });
      navigator.locks.request(`rapporteur:${key}`, { signal }, held).catch(() => resolve(false));
    });
  }

  visibility() {
    if (document.hidden || this.ended) return;
    navigator.wakeLock?.request("screen").then((lock) => (this.wakeLock = lock), () => undefined);
    this.each({ type: "wake" });
    if (this.context.state !== "running") void this.context.resume();
  }

  /** @param {object} message */
  each(message) {
    for (const track of this.tracks) track.post(message);
  }

  /** Nothing is taken from here on. A pause may become another one. @param {"paused" | "off_record"} [cause] */
  pause(cause = "paused") {
    if (this.paused && cause !== this.cause) this.each({ type: "resume" });
    this.paused = true;
    this.cause = cause;
    for (const track of this.tracks) track.hear(false);
    this.each({ type: "pause", cause });
    if (this.tracks.some((track) => track.sample)) void this.context.suspend();
    this.changed();
  }

  /** Goes on at once; nothing is sent before the server knows (``release``), since it would leave that out. */
  resume() {
    if (this.toldOff) {
      this.each({ type: "hold", on: true });
      setTimeout(() => this.release(), HOLD_MS);
    }
    this.paused = false;
    this.cause = "";
    void this.context.resume();
    for (const track of this.tracks) track.hear(true);
    for (const track of this.tracks) if (!track.lost) track.post({ type: "resume" });
    this.changed();
  }

  /** The server takes this person for on. */
  release() {
    if (this.paused || !this.toldOff) return;
    this.toldOff = false;
    this.each({ type: "hold", on: false });
  }

  /** While paused: whether all that was said before is safe, so that the server may be told to take nothing more. */
  get settled() {
    return this.tracks.every(({ status }) => status && status.paused && (status.waiting_s === 0 || status.state === "failed"));
  }

  /** Gives a track that lost its source a new one. @param {string} [deviceId] */
  async replug(deviceId) {
    for (const track of this.tracks.filter((entry) => entry.lost)) {
      const stream = track.recording.source === "tab" ? await openTab() : await openMicrophone(deviceId);
      if (!stream) continue;
      if (track.node || track instanceof DirectTrack) track.plug(stream);
      else await track.connect(stream);
      track.lost = false;
      if (!this.paused) track.post({ type: "resume" });
    }
    this.changed();
  }

  /** Ends the meeting: first everything that was said is brought to safety. */
  async end() {
    if (this.ending) return;
    this.ending = true;
    if (this.paused) await this.context.resume();
    for (const track of this.tracks) track.finish();
    this.changed();
  }

  /** What all tracks together have to say. @returns {LinkStatus | null} */
  get status() {
    const known = this.tracks.map((track) => track.status).filter((status) => status !== null);
    if (known.length === 0) return null;
    const worst = known.reduce((a, b) => (RANK[b.state] > RANK[a.state] ? b : a));
    const recorded_s = Math.max(...known.map((status) => status.recorded_s));
    const unsafe_s = Math.max(...known.map((status) => status.recorded_s - status.safe_s));
    return { ...worst, recorded_s, safe_s: recorded_s - unsafe_s };
  }

  get unsafe_s() {
    const status = this.status;
    return status && status.state !== "done" ? status.recorded_s - status.safe_s : 0;
  }

  get level() {
    return Math.max(0, ...this.tracks.map((track) => track.level));
  }

  get lost() {
    return this.tracks.find((track) => track.lost) ?? null;
  }

  /** The browser waits for a click before it lets sound run. */
  get needsClick() {
    return !this.paused && !this.ending && this.tracks.length > 0 && this.context.state !== "running";
  }

  changed() {
    if (this.ending && !this.ended && this.tracks.length > 0 && this.tracks.every((track) => isOver(track.status))) void this.close();
    this.dispatchEvent(new Event("change"));
  }

  /** Everything is safe: the meeting can end, or a guest can go. */
  async close() {
    this.ended = true;
    this.letGo();
    for (let wait_ms = 500; ; wait_ms = Math.min(wait_ms * 2, 8000)) {
      try {
        await (this.guest ? api.leave(this.meeting) : api.end(this.meeting));
        break;
      } catch (fault) {
        if (/** @type {any} */ (fault).status > 0 && /** @type {any} */ (fault).status < 500) break;
        await new Promise((resolve) => setTimeout(resolve, wait_ms));
      }
    }
    this.dispatchEvent(new Event("change"));
  }

  letGo() {
    removeEventListener("beforeunload", this.unload);
    document.removeEventListener("visibilitychange", this.hidden);
    void this.wakeLock?.release();
    for (const track of this.tracks) track.release();
    if (this.context.state !== "closed") void this.context.close();
    this.dispatchEvent(new Event("released"));
  }
}

const PAUSES = ["paused", "off_record"];
/** @type {Record<string, number>} */
const RANK = { done: 0, open: 1, connecting: 2, waiting: 3, failed: 4 };

/** @param {LinkStatus | null} status */
function isOver(status) {
  return status?.state === "done" || status?.state === "failed";
}
