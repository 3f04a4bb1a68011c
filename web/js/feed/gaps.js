// @ts-check
/** The gaps of a meeting as a list in plain words. Pure. */

import { plural } from "../lib/format.js";
import { gapSentence } from "./turns.js";

/** @typedef {import("./fold.js").State} State */
/** @typedef {{start: number, seconds: number, text: string}} GapRow */

/** 0.48 → "0.5 s"; 14.2 → "14 s"; 754 → "12 min 34 s". @param {number} seconds */
export function gapLength(seconds) {
  if (seconds < 10) return `${Math.max(0.1, seconds).toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

/** Every gap by time, however short; with the name of its microphone when there are several. @param {State} state @returns {GapRow[]} */
export function gapRows(state) {
  const several = state.tracks.size > 1;
  return [...state.gaps]
    .sort((a, b) => a.start - b.start || a.end - b.end)
    .map(({ track, start, end, cause }) => {
      const label = several ? state.tracks.get(track)?.label : "";
      return { start, seconds: end - start, text: `${gapLength(end - start)} ${gapSentence(cause)}${label ? ` (${label})` : ""}` };
    });
}

/** "2 gaps, 15 s in all". @param {GapRow[]} rows */
export function gapSum(rows) {
  return `${plural(rows.length, "gap")}, ${gapLength(rows.reduce((sum, row) => sum + row.seconds, 0))} in all`;
}
