// @ts-check
/** The voices that are remembered across meetings: what that means, whose they are, and forgetting them. */

import { VOICE_TEXT } from "../lib/consent.js";
import { ApiError, api } from "../lib/api.js";
import { roughly, shortDay } from "../lib/format.js";
import { fill, h } from "../lib/h.js";
import { confirmDialog } from "../view/dialog.js";
import { bindKeys } from "../view/keys.js";
import { topBar } from "../view/top.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {{voice: string, name: string, seconds: number, at: number}} Voice */

class VoicesPage {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.list = h("ul", { class: "voices", hidden: true });
    this.facts = h("p", { class: "facts" });
    this.lead = h("p", { class: "lead", role: "status" });
    fill(app.root, topBar("/voices.html"), h("main", { class: "actions", id: "main", tabIndex: -1 },
      h("div", { class: "head" }, h("div", null, h("h1", null, "Voices"), this.facts)),
      this.lead, this.list,
      h("section", { class: "consent", "aria-labelledby": "voices-terms" }, h("h2", { id: "voices-terms" }, "What is kept"), VOICE_TEXT.map((line) => h("p", null, line)))));
    document.title = "Voices · Rapporteur";
    this.unbind = bindKeys([{ key: "/", name: "/", does: "Search all meetings", run: () => app.go("/") }]);
    void this.load();
  }

  async load() {
    try {
      this.draw(await api.voices());
    } catch (fault) {
      if (fault instanceof ApiError && fault.status === 401) return location.reload();
      fill(this.lead, fault instanceof Error ? fault.message : "");
    }
  }

  /** @param {Voice[]} voices */
  draw(voices) {
    fill(this.facts, voices.length ? "When they speak in a meeting that you start, these people get their name by themselves." : "");
    fill(this.lead, voices.length ? "" : "No voice is remembered. To have somebody recognised in later meetings, press their name in a transcript and choose “Remember this voice”.");
    this.lead.hidden = voices.length > 0;
    fill(this.list, voices.map((voice) => this.item(voice)));
    this.list.hidden = voices.length === 0;
  }

  /** @param {Voice} voice */
  item(voice) {
    return h("li", null,
      h("div", null, h("p", { class: "name", dir: "auto" }, voice.name),
        h("p", { class: "small" }, `${shortDay(new Date(voice.at * 1000), new Date())} · from ${roughly(voice.seconds)} of speech`)),
      h("button", { type: "button", class: "button danger", "aria-label": `Forget the voice of ${voice.name}`, onclick: () => void this.forget(voice) }, "Forget"));
  }

  /** @param {Voice} voice */
  async forget(voice) {
    const text = `${voice.name} is not recognised any more. Names in the meetings that you have stay as they are.`;
    if (!(await confirmDialog("Forget this voice?", text, "Forget", true))) return;
    await api.forgetVoice(voice.voice).catch(this.app.complain);
    await this.load();
  }

  close() {
    this.unbind();
  }
}

/** @param {App} app */
export async function mount(app) {
  return new VoicesPage(app);
}
