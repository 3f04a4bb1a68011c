// @ts-check
/** How the sound travels: without loss, or by WebRTC, and why somebody would choose that. */

import { h } from "../lib/h.js";

const KEY = "rapporteur.way";
const WHY = "Without loss: a weak network delays sound, nothing is missing. WebRTC: never falls behind, but leaves out what a weak network loses.";

export class Way {
  constructor() {
    const options = { socket: "Without loss", webrtc: "By WebRTC" };
    this.choice = h("select", { id: "way", "aria-describedby": "way-why", onchange: () => localStorage.setItem(KEY, this.choice.value) },
      ...Object.entries(options).map(([value, name]) => h("option", { value, selected: value === (localStorage.getItem(KEY) ?? "socket") }, name)));
    this.element = h("div", { class: "field", hidden: !("RTCPeerConnection" in window) },
      h("label", { htmlFor: "way" }, "How the sound travels"), this.choice, h("span", { class: "small", id: "way-why" }, WHY));
  }

  /** @returns {"socket" | "webrtc"} */
  get value() {
    return !this.element.hidden && this.choice.value === "webrtc" ? "webrtc" : "socket";
  }
}
