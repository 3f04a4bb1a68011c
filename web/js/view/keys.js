// @ts-check
/** Keyboard shortcuts of a page. They are silent while a person types, and while a dialog is open. */

import { h } from "../lib/h.js";
import { openDialog } from "./dialog.js";

/** @typedef {{key: string, name: string, does: string, run: () => void}} Shortcut */

/** @param {KeyboardEvent} event */
function isTyping(event) {
  const target = event.target instanceof Element ? event.target : null;
  if (document.querySelector("dialog[open], [popover]:popover-open")) return true;
  if (target?.closest("input:not([type=range], [type=checkbox]), textarea, select, [contenteditable]")) return true;
  return event.key === " " && Boolean(target?.closest("button, a, summary, input"));
}

/**
 * Listens until the returned function is called. "?" shows the list.
 * @param {Shortcut[]} shortcuts
 */
export function bindKeys(shortcuts) {
  /** @param {KeyboardEvent} event */
  const pressed = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    if (event.key === "?") return void showHelp(shortcuts);
    const shortcut = shortcuts.find(({ key }) => key === event.key.toLowerCase());
    if (!shortcut) return;
    event.preventDefault();
    shortcut.run();
  };
  addEventListener("keydown", pressed);
  return () => removeEventListener("keydown", pressed);
}

/** @param {Shortcut[]} shortcuts */
export function showHelp(shortcuts) {
  const rows = [...shortcuts, { key: "?", name: "?", does: "This list" }];
  const list = h("dl", null, ...rows.flatMap(({ name, does }) => [h("dt", null, h("kbd", null, name)), h("dd", null, does)]));
  openDialog({ title: "Keyboard", body: [list], footer: [h("button", { class: "button primary" }, "Close")], className: "help" });
}
