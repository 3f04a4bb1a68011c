// @ts-check
/** A meeting that is over: what matters first, every word after it, and the recording under both. */

import { Feed } from "../feed/client.js";
import { shownNotes } from "../feed/fold.js";
import { talkTime } from "../feed/turns.js";
import { api } from "../lib/api.js";
import { clock, dayName, spell, timeOfDay } from "../lib/format.js";
import { fill, h, icon, setText } from "../lib/h.js";
import { confirmDialog, openMenu, plainPage } from "../view/dialog.js";
import { edits } from "../view/edits.js";
import { bindKeys } from "../view/keys.js";
import { KINDS } from "../view/notes/kinds.js";
import { Notes } from "../view/notes/notes.js";
import { Player } from "../view/player.js";
import { recapParts } from "../view/recap-parts.js";
import { editableTitle } from "../view/title.js";
import { markOne } from "../view/transcript/find.js";
import { Transcript } from "../view/transcript/transcript.js";

/** @typedef {import("../app.js").App} App */

const EXPORTS = [
  ["md", "Markdown"],
  ["docx", "Word document"],
  ["pdf", "PDF"],
  ["srt", "Subtitles (SRT)"],
  ["vtt", "Subtitles (WebVTT)"],
  ["csv", "Action items (CSV)"],
  ["ics", "Action items (calendar)"],
  ["json", "Everything (JSON)"],
];

