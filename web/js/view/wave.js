// @ts-check
/** How loud a recording is, along its length: 600 values from 0 to 1. */

const BUCKETS = 600;
const WHOLE_UP_TO_S = 20 * 60;
const HEADER_BYTES = 44;

/**
 * The loudness of short recordings is read from the sound itself, chunk by chunk; of long ones only the words count.
 * @param {string} url a WAV of 16 bit, 16 kHz, mono
 * @param {number} duration_s
 * @param {{start: number, end: number}[]} spoken
 * @returns {Promise<Float32Array>}
 */
export async function peaks(url, duration_s, spoken) {
  return duration_s > 0 && duration_s <= WHOLE_UP_TO_S ? fromSound(url, duration_s) : fromWords(duration_s, spoken);
}

/** @param {string} url @param {number} duration_s */
async function fromSound(url, duration_s) {
  const answer = await fetch(url);
  if (!answer.ok || !answer.body) throw new Error("no recording");
  const levels = new Float32Array(BUCKETS);
  const perBucket = (duration_s * 16000) / BUCKETS;
  const reader = answer.body.getReader();
  let position = -HEADER_BYTES;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    // Every fourth sample is enough for a drawing; only the high byte matters.
    for (let at = (((-position + 1) % 8) + 8) % 8; at < value.length; at += 8) {
      const sample = (position + at - 1) / 2;
      const level = Math.abs((value[at] << 24) >> 24) / 128;
      const bucket = Math.floor(sample / perBucket);
      if (sample >= 0 && bucket < BUCKETS && level > levels[bucket]) levels[bucket] = level;
    }
    position += value.length;
  }
  const top = Math.max(0.05, ...levels);
  return levels.map((level) => Math.sqrt(level / top));
}

/**
 * @param {number} duration_s
 * @param {{start: number, end: number}[]} spoken
 */
export function fromWords(duration_s, spoken) {
  const levels = new Float32Array(BUCKETS);
  for (const { start, end } of spoken) {
    const last = Math.min(BUCKETS - 1, Math.floor((end / duration_s) * BUCKETS));
    for (let bucket = Math.floor((start / duration_s) * BUCKETS); bucket <= last; bucket += 1) levels[bucket] = 0.45 + 0.3 * Math.abs(Math.sin(bucket * 1.7));
  }
  return levels;
}
