// @ts-check
/** The recording as the live page shows it: how long, how safe, how loud; pausing and ending it. */

import { api } from "../../lib/api.js";
import { clock } from "../../lib/format.js";
import { fill, h, setText } from "../../lib/h.js";
import { confirmDialog } from "../dialog.js";
import { plainPage } from "../plain.js";
import { LEVELS } from "./parts.js";

/** @typedef {import("../../capture/recorder.js").Recorder} Recorder */
/** @typedef {import("../../feed/fold.js").State} State */

/** The head of the live page. ``state`` is asked for whenever it draws. */
export class RecordingBar {
  /** @param {import("../../app.js").App} app @param {string} id @param {ReturnType<typeof import("./parts.js").liveParts>} parts @param {() => State} state */
  constructor(app, id, parts, state) {
    this.app = app;
    this.id = id;
    this.parts = parts;
    this.state = state;
    this.bannerSign = "";
    this.redraw = () => this.draw();
    app.recorder?.addEventListener("change", this.redraw);
  }

  /** What this window records of the meeting, if it does. @returns {Recorder | null} */
  get recorder() {
    return this.app.recorder?.meeting === this.id ? this.app.recorder : null;
  }

  draw() {
    const { recorder, parts } = this;
    const state = this.state();
    const live = !state.loaded || state.meeting.state === "live";
    const failed = recorder?.status?.state === "failed";
    const recording = Boolean(recorder && !recorder.ending && !recorder.paused && !failed);
    setText(parts.elapsed, clock(elapsed_s(recorder, state)));
    parts.dot.className = live && (recording || !recorder) ? "dot" : "dot idle";
    parts.pauseButton.hidden = !recorder || recorder.ending || failed;
    if (this.app.me.role === "guest") this.drawLeave();
    setText(parts.pauseButton, recorder?.paused ? "Go on" : "Pause");
    parts.endButton.hidden = !live || Boolean(recorder?.ending);
    setText(parts.safe, stateWords(recorder, live, state));
    this.drawLevel(recording ? (recorder?.level ?? 0) : null);
    this.drawBanners(recorder);
  }

  /** A guest leaves where others end the meeting. */
  drawLeave() {
    fill(this.parts.endButton, "Leave");
    this.parts.endButton.setAttribute("aria-label", "Leave");
  }

  /** @param {number | null} level null: nothing is being recorded */
  drawLevel(level) {
    this.parts.level.hidden = level === null;
    const shown = level ? Math.round(LEVELS * Math.min(1, Math.max(0, 1 + Math.log10(Math.max(level, 1e-4)) / 2.2))) : 0;
    [...this.parts.level.children].forEach((bar, index) => bar.classList.toggle("on", index < shown));
  }

  /** @param {Recorder | null} recorder */
  drawBanners(recorder) {
    const sign = recorder ? `${recorder.lost?.recording.source ?? ""} ${recorder.needsClick} ${recorder.fault}` : "";
    if (sign === this.bannerSign) return;
    this.bannerSign = sign;
    const tab = recorder?.lost?.recording.source === "tab";
    fill(this.parts.banners,
      recorder?.needsClick ? banner("The browser waits for a click before it goes on with the sound.", "Go on", () => recorder.resume()) : null,
      recorder?.lost ? banner(tab ? "The shared tab is gone. Share it again to go on recording it." : "The microphone is gone: it was unplugged, or the browser took it away.", tab ? "Share again" : "Try again", () => void recorder.replug().catch(this.app.complain)) : null,
      recorder?.fault ? banner("This browser has no room to keep what is not sent yet: keep this page open until all is safe.", "", () => undefined) : null);
  }

  togglePause() {
    const { recorder } = this;
    if (!recorder || recorder.ending) return;
    if (recorder.paused) recorder.resume();
    else recorder.pause();
  }

  /** A guest goes: first what they said is brought to safety. */
  async leave() {
    if (!(await confirmDialog("Leave the meeting?", "The meeting goes on without you.", "Leave"))) return;
    const { app, recorder } = this;
    if (!recorder) await api.leave(this.id).catch(app.complain);
    const said = h("p", { role: "status" });
    plainPage(app.root, "You have left the meeting", h("p", null, "What you said until now stays in its transcript."), said);
    const draw = () => setText(said, !recorder || recorder.ended ? "You can close this page." : "Your last words are still being sent: leave this page open for a moment.");
    recorder?.addEventListener("change", draw);
    draw();
    await recorder?.end();
  }

  async end() {
    if (this.app.me.role === "guest") return this.leave();
    if (!(await confirmDialog("End the meeting?", "The last words are written down, then the recap is made.", "End meeting"))) return;
    if (this.recorder) return this.recorder.end();
    await api.end(this.id).catch(this.app.complain);
  }

  close() {
    this.app.recorder?.removeEventListener("change", this.redraw);
  }
}

/** @param {Recorder | null} recorder @param {State} state */
function elapsed_s(recorder, state) {
  const live = state.meeting.state === "live" || Boolean(recorder && !recorder.ending);
  if (!live) return state.meeting.duration_s ?? 0;
  if (recorder?.status) return recorder.status.recorded_s;
  return state.meeting.started_at ? Date.now() / 1000 - state.meeting.started_at : 0;
}

/** @param {Recorder | null} recorder @param {boolean} live @param {State} state */
function stateWords(recorder, live, state) {
  if (recorder && !recorder.ended) return recorderWords(recorder);
  if (!state.loaded) return "";
  if (live) return "live";
  return state.completed ? "ended" : "writing the recap";
}

/** @param {Recorder} recorder */
function recorderWords(recorder) {
  const { status } = recorder;
  const unsafe_s = status ? Math.floor(status.recorded_s - status.safe_s) : 0;
  if (status?.state === "failed") return "not recording";
  if (recorder.ending) return unsafe_s > 2 ? `ending: ${unsafe_s} s still to be sent` : "ending";
  if (recorder.paused) return recorder.cause === "off_record" ? "off the record" : "paused";
  return unsafe_s > 2 ? `${unsafe_s} s not safe yet` : "all safe";
}

/** @param {string} text @param {string} action @param {() => void} run */
function banner(text, action, run) {
  return h("div", { class: "notice warn", role: "alert" }, h("p", null, text), action ? h("button", { type: "button", class: "button", onclick: run }, action) : null);
}
