// @ts-check
/** Marks the places of a text without touching the elements that hold it. */

const SHORTEST = 2;

/** Marks all places under ``root``; where they are. @param {HTMLElement} root @param {string} wanted @returns {Range[]} */
export function markAll(root, wanted) {
  const highlights = globalThis.CSS?.highlights;
  highlights?.delete("find");
  highlights?.delete("found");
  const needle = wanted.trim().toLocaleLowerCase();
  if (needle.length < SHORTEST) return [];
  const ranges = [...root.querySelectorAll(".seg")].flatMap((span) => placesIn(span.firstChild, needle));
  if (ranges.length) highlights?.set("find", new Highlight(...ranges));
  return ranges;
}

/** Marks the place that is being looked at. @param {Range} range */
export function markOne(range) {
  globalThis.CSS?.highlights?.set("found", new Highlight(range));
}

/** @param {Node | null} node @param {string} needle */
function placesIn(node, needle) {
  /** @type {Range[]} */
  const ranges = [];
  const text = node?.textContent?.toLocaleLowerCase() ?? "";
  const length = node?.textContent?.length ?? 0;
  for (let at = text.indexOf(needle); node && at >= 0 && at + needle.length <= length; at = text.indexOf(needle, at + 1)) {
    const range = new Range();
    range.setStart(node, at);
    range.setEnd(node, at + needle.length);
    ranges.push(range);
  }
  return ranges;
}
