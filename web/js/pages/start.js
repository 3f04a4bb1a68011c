// @ts-check
/** Starting a meeting: the dialog, and the sample that needs no microphone. */

import { Recorder } from "../capture/recorder.js";
import { openTab, unsupported } from "../capture/sources.js";
import { api } from "../lib/api.js";
import { defaultTitle, languageName } from "../lib/format.js";
import { fill, h } from "../lib/h.js";
import { openDialog } from "../view/dialog.js";
import { MicrophoneChoice } from "../view/microphone.js";
import { Voices } from "../view/voices.js";
import { Way } from "../view/way.js";

/** @typedef {import("../app.js").App} App */

const LANGUAGES = ["en", "de", "es", "fr", "it", "pt", "nl", "pl", "sv", "da", "no", "fi", "cs", "uk", "ru", "tr", "ar", "he", "hi", "zh", "ja", "ko"];

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
  const voices = new Voices();
  const way = new Way();
  mic.more.append(voices.element);
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
      way.element,
      h("p", { class: "small" }, "Tell everybody that the meeting is being recorded: in many places the law asks for their consent."),
      problem,
    ],
    footer: [h("button", { type: "button", class: "button", onclick: () => dialog.close("") }, "Cancel"), start],
    onSubmit: async (close) => {
      if (mic.use.checked && voices.nameless) return refuse(problem, "Give the name of the one person at this microphone, or choose that several people speak into it.");
      if (!mic.stream && !tab.stream) return refuse(problem, mic.use.checked ? "Without a microphone there is nothing to record. Allow it, or share the sound of a tab." : "Choose at least one thing to record.");
      start.disabled = true;
      try {
        await begin(app, { title: title.value.trim() || defaultTitle(new Date()), language: language.value || null, participants: names(people.value) }, mic, tab, voices, way.value);
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

/** @param {App} app @param {{title: string, language: string | null, participants: string[]}} details @param {MicrophoneChoice} mic @param {TabChoice} tab @param {Voices} voices @param {"socket" | "webrtc"} way */
async function begin(app, details, mic, tab, voices, way) {
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const meeting = await api.create({ ...details, vocabulary: details.participants, timezone });
  /** @type {import("../capture/recorder.js").Pick[]} */
  const picks = [];
  // The call first: the microphone is then listened to with the call in mind, so that its echo is not written twice.
  if (tab.stream) picks.push({ source: "tab", stream: tab.stream, label: "Tab audio", way });
  if (mic.stream && mic.use.checked) {
    const { name, people } = voices;
    const speaker = name ? (await api.takePart(meeting.id, name)).name : null;
    picks.push({ source: "mic", stream: mic.stream, deviceId: mic.deviceId, label: "Microphone", speaker, people, way });
  }
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