class RecapPage {
  /** @param {App} app @param {string} id @param {number | null} at */
  constructor(app, id, at) {
    this.app = app;
    this.id = id;
    this.at = at;
    this.gone = false;
    this.drawnWave = false;
    const doing = edits(app, id, () => this.feed.state);
    this.player = new Player(api.audioUrl(id));
    this.player.addEventListener("time", () => this.followPlayer());
    this.transcript = new Transcript({ hear: (second) => this.player.hear(second), correct: doing.correct, rename: doing.rename });
    this.notes = new Notes({ ...doing, hear: (start, end) => this.player.hear(Math.max(0, start - 0.2), end + 0.3), reveal: (second) => this.transcript.reveal(second), toasts: app.toasts }, { byOwner: true });
    this.title = editableTitle(doing.retitle);
    /** @type {Range[]} */
    this.found = [];
    this.foundAt = -1;
    this.parts = recapParts(app, {
      title: this.title.element,
      transcript: this.transcript.root,
      notes: this.notes.root,
      player: this.player.element,
      find: () => this.find(),
      findKey: (event) => this.findKey(event),
      addNote: () => this.notes.add(),
      copyLink: () => void this.copyLink(),
      menu: (anchor) => this.menu(anchor),
    });
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
      { key: "/", name: "/", does: "Find in the transcript", run: () => this.parts.finder.focus() },
    ]);
  }

  /** @param {import("../feed/fold.js").Change} change */
  changed(change) {
    const { state } = this.feed;
    if (this.feed.link === "gone" || state.deleted) return this.showGone();
    if (this.feed.link === "signed-out") return location.reload();
    if (change.error) this.app.toasts.show(change.error);
    if (!state.loaded) return;
    if (change.meta || change.all) this.drawMeeting();
    if (change.text || change.all) this.transcript.update(state, change);
    if (change.notes || change.all) this.drawNotes();
    if (change.all || change.meta || change.notes) this.drawNav();
    if (change.all) this.opened();
  }

  showGone() {
    if (this.gone) return;
    this.gone = true;
    this.player.close();
    plainPage(this.app.root, "No such meeting", h("p", null, "It was deleted, or you may not see it."), h("p", null, h("a", { class: "button", href: "/" }, "All meetings")));
  }

  drawMeeting() {
    const { state } = this.feed;
    const { meeting, recap } = state;
    this.title.set(meeting.title ?? "");
    document.title = `${meeting.title ?? "Meeting"} · Rapporteur`;
    const start = new Date((meeting.started_at ?? 0) * 1000);
    const day = dayName(start, new Date());
    const date = day === "Today" || day === "Yesterday" ? day : start.toLocaleDateString(undefined, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
    setText(this.parts.facts, [`${date}, ${timeOfDay(start)}`, spell(meeting.duration_s ?? 0)].join(" · "));
    const spoken = talkTime(state.order, state).filter((voice) => voice.name !== voice.voice).map((voice) => voice.name).filter(Boolean);
    setText(this.parts.people, [...new Set([...(meeting.participants ?? []), ...spoken])].join(", "));
    this.parts.busy.hidden = state.completed;
    setText(this.parts.summary, recap?.summary || state.summary || "");
    this.parts.summarySection.hidden = !this.parts.summary.textContent;
    this.drawChapters(recap?.chapters?.length ? recap.chapters : state.chapters);
    this.player.gaps = state.gaps;
  }

  /** @param {import("../feed/fold.js").Chapter[]} chapters */
  drawChapters(chapters) {
    this.player.chapters = chapters;
    this.parts.chapterSection.hidden = chapters.length === 0;
    fill(this.parts.chapterList, chapters.map((chapter) => h("li", { class: "chapter" }, h("time", null, clock(chapter.start)),
      h("button", { type: "button", dir: "auto", onclick: () => this.hearChapter(chapter) }, chapter.title), chapter.summary ? h("p", { dir: "auto" }, chapter.summary) : null)));
  }

  /** @param {import("../feed/fold.js").Chapter} chapter */
  hearChapter(chapter) {
    this.player.hear(chapter.start);
    this.transcript.reveal(chapter.start);
  }

  drawNotes() {
    this.notes.update(this.feed.state);
    this.parts.notesNone.hidden = shownNotes(this.feed.state).length > 0;
  }

  drawNav() {
    const { state } = this.feed;
    const kinds = new Set(shownNotes(state).map((note) => note.kind));
    fill(this.parts.nav,
      this.parts.summarySection.hidden ? null : h("a", { href: "#summary" }, "Summary"),
      KINDS.filter(([kind]) => kinds.has(kind)).map(([kind, title]) => h("a", { href: `#notes-${kind}` }, title)),
      h("a", { href: "#transcript" }, "Transcript"),
      this.player.chapters.length ? h("hr", null) : null,
      this.player.chapters.map((chapter) => h("button", { type: "button", dir: "auto", onclick: () => this.hearChapter(/** @type {any} */ (chapter)) }, h("span", { class: "num" }, clock(chapter.start)), /** @type {any} */ (chapter).title)));
  }

  opened() {
    if (this.drawnWave) return;
    this.drawnWave = true;
    const { state } = this.feed;
    const draw = () => void this.player.drawWave(state.order);
    if (this.player.duration_s) draw();
    else this.player.audio.addEventListener("loadedmetadata", draw, { once: true });
    if (this.at !== null) {
      this.player.hear(this.at, null, false);
      this.transcript.reveal(this.at);
    }
  }

  followPlayer() {
    const playing = this.player.playing_;
    const element = this.transcript.follow(this.player.second || playing ? this.player.second : null);
    for (const button of this.notes.root.querySelectorAll(".hear")) {
      const start = Number(/** @type {HTMLElement} */ (button).dataset.start);
      button.setAttribute("aria-pressed", String(playing && this.player.stopAt !== null && Math.abs(this.player.second - start) < 60 && this.player.second >= start - 0.3 && this.player.second <= this.player.stopAt));
    }
    if (playing && element && element !== this.shown && this.player.stopAt === null) this.keepInView(element);
    this.shown = element;
  }

  /** @type {HTMLElement | null} */
  shown = null;

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

  /** @param {HTMLElement} anchor */
  menu(anchor) {
    openMenu(anchor, [
      h("button", { type: "button", onclick: () => print() }, "Print"),
      ...EXPORTS.map(([format, name]) => h("a", { href: `/v1/meetings/${encodeURIComponent(this.id)}/export?format=${format}`, download: "" }, name)),
      h("a", { href: api.audioUrl(this.id), download: `${this.feed.state.meeting.title ?? "meeting"}.wav` }, "Download the recording"),
      h("button", { type: "button", class: "danger", onclick: () => void this.remove() }, "Delete this meeting…"),
    ], "Export and more");
  }

  async remove() {
    const title = this.feed.state.meeting.title ?? "This meeting";
    if (!(await confirmDialog("Delete this meeting?", `“${title}”: its recording, transcript and notes are removed for good.`, "Delete", true))) return;
    try {
      await api.remove(this.id);
      this.app.go("/");
      this.app.toasts.show("Deleted");
    } catch (fault) {
      this.app.complain(fault);
    }
  }

  // ---- finding ---------------------------------------------------------------------------------------------------

  find() {
    this.found = this.transcript.find(this.parts.finder.value);
    this.foundAt = -1;
    const wanted = this.parts.finder.value.trim().length >= 2;
    setText(this.parts.foundCount, wanted ? (this.found.length ? `${this.found.length} found` : "Not found") : "");
    if (this.found.length) this.nextFound(1, false);
  }

  /** @param {KeyboardEvent} event */
  findKey(event) {
    if (event.key === "Escape") {
      this.parts.finder.value = "";
      this.find();
      this.parts.finder.blur();
    }
    if (event.key !== "Enter" || this.found.length === 0) return;
    event.preventDefault();
    this.nextFound(event.shiftKey ? -1 : 1, true);
  }

  /** @param {number} step @param {boolean} scroll */
  nextFound(step, scroll) {
    this.foundAt = (this.foundAt + step + this.found.length) % this.found.length;
    const range = this.found[this.foundAt];
    markOne(range);
    setText(this.parts.foundCount, `${this.foundAt + 1} of ${this.found.length}`);
    if (scroll) range.startContainer.parentElement?.scrollIntoView({ block: "center" });
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
    this.app.toasts.root.classList.remove("raised");
  }
}

/** @param {App} app @param {string} hash meeting, or meeting@second */
export async function mount(app, hash) {
  const [id, second] = hash.split("@");
  return new RecapPage(app, id, second ? Number(second) : null);
}
