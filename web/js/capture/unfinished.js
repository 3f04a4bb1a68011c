// @ts-check
/** What earlier pages of this browser recorded, as IndexedDB knows it. Where there is no such store, nothing. */

import { Store } from "../uplink/store.js";

/** @typedef {import("../uplink/store.js").Recording} Recording */

/** @param {string} key @returns {Promise<Recording | undefined>} */
export async function stored(key) {
  const store = await Store.open().catch(() => null);
  return store?.recording(key);
}

/** What earlier pages of this browser recorded of the meeting and did not finish. @param {string} [meeting] @returns {Promise<Recording[]>} */
export async function unfinished(meeting) {
  try {
    const recordings = await (await Store.open()).recordings();
    return recordings.filter((recording) => !meeting || recording.meeting === meeting);
  } catch {
    return [];
  }
}
