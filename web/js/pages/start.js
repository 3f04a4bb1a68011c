// @ts-check
/** Starting a meeting: the dialog, and the sample that needs no microphone. */

import { Recorder } from "../capture/recorder.js";
import { SourceError, microphones, openMicrophone, openTab, unsupported } from "../capture/sources.js";
import { api } from "../lib/api.js";
import { defaultTitle, languageName } from "../lib/format.js";
import { fill, h } from "../lib/h.js";
import { openDialog } from "../view/dialog.js";

/** @typedef {import("../app.js").App} App */

const LANGUAGES = ["en", "de", "es", "fr", "it", "pt", "nl", "pl", "sv", "da", "no", "fi", "cs", "uk", "ru", "tr", "ar", "he", "hi", "zh", "ja", "ko"];
const LEVELS = 12;

/** The microphone part of the dialog: device, level, and what to do when it does not work. */
class MicrophoneChoice {
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
    this.element = h("div", { class: "source" }, h("label", { class: "check", htmlFor: "use-mic" }, this.use, h("span", null, "Microphone")), this.row, this.problem);
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

/** The tab part: asked for at once, so that the warning comes before the meeting. */
class TabChoice {
  constructor() {
    /** @type {MediaStream | null} */
    this.stream = null;
    this.use = h("input", { type: "checkbox", id: "use-tab", onchange: () => void this.toggle() });
    this.problem = h("div", { class: "notice warn", role: "alert", hidden: true });
    this.said = h("p", { class: "small" }, "For calls: the other side is recorded as a track of its own.");
    this.element = h("div", { class: "source" }, h("label", { class: "check", htmlFor: "use-tab" }, this.use, h("span", null, "Sound of a tab or of the system", this.said)), this.problem);
  }

  async toggle() {
    this.problem.hidden = true;
    this.release();
    if (!this.use.checked) return;
    try {
      this.stream = await openTab();
    } catch (fault) {
      fill(this.problem, h("p", null, fault instanceof Error ? fault.message : ""));
      this.problem.hidden = false;
    }
    this.use.checked = this.stream !== null;
  }

  release() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
  }
}

/** @param {App} app */
export async function openNewMeeting(app) {
  if (isRecording(app)) return void app.toasts.show("A meeting is being recorded in this window. End it first.");
  const mic = new MicrophoneChoice();
  const tab = new TabChoice();
  const title = h("input", { type: "text", id: "new-title", value: defaultTitle(new Date()), maxLength: 200, autocomplete: "off" });
  const language = h("select", { id: "new-language" }, h("option", { value: "" }, "Detected by itself"), ...LANGUAGES.map((code) => h("option", { value: code }, languageName(code))));
  const people = h("input", { type: "text", id: "new-people", placeholder: "Ana, Tom, Ruth", autocomplete: "off", "aria-describedby": "people-why" });
  const problem = h("div", { class: "notice bad", role: "alert", hidden: true });
  const start = h("button", { class: "button primary" }, "Start");
  const { dialog, closed } = openDialog({
    title: "New meeting",
    body: [
      h("div", { class: "field" }, h("label", { htmlFor: "new-title" }, "Title"), title),
      h("div", { class: "pair" },
        h("div", { class: "field" }, h("label", { htmlFor: "new-people" }, "Who is here"), people, h("span", { class: "small", id: "people-why" }, "Names are spelt right then.")),
        h("div", { class: "field" }, h("label", { htmlFor: "new-language" }, "Language"), language)),
      h("fieldset", { class: "field" }, h("legend", { class: "small" }, "What to record"), mic.element, tab.element),
      h("p", { class: "small" }, "Tell everybody that the meeting is being recorded: in many places the law asks for their consent."),
      problem,
    ],
    footer: [h("button", { type: "button", class: "button", onclick: () => dialog.close("") }, "Cancel"), start],
    onSubmit: async (close) => {
      if (!mic.stream && !tab.stream) return refuse(problem, mic.use.checked ? "Without a microphone there is nothing to record. Allow it, or share the sound of a tab." : "Choose at least one thing to record.");
      start.disabled = true;
      try {
        await begin(app, { title: title.value.trim() || defaultTitle(new Date()), language: language.value || null, participants: names(people.value) }, mic, tab);
        close("started");
      } catch (fault) {
        start.disabled = false;
        refuse(problem, fault instanceof Error ? fault.message : "The meeting could not be started.");
      }
    },
  });
  title.select();
  void mic.open();
  if ((await closed) === "started") return;
  mic.release();
  tab.release();
}

/** @param {HTMLElement} problem @param {string} text */
function refuse(problem, text) {
  fill(problem, h("p", null, text));
  problem.hidden = false;
}

/** @param {string} text */
function names(text) {
  return [...new Set(text.split(/[,;\n]/).map((name) => name.trim()).filter(Boolean))];
}

/** @param {App} app */
function isRecording(app) {
  return app.recorder !== null && !app.recorder.ended;
}

/** @param {App} app @param {{title: string, language: string | null, participants: string[]}} details @param {MicrophoneChoice} mic @param {TabChoice} tab */
async function begin(app, details, mic, tab) {
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const meeting = await api.create({ ...details, vocabulary: details.participants, timezone });
  /** @type {import("../capture/recorder.js").Pick[]} */
  const picks = [];
  if (mic.stream && mic.use.checked) picks.push({ source: "mic", stream: mic.stream, deviceId: mic.deviceId, label: "Microphone" });
  if (tab.stream) picks.push({ source: "tab", stream: tab.stream, label: "Tab audio" });
  mic.release(true);
  await record(app, meeting.id, picks);
}

/** @param {App} app @param {string} meeting @param {import("../capture/recorder.js").Pick[]} picks */
async function record(app, meeting, picks) {
  const recorder = new Recorder(meeting);
  app.recorder = recorder;
  try {
    await recorder.start(picks);
  } catch (fault) {
    recorder.letGo();
    app.recorder = null;
    throw fault;
  }
  app.go(`/live.html#${meeting}`);
}

/** Two minutes of four people planning a launch, played aloud and recorded like any meeting. @param {App} app */
export async function playSample(app) {
  if (isRecording(app)) return void app.toasts.show("A meeting is being recorded in this window. End it first.");
  const fault = unsupported();
  if (fault) return app.complain(fault);
  const details = { title: "Sample: planning the launch in Portugal", language: "en", participants: ["Daniela", "Kenji", "Omar", "Ruth"], sample: true };
  try {
    const meeting = await api.create({ ...details, timezone: Intl.DateTimeFormat().resolvedOptions().timeZone });
    await record(app, meeting.id, [{ source: "sample", label: "Sample recording" }]);
  } catch (error) {
    app.complain(error);
  }
}

