// @ts-check
/** From segments to what is set on the page: one paragraph per speaker's turn, gaps between them. Pure. */

/** @typedef {import("./fold.js").Segment} Segment */
/** @typedef {import("./fold.js").State} State */
/**
 * @typedef {object} Turn
 * @property {"turn"} type
 * @property {string} speaker name or label to show; empty when nobody is known
 * @property {string} voice what the colour follows
 * @property {number} start
 * @property {number} end
 * @property {Segment[]} segments
 * @property {boolean} byVoice whether a remembered voice gave the name
 * @property {boolean} unknown whether nobody is known here, below somebody who is
 */
/** @typedef {{type: "gap", start: number, end: number, cause: string}} GapItem */
/** @typedef {Turn | GapItem} Item */

const PAUSE_S = 4;
const LONG_TURN_S = 40;
const SHORTEST_GAP_S = 0.3;
const ENDS_SENTENCE = /[.!?…。！？؟]["”’»)]?$/;

/**
 * Who speaks, as it is shown.
 * @param {State} state
 * @param {Segment} segment
 */
export function speakerName(state, segment) {
  const label = segment.speaker;
  if (label) return state.speakers[label] ?? label;
  const track = state.tracks.get(segment.track);
  if (state.speakers[segment.track]) return state.speakers[segment.track];
  if (track?.speaker) return state.speakers[track.speaker] ?? track.speaker;
  return state.tracks.size > 1 ? track?.label || SOURCE_NAMES[track?.source ?? ""] || "" : "";
}

/** @type {Record<string, string>} */
const SOURCE_NAMES = { mic: "Microphone", tab: "Tab audio", upload: "Recording" };

/** The label that a segment came with. @param {State} state @param {Segment} segment */
function labelOf(state, segment) {
  return segment.speaker ?? state.tracks.get(segment.track)?.speaker ?? segment.track;
}

/** Whether a remembered voice, not a person, says who speaks. @param {State} state @param {Segment} segment */
const namedByVoice = (state, segment) => state.recognised.has(labelOf(state, segment));

/** Whose voice it is: one label for all that have the same name, and the same one before and after it got the name. @param {State} state @param {Segment} segment */
export function voiceOf(state, segment) {
  const { speakers } = state;
  const label = labelOf(state, segment);
  const name = speakers[label] ?? label;
  for (const other in speakers) if (speakers[other] === name) return other;
  return label;
}

/** All labels of a voice. @param {State} state @param {string} voice */
export function labelsOf(state, voice) {
  return [...new Set(state.order.filter((segment) => voiceOf(state, segment) === voice).map((segment) => labelOf(state, segment)))];
}

/** @param {Turn} turn @param {Segment} segment @param {string} voice */
function continues(turn, segment, voice) {
  if (turn.voice !== voice || segment.start - turn.end > PAUSE_S) return false;
  const last = turn.segments[turn.segments.length - 1];
  return segment.start - turn.start < LONG_TURN_S || !ENDS_SENTENCE.test(last.text);
}

/**
 * Appends segments to a list of items, growing the last turn where the same voice goes on.
 * @param {Item[]} items changed in place
 * @param {Segment[]} segments in time order
 * @param {State} state
 */
function append(items, segments, state) {
  for (const segment of segments) {
    if (!segment.text) continue;
    const voice = voiceOf(state, segment);
    const last = items[items.length - 1];
    if (last?.type === "turn" && continues(last, segment, voice)) {
      last.segments.push(segment);
      last.end = Math.max(last.end, segment.end);
    } else {
      const name = speakerName(state, segment);
      // Without a heading of its own it would stand under the name of whoever spoke before.
      const unknown = !name && last?.type === "turn" && Boolean(last.speaker);
      const speaker = unknown ? (state.meeting.state === "live" ? "…" : "Unknown") : name;
      items.push({ type: "turn", speaker, voice, start: segment.start, end: segment.end, segments: [segment], byVoice: namedByVoice(state, segment), unknown });
    }
  }
}

/**
 * The items of the final text: turns and gaps by time.
 * @param {State} state
 * @returns {Item[]}
 */
export function finalItems(state) {
  /** @type {Item[]} */
  const items = [];
  const gaps = state.gaps.filter((gap) => gap.end - gap.start >= SHORTEST_GAP_S);
  let from = 0;
  for (const gap of gaps) {
    let until = from;
    while (until < state.order.length && state.order[until].start < gap.start) until += 1;
    append(items, state.order.slice(from, until), state);
    items.push({ type: "gap", start: gap.start, end: gap.end, cause: gap.cause });
    from = until;
  }
  append(items, state.order.slice(from), state);
  return items;
}

/**
 * The final items and, after them, the words that are still open. Does not change ``finals``.
 * @param {Item[]} finals
 * @param {State} state
 * @returns {Item[]}
 */
export function withInterims(finals, state) {
  const open = [...state.interims.values()].sort((a, b) => a.start - b.start);
  if (open.length === 0) return finals;
  const items = [...finals];
  const last = items[items.length - 1];
  if (last?.type === "turn") items[items.length - 1] = { ...last, segments: [...last.segments] };
  append(items, open, state);
  return items;
}

/** Seconds that each voice has spoken, longest first. @param {Segment[]} segments @param {State} state */
export function talkTime(segments, state) {
  /** @type {Map<string, {voice: string, name: string, seconds: number}>} */
  const voices = new Map();
  for (const segment of segments) {
    const voice = voiceOf(state, segment);
    const entry = voices.get(voice) ?? { voice, name: speakerName(state, segment), seconds: 0 };
    entry.seconds += segment.end - segment.start;
    voices.set(voice, entry);
  }
  return [...voices.values()].sort((a, b) => b.seconds - a.seconds);
}

/** The plain sentence for a gap. @param {string} cause */
export function gapSentence(cause) {
  return (
    {
      network: "not recorded: the connection was lost",
      sleep: "not recorded: the computer was asleep",
      paused: "recording paused",
      off_record: "off the record",
      dropped: "not recorded: the microphone was gone or the computer too busy",
      reload: "not recorded: the page was being reloaded",
      undecodable: "could not be understood by the decoder",
    }[cause] ?? `not recorded (${cause})`
  );
}

/** Whether two items look the same. @param {Item} a @param {Item} b */
export function sameItem(a, b) {
  if (a.type === "gap" || b.type === "gap") return a.type === b.type && a.start === b.start && a.end === b.end;
  if (a.voice !== b.voice || a.speaker !== b.speaker || a.byVoice !== b.byVoice || a.segments.length !== b.segments.length) return false;
  return a.segments.every((segment, index) => sameSegment(segment, b.segments[index]));
}

/** @param {Segment} a @param {Segment} b */
function sameSegment(a, b) {
  return a === b || (a.id === b.id && a.final === b.final && a.text === b.text && a.stable === b.stable);
}
