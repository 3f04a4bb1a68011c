// @ts-check
/** The list of meetings, and the ways to start one. */

import { unfinished } from "../capture/unfinished.js";
import { Feed } from "../feed/client.js";
import { modelSentences } from "../feed/health.js";
import { api } from "../lib/api.js";
import { clock, dayName, plural, roughly, timeOfDay } from "../lib/format.js";
import { groupBy } from "../lib/group.js";
import { fill, h, icon, setText } from "../lib/h.js";
import { bindKeys } from "../view/keys.js";
import { Sound } from "../view/sound.js";
import { topBar } from "../view/top.js";
import { Search } from "../view/search.js";
import { openNewMeeting, playSample } from "./start.js";
import { chooseRecording } from "./upload.js";

/** @typedef {import("../app.js").App} App */

const POLL_MS = 2500;
const REFRESH_MS = 10000;

class Home {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    /** @type {any[]} */
    this.meetings = [];
    /** @type {string | null} */
    this.next = null;
    /** @type {Map<string, Feed>} */
    this.feeds = new Map();
    /** @type {number[]} */
    this.timers = [];
    this.fetching = h("ul", { class: "fetching", "aria-label": "What is being fetched" });
    this.pinned = h("div", { class: "pins" });
    this.list = h("div", null);
    this.search = new Search({
      onSearch: (searching) => {
        this.list.hidden = searching;
        this.pinned.hidden = searching;
      },
      hear: (citation) => this.hear(citation),
    });
    /** @type {(() => void)[]} */
    this.ticks = [];
    this.timers.push(setInterval(() => this.ticks.forEach((tick) => tick()), 1000));
    this.unbind = bindKeys([
      { key: "n", name: "N", does: "New meeting", run: () => void openNewMeeting(app) },
      { key: "/", name: "/", does: "Search", run: () => this.search.input.focus() },
    ]);
    // Hidden until the meetings are known: without any the page begins in another way, and nothing jumps under a finger.
    this.headRow = h("div", { class: "head", hidden: true }, h("h1", null, "Meetings"), h("div", { class: "row" }, ...this.ways()));
    fill(
      app.root,
      topBar("/"),
      h("main", { class: "home", id: "main", tabIndex: -1 }, this.headRow, this.search.row, this.search.results, this.fetching, this.pinned, this.list),
    );
    document.title = "Rapporteur";
  }

  /** The ways to begin, from the quietest to the first. */
  ways() {
    return [
      h("button", { type: "button", class: "button quiet", onclick: () => void playSample(this.app) }, icon("play"), "Play the sample meeting"),
      h("button", { type: "button", class: "button", onclick: () => chooseRecording(this.app) }, "Upload a recording"),
      h("button", { type: "button", class: "button primary", onclick: () => void openNewMeeting(this.app) }, icon("plus"), "New meeting"),
    ];
  }

  async load() {
    try {
      const page = await api.meetings();
      this.meetings = page.items;
      this.next = page.next ?? null;
      this.draw();
    } catch (fault) {
      this.headRow.hidden = false;
      if (this.meetings.length === 0) fill(this.list, h("p", { class: "notice bad" }, fault instanceof Error ? fault.message : ""));
    }
    void this.status();
    this.timers.push(setInterval(() => void this.refresh(), REFRESH_MS));
  }

  async refresh() {
    if (document.hidden) return;
    const page = await api.meetings().catch(() => null);
    if (!page) return;
    const known = new Map(this.meetings.map((meeting) => [meeting.id, meeting]));
    const fresh = page.items.map((/** @type {any} */ meeting) => meeting.id);
    const older = [...known.values()].filter((meeting) => !fresh.includes(meeting.id) && page.next);
    const merged = [...page.items, ...older];
    if (JSON.stringify(merged) === JSON.stringify(this.meetings)) return;
    this.meetings = merged;
    this.draw();
  }

  async status() {
    const status = await api.status().catch(() => null);
    const models = status?.models ?? [];
    const sentences = modelSentences(models);
    const open = models.filter((/** @type {any} */ model) => model.state !== "present");
    fill(this.fetching, sentences.map((sentence, index) => h("li", null,
      h("span", { class: sentence.level === "ok" ? "" : "warn" }, sentence.text),
      open[index].state === "fetching" && open[index].total_bytes
        ? h("progress", { class: "bar", max: 1, value: open[index].done_bytes / open[index].total_bytes, "aria-label": open[index].name }) : null)));
    this.fetching.hidden = sentences.length === 0;
    if (sentences.length) this.timers.push(setTimeout(() => void this.status(), POLL_MS));
  }

  draw() {
    const running = this.meetings.filter((meeting) => meeting.state !== "completed");
    const past = this.meetings.filter((meeting) => meeting.state === "completed");
    this.headRow.hidden = this.meetings.length === 0;
    this.search.row.hidden = past.length === 0;
    this.drawPinned(running);
    if (this.meetings.length === 0) return this.empty();
    const days = groupBy(past, (meeting) => dayName(new Date(meeting.started_at * 1000), new Date()));
    fill(
      this.list,
      [...days].map(([day, meetings]) => h("section", { class: "day", "aria-label": day }, h("h2", null, day), h("ul", null, meetings.map((meeting) => h("li", null, row(meeting)))))),
      this.next ? h("button", { type: "button", class: "button more-meetings", onclick: () => void this.more() }, "Show older meetings") : null,
    );
  }

  async more() {
    /** @type {any} */
    const page = await api.meetings(this.next).catch(this.app.complain);
    if (!page) return;
    this.meetings = [...this.meetings, ...page.items];
    this.next = page.next ?? null;
    this.draw();
  }

  empty() {
    fill(this.list, h("div", { class: "empty" },
      h("p", { class: "lead" }, "No meetings yet. Start one, and Rapporteur writes down what is said, what is decided and who does what."),
      h("div", { class: "row" }, ...this.ways().reverse()),
      h("p", { class: "small" }, "The sample is two minutes of four people planning a launch; it needs no microphone. Sound and text stay on your own server.")));
  }

  /** @param {any[]} running */
  drawPinned(running) {
    for (const [id, feed] of this.feeds) {
      if (running.some((meeting) => meeting.id === id)) continue;
      feed.close();
      this.feeds.delete(id);
    }
    this.ticks = [];
    fill(this.pinned, running.map((meeting) => this.pin(meeting)));
  }

  /** @param {any} meeting */
  pin(meeting) {
    const line = h("p", { class: "line", dir: "auto" });
    const since = h("time", { class: "small num" });
    const ending = meeting.state === "ending";
    const tick = () => setText(since, ending ? "writing the recap" : clock(Date.now() / 1000 - meeting.started_at));
    tick();
    this.ticks.push(tick);
    const existing = this.feeds.get(meeting.id);
    const feed = existing ?? new Feed(meeting.id, () => this.pinChanged(meeting.id));
    this.feeds.set(meeting.id, feed);
    Object.assign(feed, { show: () => setText(line, lastWords(feed)) });
    /** @type {any} */ (feed).show();
    const { recorder } = this.app;
    const here = recorder !== null && recorder.meeting === meeting.id && !recorder.ended;
    return h("a", { class: "pinned", href: `/live.html#${meeting.id}` },
      h("span", { class: "row" }, h("i", { class: ending ? "dot idle" : "dot" }), h("span", { class: "name", dir: "auto" }, meeting.title),
        here ? h("span", { class: "small" }, "recording in this window") : null, since), line);
  }

  /** @param {string} id */
  pinChanged(id) {
    const feed = this.feeds.get(id);
    /** @type {any} */ (feed)?.show?.();
    if (feed?.state.completed) void this.refresh();
  }

  /** @param {import("../lib/ask.js").Citation} citation */
  hear({ meeting, start, end }) {
    this.sound?.close();
    this.sound = new Sound(meeting, (text) => this.app.toasts.show(text), (second) => this.search.answer.heard(meeting, second === null ? null : start));
    this.sound.hear(start, end);
  }

  close() {
    this.sound?.close();
    this.unbind();
    for (const timer of this.timers) clearTimeout(timer);
    for (const feed of this.feeds.values()) feed.close();
  }
}

