// @ts-check
/** A meeting while it runs: the words as they are said, the notes as they are found, and whether all is safe. */

import { Feed } from "../feed/client.js";
import { captionSentences, feedSentence, linkSentence, safetySentence } from "../feed/health.js";
import { shownNotes } from "../feed/fold.js";
import { speakerName, talkTime } from "../feed/turns.js";
import { api } from "../lib/api.js";
import { clock, spell } from "../lib/format.js";
import { fill, h, setText } from "../lib/h.js";
import { confirmDialog, plainPage } from "../view/dialog.js";
import { edits } from "../view/edits.js";
import { bindKeys } from "../view/keys.js";
import { LEVELS, liveParts, stateWords } from "../view/live-parts.js";
import { Notes } from "../view/notes.js";
import { editableTitle } from "../view/title.js";
import { Transcript } from "../view/transcript.js";

/** @typedef {import("../app.js").App} App */

const TICK_MS = 500;
const NEAR_END_PX = 120;

class Live {
  /** @param {App} app @param {string} id */
  constructor(app, id) {
    this.app = app;
    this.id = id;
    this.following = true;
    this.tab = "transcript";
    this.gone = false;
    const doing = edits(app, id, () => this.feed.state);
    this.doing = doing;
    this.transcript = new Transcript({ hear: (second) => this.hear(second, null), correct: doing.correct, rename: doing.rename });
    this.notes = new Notes({ ...doing, hear: (start, end) => this.hear(start, end), reveal: (second) => this.reveal(second), toasts: app.toasts });
    this.title = editableTitle(doing.retitle);
    /** @type {HTMLAudioElement | null} */
    this.audio = null;
    this.parts = liveParts(app.root, {
      title: this.title.element,
      transcript: this.transcript.root,
      notes: this.notes.root,
      pause: () => this.togglePause(),
      end: () => void this.end(),
      jump: () => this.jump(),
      scrolled: () => this.scrolled(),
      addNote: () => void this.notes.add(),
      showTab: (tab) => this.showTab(tab),
    });
    this.grown = new ResizeObserver(() => this.following && this.stick());
    this.grown.observe(this.transcript.root);
    this.feed = new Feed(id, (change) => this.changed(change));
    this.onRecorder = () => this.drawRecording();
    app.recorder?.addEventListener("change", this.onRecorder);
    this.recorder = app.recorder?.meeting === id ? app.recorder : null;
    this.timer = setInterval(() => this.tick(), TICK_MS);
    this.unbind = this.bind();
    this.tick();
  }

  bind() {
    return bindKeys([
      { key: " ", name: "Space", does: "Play or stop what you last heard", run: () => this.toggleAudio() },
      { key: "j", name: "J", does: "Next turn", run: () => this.step(1) },
      { key: "k", name: "K", does: "Previous turn", run: () => this.step(-1) },
      { key: "l", name: "L", does: "Jump to live", run: () => this.jump() },
      { key: "e", name: "E", does: "Correct this turn", run: () => this.transcript.edit() },
      { key: "n", name: "N", does: "Add a note", run: () => void this.notes.add() },
      { key: "p", name: "P", does: "Pause or go on recording", run: () => this.togglePause() },
    ]);
  }

  /** @param {string} tab */
  showTab(tab) {
    this.tab = tab;
    this.parts.columns.dataset.tab = tab;
    for (const button of this.parts.tabs.children) button.setAttribute("aria-selected", String(/** @type {HTMLElement} */ (button).dataset.tab === tab));
    if (tab === "transcript" && this.following) this.jump();
  }

  // ---- what the feed says ----------------------------------------------------------------------------------------

  /** @param {import("../feed/fold.js").Change} change */
  changed(change) {
    const { state } = this.feed;
    if (this.feed.link === "gone" || state.deleted) return this.showGone();
    if (change.error) this.app.toasts.show(change.error);
    if (change.text || change.interims) this.drawText(change);
    if (change.notes || change.all) this.drawNotes();
    if (change.meta || change.text) this.drawPeople();
    if (change.meta) this.drawMeeting();
    if (change.spoken) this.say(change.spoken);
    this.drawHealth();
  }

