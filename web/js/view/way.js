// @ts-check
/** How the sound travels: without loss, or by WebRTC, and why somebody would choose that. */

import { h, setText } from "../lib/h.js";

const KEY = "rapporteur.way";
/** @type {Record<string, {name: string, why: string}>} */
const WAYS = {
  socket: { name: "Without loss", why: "Nothing is missing; on a weak network it comes later." },
  webrtc: { name: "By WebRTC", why: "Never late, for calls on a weak network; what the network loses is left out." },
};

export class Way {
  constructor() {
    this.choice = h("select", { id: "way", "aria-describedby": "way-why", onchange: () => this.chosen() },
      ...Object.entries(WAYS).map(([value, { name }]) => h("option", { value, selected: value === (localStorage.getItem(KEY) ?? "socket") }, name)));
    this.why = h("span", { class: "small", id: "way-why" }, WAYS[this.choice.value].why);
    this.element = h("div", { class: "field", hidden: !("RTCPeerConnection" in window) },
      h("label", { htmlFor: "way" }, "How the sound travels"), this.choice, this.why);
  }

  chosen() {
    localStorage.setItem(KEY, this.choice.value);
    setText(this.why, WAYS[this.choice.value].why);
  }

  /** @returns {"socket" | "webrtc"} */
  get value() {
    return !this.element.hidden && this.choice.value === "webrtc" ? "webrtc" : "socket";
  }
}
