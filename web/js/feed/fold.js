// @ts-check
/**
 * The state of a meeting as the feed tells it: a snapshot, then every change after it. Pure; whoever folds the same
 * messages has the same state. Items are upserted by ``id``, a lower ``rev`` never replaces a higher one.
 */

/** @typedef {{w: string, s: number, e: number, p?: number}} Word */
/**
 * @typedef {object} Segment
 * @property {string} id
 * @property {string} track
 * @property {number} start
 * @property {number} end
 * @property {string} text
 * @property {Word[]} [words]
 * @property {number} [rev]
 * @property {string | null} [speaker]
 * @property {boolean} [final]
 * @property {number} [stable]
 * @property {string | null} [language]
 */
/** @typedef {{segment_id: string, quote: string, start: number, end: number, goes_on?: boolean}} Evidence */
/**
 * @typedef {object} Note
 * @property {string} id
 * @property {"action" | "decision" | "question" | "risk" | "topic"} kind
 * @property {string} text
 * @property {number} [rev]
 * @property {string | null} [owner]
 * @property {string | null} [owed_as]
 * @property {string | null} [due]
 * @property {string | null} [due_words]
 * @property {"open" | "done" | "answered" | "withdrawn"} [status]
 * @property {Evidence[]} [evidence]
 * @property {string[]} [locked]
 * @property {{at: number, by: string, what: string, reason?: string}[]} [history]
 * @property {string | null} [merged_into]
 * @property {boolean} [deleted]
 */
/** @typedef {{track: string, start: number, end: number, cause: string}} Gap */
/** @typedef {{track: string, source?: string, speaker?: string | null, label?: string, offset_s?: number, finished?: boolean}} Track */
/** @typedef {{participant: string, name: string, joined_at: number, state?: "on" | "paused" | "off_record", left_at?: number | null, left?: string, invite?: string | null}} Participant */
/** @typedef {{value: number, segment_id: string, quote: string, start: number, end: number}} Mood */
/** @typedef {{title: string, start: number, end: number, summary?: string, mood?: Mood | null}} Chapter */
/**
 * @typedef {object} State
 * @property {number} seq
 * @property {boolean} loaded
 * @property {Record<string, any>} meeting
 * @property {Map<string, Track>} tracks
 * @property {Map<string, Segment>} segments
 * @property {Segment[]} order final segments by time
 * @property {Map<string, Segment>} interims by track
 * @property {Map<string, Note>} notes
 * @property {string} summary
 * @property {Chapter[]} chapters
 * @property {Record<string, any> | null} recap
 * @property {Gap[]} gaps
 * @property {Record<string, string>} speakers
 * @property {Set<string>} recognised labels that have their name by a remembered voice
 * @property {Map<string, Participant>} people in order of arrival
 * @property {Map<string, Record<string, any>>} health by track, or "" for the notes
 * @property {boolean} completed
 * @property {boolean} deleted
 */
/**
 * What a message changed, so that a view redraws only that.
 * @typedef {object} Change
 * @property {boolean} [all]
 * @property {boolean} [text]
 * @property {boolean} [interims]
 * @property {boolean} [notes]
 * @property {boolean} [meta]
 * @property {boolean} [health]
 * @property {Segment[]} [spoken] segments that have just become final
 * @property {string} [error]
 */

/** @returns {State} */
export function emptyState() {
  return {
    seq: 0, loaded: false, meeting: {}, tracks: new Map(), segments: new Map(), order: [], interims: new Map(),
    notes: new Map(), summary: "", chapters: [], recap: null, gaps: [], speakers: {}, recognised: new Set(), people: new Map(), health: new Map(),
    completed: false, deleted: false,
  };
}

/**
 * Works a message of the feed into the state.
 * @param {State} state
 * @param {Record<string, any>} message
 * @returns {Change}
 */
