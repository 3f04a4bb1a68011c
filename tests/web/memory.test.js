// What the pages know of all meetings together: the board, streamed answers, the history of a note.
import assert from "node:assert/strict";
import { test } from "node:test";

import { askedOf, filtersOf, hashOf, isLate, isoDay, shelvesOf } from "../../web/js/feed/board.js";
import { eventsOf, parseEvents } from "../../web/js/lib/events.js";
import { changeWords } from "../../web/js/view/notes/history.js";

const TODAY = new Date(2026, 2, 4, 15, 30);

function entry(id, due, fields = {}) {
  const { overdue = false, ...item } = fields;
  return { meeting: "m", title: "Launch", started_at: 0, overdue, item: { id, kind: "action", text: id, status: "open", due, ...item } };
}

test("what the board is asked for goes into the address and comes back", () => {
  for (const asked of [
    { status: "open", owner: null, by: "date" },
    { status: "all", owner: "", by: "person" },
    { status: "done", owner: "Ana & Tom + 100 %", by: "date" },
  ]) {
    assert.deepEqual(askedOf(hashOf(asked)), asked);
  }
  assert.deepEqual(askedOf("status=nonsense&by=nonsense"), { status: "open", owner: null, by: "date" });
});

test("the server is asked for one status, or for all by leaving it out", () => {
  assert.equal(filtersOf(askedOf(""), 0).get("status"), "open");
  assert.equal(filtersOf(askedOf("status=all&owner="), 100).toString(), "limit=100&offset=100&owner=");
});

test("items stand under the nearest heading that fits their day", () => {
  const items = [entry("late", "2026-03-01", { overdue: true }), entry("soon", "2026-03-11"), entry("far", "2026-03-12"), entry("whenever", null), entry("words", "next week"), entry("over", "2026-03-01", { status: "done" })];
  const shelves = shelvesOf(items, "date", TODAY).map(({ key, items: shown }) => [key, shown.map(({ item }) => item.id)]);
  assert.deepEqual(shelves, [["overdue", ["late"]], ["week", ["soon"]], ["later", ["far"]], ["undated", ["whenever", "words"]], ["done", ["over"]]]);
});

test("by person, nobody's items come last", () => {
  const items = [entry("a", null), entry("b", null, { owner: "Tom" }), entry("c", null, { owner: "Ana" }), entry("d", null, { owner: "Tom" })];
  assert.deepEqual(shelvesOf(items, "person", TODAY).map(({ title, items: shown }) => [title, shown.length]), [["Ana", 1], ["Tom", 2], ["Nobody yet", 1]]);
});

test("an item is late from the day after it was due, and only while it is open", () => {
  assert.equal(isoDay(TODAY), "2026-03-04");
  assert.equal(isLate({ due: "2026-03-03" }, TODAY), true);
  assert.equal(isLate({ due: "2026-03-04" }, TODAY), false);
  assert.equal(isLate({ due: "2026-03-03", status: "done" }, TODAY), false);
  assert.equal(isLate({ due: null }, TODAY), false);
});

test("events are the same however the answer is cut into pieces", async () => {
  const text = 'event: sentence\r\ndata: {"text":"Zwölf Euro"}\r\n\r\n: ping\r\n\r\nevent: done\ndata: {"found":\ndata: true}\n\n';
  const wanted = [{ event: "sentence", data: '{"text":"Zwölf Euro"}' }, { event: "done", data: '{"found":\ntrue}' }];
  assert.deepEqual(parseEvents(text.replaceAll("\r\n", "\n")).events, wanted);
  const bytes = new TextEncoder().encode(text);
  for (const step of [1, 7, 1000]) {
    const stream = new ReadableStream({
      start(control) {
        for (let at = 0; at < bytes.length; at += step) control.enqueue(bytes.slice(at, at + step));
        control.close();
      },
    });
    const seen = [];
    for await (const event of eventsOf(new Response(stream))) seen.push(event);
    assert.deepEqual(seen, wanted);
  }
});

test("the history says who did what", () => {
  const nameOf = (user) => (user === "u1" ? "You" : "Somebody");
  assert.deepEqual(changeWords({ at: 1, by: "analyzer", what: "withdrawn", reason: "Daniela said no." }, nameOf), { what: "Withdrawn", why: "Daniela said no." });
  assert.equal(changeWords({ at: 1, by: "u1", what: "edited", reason: "owner, due" }, nameOf).what, "You changed the owner and the due date");
  assert.equal(changeWords({ at: 1, by: "u2", what: "deleted", reason: "" }, nameOf).what, "Somebody deleted it");
});
