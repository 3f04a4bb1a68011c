// @ts-check
/** A meeting that is over: what matters first, every word after it, and the recording under both. */

import { Feed } from "../feed/client.js";
import { shownNotes } from "../feed/fold.js";
import { api } from "../lib/api.js";
import { clock, dayName, spell, timeOfDay } from "../lib/format.js";
import { fill, h, setText } from "../lib/h.js";
import { askBox } from "../view/answer.js";
import { edits } from "../view/edits.js";
import { bindKeys } from "../view/keys.js";
import { drawPeople } from "../view/people.js";
import { KINDS } from "../view/notes/kinds.js";
import { Notes } from "../view/notes/notes.js";
import { noSuchMeeting } from "../view/plain.js";
import { Player } from "../view/player.js";
import { Contents } from "../view/recap/contents.js";
import { Finder } from "../view/recap/finder.js";
import { Gaps } from "../view/recap/gaps.js";
import { openExports, openMore } from "../view/recap/menus.js";
import { moodLine } from "../view/recap/mood.js";
import { recapParts } from "../view/recap/parts.js";
import { editableTitle } from "../view/title.js";
import { Transcript } from "../view/transcript/transcript.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../feed/fold.js").Chapter} Chapter */

const LEAD_S = 0.2;
const TAIL_S = 0.3;

class RecapPage {
  /** @param {App} app @param {string} id @param {number | null} at */
  constructor(app, id, at) {
    this.app = app;
    this.id = id;
    this.at = at;
    this.gone = false;
    this.begun = false;
    const doing = edits(app, id, () => this.feed.state);
    this.doing = doing;
    this.player = new Player(api.audioUrl(id));
    this.player.addEventListener("time", () => this.followPlayer());
    this.transcript = new Transcript({ hear: (second) => this.player.hear(second), correct: doing.correct, rename: doing.renameTurn });
    this.notes = new Notes({ ...doing, hear: (start, end) => this.hearQuote(start, end), reveal: (second) => this.transcript.reveal(second), toasts: app.toasts }, { byOwner: true, meeting: id });
    this.title = editableTitle(doing.retitle);
    this.finder = new Finder((wanted) => this.transcript.find(wanted));
    this.ask = askBox(id, ({ start, end }) => this.hearQuote(start, end));
    this.gaps = new Gaps((second) => this.player.hear(second));
    this.parts = recapParts(app.root, {
      title: this.title.element,
      transcript: this.transcript.root,
      notes: this.notes.root,
      player: this.player.element,
      ask: this.ask.element,
      finder: this.finder.element,
      gaps: this.gaps.root,
      addNote: () => this.notes.add(),
      copyLink: () => void this.copyLink(),
      exports: (anchor) => openExports(anchor, id, this.feed.state.meeting.title),
      more: (anchor) => openMore(anchor, app, id, this.feed.state.meeting.title),
    });
    this.contents = new Contents(this.parts.nav, (chapter) => this.hearChapter(chapter));
    app.toasts.root.classList.add("raised");
    this.feed = new Feed(id, (change) => this.changed(change));
    this.unbind = this.bind();
  }

  bind() {
    return bindKeys([
      { key: " ", name: "Space", does: "Play or stop", run: () => this.player.toggle() },
      { key: "arrowleft", name: "←", does: "Back 10 seconds", run: () => this.player.skip(-10) },
      { key: "arrowright", name: "→", does: "Forward 10 seconds", run: () => this.player.skip(10) },
      { key: "j", name: "J", does: "Next turn", run: () => this.step(1) },
      { key: "k", name: "K", does: "Previous turn", run: () => this.step(-1) },
      { key: "e", name: "E", does: "Correct this turn", run: () => this.transcript.edit() },
      { key: "n", name: "N", does: "Add a note", run: () => this.notes.add() },
      { key: "c", name: "C", does: "Copy a link to this second", run: () => void this.copyLink() },
      { key: "a", name: "A", does: "Ask about this meeting", run: () => this.ask.input.focus() },
      { key: "/", name: "/", does: "Find in the transcript", run: () => this.finder.input.focus() },
    ]);
  }

  // ---- what the feed says ----------------------------------------------------------------------------------------

  /** @param {import("../feed/fold.js").Change} change */
  changed(change) {
    const { state } = this.feed;
    if (this.feed.link === "gone" || state.deleted) return this.showGone();
    if (this.feed.link === "signed-out") return location.reload();
    if (change.error) this.app.toasts.show(change.error);
    if (!state.loaded) return;
    this.parts.main.classList.remove("loading");
    if (change.text || change.all) this.drawText(change);
    if (change.meta || change.all) this.drawMeeting();
    if (change.notes || change.all) this.drawNotes();
    if (change.all || change.meta || change.notes) this.drawContents();
    if (change.all) this.opened();
  }

  showGone() {
    if (this.gone) return;
    this.gone = true;
    this.player.close();
    noSuchMeeting(this.app.root);
  }

  /** @param {import("../feed/fold.js").Change} change */
  drawText(change) {
    const { state } = this.feed;
    this.transcript.update(state, change);
    this.gaps.update(state);
    this.parts.silent.hidden = state.order.length > 0;
    this.drawPeople();
  }

  drawPeople() {
    drawPeople(this.parts.people, this.feed.state, (voice) => this.transcript.hue(voice), (voice) => void this.doing.rename(voice));
  }