export function fold(state, message) {
  if (typeof message.seq === "number") {
    if (message.type !== "snapshot" && message.seq <= state.seq) return {};
    state.seq = message.seq;
  }
  const handler = HANDLERS[message.type];
  return handler ? handler(state, message) : {};
}

/** @type {Record<string, (state: State, message: any) => Change>} */
const HANDLERS = {
  snapshot,
  "segment.updated": (state, { segment }) => upsertSegment(state, { ...segment, final: true }),
  "notes.updated": notesUpdated,
  "recap.ready": (state, { recap }) => set(state, { recap }, { meta: true }),
  "gap.added": (state, { gap }) => set(state, { gaps: withGap(state.gaps, gap) }, { text: true }),
  "track.added": (state, { track }) => putTrack(state, track),
  "track.finished": trackFinished,
  "speaker.renamed": speakerRenamed,
  "participant.updated": (state, { participant }) => set(state, { people: new Map(state.people).set(participant.participant, participant) }, { meta: true }),
  "meeting.updated": (state, { meeting }) => set(state, { meeting: { ...state.meeting, ...meeting } }, { meta: true }),
  "meeting.completed": meetingCompleted,
  "meeting.deleted": (state) => set(state, { deleted: true }, { meta: true }),
  interim,
  health: (state, message) => {
    state.health.set(message.track ?? "", message);
    return { health: true };
  },
  // A snapshot follows on the same connection and replaces everything.
  resync: () => ({}),
  error: (_, { code, detail }) => ({ error: detail ?? code }),
};

/** What a voice is called before anybody has named it. */
const LABEL = /^Speaker [A-Z]?\d+$/;

/** What the speaker owes goes by the new name, as in the server's fold. @param {State} state @param {any} message @returns {Change} */
function speakerRenamed(state, { speaker, name, by_voice }) {
  const before = state.speakers[speaker] ?? speaker;
  const others = Object.entries(state.speakers).some(([label, called]) => label !== speaker && called === before);
  const shared = before !== speaker && (others || LABEL.test(before));
  for (const note of state.notes.values()) {
    const owes = note.owed_as ? note.owed_as === speaker : note.owner === before && !shared;
    if (owes && !note.locked?.includes("owner")) state.notes.set(note.id, { ...note, owner: name, owed_as: speaker });
  }
  const recognised = new Set([...state.recognised].filter((label) => label !== speaker));
  if (by_voice && name !== speaker) recognised.add(speaker);
  return set(state, { recognised, speakers: { ...state.speakers, [speaker]: name } }, { text: true, meta: true, notes: true });
}

/** @param {State} state @param {Partial<State>} fields @param {Change} change */
function set(state, fields, change) {
  Object.assign(state, fields);
  return change;
}

/** @param {State} state @param {any} message @returns {Change} */
function snapshot(state, message) {
  const segments = values(message.segments).map((segment) => ({ ...segment, final: true }));
  Object.assign(state, {
    loaded: true,
    meeting: message.meeting ?? {},
    tracks: new Map(values(message.tracks).map((track) => [track.track ?? track.id, track])),
    segments: new Map(segments.map((segment) => [segment.id, segment])),
    order: segments.sort(byTime),
    notes: new Map(values(message.notes).map((note) => [note.id, note])),
    summary: message.summary ?? "",
    chapters: message.chapters ?? [],
    recap: message.recap ?? null,
    gaps: [...values(message.gaps)].sort((a, b) => a.start - b.start),
    speakers: message.speakers ?? {},
    recognised: new Set(values(message.recognised)),
    people: new Map(values(message.people).map((person) => [person.participant, person])),
    interims: new Map(),
    completed: message.meeting?.state === "completed",
  });
  for (const open of values(message.interims)) interim(state, open.segment !== undefined ? open : { segment: open, track: open?.track });
  return { all: true, text: true, interims: true, notes: true, meta: true, health: true };
}

/** A list, or the values of an object. @param {any} list @returns {any[]} */
function values(list) {
  return Array.isArray(list) ? list : Object.values(list ?? {});
}

