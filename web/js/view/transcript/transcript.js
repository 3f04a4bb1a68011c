// @ts-check
/**
 * The transcript as paragraphs. Patches by position: an element whose content is the same is left alone, so nothing
 * moves when words become final. Long transcripts are set in blocks that the browser lays out only when they are near.
 */

import { finalItems, sameItem, withInterims } from "../../feed/turns.js";
import { segmentAt, spotAt } from "../../feed/words.js";
import { h } from "../../lib/h.js";
import { openCorrection } from "./correct.js";
import { markAll } from "./find.js";
import { secondAtPoint } from "./point.js";
import { emptyTurn, fillTurn, gapElement } from "./turn.js";

/** @typedef {import("../../feed/fold.js").State} State */
/** @typedef {import("../../feed/fold.js").Segment} Segment */
/** @typedef {import("../../feed/turns.js").Item} Item */
/** @typedef {import("../../feed/turns.js").Turn} Turn */
/**
 * What the page around it does.
 * @typedef {object} Wishes
 * @property {(second: number) => void} hear
 * @property {(segment: Segment, text: string) => Promise<boolean>} correct
 * @property {(turn: Turn) => void} rename
 */

const BLOCK = 50;
const FIRST_BLOCKS = 4;
const BLOCKS_PER_STEP = 12;

/** One transcript on the page. */
export class Transcript {
  /** @param {Wishes} wishes */
  constructor(wishes) {
    this.wishes = wishes;
    this.root = h("div", { class: "transcript" });
    /** @type {Item[]} */
    this.finals = [];
    /** @type {Item[]} */
    this.items = [];
    /** What stands on the page: ``item`` is null where it must be filled again. @type {{element: HTMLElement, item: Item | null}[]} */
    this.drawn = [];
    /** @type {HTMLElement[]} */
    this.blocks = [];
    /** @type {Map<string, number>} */
    this.voices = new Map();
    this.current = -1;
    this.editing = -1;
    this.step = 0;
    /** @type {State | null} */
    this.state = null;
    this.root.addEventListener("click", (event) => this.clicked(event));
  }

  /** The number of the voice's colour. @param {string} voice */
  hue(voice) {
    if (!this.voices.has(voice)) this.voices.set(voice, this.voices.size % 8);
    return this.voices.get(voice) ?? 0;
  }

  /** @param {State} state @param {import("../../feed/fold.js").Change} change */
  update(state, change) {
    this.state = state;
    if (change.all || change.text) this.finals = finalItems(state);
    this.items = withInterims(this.finals, state);
    this.patch();
  }

  /** Brings the page to the items; the first screens at once, the rest while the browser is idle. */
  patch() {
    cancelAnimationFrame(this.step);
    const known = this.drawn.length;
    const until = known === 0 ? Math.min(this.items.length, FIRST_BLOCKS * BLOCK) : Math.min(this.items.length, known + BLOCK);
    this.patchUntil(until);
    if (this.drawn.length < this.items.length) this.step = requestAnimationFrame(() => this.more());
    while (this.drawn.length > this.items.length) this.drawn.pop()?.element.remove();
  }

  more() {
    this.patchUntil(Math.min(this.items.length, this.drawn.length + BLOCKS_PER_STEP * BLOCK), this.drawn.length);
    if (this.drawn.length < this.items.length) this.step = requestAnimationFrame(() => this.more());
    else this.root.dispatchEvent(new Event("complete"));
  }

  get complete() {
    return this.drawn.length >= this.items.length;
  }

  /** @param {number} until @param {number} [from] */
  patchUntil(until, from = 0) {
    for (let index = from; index < until; index += 1) {
      const item = this.items[index];
      const drawn = this.drawn[index];
      if (drawn && (index === this.editing || (drawn.item && sameItem(drawn.item, item)))) continue;
      if (drawn && item.type === "turn" && drawn.element.classList.contains("turn")) {
        fillTurn(drawn.element, item, this.hue(item.voice));
        drawn.item = item;
        continue;
      }
      const element = item.type === "turn" ? fillTurn(emptyTurn(), item, this.hue(item.voice)) : gapElement(item);
      element.dataset.i = String(index);
      if (drawn) drawn.element.replaceWith(element);
      else this.append(index, element);
      this.drawn[index] = { element, item };
    }
  }

  /** The block that holds this item. @param {number} index */
  block(index) {
    const number = Math.floor(index / BLOCK);
    while (this.blocks.length <= number) {
      const block = h("div", { class: "block" });
      this.blocks.push(block);
      this.root.append(block);
    }
    return this.blocks[number];
  }

