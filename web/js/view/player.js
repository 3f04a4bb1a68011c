// @ts-check
/** The recording of a meeting: play, skip, speed, and a drawing of it to find one's way. */

import { clock } from "../lib/format.js";
import { fill, h, icon, setText } from "../lib/h.js";
import { peaks } from "./wave.js";

const SKIP_S = 10;
const SPEEDS = [0.8, 1, 1.25, 1.5, 1.75, 2];

/** The bar at the foot of the page; fires ``time`` several times a second while it plays. */
export class Player extends EventTarget {
  /** @param {string} url */
  constructor(url) {
    super();
    this.url = url;
    this.audio = new Audio();
    this.audio.preload = "metadata";
    this.audio.src = url;
    this.duration_s = 0;
    /** @type {number | null} */
    this.stopAt = null;
    /** @type {Float32Array | null} */
    this.wave = null;
    /** @type {import("../feed/fold.js").Chapter[]} */
    this.chapters = [];
    /** @type {{start: number, end: number}[]} */
    this.gaps = [];
    this.frame = 0;
    this.go = h("button", { type: "button", class: "go", "aria-label": "Play", onclick: () => this.toggle() }, icon("play"));
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.seek = h("input", { type: "range", min: "0", max: "1", step: "0.1", "aria-label": "Position in the recording", oninput: () => this.hear(Number(this.seek.value), null, !this.audio.paused) });
    this.now = h("span", { class: "now" }, "0:00");
    this.total = h("span", null, "");
    this.problem = h("p", { class: "said-so", role: "alert", hidden: true });
    this.element = this.build();
    this.listen();
  }

  build() {
    const speed = h("select", { "aria-label": "Speed", onchange: () => (this.audio.playbackRate = Number(speed.value)) }, SPEEDS.map((value) => h("option", { value, selected: value === 1 }, `${value}×`)));
    const skip = (/** @type {number} */ seconds, /** @type {string} */ name) =>
      h("button", { type: "button", class: "skip-10", "aria-label": name, title: name, onclick: () => this.skip(seconds) }, icon(seconds < 0 ? "back" : "forward"));
    return h("section", { class: "player", "aria-label": "Recording" }, h("div", { class: "inner" },
      h("div", { class: "keys" }, skip(-SKIP_S, "Back 10 seconds"), this.go, skip(SKIP_S, "Forward 10 seconds")),
      h("div", { class: "wave" }, this.canvas, this.seek),
      h("div", { class: "times" }, h("span", null, this.now, " / ", this.total), speed),
      this.problem));
  }

  listen() {
    const audio = this.audio;
    audio.addEventListener("loadedmetadata", () => this.setDuration(audio.duration));
    audio.addEventListener("play", () => this.playing());
    audio.addEventListener("pause", () => this.playing());
    audio.addEventListener("seeked", () => this.tick());
    audio.addEventListener("error", () => this.fail());
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(this.canvas);
    this.theme = new MutationObserver(() => this.draw());
    this.theme.observe(document.documentElement, { attributes: true });
  }

  fail() {
    setText(this.problem, "The recording cannot be played: the server does not have it, or the connection is gone.");
    this.problem.hidden = false;
  }

  /** @param {number} seconds */
  setDuration(seconds) {
    if (!Number.isFinite(seconds) || seconds <= 0) return;
    this.duration_s = seconds;
    this.seek.max = String(seconds);
    setText(this.total, clock(seconds));
    this.draw();
  }

  /** Draws the sound, or where something was said when reading all the sound would cost too much. @param {{start: number, end: number}[]} spoken */
  async drawWave(spoken) {
    this.wave = await peaks(this.url, this.duration_s, spoken).catch(() => null);
    this.draw();
  }

  get playing_() {
    return !this.audio.paused;
  }

  get second() {
    return this.audio.currentTime;
  }

  /**
   * Plays from a second on; up to ``until``, if that is given.
   * @param {number} second
   * @param {number | null} [until]
   * @param {boolean} [play]
   */
  hear(second, until = null, play = true) {
    this.stopAt = until;
    this.audio.currentTime = Math.max(0, second);
    if (play) void this.audio.play().catch(() => this.fail());
    this.tick();
  }

  toggle() {
    this.stopAt = null;
    if (this.audio.paused) void this.audio.play().catch(() => this.fail());
    else this.audio.pause();
  }

  /** @param {number} seconds */
  skip(seconds) {
    this.hear(Math.min(this.duration_s, this.audio.currentTime + seconds), null, !this.audio.paused);
  }

  playing() {
    const on = !this.audio.paused;
    fill(this.go, icon(on ? "pause" : "play"));
    this.go.setAttribute("aria-label", on ? "Pause" : "Play");
    cancelAnimationFrame(this.frame);
    this.tick();
    const loop = () => {
      this.tick();
      if (!this.audio.paused) this.frame = requestAnimationFrame(loop);
    };
    if (on) this.frame = requestAnimationFrame(loop);
    this.dispatchEvent(new Event("state"));
  }

  tick() {
    const second = this.audio.currentTime;
    if (this.stopAt !== null && second >= this.stopAt) {
      this.stopAt = null;
      this.audio.pause();
    }
    setText(this.now, clock(second));
    if (document.activeElement !== this.seek) this.seek.value = String(second);
    this.seek.setAttribute("aria-valuetext", clock(second));
    this.draw();
    this.dispatchEvent(new Event("time"));
  }

  draw() {
    const canvas = this.canvas;
    if (!canvas.clientWidth) return;
    const ratio = devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * ratio);
    const height = Math.round(canvas.clientHeight * ratio);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    const context = canvas.getContext("2d");
    if (!context) return;
    const style = getComputedStyle(canvas);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name);
    context.clearRect(0, 0, width, height);
    drawBars(context, this.wave, { width, height, ratio, played: this.duration_s ? this.audio.currentTime / this.duration_s : 0, on: colour("--accent"), off: colour("--line-2") });
    context.fillStyle = colour("--ink");
    for (const { start } of this.chapters) if (start > 1) context.fillRect((start / this.duration_s) * width, 0, ratio, height * 0.18);
    context.fillStyle = colour("--warn");
    for (const { start, end } of this.gaps) context.fillRect((start / this.duration_s) * width, height - 2 * ratio, Math.max(2 * ratio, ((end - start) / this.duration_s) * width), 2 * ratio);
  }

  close() {
    cancelAnimationFrame(this.frame);
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.resized?.disconnect();
    this.theme?.disconnect();
  }
}

/** @param {CanvasRenderingContext2D} context @param {Float32Array | null} wave @param {{width: number, height: number, ratio: number, played: number, on: string, off: string}} look */
function drawBars(context, wave, { width, height, ratio, played, on, off }) {
  const step = 3 * ratio;
  const count = Math.floor(width / step);
  for (let bar = 0; bar < count; bar += 1) {
    const level = wave ? highest(wave, bar / count, (bar + 1) / count) : 0;
    const tall = Math.max(2 * ratio, level * height * 0.92);
    context.fillStyle = bar / count < played ? on : off;
    context.globalAlpha = bar / count < played ? 1 : 0.55;
    context.fillRect(bar * step, (height - tall) / 2, 2 * ratio, tall);
  }
  context.globalAlpha = 1;
}

/** @param {Float32Array} wave @param {number} from @param {number} to */
function highest(wave, from, to) {
  let most = 0;
  for (let at = Math.floor(from * wave.length); at < Math.max(to * wave.length, from * wave.length + 1) && at < wave.length; at += 1) most = Math.max(most, wave[at]);
  return most;
}
