// @ts-check
/**
 * Audio frames as they travel on the audio socket: a 24-byte little-endian header and a payload.
 *
 *     offset  size  field
 *     0       1     version       always 1
 *     1       1     codec         0 = PCM16, mono, 16 kHz
 *     2       1     flags         1 = last frame of the track, 2 = gap
 *     3       1     reserved      0
 *     4       4     session       u32
 *     8       4     seq           u32
 *     12      8     pts_samples   u64
 *     20      4     crc32         of the payload
 */

export const SAMPLE_RATE_HZ = 16000;
export const FRAME_SAMPLES = 960;
export const FRAME_MS = 60;
export const HEADER_BYTES = 24;
export const FLAG_LAST = 1;
export const FLAG_GAP = 2;

const CRC_TABLE = makeCrcTable();

function makeCrcTable() {
  const table = new Uint32Array(256);
  for (let index = 0; index < 256; index += 1) {
    let value = index;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    table[index] = value >>> 0;
  }
  return table;
}

/**
 * The zlib checksum of the bytes.
 * @param {Uint8Array} bytes
 */
export function crc32(bytes) {
  let crc = 0xffffffff;
  for (let index = 0; index < bytes.length; index += 1) crc = CRC_TABLE[(crc ^ bytes[index]) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/**
 * The payload of a gap frame: sound that is known to be missing.
 * @param {number} samples
 * @param {string} cause
 */
export function gapPayload(samples, cause) {
  return new TextEncoder().encode(JSON.stringify({ samples, cause }));
}

/**
 * Header and payload, ready to be sent.
 * @param {{session: number, seq: number, pts: number, payload: Uint8Array, flags?: number}} frame
 * @returns {ArrayBuffer}
 */
export function encodeFrame({ session, seq, pts, payload, flags = 0 }) {
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 1);
  view.setUint8(2, flags);
  view.setUint32(4, session, true);
  view.setUint32(8, seq, true);
  view.setBigUint64(12, BigInt(pts), true);
  view.setUint32(20, crc32(payload), true);
  bytes.set(payload, HEADER_BYTES);
  return bytes.buffer;
}
