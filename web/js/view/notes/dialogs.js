// @ts-check
/** Adding a note by hand, and saying that two are one. */

import { h } from "../../lib/h.js";
import { openDialog } from "../dialog.js";
import { suggest } from "../suggest.js";
import { BY_HAND } from "./kinds.js";

/** @typedef {import("../../feed/fold.js").Note} Note */

/** Asks which other note says the same; null when the person thought better of it. @param {Note} note @param {Note[]} others */
export async function askMerge(note, others) {
  const choice = h("select", { id: "merge-into", size: Math.min(8, Math.max(2, others.length)) }, others.map((other, index) => h("option", { value: other.id, selected: index === 0 }, other.text)));
  const { closed } = openDialog({
    title: "Merge two notes",
    body: [
      h("p", { dir: "auto" }, `“${note.text}” is the same as:`),
      h("div", { class: "field" }, h("label", { htmlFor: "merge-into", class: "hidden" }, "The note that stays"), choice),
      h("p", { class: "small" }, "Its evidence moves there. This cannot be undone."),
    ],
    footer: [h("button", { class: "button", value: "" }, "Cancel"), h("button", { class: "button primary", value: "merge" }, "Merge")],
  });
  const into = others.find((other) => other.id === choice.value);
  return (await closed) === "merge" && into ? into : null;
}

/** @param {Note["kind"]} kind @param {string[]} names @param {(fields: {kind: string, text: string, owner?: string | null, due?: string | null}) => Promise<boolean>} add */
export function openAddNote(kind, names, add) {
  const kinds = h("select", { id: "note-kind" }, BY_HAND.map(([value, , name]) => h("option", { value, selected: value === kind }, name)));
  const text = h("textarea", { id: "note-text", rows: 2, maxLength: 1000, dir: "auto", autofocus: true });
  const owner = h("input", { type: "text", id: "note-owner", maxLength: 100 });
  const due = h("input", { type: "date", id: "note-due" });
  suggest(owner, names);
  const extra = h("div", { class: "pair" }, field("Who does it", owner), field("Due", due));
  kinds.addEventListener("change", () => (extra.hidden = kinds.value !== "action"));
  extra.hidden = kind !== "action";
  const { dialog } = openDialog({
    title: "Add a note",
    body: [field("Kind", kinds), field("Text", text), extra],
    footer: [h("button", { type: "button", class: "button", onclick: () => dialog.close("") }, "Cancel"), h("button", { class: "button primary" }, "Add")],
    onSubmit: async (close) => {
      if (!text.value.trim()) return text.focus();
      const action = kinds.value === "action" ? { owner: owner.value.trim() || null, due: due.value || null } : {};
      if (await add({ kind: kinds.value, text: text.value.trim(), ...action })) close("added");
    },
  });
  text.focus();
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    text.form?.requestSubmit();
  });
}

/** @param {string} name @param {HTMLElement} control */
function field(name, control) {
  return h("div", { class: "field" }, h("label", { htmlFor: control.id }, name), control);
}
