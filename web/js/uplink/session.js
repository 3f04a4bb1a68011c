// @ts-check
/**
 * What one capture session has recorded and what of it is safe. Pure: no storage, no socket, no clock.
 *
 * Chunks are counted from 0 in the order of capture (``n``). The number that the server sees (``seq``) is bound at
 * the session's first welcome, when the server says where the track's media ends: after a reload the new session
 * starts with a gap frame up to its first sound, or drops the sound that the server already has.
 */

import { FLAG_GAP, FLAG_LAST, encodeFrame, gapPayload } from "./frames.js";

/**
 * @typedef {object} Chunk
 * @property {number} n order of capture in the session
 * @property {number} pts media time of the first sample, in samples
 * @property {number} samples
 * @property {Uint8Array | null} pcm null: a gap, or sound that lies in the store only (see ``stored``)
 * @property {string} [gap] cause, if the chunk is a gap
 * @property {boolean} [last]
 * @property {boolean} [stored] the store has it as well
 */

/** One capture session: from a page's first sound to its last. */
export class Session {
  /**
   * @param {number} id u32; larger is newer
   * @param {number} endPts media time at which its first chunk will start
   * @param {boolean} repeats whether the same media time is the same sound (a file); a microphone never says a thing twice
   */
  constructor(id, endPts, repeats) {
    this.id = id;
    this.repeats = repeats;
    this.endPts = endPts;
    this.count = 0;
    /** Chunks that are not known to be safe, by ``n``. @type {Map<number, Chunk>} */
    this.chunks = new Map();
    /** Where the server's media ended at the first welcome. @type {number | null} */
    this.basePts = null;
    /** Numbers of chunks before this are safe. */
    this.safeN = 0;
    this.shift = 0;
    /** Why sound is missing before the session's first chunk. */
    this.bridgeCause = "reload";
    /** @type {Chunk | null} */
    this.bridge = null;
    this.lastN = -1;
  }

  /** @param {Omit<Chunk, "n">} chunk */
  add(chunk) {
    const entry = { ...chunk, n: this.count };
    this.chunks.set(entry.n, entry);
    this.count += 1;
    this.endPts = Math.max(this.endPts, entry.pts + entry.samples);
    if (entry.last) this.lastN = entry.n;
    return entry;
  }

  /** Takes back a chunk that was read from the store. @param {Chunk} chunk */
  restore(chunk) {
    this.chunks.set(chunk.n, chunk);
    this.count = Math.max(this.count, chunk.n + 1);
    this.endPts = Math.max(this.endPts, chunk.pts + chunk.samples);
    if (chunk.last) this.lastN = chunk.n;
  }

  get bound() {
    return this.basePts !== null;
  }

  get allSafe() {
    return this.chunks.size === 0 && this.bridge === null;
  }

  /** The number after the last one. */
  get endSeq() {
    return this.count + this.shift;
  }

  /**
   * Fixes the numbering once and for all. Needs the first chunk, or none to be left.
   * @param {number} serverPts
   */
  bind(serverPts) {
    this.basePts = serverPts;
    this.bridge = null;
    this.safeN = this.chunks.keys().next().value ?? this.count;
    const first = this.firstAfter(serverPts);
    this.shift = -first.n;
    this.safeN = first.n;
    if (first.pts > serverPts) {
      const samples = first.pts - serverPts;
      this.bridge = { n: first.n - 1, pts: serverPts, samples, pcm: null, gap: this.bridgeCause };
      this.shift += 1;
      this.safeN -= 1;
    }
    return first.n;
  }

  /**
   * Whether the numbering can be fixed: something was captured and, if it repeats, all that the server has is behind it.
   * @param {number} serverPts
   */
  ready(serverPts) {
    return this.count > 0 && (!this.repeats || this.endPts > serverPts || this.lastN >= 0);
  }

  /** Drops and cuts chunks that the server has; the first that remains, or where the next one will be. @param {number} pts */
  firstAfter(pts) {
    for (let n = this.safeN; n < this.count; n += 1) {
      const chunk = this.chunks.get(n);
      if (!chunk) continue;
      if (!this.repeats) return chunk;
      if (chunk.pts + chunk.samples <= pts && !chunk.last) this.chunks.delete(n);
      else return this.cut(chunk, pts);
    }
    return { n: this.count, pts: Math.max(this.endPts, pts) };
  }

  /** @param {Chunk} chunk @param {number} pts */
  cut(chunk, pts) {
    if (chunk.last && chunk.samples === 0) chunk.pts = Math.max(chunk.pts, pts);
    const surplus = Math.min(chunk.samples, pts - chunk.pts);
    if (surplus <= 0) return chunk;
    if (chunk.pcm) chunk.pcm = chunk.pcm.slice(surplus * 2);
    chunk.pts += surplus;
    chunk.samples -= surplus;
    return chunk;
  }

  /** @param {number} seq */
  at(seq) {
    const n = seq - this.shift;
    return this.bridge && this.bridge.n === n ? this.bridge : this.chunks.get(n);
  }

  /**
   * Everything before this number is stored on the server. Returns the ``n`` before which the store can forget.
   * @param {number} seq
   */
  markSafe(seq) {
    const until = Math.min(seq - this.shift, this.count);
    for (; this.safeN < until; this.safeN += 1) {
      if (this.bridge?.n === this.safeN) this.bridge = null;
      else this.chunks.delete(this.safeN);
    }
    return this.safeN;
  }

  /** The first number that is not known to be safe. */
  get nextSeq() {
    return this.safeN + this.shift;
  }

  /** Media time before which everything of this session is safe. */
  get safePts() {
    if (this.bridge) return this.bridge.pts;
    const [first] = this.chunks.values();
    return first ? first.pts : this.endPts;
  }

  /** Whether the sound of this chunk has to be read from the store before it can travel. @param {Chunk} chunk */
  static lies(chunk) {
    return Boolean(chunk.stored && !chunk.pcm && !chunk.gap && chunk.samples > 0);
  }

  /** Forgets sound that the store has, but for the newest ``keep`` chunks and those that travel next. @param {number} keep */
  shed(keep) {
    for (const chunk of this.chunks.values()) {
      if (chunk.n >= this.count - keep) return;
      if (chunk.stored && chunk.n > this.safeN + keep) chunk.pcm = null;
    }
  }

  /** The chunk as it travels. @param {number} seq @param {Chunk} chunk */
  encode(seq, chunk) {
    const payload = chunk.gap ? gapPayload(chunk.samples, chunk.gap) : chunk.pcm ?? new Uint8Array(0);
    const flags = (chunk.gap ? FLAG_GAP : 0) | (chunk.last ? FLAG_LAST : 0);
    return encodeFrame({ session: this.id, seq, pts: chunk.pts, payload, flags });
  }
}
