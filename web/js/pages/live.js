// @ts-check
/** A meeting while it runs: the words as they are said, the notes as they are found, and whether all is safe. */

import { Feed } from "../feed/client.js";
import { shownNotes } from "../feed/fold.js";
import { speakerName } from "../feed/turns.js";
import { h, setText } from "../lib/h.js";
import { askBox } from "../view/answer.js";
import { edits } from "../view/edits.js";
import { bindKeys } from "../view/keys.js";
import { Crowd } from "../view/live/crowd.js";
import { Follower } from "../view/live/follow.js";
import { HealthLine } from "../view/live/health.js";
import { liveParts } from "../view/live/parts.js";
import { drawPeople } from "../view/people.js";
import { RecordingBar } from "../view/live/recording.js";
import { Sound } from "../view/sound.js";
import { Notes } from "../view/notes/notes.js";
import { noSuchMeeting, plainPage } from "../view/plain.js";
import { editableTitle, plainTitle } from "../view/title.js";
import { Transcript } from "../view/transcript/transcript.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../feed/fold.js").Change} Change */

const TICK_MS = 500;
const READ_OUT = 10;
const MISSED = [{ words: "What did I miss?", question: "What did I miss in the last ten minutes?", last_s: 600 }];

class Live {
  /** @param {App} app @param {string} id */
  constructor(app, id) {
    this.app = app;
    this.id = id;
    this.gone = false;
    this.lastName = "";
    const doing = edits(app, id, () => this.feed.state);
    this.doing = doing;
    this.sound = new Sound(id, (text) => app.toasts.show(text), (second, start) => this.heard(second, start));
    this.transcript = new Transcript({ hear: (second) => this.sound.hear(second, null), correct: doing.correct, rename: doing.renameTurn });
    this.notes = new Notes({ ...doing, hear: (start, end) => this.sound.hear(start, end), reveal: (second) => this.reveal(second), toasts: app.toasts }, { meeting: id });
    this.title = app.me.role === "guest" ? plainTitle() : editableTitle(doing.retitle);
    this.ask = askBox(id, ({ start, end }) => this.sound.hear(start, end), MISSED);
    this.parts = liveParts(app.root, {
      ask: this.ask.element,
      title: this.title.element,
      transcript: this.transcript.root,
      notes: this.notes.root,
      pause: () => this.bar.togglePause(),
      end: () => void this.bar.end(),
      jump: () => this.jump(),
      scrolled: () => this.follower.scrolled(),
      addNote: () => this.notes.add(),
      showTab: (tab) => this.showTab(tab),
    });
    this.follower = new Follower(this.parts.textColumn, this.transcript.root, this.parts.jumpButton, () => this.feed.state.completed);
    this.health = new HealthLine(this.parts.health, this.parts.alert);
    this.feed = new Feed(id, (change) => this.changed(change));
    this.bar = new RecordingBar(app, id, this.parts, () => this.feed.state);
    this.crowd = new Crowd(app, id, this.parts, () => this.feed.state, () => this.bar.recorder);
    this.timer = setInterval(() => this.tick(), TICK_MS);
    this.unbind = this.bind();
    this.tick();
  }

  bind() {
    const guest = this.app.me.role === "guest";
    return bindKeys([
      { key: " ", name: "Space", does: "Play or stop what you last heard", run: () => this.sound.toggle() },
      { key: "j", name: "J", does: "Next turn", run: () => this.step(1) },
      { key: "k", name: "K", does: "Previous turn", run: () => this.step(-1) },
      { key: "l", name: "L", does: "Jump to live", run: () => this.jump() },
      { key: "e", name: "E", does: "Correct this turn", run: () => this.transcript.edit() },
      { key: "n", name: "N", does: "Add a note", run: () => this.notes.add() },
      { key: "a", name: "A", does: "Ask about this meeting", run: () => this.ask.input.focus() },
      { key: "p", name: "P", does: "Pause or go on recording", run: () => this.bar.togglePause() },
    ].filter(({ key }) => !guest || !"ena".includes(key)));
  }

  tick() {
    if (this.gone) return;
    this.bar.draw();
    this.crowd.draw();
    this.health.draw(this.feed, this.bar.recorder);
  }

  // ---- what the feed says ----------------------------------------------------------------------------------------

  /** @param {Change} change */
  changed(change) {
    const { state } = this.feed;
    if (this.feed.link === "gone" || state.deleted) return this.showGone();
    if (change.error) this.app.toasts.show(change.error);
    if (change.text || change.interims) this.drawText(change);
    if (change.notes || change.all) this.drawNotes();
    if (change.meta || change.text) this.drawPeople();
    if (change.meta) this.drawMeeting();
    if (change.spoken) this.say(change.spoken);
    if (!this.gone) this.health.draw(this.feed, this.bar.recorder);
  }

