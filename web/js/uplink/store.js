// @ts-check
/**
 * What of a recording is not safe yet, in IndexedDB, so that a reload or a crash of the tab loses nothing.
 * Two stores: ``recordings`` (one line per track that is being recorded here) and ``chunks`` (batches of sound).
 */

/** @typedef {import("./session.js").Chunk} Chunk */
/**
 * @typedef {object} Recording
 * @property {string} key meeting/track
 * @property {string} meeting
 * @property {string} track
 * @property {"mic" | "tab" | "sample"} source
 * @property {string} deviceId
 * @property {string} label
 * @property {number} startedAt wall clock (ms) at media time 0
 * @property {number} endPts media time up to which sound is on the server or in here
 * @property {string} paused cause, or empty
 * @property {boolean} finished the person ended it; only the rest has to travel
 * @property {"socket" | "webrtc"} [way] how it travels
 * @property {{id: number, basePts: number | null, shift: number}[]} sessions oldest first
 */

const NAME = "rapporteur";
const VERSION = 1;

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {IDBTransaction} transaction @returns {Promise<void>} */
function committed(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

/** The database of unsafe sound. */
export class Store {
  /** @param {IDBDatabase} db */
  constructor(db) {
    this.db = db;
  }

  static async open() {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("recordings", { keyPath: "key" });
      request.result.createObjectStore("chunks", { keyPath: ["key", "session", "n"] });
    };
    return new Store(await settled(request));
  }

  /** @param {Recording} recording */
  async saveRecording(recording) {
    const transaction = this.db.transaction("recordings", "readwrite");
    transaction.objectStore("recordings").put(recording);
    await committed(transaction);
  }

  /** @returns {Promise<Recording[]>} */
  async recordings() {
    return settled(this.db.transaction("recordings").objectStore("recordings").getAll());
  }

  /** @param {string} key @returns {Promise<Recording | undefined>} */
  async recording(key) {
    return settled(this.db.transaction("recordings").objectStore("recordings").get(key));
  }

  /** Removes the recording and all its sound. @param {string} key */
  async forget(key) {
    const transaction = this.db.transaction(["recordings", "chunks"], "readwrite");
    transaction.objectStore("recordings").delete(key);
    transaction.objectStore("chunks").delete(IDBKeyRange.bound([key], [key, []]));
    await committed(transaction);
  }

  /**
   * Writes neighbouring chunks as one record.
   * @param {string} key
   * @param {number} session
   * @param {Chunk[]} chunks
   */
  async write(key, session, chunks) {
    const transaction = this.db.transaction("chunks", "readwrite", { durability: "relaxed" });
    const items = chunks.map(({ n, pts, samples, pcm, gap, last }) => ({ n, pts, samples, pcm, gap, last }));
    transaction.objectStore("chunks").put({ key, session, n: chunks[0].n, items });
    await committed(transaction);
  }

  /** Removes the batches that start at these numbers. @param {string} key @param {number} session @param {number[]} starts */
  async remove(key, session, starts) {
    if (starts.length === 0) return;
    const transaction = this.db.transaction("chunks", "readwrite", { durability: "relaxed" });
    for (const n of starts) transaction.objectStore("chunks").delete([key, session, n]);
    await committed(transaction);
  }

  /** What was written of a session, batch by batch in order. @param {string} key @param {number} session @returns {Promise<Chunk[][]>} */
  async batches(key, session) {
    const range = IDBKeyRange.bound([key, session], [key, session, []]);
    const batches = await settled(this.db.transaction("chunks").objectStore("chunks").getAll(range));
    return batches.map((batch) => batch.items);
  }

  /** The chunks of the batch that holds this number, or []. @param {string} key @param {number} session @param {number} n @returns {Promise<Chunk[]>} */
  async batch(key, session, n) {
    const range = IDBKeyRange.bound([key, session], [key, session, n]);
    const cursor = await settled(this.db.transaction("chunks").objectStore("chunks").openCursor(range, "prev"));
    return cursor ? cursor.value.items : [];
  }
}
