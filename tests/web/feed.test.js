import assert from "node:assert/strict";
import test from "node:test";

import { emptyState, fold, shownNotes } from "../../web/js/feed/fold.js";
import { finalItems, labelsOf, talkTime, withInterims } from "../../web/js/feed/turns.js";
import { secondAt, segmentAt, spotAt, stableChars } from "../../web/js/feed/words.js";

function segment(id, start, text, extra = {}) {
  const words = text.split(" ").map((w, i) => ({ w, s: start + i * 0.3, e: start + i * 0.3 + 0.25 }));
  return { id, track: "t1", start, end: words.at(-1).e, text, words, final: true, ...extra };
}

function snapshot(extra = {}) {
  return { type: "snapshot", seq: 10, meeting: { id: "m", title: "T", state: "live" }, tracks: [{ track: "t1", source: "mic" }],
    segments: [], notes: [], gaps: [], speakers: {}, interims: [], ...extra };
}

function started(extra) {
  const state = emptyState();
  fold(state, snapshot(extra));
  return state;
}

test("a change that the snapshot already has is not worked in twice", () => {
  const state = started({ segments: [segment("a", 1, "hello there")] });
  assert.deepEqual(fold(state, { type: "segment.updated", seq: 10, segment: segment("a", 1, "other") }), {});
  assert.equal(state.order[0].text, "hello there");
});

test("segments stand in order of time whatever the order of arrival", () => {
  const state = started();
  fold(state, { type: "segment.updated", seq: 11, segment: segment("b", 5, "second") });
  fold(state, { type: "segment.updated", seq: 12, segment: segment("a", 1, "first") });
  fold(state, { type: "segment.updated", seq: 13, segment: segment("b", 5, "second, corrected", { rev: 1 }) });
  assert.deepEqual(state.order.map((s) => s.text), ["first", "second, corrected"]);
});

test("a lower revision never replaces a higher one", () => {
  const state = started({ segments: [segment("a", 1, "new", { rev: 2 })], notes: [{ id: "n", kind: "action", text: "new", rev: 3 }] });
  fold(state, { type: "segment.updated", seq: 11, segment: segment("a", 1, "old", { rev: 1 }) });
  fold(state, { type: "notes.updated", seq: 12, items: [{ id: "n", kind: "action", text: "old", rev: 2 }] });
  assert.equal(state.order[0].text, "new");
  assert.equal(state.notes.get("n").text, "new");
});

test("a late interim of words that are final already is dropped", () => {
  const state = started({ segments: [segment("a", 1, "hello there")] });
  assert.deepEqual(fold(state, { type: "interim", track: "t1", segment: segment("a", 1, "hello", { final: false }) }), {});
});

test("when the first half becomes final the open rest stays", () => {
  const state = started();
  fold(state, { type: "interim", track: "t1", segment: segment("a", 1, "so we launch on the", { final: false, stable: 4 }) });
  fold(state, { type: "segment.updated", seq: 11, segment: segment("a", 1, "so we") });
  assert.equal(state.interims.get("t1").text, "launch on the");
  assert.equal(state.interims.get("t1").stable, 2);
});

test("deleted and merged notes are not shown", () => {
  const state = started({ notes: [{ id: "a", kind: "action", text: "x" }, { id: "b", kind: "action", text: "y", merged_into: "a" },
    { id: "c", kind: "risk", text: "z", deleted: true }] });
  assert.deepEqual(shownNotes(state).map((note) => note.id), ["a"]);
});

test("one voice makes one paragraph, another voice or a long silence a new one", () => {
  const state = started({ segments: [
    segment("a", 1, "one two", { speaker: "S1" }), segment("b", 2, "three", { speaker: "S1" }),
    segment("c", 3, "four", { speaker: "S2" }), segment("d", 30, "five", { speaker: "S2" }),
  ], speakers: { S1: "Ana" } });
  const items = finalItems(state);
  assert.deepEqual(items.map((item) => [item.speaker, item.segments.length]), [["Ana", 2], ["S2", 1], ["S2", 1]]);
});

test("words that nobody has been found for yet do not stand under the name before them", () => {
  const heard = [segment("a", 1, "one", { speaker: "S1" }), segment("b", 2, "two"), segment("c", 3, "three")];
  const names = (state) => finalItems(state).map((item) => [item.speaker, item.unknown, item.segments.length]);
  const live = started({ segments: heard, speakers: { S1: "Ana" }, meeting: { state: "live" } });
  assert.deepEqual(names(live), [["Ana", false, 1], ["…", true, 2]]);
  const over = started({ segments: heard, meeting: { state: "completed" } });
  assert.deepEqual(names(over), [["S1", false, 1], ["Unknown", true, 2]]);
  assert.deepEqual(names(started({ segments: [segment("b", 2, "two")] })), [["", false, 1]]);
});

test("a name by voice is marked until a person says who it is", () => {
  const state = started({ segments: [segment("a", 1, "one", { speaker: "S1" })], speakers: { S1: "Ana" }, recognised: ["S1"] });
  assert.equal(finalItems(state)[0].byVoice, true);
  fold(state, { type: "speaker.renamed", seq: 900, speaker: "S1", name: "Ana" });
  assert.equal(finalItems(state)[0].byVoice, false);
  fold(state, { type: "speaker.renamed", seq: 901, speaker: "S1", name: "Tom", by_voice: true });
  assert.deepEqual([finalItems(state)[0].speaker, finalItems(state)[0].byVoice], ["Tom", true]);
});

