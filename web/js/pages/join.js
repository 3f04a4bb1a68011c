// @ts-check
/** Where a link leads: what the meeting is, what happens with what is said, and the way in. */

import { Recorder } from "../capture/recorder.js";
import { unsupported } from "../capture/sources.js";
import { ApiError, api } from "../lib/api.js";
import { NOTICE_TEXT } from "../lib/consent.js";
import { timeOfDay } from "../lib/format.js";
import { fill, h } from "../lib/h.js";
import { MicrophoneChoice } from "../view/microphone.js";
import { plainPage } from "../view/plain.js";
import { remember, remembered } from "../view/voices.js";
import { Way } from "../view/way.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {{meeting: string, title: string, started_at: number, people: string[], notice: string}} Door */

/** @param {App} app @param {string} code */
export async function mount(app, code) {
  document.title = "Join · Rapporteur";
  const mic = new MicrophoneChoice();
  try {
    draw(app, code, await api.look(code), mic);
  } catch (fault) {
    refused(app, fault);
  }
  return { close: () => app.recorder || mic.release() };
}

/** @param {App} app @param {unknown} fault */
function refused(app, fault) {
  const status = fault instanceof ApiError ? fault.status : 0;
  if (status === 409) return plainPage(app.root, "This meeting has ended", h("p", null, "There is nothing to join any more."));
  if (status === 404 || status === 400) return plainPage(app.root, "This link does not work any more", h("p", null, "It was stopped, or its time is over. Ask whoever sent it for a new one."));
  const text = fault instanceof Error ? fault.message : "";
  plainPage(app.root, "No answer", h("p", null, text), h("p", null, h("button", { type: "button", class: "button primary", onclick: () => location.reload() }, "Try again")));
}

/** @param {App} app @param {string} code @param {Door} door @param {MicrophoneChoice} mic */
function draw(app, code, door, mic) {
  document.title = `Join ${door.title} · Rapporteur`;
  const name = h("input", { type: "text", id: "join-name", maxLength: 100, autocomplete: "name", required: true, value: remembered() });
  const way = new Way();
  const agree = h("input", { type: "checkbox", id: "join-agree" });
  const problem = h("div", { class: "notice bad", role: "alert", hidden: true });
  const go = h("button", { class: "button primary" }, "Join");
  const form = h("form", { class: "join-form", noValidate: true, oninput: () => (problem.hidden = true), onsubmit: (/** @type {Event} */ event) => {
    event.preventDefault();
    const missing = whatIsMissing(name.value, agree.checked);
    if (missing) return say(problem, missing);
    go.disabled = true;
    void join(app, code, door, name.value.trim(), mic, way.value).catch((fault) => {
      go.disabled = false;
      if (fault instanceof ApiError && (fault.status === 404 || fault.status === 409)) return refused(app, fault);
      say(problem, fault instanceof Error ? fault.message : "It was not possible to join.");
    });
  } },
    h("div", { class: "field" }, h("label", { htmlFor: "join-name" }, "Your name"), name, h("span", { class: "small" }, "It stands beside what you say.")),
    h("div", { class: "field" }, mic.element),
    way.element,
    h("div", { class: "consent" },
      h("h2", null, "This meeting is being transcribed"),
      NOTICE_TEXT.map((line) => h("p", null, line)),
      h("label", { class: "check", htmlFor: "join-agree" }, agree, h("span", null, "I have read this and agree"))),
    problem,
    h("div", { class: "row" }, go));
  plainPage(app.root, door.title, h("p", { class: "facts" }, facts(door)), form);
  const fault = unsupported();
  if (fault) {
    mic.use.checked = false;
    mic.use.disabled = true;
    return mic.fail(fault);
  }
  void mic.open();
}

/** @param {Door} door */
function facts(door) {
  const since = `Began at ${timeOfDay(new Date(door.started_at * 1000))}`;
  return door.people.length ? `${since} · here: ${door.people.join(", ")}` : since;
}

/** @param {string} name @param {boolean} agreed */
function whatIsMissing(name, agreed) {
  if (!name.trim()) return "Give your name first: it stands beside what you say.";
  return agreed ? "" : "To take part you have to agree to being transcribed.";
}

/** @param {HTMLElement} problem @param {string} text */
function say(problem, text) {
  fill(problem, h("p", null, text));
  problem.hidden = false;
}

/** @param {App} app @param {string} code @param {Door} door @param {string} wanted @param {MicrophoneChoice} mic @param {"socket" | "webrtc"} way */
async function join(app, code, door, wanted, mic, way) {
  remember(wanted);
  const { meeting, name } = await api.join(code, wanted, door.notice);
  app.me = await api.me();
  app.dressFor();
  if (mic.stream && mic.use.checked) {
    const { stream, deviceId } = mic;
    mic.release(true);
    const recorder = new Recorder(meeting, { guest: app.me.role === "guest" });
    app.recorder = recorder;
    try {
      await recorder.start([{ source: "mic", stream, deviceId, label: "Microphone", speaker: name, way }]);
    } catch (fault) {
      recorder.letGo();
      app.recorder = null;
      throw fault;
    }
  } else mic.release();
  // The code is a secret: it does not stay in the history.
  history.replaceState(null, "", `/live.html#${meeting}`);
  dispatchEvent(new PopStateEvent("popstate"));
}
