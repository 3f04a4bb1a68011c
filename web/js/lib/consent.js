// @ts-check
/** What people agree to before they take part. A new text gets a new name; the server accepts only the newest. */

export const NOTICE = "2026-11";

export const NOTICE_TEXT = [
  "What you say here is recorded and written down while you speak. Everybody in this meeting can read it.",
  "Action items, decisions and a summary are made from it. Sound and words stay on the computer that runs Rapporteur.",
  "You can pause, go off the record or leave at any time: nothing of your sound is taken then.",
];

/** What has to be true before a voice is remembered; the server accepts only the newest text. */
export const VOICE_NOTICE = "2026-11";

export const VOICE_TEXT = [
  "Only with their consent: by saving you confirm that this person has agreed. A voiceprint can tell people apart, like a fingerprint.",
  "192 numbers are kept with the name on the computer that runs Rapporteur, no sound. They are yours alone, and are compared only with the voices of meetings that you start.",
  "A voice that is not clearly theirs gets no name. Forgetting the voice erases the numbers at once; names that it gave stay in their meetings.",
];