  drawPeople() {
    drawPeople(this.parts.people, this.feed.state, (voice) => this.transcript.hue(voice), this.crowd.guest ? null : (voice) => void this.doing.rename(voice), this.crowd.ask);
  }

  showGone() {
    if (this.gone) return;
    this.gone = true;
    this.bar.recorder?.each({ type: "forget" });
    if (this.crowd.guest) return showGuestEnd(this.app, "You are not in this meeting any more", "It is over, or you were taken out of it.");
    noSuchMeeting(this.app.root);
  }

  /** @param {Change} change */
  drawText(change) {
    this.transcript.update(this.feed.state, change);
    this.drawFirstWords();
    this.follower.stick();
  }

  drawFirstWords() {
    const { state } = this.feed;
    this.parts.firstWords.hidden = this.transcript.items.length > 0 || !state.loaded;
    const running = state.meeting.state === "live";
    setText(this.parts.firstWords, running ? "Listening. Words appear here about a second after they are said." : "Nothing was said in this meeting.");
  }

  drawNotes() {
    const { state } = this.feed;
    this.notes.update(state);
    const all = shownNotes(state);
    setText(this.parts.count, String(all.filter((note) => note.status !== "withdrawn").length));
    this.parts.notesEmpty.hidden = all.length > 0;
    setText(this.parts.notesEmpty, state.meeting.state === "live" ? "Action items, decisions and questions appear here while you talk, each with the words it comes from." : "No notes were found in this meeting.");
    this.parts.soFar.hidden = !state.summary;
    setText(this.parts.soFarText, state.summary);
  }

  drawMeeting() {
    const { meeting, completed } = this.feed.state;
    if (meeting.title) {
      this.title.set(meeting.title);
      document.title = `${meeting.state === "live" ? "● " : ""}${meeting.title} · Rapporteur`;
    }
    this.drawFirstWords();
    this.bar.draw();
    this.crowd.draw();
    // Others wait for the last words of this window.
    if (meeting.state === "ending" && this.crowd.guest) void this.bar.recorder?.end();
    if (completed) this.showRecap();
  }

  /** The recap takes the page's place, unless somebody is in the middle of something here. */
  showRecap() {
    if (this.gone) return;
    if (document.querySelector("dialog[open]") || this.app.root.querySelector("textarea:focus, input:focus")) return;
    this.gone = true;
    if (this.crowd.guest) return showGuestEnd(this.app, "The meeting has ended", "Thank you for taking part. The recap is with those who invited you.");
    history.replaceState(null, "", `/recap.html#${this.id}`);
    dispatchEvent(new PopStateEvent("popstate"));
  }

  /** Reads out what has become final, with who said it when that changes. @param {import("../feed/fold.js").Segment[]} segments */
  say(segments) {
    for (const segment of segments) {
      const name = speakerName(this.feed.state, segment);
      this.parts.spoken.append(h("p", null, name && name !== this.lastName ? `${name}: ` : "", segment.text));
      this.lastName = name;
    }
    while (this.parts.spoken.children.length > READ_OUT) this.parts.spoken.firstChild?.remove();
  }

  // ---- going about -----------------------------------------------------------------------------------------------

  /** @param {number | null} second @param {number} start */
  heard(second, start) {
    this.transcript.follow(second);
    this.notes.heard(second === null ? null : start);
    this.ask.answer.heard(this.id, second === null ? null : start);
  }

  /** @param {string} tab */
  showTab(tab) {
    this.parts.columns.dataset.tab = tab;
    for (const button of this.parts.tabs.children) button.setAttribute("aria-selected", String(/** @type {HTMLElement} */ (button).dataset.tab === tab));
    if (tab === "transcript") this.follower.stick();
  }

  jump() {
    this.transcript.setCurrent(-1);
    this.follower.jump();
  }

  /** @param {number} second */
  reveal(second) {
    this.follower.stop();
    this.showTab("transcript");
    this.transcript.reveal(second);
  }

  /** @param {number} step */
  step(step) {
    this.follower.stop();
    if (this.transcript.current < 0) this.transcript.setCurrent(this.transcript.items.length);
    this.transcript.move(step);
  }

  close() {
    this.gone = true;
    clearInterval(this.timer);
    this.unbind();
    this.feed.close();
    this.follower.close();
    this.sound.close();
    this.bar.close();
    this.notes.close();
  }
}

/** Where a guest's way ends. @param {App} app @param {string} title @param {string} text */
function showGuestEnd(app, title, text) {
  app.recorder?.letGo();
  app.recorder = null;
  plainPage(app.root, title, h("p", null, text));
  document.title = `${title} · Rapporteur`;
}

/** @param {App} app @param {string} id */
export async function mount(app, id) {
  return new Live(app, id);
}