  drawMeeting() {
    const { state } = this.feed;
    const { meeting, recap } = state;
    this.title.set(meeting.title ?? "");
    document.title = `${meeting.title ?? "Meeting"} · Rapporteur`;
    const lasted = meeting.duration_s ? [spell(meeting.duration_s)] : [];
    setText(this.parts.facts, [whenWords(new Date((meeting.started_at ?? 0) * 1000)), ...lasted].join(" · "));
    this.drawPeople();
    this.parts.busy.hidden = state.completed;
    setText(this.parts.summary, recap?.summary || state.summary || "");
    this.parts.summarySection.hidden = !this.parts.summary.textContent;
    this.ask.element.hidden = state.order.length === 0;
    this.drawChapters(recap?.chapters?.length ? recap.chapters : state.chapters);
    this.player.gaps = state.gaps;
    this.player.element.hidden = state.tracks.size > 0 && [...state.tracks.values()].every((track) => track.source === "transcript");
  }

  /** @param {Chapter[]} chapters */
  drawChapters(chapters) {
    this.player.chapters = chapters;
    this.parts.chapterSection.hidden = chapters.length === 0;
    fill(this.parts.chapterList, chapters.map((chapter) => h("li", { class: "chapter" }, h("time", null, clock(chapter.start)),
      h("button", { type: "button", dir: "auto", onclick: () => this.hearChapter(chapter) }, chapter.title), chapter.summary ? h("p", { dir: "auto" }, chapter.summary) : null,
      chapter.mood ? moodLine(chapter.mood, (mood) => this.hearQuote(mood.start, mood.end)) : null)));
  }

  drawNotes() {
    this.notes.update(this.feed.state);
    this.parts.notesNone.hidden = shownNotes(this.feed.state).length > 0;
  }

  drawContents() {
    const kinds = new Set(shownNotes(this.feed.state).map((note) => note.kind));
    const notes = KINDS.filter(([kind]) => kinds.has(kind)).map(([kind, title]) => /** @type {[string, string]} */ ([`notes-${kind}`, title]));
    const parts = [...notes, /** @type {[string, string]} */ (["transcript", "Transcript"])];
    this.contents.draw(this.parts.summarySection.hidden ? parts : [["summary", "Summary"], ...parts], this.player.chapters);
  }

  /** Once, when the meeting is there. */
  opened() {
    if (this.begun) return;
    this.begun = true;
    const { state } = this.feed;
    const draw = () => void this.player.drawWave(state.order);
    if (this.player.duration_s) draw();
    else this.player.audio.addEventListener("loadedmetadata", draw, { once: true });
    if (this.at === null) return;
    this.player.hear(this.at, null, false);
    this.transcript.reveal(this.at);
  }

  // ---- hearing ---------------------------------------------------------------------------------------------------

  /** @param {number} start @param {number} end */
  hearQuote(start, end) {
    this.quoted = start;
    this.player.hear(Math.max(0, start - LEAD_S), end + TAIL_S);
  }

  /** @param {Chapter} chapter */
  hearChapter(chapter) {
    this.player.hear(chapter.start);
    this.transcript.reveal(chapter.start);
  }

  /** @type {number | null} The start of the evidence that is being heard. */
  quoted = null;
  /** @type {HTMLElement | null} */
  shown = null;

  followPlayer() {
    const playing = this.player.playing_;
    const element = this.transcript.follow(this.player.second || playing ? this.player.second : null);
    const quoted = playing && this.player.stopAt !== null ? this.quoted : null;
    this.notes.heard(quoted);
    this.ask.answer.heard(this.id, quoted);
    if (playing && element && element !== this.shown && this.player.stopAt === null) this.keepInView(element);
    this.shown = element;
  }

  /** The turn that is being heard is kept on the page while a person reads along, and only then. @param {HTMLElement} element */
  keepInView(element) {
    const box = element.getBoundingClientRect();
    const before = this.shown?.getBoundingClientRect();
    const reading = before && before.bottom > 0 && before.top < innerHeight;
    if (reading && (box.bottom > innerHeight - 120 || box.top < 0)) element.scrollIntoView({ block: "center" });
  }

  async copyLink() {
    const second = Math.ceil(this.player.second * 10) / 10;
    const url = `${location.origin}/recap.html#${this.id}${second ? `@${second}` : ""}`;
    try {
      await navigator.clipboard.writeText(url);
      this.app.toasts.show(second ? `Link to ${clock(second)} copied` : "Link copied");
    } catch {
      this.app.toasts.show(url);
    }
  }

  /** @param {number} step */
  step(step) {
    const second = this.transcript.move(step);
    if (second !== null && this.player.playing_) this.player.hear(second);
  }

  close() {
    this.gone = true;
    this.unbind();
    this.feed.close();
    this.player.close();
    this.contents.close();
    this.notes.close();
    this.app.toasts.root.classList.remove("raised");
  }
}

/** @param {Date} start */
function whenWords(start) {
  const day = dayName(start, new Date());
  const date = day === "Today" || day === "Yesterday" ? day : start.toLocaleDateString(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
  return `${date}, ${timeOfDay(start)}`;
}

/** @param {App} app @param {string} hash meeting, or meeting@second */
export async function mount(app, hash) {
  const [id, second] = hash.split("@");
  return new RecapPage(app, id, second ? Number(second) : null);
}