  showGone() {
    if (this.gone) return;
    this.gone = true;
    this.recorder?.each({ type: "forget" });
    plainPage(this.app.root, "No such meeting", h("p", null, "It was deleted, or you may not see it."), h("p", null, h("a", { class: "button", href: "/" }, "All meetings")));
  }

  /** @param {import("../feed/fold.js").Change} change */
  drawText(change) {
    this.transcript.update(this.feed.state, change);
    this.drawFirstWords();
    if (this.following) this.stick();
  }

  drawFirstWords() {
    const { state } = this.feed;
    this.parts.firstWords.hidden = this.transcript.items.length > 0 || !state.loaded;
    const running = state.meeting.state === "live";
    setText(this.parts.firstWords, running ? "Listening. Words appear here about a second after they are said." : "Nothing was said in this meeting.");
  }

  scrollTop = 0;

  stick() {
    this.parts.textColumn.scrollTop = this.parts.textColumn.scrollHeight;
  }

  scrolled() {
    const column = this.parts.textColumn;
    const near = column.scrollHeight - column.scrollTop - column.clientHeight < NEAR_END_PX;
    // Only a person scrolls up; a page that is still being laid out merely has not arrived yet.
    if (near) this.following = true;
    else if (column.scrollTop < this.scrollTop - 2) this.following = false;
    this.scrollTop = column.scrollTop;
    this.parts.jumpButton.hidden = this.following || this.feed.state.completed;
  }

  jump() {
    this.following = true;
    this.parts.jumpButton.hidden = true;
    this.transcript.setCurrent(-1);
    this.stick();
  }

  drawNotes() {
    const { state } = this.feed;
    this.notes.update(state);
    const shown = shownNotes(state).filter((note) => note.status !== "withdrawn");
    setText(this.parts.count, String(shown.length));
    this.parts.notesEmpty.hidden = shownNotes(state).length > 0;
    setText(this.parts.notesEmpty, state.meeting.state === "live" ? "Action items, decisions and questions appear here while you talk, each with the words it comes from." : "No notes were found in this meeting.");
    this.parts.soFar.hidden = !state.summary;
    setText(this.parts.soFarText, state.summary);
  }

  drawPeople() {
    const { state } = this.feed;
    const voices = talkTime(state.order, state).filter((voice) => voice.name).slice(0, 12);
    const most = voices[0]?.seconds ?? 1;
    const total = voices.reduce((sum, voice) => sum + voice.seconds, 0) || 1;
    const silent = (state.meeting.participants ?? []).filter((/** @type {string} */ name) => !voices.some((voice) => voice.name === name));
    fill(this.parts.people,
      voices.map((voice) => h("li", { class: `voice-${this.transcript.hue(voice.voice)}` },
        h("span", { class: "label", dir: "auto" }, voice.name), h("span", { class: "share" }, `${Math.round((100 * voice.seconds) / total)} %`),
        h("meter", { min: 0, max: most, value: voice.seconds, "aria-label": `${voice.name} has spoken ${spell(voice.seconds)}` }))),
      silent.map((/** @type {string} */ name) => h("li", null, h("span", { class: "label", dir: "auto" }, name))));
    this.parts.people.hidden = voices.length + silent.length === 0;
  }

  drawMeeting() {
    const { meeting, completed } = this.feed.state;
    if (meeting.title) {
      this.title.set(meeting.title);
      document.title = `${meeting.state === "live" ? "● " : ""}${meeting.title} · Rapporteur`;
    }
    this.drawFirstWords();
    this.drawRecording();
    if (completed) this.showRecap();
  }

