// @ts-check
/** The line at the foot of the live page: quiet when all is well, and otherwise what is wrong and what happens next. */

import { captionSentences, endingSentence, feedSentence, linkSentence, safetySentence } from "../../feed/health.js";
import { fill, h, setText } from "../../lib/h.js";

/** @typedef {import("../../feed/health.js").Sentence} Sentence */
/** @typedef {import("../../capture/recorder.js").Recorder} Recorder */

const FEED_QUIET_S = 2;

export class HealthLine {
  /** @param {HTMLElement} line @param {HTMLElement} alert what a screen reader hears when things get worse or well again */
  constructor(line, alert) {
    this.line = line;
    this.alert = alert;
    this.sign = "";
    this.alerted = "";
  }

  /** @param {import("../../feed/client.js").Feed} feed @param {Recorder | null} recorder */
  draw(feed, recorder) {
    const sentences = sentencesOf(feed, recorder);
    const sign = JSON.stringify(sentences);
    if (sign === this.sign) return;
    this.sign = sign;
    fill(this.line, sentences.map((sentence) => h("span", { class: sentence.level }, sentence.text)));
    const worst = sentences.find((sentence) => sentence.level !== "ok");
    if ((worst?.level ?? "") === this.alerted) return;
    this.alerted = worst?.level ?? "";
    setText(this.alert, worst?.text ?? "");
  }
}

/** @param {import("../../feed/client.js").Feed} feed @param {Recorder | null} recorder @returns {Sentence[]} */
function sentencesOf(feed, recorder) {
  const status = recorder?.status ?? null;
  const link = status?.state === "done" ? null : linkSentence(status);
  const main = link ? [link] : feedSentences(feed);
  return status && recorder && !recorder.ended ? [...main, { level: "ok", text: safetySentence(status) }] : main;
}

/** @param {import("../../feed/client.js").Feed} feed @returns {Sentence[]} */
function feedSentences({ link, lost_s, state }) {
  if (link === "waiting" && lost_s > FEED_QUIET_S) return [{ level: "bad", text: feedSentence(lost_s) }];
  if (link === "signed-out") return [{ level: "bad", text: "You are signed out. Open the sign-in link, then reload this page." }];
  if (state.meeting.state === "live") return captionSentences(state.health.values());
  if (state.meeting.state === "ending") return [endingSentence(state.health.values())];
  return [];
}
