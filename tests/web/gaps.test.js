import assert from "node:assert/strict";
import test from "node:test";

import { gapLength, gapRows, gapSum } from "../../web/js/feed/gaps.js";
import { gapSentence } from "../../web/js/feed/turns.js";

const CAUSES = ["network", "sleep", "paused", "off_record", "dropped", "reload", "undecodable"];

test("every gap is listed in the order of the meeting, however short, with its length and its cause", () => {
  const gaps = CAUSES.map((cause, index) => ({ track: "t1", start: 100 - index * 10, end: 100 - index * 10 + 0.06 + index, cause }));
  const rows = gapRows({ gaps, tracks: new Map([["t1", { track: "t1", label: "Desk" }]]) });
  assert.deepEqual(rows.map((row) => row.start), [40, 50, 60, 70, 80, 90, 100]);
  for (const [index, cause] of [...CAUSES].reverse().entries()) assert.ok(rows[index].text.endsWith(`s ${gapSentence(cause)}`), rows[index].text);
  assert.equal(rows.at(-1).text, "0.1 s not recorded: the connection was lost");
  assert.equal(gapSum(rows), "7 gaps, 21 s in all");
});

test("with several microphones it is said which one", () => {
  const tracks = new Map([["a", { track: "a", label: "Ana" }], ["b", { track: "b", label: "" }]]);
  const rows = gapRows({ gaps: [{ track: "a", start: 1, end: 2, cause: "sleep" }, { track: "b", start: 3, end: 4, cause: "sleep" }], tracks });
  assert.deepEqual(rows.map((row) => row.text), ["1.0 s not recorded: the computer was asleep (Ana)", "1.0 s not recorded: the computer was asleep"]);
});

test("a length is exact where that matters", () => {
  assert.deepEqual([0.02, 0.48, 9.96, 14.2, 59.7, 754].map(gapLength), ["0.1 s", "0.5 s", "10.0 s", "14 s", "1 min 00 s", "12 min 34 s"]);
});
