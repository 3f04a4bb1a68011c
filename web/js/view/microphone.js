// @ts-check
/** The choice of a microphone: device, level, and what to do when it does not work. */

import { SourceError, microphones, openMicrophone } from "../capture/sources.js";
import { fill, h } from "../lib/h.js";

const LEVELS = 12;

/** The microphone part of the dialog: device, level, and what to do when it does not work. */
export class MicrophoneChoice {
  constructor() {
    /** @type {MediaStream | null} */
    this.stream = null;
    /** @type {AudioContext | null} */
    this.context = null;
    this.use = h("input", { type: "checkbox", id: "use-mic", checked: true, onchange: () => void this.toggle() });
    this.device = h("select", { "aria-label": "Which microphone", hidden: true, onchange: () => void this.open(this.device.value) });
    this.level = h("div", { class: "level", role: "img", "aria-label": "Level of the microphone", hidden: true }, ...Array.from({ length: LEVELS }, () => h("i", null)));
    this.row = h("div", { class: "row", hidden: true }, this.device, this.level);
    this.problem = h("div", { class: "notice bad", role: "alert", hidden: true });
    this.more = h("div", { class: "more-of-source" });
    this.element = h("div", { class: "source" }, h("label", { class: "check", htmlFor: "use-mic" }, this.use, h("span", null, "Microphone")), this.row, this.more, this.problem);
  }

  get deviceId() {
    return this.stream?.getAudioTracks()[0]?.getSettings().deviceId ?? "";
  }

  async toggle() {
    if (this.use.checked) await this.open(this.device.value);
    else this.release();
    this.row.hidden = !this.use.checked;
  }

  /** @param {string} [deviceId] */
  async open(deviceId) {
    this.release();
    this.problem.hidden = true;
    try {
      this.stream = await openMicrophone(deviceId);
    } catch (fault) {
      this.fail(fault instanceof SourceError ? fault : new SourceError("The microphone could not be opened.", "failed"));
      return;
    }
    if (!this.element.isConnected || !this.use.checked) return this.release();
    await this.listDevices();
    this.measure(this.stream);
  }

  async listDevices() {
    const devices = await microphones();
    fill(this.device, devices.map((device, index) => h("option", { value: device.deviceId, selected: device.deviceId === this.deviceId }, device.label || `Microphone ${index + 1}`)));
    this.row.hidden = false;
    this.device.hidden = devices.length === 0;
    this.level.hidden = false;
  }

  /** @param {MediaStream} stream */
  measure(stream) {
    const context = new AudioContext();
    this.context = context;
    const analyser = new AnalyserNode(context, { fftSize: 1024 });
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const bars = [...this.level.children];
    const draw = () => {
      if (this.context !== context) return;
      analyser.getFloatTimeDomainData(samples);
      const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
      const shown = Math.round(LEVELS * Math.min(1, Math.max(0, 1 + Math.log10(Math.max(peak, 1e-4)) / 2.2)));
      bars.forEach((bar, index) => bar.classList.toggle("on", index < shown));
      requestAnimationFrame(draw);
    };
    draw();
  }

  /** @param {SourceError} fault */
  fail(fault) {
    this.row.hidden = true;
    fill(this.problem, h("p", null, fault.message), h("button", { type: "button", class: "button", onclick: () => void this.open() }, "Try again"));
    this.problem.hidden = false;
  }

  /** Stops listening; the stream goes with it unless somebody else takes it. */
  release(keep = false) {
    void this.context?.close();
    this.context = null;
    if (!keep) for (const track of this.stream?.getTracks() ?? []) track.stop();
    if (!keep) this.stream = null;
  }
}
