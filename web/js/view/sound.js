// @ts-check
/** Hearing words again while the meeting goes on: the recording grows, so it is opened anew for every place. */

import { api } from "../lib/api.js";

const LEAD_S = 0.2;
const TAIL_S = 0.3;
const TRY_LATER = "Try again in half a minute.";

export class Sound {
  /** @param {string} meeting @param {(text: string) => void} tell @param {(second: number | null, start: number) => void} onTime second: null when it stops */
  constructor(meeting, tell, onTime) {
    this.meeting = meeting;
    this.tell = tell;
    this.onTime = onTime;
    /** @type {HTMLAudioElement | null} */
    this.audio = null;
  }

  /** @param {number} start @param {number | null} end */
  hear(start, end) {
    this.audio?.pause();
    const audio = new Audio(`${api.audioUrl(this.meeting)}?at=${Date.now()}`);
    this.audio = audio;
    const ticked = () => {
      if (end !== null && audio.currentTime >= end + TAIL_S) audio.pause();
      if (this.audio === audio) this.onTime(audio.paused ? null : audio.currentTime, start);
    };
    audio.addEventListener("loadedmetadata", () => this.opened(audio, start), { once: true });
    audio.addEventListener("timeupdate", ticked);
    audio.addEventListener("pause", ticked);
    audio.play().catch((fault) => fault.name !== "AbortError" && this.tell(`The recording of these words cannot be played yet. ${TRY_LATER}`));
  }

  /** @param {HTMLAudioElement} audio @param {number} start */
  opened(audio, start) {
    if (start <= audio.duration - LEAD_S) {
      audio.currentTime = Math.max(0, start - LEAD_S);
      return;
    }
    this.tell(`These words are not in the stored recording yet. ${TRY_LATER}`);
    audio.pause();
  }

  toggle() {
    if (this.audio?.paused) void this.audio.play();
    else this.audio?.pause();
  }

  close() {
    this.audio?.pause();
    this.audio = null;
  }
}