  /** The recap takes the page's place, unless somebody is in the middle of something here. */
  showRecap() {
    if (this.gone) return;
    const busy = document.querySelector("dialog[open]") || this.app.root.querySelector("textarea:focus, input:focus");
    if (!busy) {
      this.gone = true;
      history.replaceState(null, "", `/recap.html#${this.id}`);
      dispatchEvent(new PopStateEvent("popstate"));
    }
  }

  /** Reads out what has become final, with who said it when that changes. @param {import("../feed/fold.js").Segment[]} segments */
  say(segments) {
    for (const segment of segments) {
      const name = speakerName(this.feed.state, segment);
      this.parts.spoken.append(h("p", null, name && name !== this.lastName ? `${name}: ` : "", segment.text));
      this.lastName = name;
    }
    while (this.parts.spoken.children.length > 10) this.parts.spoken.firstChild?.remove();
  }

  lastName = "";

  // ---- the recording ---------------------------------------------------------------------------------------------

  tick() {
    const { state } = this.feed ?? {};
    const status = this.recorder?.status;
    const started = state?.meeting.started_at;
    const live = state?.meeting.state === "live" || Boolean(this.recorder && !this.recorder.ending);
    const seconds = status && live ? status.recorded_s : started && live ? Date.now() / 1000 - started : (state?.meeting.duration_s ?? 0);
    setText(this.parts.elapsed, clock(seconds));
    this.drawRecording();
    this.drawHealth();
  }

  drawRecording() {
    const recorder = this.app.recorder?.meeting === this.id ? this.app.recorder : null;
    this.recorder = recorder;
    const state = this.feed?.state;
    const live = !state?.loaded || state.meeting.state === "live";
    const status = recorder?.status ?? null;
    const recording = Boolean(recorder && !recorder.ending && !recorder.paused && status?.state !== "failed");
    this.parts.dot.className = live && (recording || !recorder) ? "dot" : "dot idle";
    this.parts.pauseButton.hidden = !recorder || recorder.ending || status?.state === "failed";
    setText(this.parts.pauseButton, recorder?.paused ? "Go on" : "Pause");
    this.parts.endButton.hidden = !live || Boolean(recorder?.ending);
    const unsafe = status ? Math.floor(status.recorded_s - status.safe_s) : 0;
    setText(this.parts.safe, stateWords(recorder, live, unsafe, state));
    this.parts.level.hidden = !recording;
    const shown = recorder ? Math.round(LEVELS * Math.min(1, Math.max(0, 1 + Math.log10(Math.max(recorder.level, 1e-4)) / 2.2))) : 0;
    [...this.parts.level.children].forEach((bar, index) => bar.classList.toggle("on", index < shown));
    this.drawBanners(recorder);
  }

  /** @param {import("../capture/recorder.js").Recorder | null} recorder */
  drawBanners(recorder) {
    const sign = recorder ? `${recorder.lost?.recording.source ?? ""} ${recorder.needsClick} ${recorder.fault}` : "";
    if (sign === this.bannerSign) return;
    this.bannerSign = sign;
    const lost = recorder?.lost;
    fill(this.parts.banners,
      recorder?.needsClick ? banner("The browser waits for a click before it goes on with the sound.", "Go on", () => recorder.resume()) : null,
      lost ? banner(lost.recording.source === "tab" ? "The shared tab is gone. Share it again to go on recording it." : "The microphone is gone: it was unplugged, or the browser took it away.", lost.recording.source === "tab" ? "Share again" : "Try again", () => void recorder.replug().catch(this.app.complain)) : null,
      recorder?.fault ? banner("This browser has no room to keep what is not sent yet: keep this page open until all is safe.", "", () => undefined) : null);
  }

  bannerSign = "";

  togglePause() {
    if (!this.recorder || this.recorder.ending) return;
    if (this.recorder.paused) this.recorder.resume();
    else this.recorder.pause();
  }

  async end() {
    if (!(await confirmDialog("End the meeting?", "The last words are written down, then the recap is made.", "End meeting"))) return;
    if (this.recorder) return this.recorder.end();
    await api.end(this.id).catch(this.app.complain);
  }

