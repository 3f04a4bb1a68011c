// @ts-check
/** A page that says one thing. */

import { fill, h } from "../lib/h.js";
import { topBar } from "./top.js";

/** @param {HTMLElement} root @param {string} title @param {(Node | string)[]} children */
export function plainPage(root, title, ...children) {
  fill(root, topBar(), h("main", { class: "plain", id: "main", tabIndex: -1 }, h("h1", null, title), ...children));
}

/** The meeting is not there, or not for this person. @param {HTMLElement} root */
export function noSuchMeeting(root) {
  document.title = "No such meeting · Rapporteur";
  plainPage(root, "No such meeting", h("p", null, "It was deleted, or you may not see it."), h("p", null, h("a", { class: "button", href: "/" }, "All meetings")));
}
