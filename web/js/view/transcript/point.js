// @ts-check
/** From a click on the text to the second at which that word was said. */

import { secondAt } from "../../feed/words.js";

/** @param {import("../../feed/turns.js").Turn} turn @param {number} x @param {number} y @returns {number | null} */
export function secondAtPoint(turn, x, y) {
  const spot = caretAt(x, y);
  const span = spot?.node.parentElement?.closest(".seg");
  if (!spot || !span) return null;
  const segment = turn.segments[[...(span.parentElement?.children ?? [])].indexOf(span)];
  return segment ? secondAt(segment, charsBefore(spot.node, span) + spot.offset) : null;
}

/** The characters of ``span`` before ``node``. @param {Node} node @param {Element} span */
function charsBefore(node, span) {
  let before = 0;
  while (node.previousSibling || node.parentNode !== span) {
    if (node.previousSibling) {
      node = node.previousSibling;
      before += node.textContent?.length ?? 0;
    } else node = /** @type {Node} */ (node.parentNode);
  }
  return before;
}

/** The text under a point. @param {number} x @param {number} y @returns {{node: Node, offset: number} | null} */
function caretAt(x, y) {
  const page = /** @type {any} */ (document);
  if (page.caretPositionFromPoint) {
    const position = page.caretPositionFromPoint(x, y);
    return position && { node: position.offsetNode, offset: position.offset };
  }
  const range = page.caretRangeFromPoint?.(x, y);
  return range ? { node: range.startContainer, offset: range.startOffset } : null;
}