  drawHealth() {
    if (!this.feed || this.gone) return;
    const { state } = this.feed;
    const status = this.recorder?.status ?? null;
    /** @type {import("../feed/health.js").Sentence[]} */
    const sentences = [];
    const link = linkSentence(status);
    if (link && !(status?.state === "done")) sentences.push(link);
    else if (this.feed.link === "waiting" && this.feed.lost_s > 2) sentences.push({ level: "bad", text: feedSentence(this.feed.lost_s) });
    else if (this.feed.link === "signed-out") sentences.push({ level: "bad", text: "You are signed out. Open the sign-in link, then reload this page." });
    else if (state.meeting.state === "live") sentences.push(...captionSentences(state.health.values()));
    else if (state.meeting.state === "ending") sentences.push({ level: "ok", text: "The last words are being written down; then the recap is made. You can leave this page." });
    if (status && this.recorder && !this.recorder.ended) sentences.push({ level: "ok", text: safetySentence(status) });
    const sign = JSON.stringify(sentences);
    if (sign === this.healthSign) return;
    this.healthSign = sign;
    fill(this.parts.health, sentences.map((sentence) => h("span", { class: sentence.level }, sentence.text)));
    const worst = sentences.find((sentence) => sentence.level !== "ok");
    if ((worst?.level ?? "") !== this.alerted) {
      this.alerted = worst?.level ?? "";
      setText(this.parts.alert, worst?.text ?? "");
    }
  }

  healthSign = "";
  alerted = "";

  // ---- hearing ---------------------------------------------------------------------------------------------------

  /** @param {number} start @param {number | null} end */
  hear(start, end) {
    this.audio?.pause();
    const audio = new Audio(`${api.audioUrl(this.id)}?at=${Date.now()}`);
    this.audio = audio;
    audio.addEventListener("loadedmetadata", () => {
      if (start > audio.duration - 0.2) {
        this.app.toasts.show("These words are not in the stored recording yet. Try again in half a minute.");
        return audio.pause();
      }
      audio.currentTime = Math.max(0, start - 0.2);
    }, { once: true });
    audio.addEventListener("timeupdate", () => {
      if (end !== null && audio.currentTime >= end + 0.3) audio.pause();
      this.transcript.follow(audio.paused ? null : audio.currentTime);
      for (const button of this.notes.root.querySelectorAll(".hear")) button.setAttribute("aria-pressed", String(!audio.paused && Number(/** @type {HTMLElement} */ (button).dataset.start) === start));
    });
    audio.addEventListener("pause", () => audio.dispatchEvent(new Event("timeupdate")), { once: true });
    audio.play().catch((fault) => fault.name !== "AbortError" && this.app.toasts.show("The recording of these words cannot be played yet. Try again in half a minute."));
  }

  toggleAudio() {
    if (!this.audio) return;
    if (this.audio.paused) void this.audio.play();
    else this.audio.pause();
  }

  /** @param {number} second */
  reveal(second) {
    this.following = false;
    this.showTab("transcript");
    this.transcript.reveal(second);
  }

  /** @param {number} step */
  step(step) {
    this.following = false;
    if (this.transcript.current < 0) this.transcript.setCurrent(this.transcript.items.length);
    this.transcript.move(step);
  }

  close() {
    this.gone = true;
    clearInterval(this.timer);
    this.unbind();
    this.feed.close();
    this.grown.disconnect();
    this.audio?.pause();
    this.app.recorder?.removeEventListener("change", this.onRecorder);
  }
}

/** @param {string} text @param {string} action @param {() => void} run */
function banner(text, action, run) {
  return h("div", { class: "notice warn", role: "alert" }, h("p", null, text), action ? h("button", { type: "button", class: "button", onclick: run }, action) : null);
}

/** @param {App} app @param {string} id */
export async function mount(app, id) {
  return new Live(app, id);
}
