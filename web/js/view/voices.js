// @ts-check
/** Who speaks into a microphone: one person, whose name is then exact, or several, who are told apart by voice. */

import { h } from "../lib/h.js";

const KEY = "rapporteur.name";

export class Voices {
  constructor() {
    this.input = h("input", { type: "text", id: "my-name", maxLength: 100, autocomplete: "name", value: remembered() });
    this.field = h("div", { class: "field", hidden: true }, h("label", { htmlFor: "my-name" }, "Their name"), this.input);
    this.count = h("input", { type: "number", id: "how-many", min: 2, max: 50, inputMode: "numeric", placeholder: "not sure" });
    this.countField = h("div", { class: "field" }, h("label", { htmlFor: "how-many" }, "How many at most"), this.count);
    this.choice = h("select", { id: "voices", onchange: () => this.draw() },
      h("option", { value: "several" }, "Several people, told apart by voice"),
      h("option", { value: "one" }, "One person"));
    this.element = h("div", { class: "pair" }, h("div", { class: "field" }, h("label", { htmlFor: "voices" }, "Who speaks into it"), this.choice), this.countField, this.field);
  }

  draw() {
    this.field.hidden = this.choice.value !== "one";
    this.countField.hidden = !this.field.hidden;
    if (!this.field.hidden) this.input.focus();
  }

  /** The one person, or "". */
  get name() {
    const name = this.choice.value === "one" ? this.input.value.trim() : "";
    if (name) remember(name);
    return name;
  }

  /** At most so many people, or null when nobody knows. */
  get people() {
    const count = Number(this.count.value);
    return this.choice.value === "several" && count >= 1 && count <= 50 ? Math.round(count) : null;
  }

  get nameless() {
    return this.choice.value === "one" && !this.input.value.trim();
  }
}

/** The name that this browser was given last. */
export function remembered() {
  return localStorage.getItem(KEY) ?? "";
}

/** @param {string} name */
export function remember(name) {
  localStorage.setItem(KEY, name);
}
