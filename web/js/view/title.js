// @ts-check
/** A title that is edited where it stands. */

import { h, setText } from "../lib/h.js";

/**
 * @param {(title: string) => Promise<boolean>} save
 * @returns {{element: HTMLElement, set: (title: string) => void}}
 */
export function editableTitle(save) {
  let title = "";
  const button = h("button", { type: "button", class: "retitle", dir: "auto", title: "Rename", onclick: () => edit() });
  const holder = h("span", { class: "title-holder" }, button);

  function edit() {
    const input = h("input", { type: "text", class: "retitle", value: title, maxLength: 200, "aria-label": "Title of the meeting", dir: "auto" });
    let over = false;
    /** @param {boolean} keep */
    const finish = (keep) => {
      if (over) return;
      over = true;
      const wanted = input.value.trim();
      input.replaceWith(button);
      button.focus();
      if (!keep || !wanted || wanted === title) return;
      const before = title;
      show(wanted);
      void save(wanted).then((saved) => saved || show(before));
    };
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") finish(true);
      if (event.key === "Escape") finish(false);
    });
    input.addEventListener("blur", () => finish(true));
    button.replaceWith(input);
    input.focus();
    input.select();
  }

  /** @param {string} value */
  function show(value) {
    title = value;
    setText(button, value || "Untitled");
  }
  return { element: holder, set: show };
}

/** A title for somebody who may not change it. @returns {{element: HTMLElement, set: (title: string) => void}} */
export function plainTitle() {
  const element = h("h1", { class: "retitle", dir: "auto" });
  return { element, set: (title) => setText(element, title || "Untitled") };
}
