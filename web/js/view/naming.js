// @ts-check
/** Naming a voice, and, only when the person says so, having it recognised in later meetings. */

import { labelsOf } from "../feed/turns.js";
import { api } from "../lib/api.js";
import { VOICE_TEXT } from "../lib/consent.js";
import { h } from "../lib/h.js";
import { openDialog } from "./dialog.js";
import { suggest } from "./suggest.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../feed/fold.js").State} State */
/** @typedef {{name: string, remember: boolean}} Answer */
/** @typedef {(call: Promise<any>) => Promise<boolean>} Told */

/**
 * Asks what a voice is called and tells the server.
 * @param {App} app @param {string} meeting @param {State} state @param {string} voice @param {Told} told
 */
export async function nameVoice(app, meeting, state, voice, told) {
  const { speakers, tracks, meeting: facts } = state;
  const labels = labelsOf(state, voice);
  // A label is a name until it gets another; a track has none.
  const before = new Map(labels.map((label) => [label, speakers[label] ?? (tracks.has(label) ? "" : label)]));
  const shown = before.get(voice) ?? [...before.values()][0] ?? "";
  const known = [...new Set([...Object.values(speakers), ...(facts.participants ?? [])])];
  const byVoice = labels.some((label) => state.recognised.has(label));
  const [told_apart] = toldApart(state, labels);
  const like = told_apart && !byVoice ? api.voiceLike(meeting, told_apart).then(({ name }) => name, () => null) : Promise.resolve(null);
  const answer = await askName(shown, known, byVoice, Boolean(told_apart), like);
  if (!answer?.name) return;
  const { name, remember } = answer;
  if (name !== shown || byVoice) {
    if (!(await told(Promise.all(labels.map((label) => api.nameSpeaker(meeting, label, name)))))) return;
    const back = [...before].filter(([, old]) => old && old !== name);
    if (name !== shown) app.toasts.show(`Now called ${name}`, back.length ? () => void told(Promise.all(back.map(([label, old]) => api.nameSpeaker(meeting, label, old)))) : null);
  }
  if (remember) await rememberVoice(app, meeting, toldApart(state, labels));
}

/** The labels that were told apart by voice: a track of one person has no voiceprint. @param {State} state @param {string[]} labels */
function toldApart(state, labels) {
  const heard = new Set(state.order.filter(({ speaker, track }) => speaker && !state.tracks.get(track)?.speaker).map(({ speaker }) => speaker));
  return labels.filter((label) => heard.has(label));
}

/** @param {App} app @param {string} meeting @param {string[]} labels */
async function rememberVoice(app, meeting, labels) {
  const tries = await Promise.allSettled(labels.map((label) => api.rememberVoice(meeting, label)));
  const kept = tries.find((one) => one.status === "fulfilled");
  if (kept) return app.toasts.show(`The voice of ${kept.value.name} is remembered`, () => void api.forgetVoice(kept.value.voice).catch(app.complain), "Forget it");
  const failed = tries.find((one) => one.status === "rejected");
  app.complain(failed?.reason ?? new Error("This voice was not remembered."));
}

/** @param {string} shown @param {string[]} known @param {boolean} byVoice @param {boolean} mayRemember @param {Promise<string | null>} like whose voice it may be @returns {Promise<Answer | null>} */
async function askName(shown, known, byVoice, mayRemember, like) {
  const input = h("input", { type: "text", id: "voice-name", value: shown, maxLength: 100, autocomplete: "off" });
  const remember = h("input", { type: "checkbox", id: "voice-remember", onchange: () => (terms.hidden = !remember.checked) });
  const terms = h("div", { class: "consent", id: "voice-terms", hidden: true }, VOICE_TEXT.map((line) => h("p", { class: "small" }, line)));
  const offer = h("div", { class: "offers", role: "status" });
  void like.then((name) => {
    if (!name || name === shown) return;
    offer.append(h("button", { type: "button", class: "chip", dir: "auto", onclick: () => {
      input.value = name;
      input.focus();
    } }, `Sounds like ${name}`));
  });
  const { closed } = openDialog({
    title: "Who is this?",
    body: [
      byVoice ? h("div", { class: "notice" }, h("p", null, "Recognised by voice. If it is somebody else, change the name; what you save stays.")) : null,
      h("div", { class: "field" }, h("label", { htmlFor: "voice-name" }, "Name"), input, offer),
      h("p", { class: "small" }, "The name appears everywhere in this meeting. A name that somebody else has makes the two one."),
      mayRemember ? h("label", { class: "check", htmlFor: "voice-remember" }, remember, h("span", null, "Remember this voice for later meetings")) : null,
      mayRemember ? terms : null,
    ],
    footer: [h("button", { class: "button", type: "button", onclick: (/** @type {any} */ e) => e.target.closest("dialog").close("") }, "Cancel"), h("button", { class: "button primary" }, "Save")],
    onSubmit: (close) => close("yes"),
  });
  if (known.length) suggest(input, known);
  input.select();
  return (await closed) === "yes" ? { name: input.value.trim(), remember: remember.checked } : null;
}
