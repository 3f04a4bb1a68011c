// @ts-check
/** The kinds of notes, as they are named and marked. */

/** @typedef {import("../../feed/fold.js").Note} Note */

/** @type {[Note["kind"], string, string][]} kind, heading, name of one */
export const KINDS = [
  ["action", "Action items", "Action item"],
  ["decision", "Decisions", "Decision"],
  ["question", "Open questions", "Question"],
  ["risk", "Risks", "Risk"],
  ["topic", "Topics", "Topic"],
];

/** Kinds that a person can add. */
export const BY_HAND = KINDS.filter(([kind]) => kind !== "topic");

/** @type {Record<string, string>} */
export const MARKS = { decision: "✓", question: "?", risk: "!", topic: "–" };
