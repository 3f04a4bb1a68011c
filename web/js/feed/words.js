// @ts-check
/** Which word stands where in a segment's text, and when it was said. Pure. */

/** @typedef {import("./fold.js").Segment} Segment */
/** @typedef {{from: number, to: number, start: number, end: number}} Spot characters and seconds of one word */

/**
 * The words of the segment with their places in its text. After a correction the old words no longer stand in the
 * text; then the time is spread over the characters.
 * @param {Segment} segment
 * @returns {Spot[]}
 */
export function spots(segment) {
  const { text, words = [] } = segment;
  /** @type {Spot[]} */
  const found = [];
  let at = 0;
  for (const word of words) {
    const from = text.indexOf(word.w, at);
    if (from < 0 || !word.w) continue;
    at = from + word.w.length;
    found.push({ from, to: at, start: word.s, end: word.e });
  }
  return found.length * 2 > words.length ? found : spread(segment);
}

/** @param {Segment} segment @returns {Spot[]} */
function spread({ text, start, end }) {
  const rate = (end - start) / Math.max(1, text.length);
  return [...text.matchAll(/\S+/gu)].map((match) => {
    const from = match.index ?? 0;
    const to = from + match[0].length;
    return { from, to, start: start + from * rate, end: start + to * rate };
  });
}

/** The second at which the character was said. @param {Segment} segment @param {number} offset */
export function secondAt(segment, offset) {
  let second = segment.start;
  for (const spot of spots(segment)) {
    if (spot.from > offset) break;
    second = spot.start;
  }
  return second;
}

/** The word that is being said, or the last one before. @param {Segment} segment @param {number} second @returns {Spot | null} */
export function spotAt(segment, second) {
  let current = null;
  for (const spot of spots(segment)) {
    if (spot.start > second) break;
    current = spot;
  }
  return current;
}

/**
 * The last segment that starts at or before the second, by binary search.
 * @param {Segment[]} order
 * @param {number} second
 */
export function segmentAt(order, second) {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (order[middle].start <= second) low = middle + 1;
    else high = middle;
  }
  return low ? order[low - 1] : null;
}

/** How much of an interim's text is settled, in characters. @param {Segment} segment */
export function stableChars(segment) {
  const count = segment.stable ?? 0;
  if (count === 0) return 0;
  const words = (segment.words ?? []).slice(0, count);
  let at = 0;
  for (const word of words) {
    const from = segment.text.indexOf(word.w, at);
    if (from < 0) return at;
    at = from + word.w.length;
  }
  return at;
}
