// @ts-check
/** The bar on top of every page but the live one: where one is, and where one can go. */

import { h, icon } from "../lib/h.js";
import { openMenu } from "./dialog.js";

/** @type {[string, string][]} */
const PLACES = [
  ["/", "Meetings"],
  ["/actions.html", "Action items"],
  ["/voices.html", "Voices"],
];
const THEMES = [["auto", "As the system"], ["light", "Light"], ["dark", "Dark"]];

/** @param {string} here the path of the page that is shown */
export function topBar(here = "") {
  return h("header", { class: "top" },
    h("a", { class: "brand", href: "/" }, "Rapporteur"),
    h("nav", { "aria-label": "Pages" }, PLACES.map(([path, name]) => h("a", { href: path, "aria-current": path === here ? "page" : null }, name))),
    themeButton());
}

/** The choice of colours. */
function themeButton() {
  const button = h("button", { type: "button", class: "square", "aria-label": "Appearance", title: "Appearance", onclick: () => {
    const chosen = localStorage.getItem("rapporteur.theme") ?? "auto";
    openMenu(button, THEMES.map(([value, name]) =>
      h("button", { type: "button", "aria-pressed": String(chosen === value), onclick: () => setTheme(value) }, h("span", null, name), chosen === value ? icon("check") : null)), "Appearance");
  } }, icon("shade"));
  return button;
}

/** @param {string} theme */
function setTheme(theme) {
  localStorage.setItem("rapporteur.theme", theme);
  dispatchEvent(new Event("rapporteur:theme"));
}
