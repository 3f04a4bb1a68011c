// @ts-check
/**
 * What this browser keeps of a recording until the server has it: written in batches in the order of capture, so that
 * what a crash leaves behind has no hole; read again when it lies here only; removed when it is safe.
 */

import { Store } from "./store.js";

/** @typedef {import("./store.js").Recording} Recording */
/** @typedef {import("./session.js").Chunk} Chunk */
/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./machine.js").Uplink} Uplink */

const BATCH = 5;
const GRACE_MS = 600;
const KEEP_IN_MEMORY = 1000;
const READ_PAUSES_MS = [0, 500, 2000];

/** The part of the store that belongs to one recording. */
export class Shelf {
  /**
   * @param {Recording} recording
   * @param {Uplink} uplink
   * @param {(detail: "quota" | "store") => void} onFault
   */
  constructor(recording, uplink, onFault) {
    this.recording = recording;
    this.uplink = uplink;
    this.onFault = onFault;
    /** Null in a browser that lets nothing be stored: then everything stays in memory. @type {Store | null} */
    this.store = null;
    /** @type {Chunk[]} */
    this.batch = [];
    /** Batches that are written: where they start and how long they are, per session. @type {Map<number, Map<number, number>>} */
    this.written = new Map();
    /** The writes so far, one after the other. @type {Promise<void>} */
    this.writing = Promise.resolve();
  }

  async open() {
    this.store = await Store.open().catch(() => null);
  }

  /** Takes back what an earlier page of this recording left behind. @param {{id: number, basePts: number | null, shift: number}} known @param {boolean} continuous */
  async restore({ id, basePts, shift }, continuous) {
    const { recording } = this;
    const batches = (await this.store?.batches(recording.key, id).catch(() => [])) ?? [];
    const chunks = batches.flat();
    if (chunks.length === 0) return;
    const session = this.uplink.begin(id, chunks[0].pts, "reload", continuous);
    session.basePts = basePts;
    session.shift = shift;
    session.safeN = chunks[0].n;
    for (const chunk of chunks) session.restore({ ...chunk, stored: true });
    session.shed(KEEP_IN_MEMORY);
    this.written.set(id, new Map(batches.map((batch) => [batch[0].n, batch.length])));
  }

  /** @param {Chunk[]} chunks */
  keep(chunks) {
    this.batch.push(...chunks);
    if (this.batch.length >= BATCH) void this.flush(this.healthy() ? GRACE_MS : 0);
  }

  healthy() {
    return this.uplink.state === "open" && this.uplink.status(Date.now()).waiting_s < 1;
  }

  /** Writes what is still not safe after ``grace`` milliseconds. */
  flush(grace = 0) {
    const session = this.uplink.current;
    const batch = this.batch.splice(0);
    const due = Date.now() + grace;
    this.writing = this.writing.then(async () => {
      const wait = due - Date.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      await this.writeOut(session, batch);
    });
    return this.writing;
  }

  /** @param {Session} session @param {Chunk[]} batch */
  async writeOut(session, batch) {
    const unsafe = batch.filter((chunk) => session.chunks.has(chunk.n));
    if (!this.store) return;
    try {
      if (unsafe.length) await this.writeBatch(this.recording.key, session, unsafe);
      await this.saveRecording();
    } catch (fault) {
      this.onFault(fault instanceof DOMException && fault.name === "QuotaExceededError" ? "quota" : "store");
    }
  }

  /** @param {string} key @param {Session} session @param {Chunk[]} chunks */
  async writeBatch(key, session, chunks) {
    await /** @type {Store} */ (this.store).write(key, session.id, chunks);
    for (const chunk of chunks) chunk.stored = true;
    const starts = this.written.get(session.id) ?? new Map();
    starts.set(chunks[0].n, chunks[chunks.length - 1].n - chunks[0].n + 1);
    this.written.set(session.id, starts);
    session.shed(KEEP_IN_MEMORY);
  }

  async saveRecording() {
    const { recording } = this;
    const live = new Set(this.uplink.sessions.map((session) => session.id));
    recording.endPts = this.uplink.durablePts;
    recording.paused = this.uplink.pausedAt?.cause ?? "";
    recording.sessions = recording.sessions
      .filter(({ id }) => live.has(id))
      .map((known) => {
        const session = this.uplink.sessions.find(({ id }) => id === known.id);
        return session?.bound ? { id: known.id, basePts: session.basePts, shift: session.shift } : known;
      });
    await this.store?.saveRecording(recording);
  }

  /** Removes what has become safe from the store. */
  async trim() {
    const { recording } = this;
    for (const [id, starts] of this.written) {
      const session = this.uplink.sessions.find((known) => known.id === id);
      const safe = [...starts].filter(([n, length]) => !session || n + length <= session.safeN).map(([n]) => n);
      for (const n of safe) starts.delete(n);
      await this.store?.remove(recording.key, id, safe).catch(() => undefined);
    }
  }

  /** Brings back the sound of chunk ``n``; a chunk that can not be read becomes a gap on its way. @param {number} id @param {number} n */
  async load(id, n) {
    const session = this.uplink.sessions.find((known) => known.id === id);
    const chunks = await this.read(id, n);
    for (const chunk of chunks) {
      const known = session?.chunks.get(chunk.n);
      if (known && chunk.pcm) known.pcm ??= chunk.pcm.slice(chunk.pcm.length - known.samples * 2);
    }
    const wanted = session?.chunks.get(n);
    if (wanted && !wanted.pcm && !wanted.gap) session?.chunks.delete(n);
  }

  /** @param {number} id @param {number} n @returns {Promise<Chunk[]>} */
  async read(id, n) {
    for (const pause_ms of READ_PAUSES_MS) {
      await new Promise((resolve) => setTimeout(resolve, pause_ms));
      const chunks = await this.store?.batch(this.recording.key, id, n).catch(() => null);
      if (chunks) return chunks;
    }
    return [];
  }

  async forget() {
    await this.store?.forget(this.recording.key);
  }
}
