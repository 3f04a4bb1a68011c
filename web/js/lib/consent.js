// @ts-check
/** What people agree to before they take part. A new text gets a new name; the server accepts only the newest. */

export const NOTICE = "2026-11";

export const NOTICE_TEXT = [
  "What you say here is recorded and written down while you speak. Everybody in this meeting can read it.",
  "Action items, decisions and a summary are made from it. Sound and words stay on the computer that runs Rapporteur.",
  "You can pause, go off the record or leave at any time: nothing of your sound is taken then.",
];