/** @param {Segment} a @param {Segment} b */
function byTime(a, b) {
  return a.start - b.start || (a.track < b.track ? -1 : a.track > b.track ? 1 : 0);
}

/** @param {State} state @param {Segment} segment @returns {Change} */
function upsertSegment(state, segment) {
  const stored = state.segments.get(segment.id);
  if (stored && (segment.rev ?? 0) < (stored.rev ?? 0)) return {};
  state.segments.set(segment.id, segment);
  if (stored && stored.start === segment.start) state.order[state.order.lastIndexOf(stored)] = segment;
  else {
    if (stored) state.order.splice(state.order.lastIndexOf(stored), 1);
    let at = state.order.length;
    while (at > 0 && byTime(state.order[at - 1], segment) > 0) at -= 1;
    state.order.splice(at, 0, segment);
  }
  trimInterim(state, segment);
  return stored ? { text: true } : { text: true, interims: true, spoken: [segment] };
}

/** The open words after those that have just become final stay where they are. @param {State} state @param {Segment} final */
function trimInterim(state, final) {
  const open = state.interims.get(final.track);
  if (!open) return;
  const words = (open.words ?? []).filter((word) => word.s >= final.end - 0.05);
  if (words.length === 0 || open.end <= final.end) {
    state.interims.delete(final.track);
    return;
  }
  const gone = (open.words?.length ?? 0) - words.length;
  if (gone === 0) return;
  const stable = Math.max(0, (open.stable ?? 0) - gone);
  state.interims.set(final.track, { ...open, start: words[0].s, words, stable, text: words.map((word) => word.w).join(" ") });
}

/** @param {State} state @param {any} message @returns {Change} */
function interim(state, { track, segment }) {
  if (!segment || !segment.text) {
    const had = state.interims.delete(track ?? segment?.track);
    return had ? { interims: true } : {};
  }
  if (state.segments.has(segment.id)) return {};
  const open = state.interims.get(segment.track);
  if (open && open.id === segment.id && (segment.rev ?? 0) < (open.rev ?? 0)) return {};
  state.interims.set(segment.track, { ...segment, final: false });
  return { interims: true };
}

/** @param {State} state @param {any} message @returns {Change} */
function notesUpdated(state, message) {
  for (const item of values(message.items)) {
    const stored = state.notes.get(item.id);
    if (!stored || (item.rev ?? 0) >= (stored.rev ?? 0)) state.notes.set(item.id, item);
  }
  if (typeof message.summary === "string") state.summary = message.summary;
  if (Array.isArray(message.chapters)) state.chapters = message.chapters;
  return { notes: true };
}

/** @param {Gap[]} gaps @param {Gap} gap */
function withGap(gaps, gap) {
  const others = gaps.filter((known) => known.track !== gap.track || known.start !== gap.start);
  return [...others, gap].sort((a, b) => a.start - b.start);
}

/** @param {State} state @param {any} track @returns {Change} */
function putTrack(state, track) {
  state.tracks.set(track.track ?? track.id, track);
  return { meta: true };
}

/** @param {State} state @param {any} message @returns {Change} */
function trackFinished(state, { track }) {
  const id = typeof track === "string" ? track : track.track ?? track.id;
  state.tracks.set(id, { ...(state.tracks.get(id) ?? { track: id }), finished: true });
  state.interims.delete(id);
  return { meta: true, interims: true };
}

/** @param {State} state @param {any} message @returns {Change} */
function meetingCompleted(state, { duration_s }) {
  state.completed = true;
  state.interims.clear();
  state.meeting = { ...state.meeting, state: "completed", ...(duration_s === undefined ? {} : { duration_s }) };
  return { meta: true, interims: true };
}

/** The notes that a reader sees, in order of first appearance. @param {State} state */
export function shownNotes(state) {
  return [...state.notes.values()].filter((note) => !note.deleted && !note.merged_into);
}
