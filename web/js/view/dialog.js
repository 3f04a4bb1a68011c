// @ts-check
/** Dialogs, menus and short messages. The browser's own dialog traps the focus and gives it back. */

import { h, icon } from "../lib/h.js";

/**
 * Opens a modal dialog; resolves when it is closed, with what it was closed with ("" = cancelled).
 * @param {{title: string, body: (Node | string | null)[], footer: Node[], onSubmit?: (close: (value: string) => void) => void | Promise<void>, className?: string}} content
 * @returns {{dialog: HTMLDialogElement, closed: Promise<string>}}
 */
export function openDialog({ title, body, footer, onSubmit, className }) {
  const opener = document.activeElement;
  const heading = h("h2", { id: `dialog-${Math.random().toString(36).slice(2)}` }, title);
  const dialog = h("dialog", { class: className ?? "", "aria-labelledby": heading.id });
  const form = h(
    "form",
    { method: "dialog", noValidate: true, onsubmit: (/** @type {Event} */ event) => {
      if (!onSubmit) return;
      event.preventDefault();
      void onSubmit((value) => dialog.close(value));
    } },
    h("header", null, heading, h("button", { type: "button", class: "square", "aria-label": "Close", onclick: () => dialog.close("") }, icon("close"))),
    h("div", { class: "body" }, ...body),
    footer.length ? h("footer", null, ...footer) : null,
  );
  dialog.append(form);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close(""));
  document.body.append(dialog);
  const closed = new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
      resolve(dialog.returnValue);
    });
  });
  dialog.showModal();
  /** @type {HTMLElement | null} */ (dialog.querySelector("[autofocus], input:not([type=checkbox]), textarea, select, footer .primary"))?.focus();
  return { dialog, closed: /** @type {Promise<string>} */ (closed) };
}

/** A question with a yes and a no; whether it was a yes. @param {string} title @param {string} text @param {string} yes @param {boolean} [danger] */
export async function confirmDialog(title, text, yes, danger = false) {
  const { closed } = openDialog({
    title,
    body: [h("p", null, text)],
    footer: [
      h("button", { class: "button", value: "" }, "Cancel"),
      h("button", { class: danger ? "button danger" : "button primary", value: "yes", autofocus: !danger }, yes),
    ],
  });
  return (await closed) === "yes";
}

/** Asks for one line; null when cancelled. @param {string} title @param {string} label @param {string} value @param {string} yes */
export async function askLine(title, label, value, yes) {
  const input = h("input", { type: "text", id: "ask-line", value, maxLength: 200, autocomplete: "off" });
  const { closed } = openDialog({
    title,
    body: [h("div", { class: "field" }, h("label", { htmlFor: "ask-line" }, label), input)],
    footer: [h("button", { class: "button", type: "button", onclick: (/** @type {any} */ e) => e.target.closest("dialog").close("") }, "Cancel"), h("button", { class: "button primary" }, yes)],
    onSubmit: (close) => close("yes"),
  });
  input.select();
  return (await closed) === "yes" ? input.value.trim() : null;
}

/**
 * A small menu, or a few words, at a control.
 * @param {HTMLElement} anchor
 * @param {(Node | null)[]} children
 * @param {string} label
 */
export function openMenu(anchor, children, label) {
  const menu = h("div", { class: "menu", popover: "auto", role: "group", "aria-label": label }, ...children);
  document.body.append(menu);
  anchor.setAttribute("aria-expanded", "true");
  menu.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== "closed") return;
    anchor.removeAttribute("aria-expanded");
    const inside = menu.contains(document.activeElement) || document.activeElement === document.body;
    menu.remove();
    if (inside && anchor.isConnected) anchor.focus();
  });
  menu.addEventListener("click", (event) => event.target instanceof Element && event.target.closest("button, a") && menu.hidePopover());
  menu.addEventListener("keydown", (event) => moveInMenu(menu, event));
  menu.showPopover();
  const at = anchor.getBoundingClientRect();
  const box = menu.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.left, innerWidth - box.width - 8));
  const top = at.bottom + 4 + box.height > innerHeight ? Math.max(8, at.top - 4 - box.height) : at.bottom + 4;
  menu.style.left = `${left}px`;
  menu.style.top = `${top}px`;
  menu.tabIndex = -1;
  (/** @type {HTMLElement | null} */ (menu.querySelector("button, a")) ?? menu).focus();
  return menu;
}

/** @param {HTMLElement} menu @param {KeyboardEvent} event */
function moveInMenu(menu, event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const items = /** @type {HTMLElement[]} */ ([...menu.querySelectorAll("button, a")]);
  const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  items[(at + step + items.length) % items.length]?.focus();
}

const TOAST_MS = 10000;

/** Short messages at the foot of the page, with a way back for ten seconds. */
export class Toasts {
  constructor() {
    this.root = h("div", { class: "toasts", role: "status" });
    document.body.append(this.root);
  }

  /** @param {string} text @param {(() => void) | null} [undo] @param {string} [label] */
  show(text, undo = null, label = "Undo") {
    const toast = h("div", { class: "toast" }, h("span", null, text));
    const timer = setTimeout(() => toast.remove(), TOAST_MS);
    if (undo) {
      toast.append(h("button", { type: "button", onclick: () => {
        clearTimeout(timer);
        toast.remove();
        undo();
      } }, label));
    }
    while (this.root.children.length > 2) this.root.firstChild?.remove();
    this.root.append(toast);
  }
}