/** @param {Feed} feed */
function lastWords(feed) {
  const open = [...feed.state.interims.values()].at(-1)?.text ?? "";
  const final = feed.state.order.at(-1)?.text ?? "";
  return `${final} ${open}`.trim().slice(-220) || (feed.state.loaded ? "Nothing has been said yet." : "");
}

/** @param {any} meeting */
function row(meeting) {
  const facts = [roughly(meeting.duration_s ?? 0), people(meeting.participants ?? [])].filter(Boolean).join(" · ");
  const actions = meeting.open_actions ? plural(meeting.open_actions, "open action item") : "";
  return h("a", { class: "meeting", href: `/recap.html#${meeting.id}` },
    h("time", { class: "time", dateTime: new Date(meeting.started_at * 1000).toISOString() }, timeOfDay(new Date(meeting.started_at * 1000))),
    h("span", { class: "name", dir: "auto" }, meeting.title),
    h("span", { class: "facts" }, facts, actions ? h("span", { class: "actions" }, facts ? " · " : "", actions) : null));
}

/** @param {string[]} names */
function people(names) {
  return names.length > 4 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
}

/** @param {App} app @param {string} _id */
export async function mount(app, _id) {
  const home = new Home(app);
  await home.load();
  const rests = (await unfinished()).filter((recording) => recording.meeting !== app.recorder?.meeting);
  const titles = new Map(home.meetings.map((meeting) => [meeting.id, meeting]));
  for (const id of new Set(rests.map((recording) => recording.meeting))) {
    const meeting = titles.get(id);
    if (!meeting || meeting.state === "completed") continue;
    app.toasts.show(`This browser was recording “${meeting.title}”.`, () => location.assign(`/live.html#${id}`), "Go on");
  }
  return home;
}
