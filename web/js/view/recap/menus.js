// @ts-check
/** The two menus of a recap: files to take away, and what is rarely done. */

import { api } from "../../lib/api.js";
import { h } from "../../lib/h.js";
import { confirmDialog, openMenu } from "../dialog.js";

/** @typedef {import("../../app.js").App} App */

/** @type {[string, [string, string, string][]][]} group, [format, name, ending] */
const EXPORTS = [
  ["The document", [["md", "Markdown", "md"], ["docx", "Word document", "docx"], ["pdf", "PDF", "pdf"]]],
  ["Action items", [["csv", "Table", "csv"], ["ics", "Due dates for a calendar", "ics"]]],
  ["Subtitles", [["srt", "SubRip", "srt"], ["vtt", "WebVTT", "vtt"]]],
  ["Everything", [["json", "Data", "json"]]],
];

/** @param {HTMLElement} anchor @param {string} id @param {string} title */
export function openExports(anchor, id, title) {
  const link = (/** @type {[string, string, string]} */ [format, name, ending]) =>
    h("a", { href: `/v1/meetings/${encodeURIComponent(id)}/export?format=${format}`, download: "" }, h("span", null, name), h("span", { class: "ending" }, `.${ending}`));
  openMenu(anchor, [
    ...EXPORTS.flatMap(([group, links]) => [h("h3", null, group), ...links.map(link)]),
    h("a", { href: api.audioUrl(id), download: `${title || "meeting"}.wav` }, h("span", null, "The recording"), h("span", { class: "ending" }, ".wav")),
  ], "Export");
}

/** @param {HTMLElement} anchor @param {App} app @param {string} id @param {string} title */
export function openMore(anchor, app, id, title) {
  openMenu(anchor, [
    h("button", { type: "button", onclick: () => print() }, "Print"),
    h("button", { type: "button", onclick: () => void rewrite(app, id) }, "Write the recap again"),
    h("button", { type: "button", class: "danger", onclick: () => void remove(app, id, title) }, "Delete this meeting…"),
  ], "More");
}

/** @param {App} app @param {string} id */
async function rewrite(app, id) {
  try {
    await api.rewrite(id);
    app.toasts.show("The recap is being written again; what you edited stays.");
  } catch (fault) {
    app.complain(fault);
  }
}

/** @param {App} app @param {string} id @param {string} title */
async function remove(app, id, title) {
  if (!(await confirmDialog("Delete this meeting?", `“${title || "This meeting"}”: its recording, transcript and notes are removed for good.`, "Delete", true))) return;
  try {
    await api.remove(id);
    app.go("/");
    app.toasts.show("Deleted");
  } catch (fault) {
    app.complain(fault);
  }
}