test("gaps stand where they were, tiny ones are not shown", () => {
  const state = started({ segments: [segment("a", 1, "before"), segment("b", 40, "after")],
    gaps: [{ track: "t1", start: 10, end: 38, cause: "sleep" }, { track: "t1", start: 39, end: 39.001, cause: "reload" }] });
  assert.deepEqual(finalItems(state).map((item) => item.type), ["turn", "gap", "turn"]);
});

test("open words are set at the end of their speaker's turn, and finals are left as they are", () => {
  const state = started({ segments: [segment("a", 1, "so we")] });
  fold(state, { type: "interim", track: "t1", segment: segment("x", 1.8, "launch on", { final: false }) });
  const finals = finalItems(state);
  const items = withInterims(finals, state);
  assert.equal(items.length, 1);
  assert.deepEqual(items[0].segments.map((s) => s.text), ["so we", "launch on"]);
  assert.equal(finals[0].segments.length, 1);
});

test("talk time is counted by voice", () => {
  const state = started({ segments: [segment("a", 0, "x", { end: 4, speaker: "S1" }), segment("b", 5, "y", { end: 15, speaker: "S2" })] });
  assert.deepEqual(talkTime(state.order, state).map((v) => [v.voice, v.seconds]), [["S2", 10], ["S1", 4]]);
});

test("a character leads to its second and a second to its word", () => {
  const s = segment("a", 10, "so we launch");
  assert.equal(secondAt(s, 4), 10.3);
  assert.deepEqual(spotAt(s, 10.7), { from: 6, to: 12, start: 10.6, end: 10.85 });
  assert.equal(segmentAt([segment("a", 1, "x"), segment("b", 5, "y")], 4.9).id, "a");
});

test("corrected text keeps usable times", () => {
  const s = { ...segment("a", 10, "so we launch"), text: "thus they will begin" };
  assert.ok(secondAt(s, 0) === 10 && secondAt(s, 15) > 10.4 && secondAt(s, 15) < s.end);
});

test("the settled part of an interim is counted in characters", () => {
  assert.equal(stableChars(segment("a", 1, "so we launch", { stable: 2 })), 5);
  assert.equal(stableChars(segment("a", 1, "so we launch")), 0);
});

test("twenty thousand segments are laid out in a blink", () => {
  const segments = Array.from({ length: 20000 }, (_, i) => segment(`s${i}`, i * 2, "some words that were said", { speaker: `S${(i >> 1) % 5}` }));
  const state = started({ segments });
  const items = finalItems(state);
  assert.equal(items.length, 10000);
});

test("labels with one name are one voice, which keeps its colour when it gets a name", () => {
  const state = emptyState();
  const said = (id, speaker, start) => ({ id, track: "t", speaker, start, end: start + 2, text: "Yes." });
  fold(state, { type: "snapshot", seq: 1, meeting: {}, tracks: [{ track: "t" }], segments: [said("a", "S1", 0), said("b", "S2", 2), said("c", "S3", 4), said("d", "Ana", 6)], speakers: { S1: "Tom" } });
  const voices = () => finalItems(state).map((turn) => turn.voice);
  assert.deepEqual(voices(), ["S1", "S2", "S3", "Ana"]);
  fold(state, { type: "speaker.renamed", seq: 2, speaker: "S2", name: "Tom" });
  fold(state, { type: "speaker.renamed", seq: 3, speaker: "S3", name: "Ana" });
  assert.deepEqual(voices(), ["S1", "S3"]);
  assert.deepEqual(talkTime(state.order, state).map(({ name, seconds }) => [name, seconds]), [["Tom", 4], ["Ana", 4]]);
  assert.deepEqual(labelsOf(state, "S3"), ["S3", "Ana"]);
});

test("two speakers made one and parted again owe what they owed", () => {
  const state = emptyState();
  const items = [{ id: "a", kind: "action", text: "Do a", owner: "Speaker 1" }, { id: "b", kind: "action", text: "Do b", owner: "Speaker 2" }];
  fold(state, { type: "snapshot", seq: 1, meeting: {}, tracks: [], segments: [], notes: items });
  const owners = () => [...state.notes.values()].map((note) => note.owner);
  fold(state, { type: "speaker.renamed", seq: 2, speaker: "Speaker 2", name: "Speaker 1" });
  assert.deepEqual(owners(), ["Speaker 1", "Speaker 1"]);
  fold(state, { type: "speaker.renamed", seq: 3, speaker: "Speaker 2", name: "Speaker 2" });
  assert.deepEqual(owners(), ["Speaker 1", "Speaker 2"]);
});

test("what a speaker owes goes by the name that people gave them, unless a person chose the owner", () => {
  const state = emptyState();
  const items = [{ id: "a", kind: "action", text: "Do a", owner: "S1" }, { id: "b", kind: "action", text: "Do b", owner: "S1", locked: ["owner"] }];
  fold(state, { type: "snapshot", seq: 1, meeting: {}, tracks: [], segments: [], notes: items });
  fold(state, { type: "speaker.renamed", seq: 2, speaker: "S1", name: "Tom" });
  fold(state, { type: "speaker.renamed", seq: 3, speaker: "S1", name: "Thomas" });
  assert.deepEqual([...state.notes.values()].map((note) => note.owner), ["Thomas", "S1"]);
});
