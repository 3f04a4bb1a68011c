// @ts-check
/** The people of a live meeting: my own pause and "off the record" as others see them, invitations, removing a guest. */

import { api } from "../../lib/api.js";
import { h, setText } from "../../lib/h.js";
import { confirmDialog, openMenu } from "../dialog.js";
import { openInvite } from "./invite.js";

/** @typedef {import("../../feed/fold.js").State} State */
/** @typedef {import("../../feed/fold.js").Participant} Participant */

const TOLD_AGAIN_MS = 5000;
const SOON_MS = 1000;

export class Crowd {
  /** @param {import("../../app.js").App} app @param {string} id @param {ReturnType<typeof import("./parts.js").liveParts>} parts @param {() => State} state @param {() => import("../../capture/recorder.js").Recorder | null} recorder */
  constructor(app, id, parts, state, recorder) {
    this.app = app;
    this.id = id;
    this.parts = parts;
    this.state = state;
    this.recorder = recorder;
    this.told = "";
    this.toldAt = 0;
    this.telling = false;
    this.guest = app.me.role === "guest";
    /** What a press on a guest does; null for those who may not. */
    this.ask = this.guest ? null : (/** @type {Participant} */ person, /** @type {HTMLElement} */ anchor) => this.menu(person, anchor);
    parts.recordButton.addEventListener("click", () => this.toggleRecord());
    parts.inviteButton.addEventListener("click", () => void openInvite(app, id));
  }

  /** Me among the participants, while I am one. @returns {Participant | null} */
  get me() {
    const me = this.state().people.get(this.app.me.id);
    return me && me.left_at == null ? me : null;
  }

  draw() {
    const state = this.state();
    const recorder = this.recorder();
    const live = state.loaded && state.meeting.state === "live";
    const off = recorder?.cause === "off_record";
    this.parts.transcribed.hidden = !live;
    this.parts.transcribed.classList.toggle("off", Boolean(recorder?.paused));
    setText(/** @type {Node} */ (this.parts.transcribed.lastChild), this.notice(recorder));
    this.parts.inviteButton.hidden = !live || this.guest;
    this.parts.recordButton.hidden = !live || !recorder || recorder.ending || recorder.tracks.some((track) => track.sample);
    setText(this.parts.recordButton, off ? "Back on the record" : "Off the record");
    this.parts.recordButton.setAttribute("aria-pressed", String(off));
    void this.tell(recorder);
  }

  /** @param {import("../../capture/recorder.js").Recorder | null} recorder */
  notice(recorder) {
    if (!recorder?.paused) return "Being transcribed";
    return recorder.cause === "off_record" ? "You are off the record: nothing of your sound is taken" : "You are paused: nothing of your sound is taken";
  }

  toggleRecord() {
    const recorder = this.recorder();
    if (!recorder || recorder.ending) return;
    if (recorder.cause === "off_record") recorder.resume();
    else recorder.pause("off_record");
    void this.tell(recorder);
  }

  /**
   * Lets the server and the others know what I let be taken; again until it is known. Off only when all that was said
   * before is safe: from then on the server leaves out whatever comes. Sound that waits for "on" goes when it is known.
   * @param {import("../../capture/recorder.js").Recorder | null} recorder
   */
  async tell(recorder) {
    if (!recorder || this.telling || !this.state().loaded) return;
    const me = this.me;
    if (!me) return recorder.release();
    const wanted = recorder.paused ? recorder.cause : "on";
    if (!this.mustTell(recorder, wanted, (me.state ?? "on") === wanted)) return;
    this.told = wanted;
    this.toldAt = Date.now();
    if (wanted !== "on") recorder.toldOff = true;
    this.telling = true;
    const status = await api.setState(this.id, wanted).then(() => 200, (fault) => fault.status ?? 0);
    this.telling = false;
    if (status < 200 || status >= 500) this.toldAt = Date.now() - TOLD_AGAIN_MS + SOON_MS;
    else if (wanted === "on") recorder.release();
  }

  /** @param {import("../../capture/recorder.js").Recorder} recorder @param {string} wanted @param {boolean} known */
  mustTell(recorder, wanted, known) {
    if (this.told === wanted && Date.now() - this.toldAt < TOLD_AGAIN_MS) return false;
    if (wanted === "on") return recorder.toldOff || (!known && !recorder.ending);
    return !known && !recorder.ending && recorder.settled;
  }

  /** @param {Participant} person @param {HTMLElement} anchor */
  menu(person, anchor) {
    openMenu(anchor, [h("button", { type: "button", onclick: () => void this.remove(person) }, "Remove from the meeting")], person.name);
  }

  /** @param {Participant} person */
  async remove(person) {
    const text = `${person.name} can no longer see or hear anything of this meeting, and the link they came by stops. What they said stays in the transcript.`;
    if (await confirmDialog("Remove this guest?", text, "Remove", true)) await api.leave(this.id, person.participant).catch(this.app.complain);
  }
}