  /** @param {number} index @param {HTMLElement} element */
  append(index, element) {
    const block = this.block(index);
    block.append(element);
    block.style.setProperty("--items", String(block.children.length));
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    const target = event.target instanceof Element ? event.target : null;
    const element = /** @type {HTMLElement | null} */ (target?.closest(".turn"));
    const index = Number(element?.dataset.i ?? -1);
    const turn = this.items[index];
    if (!element || turn?.type !== "turn" || target?.closest("form")) return;
    if (target?.closest(".time")) this.wishes.hear(turn.start);
    else if (target?.closest(".who")) this.wishes.rename(turn);
    else if (target?.closest(".edit")) this.edit(index);
    else if (target?.closest(".said") && getSelection()?.isCollapsed) {
      const second = secondAtPoint(turn, event.clientX, event.clientY);
      if (second !== null) this.wishes.hear(second);
    }
  }

  // ---- the word that is being heard ------------------------------------------------------------------------------

  /** @param {number | null} second null: nothing is being heard */
  follow(second) {
    const highlights = globalThis.CSS?.highlights;
    const segment = second === null || !this.state ? null : segmentAt(this.state.order, second);
    const index = segment && second !== null && second < segment.end + 2 ? this.indexOf(segment) : -1;
    this.setCurrent(index);
    highlights?.delete("word");
    const spot = index >= 0 && segment && second !== null ? spotAt(segment, second) : null;
    const span = spot && this.span(index, /** @type {Segment} */ (segment));
    const text = span?.firstChild;
    if (!spot || !text || !highlights || (text.textContent?.length ?? 0) < spot.to) return null;
    const range = new Range();
    range.setStart(text, spot.from);
    range.setEnd(text, spot.to);
    highlights.set("word", new Highlight(range));
    return this.drawn[index]?.element ?? null;
  }

  /** The item that holds the segment. @param {Segment} segment */
  indexOf(segment) {
    let low = 0;
    let high = this.finals.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.finals[middle].start <= segment.start) low = middle + 1;
      else high = middle;
    }
    for (let index = low - 1; index >= 0; index -= 1) {
      const item = this.finals[index];
      if (item.type === "turn" && item.segments.some((known) => known.id === segment.id)) return index;
      if (segment.start - item.start > 600) return -1;
    }
    return -1;
  }

  /** @param {number} index @param {Segment} segment @returns {Element | null} */
  span(index, segment) {
    const item = this.finals[index];
    if (item?.type !== "turn" || !this.drawn[index]) return null;
    const at = item.segments.findIndex((known) => known.id === segment.id);
    return this.drawn[index].element.querySelector(".said")?.children[at] ?? null;
  }

  /** @param {number} index */
  setCurrent(index) {
    if (index === this.current) return;
    this.drawn[this.current]?.element.classList.remove("current");
    this.current = index;
    this.drawn[index]?.element.classList.add("current");
  }

  // ---- by keyboard -----------------------------------------------------------------------------------------------

  /** Goes to the next (1) or previous (-1) turn; its second. @param {number} step */
  move(step) {
    let index = this.current + step;
    while (this.items[index] && this.items[index].type !== "turn") index += step;
    if (!this.items[index]) return null;
    this.goTo(index);
    return this.items[index].start;
  }

  /** @param {number} index */
  goTo(index) {
    if (index >= this.drawn.length) this.patchUntil(Math.min(index + 1, this.items.length), this.drawn.length);
    this.setCurrent(index);
    const element = this.drawn[index]?.element;
    element?.scrollIntoView({ block: "center" });
    /** @type {HTMLElement | null} */ (element?.querySelector(".time"))?.focus({ preventScroll: true });
  }

  /** Shows the turn at this second. @param {number} second */
  reveal(second) {
    const segment = this.state ? segmentAt(this.state.order, second + 0.01) : null;
    const index = segment ? this.indexOf(segment) : -1;
    if (index >= this.drawn.length) this.patchUntil(Math.min(index + 1, this.items.length), this.drawn.length);
    this.setCurrent(index);
    this.drawn[index]?.element.scrollIntoView({ block: "center" });
  }

  // ---- correcting and finding ------------------------------------------------------------------------------------

  /** Lets a person correct the lines of a turn. @param {number} [index] */
  edit(index = this.current) {
    const turn = this.items[index];
    const element = this.drawn[index]?.element;
    const finals = turn?.type === "turn" ? turn.segments.filter((segment) => segment.final !== false) : [];
    if (!element || finals.length === 0 || this.editing >= 0) return;
    this.editing = index;
    openCorrection(element, finals, this.wishes.correct, () => {
      this.editing = -1;
      this.drawn[index].item = null;
      this.patch();
    });
  }

  /** Marks all places of a text; where they are. @param {string} wanted @returns {Range[]} */
  find(wanted) {
    if (wanted.trim() && !this.complete) this.patchUntil(this.items.length, this.drawn.length);
    return markAll(this.root, wanted);
  }
}
