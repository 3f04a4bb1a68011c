import assert from "node:assert/strict";
import test from "node:test";

import { FLAG_GAP, FLAG_LAST, HEADER_BYTES, crc32, encodeFrame } from "../../web/js/uplink/frames.js";
import { Uplink } from "../../web/js/uplink/machine.js";

const FRAME_BYTES = 1920;
const steady = { random: () => 0.5 };

/** What the gateway does with frames: keeps what comes in order, answers with what it keeps. */
class Server {
  constructor() {
    this.next = new Map();
    this.frames = [];
    this.pts = 0;
  }

  welcome(session) {
    return { resume_from: this.next.get(session) ?? 0, pts_samples: this.pts };
  }

  take(data) {
    const view = new DataView(data);
    const frame = {
      flags: view.getUint8(2), session: view.getUint32(4, true), seq: view.getUint32(8, true),
      pts: Number(view.getBigUint64(12, true)), payload: new Uint8Array(data.slice(HEADER_BYTES)),
    };
    assert.equal(view.getUint32(20, true), crc32(frame.payload));
    const expected = this.next.get(frame.session) ?? 0;
    if (frame.seq < expected) return null;
    assert.equal(frame.seq, expected, "frames come without holes");
    assert.equal(frame.pts, this.pts, "media time has no holes");
    this.next.set(frame.session, expected + 1);
    const gap = frame.flags & FLAG_GAP ? JSON.parse(new TextDecoder().decode(frame.payload)) : null;
    this.pts += gap ? gap.samples : frame.payload.length / 2;
    this.frames.push({ ...frame, gap });
    return frame.seq;
  }

  get sound() {
    return this.frames.flatMap((frame) => (frame.gap ? [] : [...frame.payload]));
  }
}

function sound(index) {
  return new Uint8Array(FRAME_BYTES).fill(index % 251);
}

/** Polls once and hands what is sent to the server, unless ``server`` is null (the line is dead). */
function step(uplink, now, server) {
  const done = [];
  for (const action of uplink.poll(now, 0)) {
    done.push(action.do);
    if (!server) continue;
    if (action.do === "connect") uplink.welcomed(server.welcome(action.session), now);
    if (action.do === "send") {
      const seq = server.take(action.data);
      if (seq !== null) uplink.acked(seq, now);
    }
    if (action.do === "ping") uplink.heard(now);
  }
  return done;
}

test("the checksum is zlib's", () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
});

test("a frame has the header that the contract describes", () => {
  const data = encodeFrame({ session: 7, seq: 3, pts: 2 ** 33, payload: new Uint8Array([1, 2]), flags: FLAG_LAST });
  const hex = Buffer.from(data).toString("hex");
  assert.equal(hex.slice(0, 40), "01000100" + "07000000" + "03000000" + "0000000002000000");
  assert.equal(data.byteLength, HEADER_BYTES + 2);
});

test("sound travels at once and is forgotten when the server has stored it", () => {
  const uplink = new Uplink(steady);
  const server = new Server();
  uplink.begin(100, 0);
  step(uplink, 0, server);
  for (let index = 0; index < 50; index += 1) {
    uplink.push(sound(index), index * 60);
    step(uplink, index * 60, server);
  }
  assert.equal(server.frames.length, 50);
  const status = uplink.status(3000);
  assert.equal(status.recorded_s, 3);
  assert.equal(status.safe_s, 3);
});

for (const [length, frames] of [["half a minute", 500], ["ten minutes", 10_000]]) test(`after a break of ${length} only the hole is sent again, in order, at most four times real time`, () => {
  const uplink = new Uplink(steady);
  const server = new Server();
  uplink.begin(100, 0);
  let now = 0;
  const capture = (count, line) => {
    for (let index = 0; index < count; index += 1, now += 60) {
      uplink.push(sound(uplink.current.count), now);
      step(uplink, now, line);
    }
  };
  capture(20, server);
  uplink.closed(1006, now);
  for (let tick = 0; tick < frames; tick += 1, now += 60) uplink.push(sound(uplink.current.count), now);
  assert.equal(uplink.status(now).state, "waiting");
  assert.ok(uplink.status(now).waiting_s > 0.058 * frames);
  const before = server.frames.length;
  step(uplink, now, server);
  const start = now;
  while (uplink.status(now).waiting_s > 0.2) {
    uplink.push(sound(uplink.current.count), now);
    for (let part = 0; part < 2; part += 1, now += 30) step(uplink, now, server);
  }
  const rate = ((server.frames.length - before) * 60) / (now - start);
  assert.ok(rate < 4.2 && rate > 3.5, `sent at ${rate} times real time`);
  assert.deepEqual(server.frames.map((frame) => frame.seq), server.frames.map((_, index) => index));
});

test("it tries again for ever, and waits longer each time up to 7 s", () => {
  const uplink = new Uplink(steady);
  uplink.begin(1, 0);
  uplink.push(sound(0), 0);
  const waits = [];
  let now = 0;
  for (let attempt = 0; attempt < 9; attempt += 1) {
    assert.deepEqual(step(uplink, now, null), ["connect"]);
    uplink.closed(1006, now);
    waits.push(uplink.retryAt - now);
    now = uplink.retryAt;
  }
  assert.deepEqual(waits, [0, 300, 1700, 3200, 5300, 7500, 7500, 7500, 7500]);
});

test("it does not send more than the window allows without an answer", () => {
  const uplink = new Uplink(steady);
  uplink.begin(1, 0);
  for (let index = 0; index < 300; index += 1) uplink.push(sound(index), index * 60);
  uplink.poll(0, 0);
  uplink.welcomed({ resume_from: 0, pts_samples: 0, window: 20 }, 0);
  let sent = 0;
  for (let now = 0; now < 9000; now += 30) sent += uplink.poll(now, 0).filter((action) => action.do === "send").length;
  assert.equal(sent, 20);
});

test("a silent server counts as dead after ten seconds", () => {
  const uplink = new Uplink(steady);
  uplink.begin(1, 0);
  uplink.push(sound(0), 0);
  uplink.poll(0, 0);
  uplink.welcomed({ resume_from: 0, pts_samples: 0 }, 0);
  assert.ok(uplink.poll(5000, 0).some((action) => action.do === "ping"));
  assert.deepEqual(uplink.poll(10000, 0), [{ do: "close", code: 4000 }]);
  assert.equal(uplink.status(10000).state, "waiting");
});

test("a jump of the clock becomes a gap of that length", () => {
  const uplink = new Uplink(steady);
  const server = new Server();
  uplink.begin(1, 0);
  uplink.push(sound(0), 1000);
  uplink.push(sound(1), 31060);
  step(uplink, 0, server);
  step(uplink, 60, server);
  assert.deepEqual(server.frames.map((frame) => frame.gap), [null, { samples: 480000, cause: "sleep" }, null]);
});

test("a pause is a gap with its cause, and sound during it is left out", () => {
  const uplink = new Uplink(steady);
  const server = new Server();
  uplink.begin(1, 0);
  uplink.push(sound(0), 60);
  uplink.pause("paused");
  for (let index = 0; index < 10; index += 1) assert.deepEqual(uplink.push(sound(9), 120 + index * 60), []);
  uplink.resume();
  uplink.push(sound(1), 780);
  step(uplink, 0, server);
  step(uplink, 60, server);
  assert.deepEqual(server.frames.map((frame) => frame.gap?.samples ?? 0), [0, 9600, 0]);
  assert.equal(server.frames[1].gap.cause, "paused");
});

test("sound that waits until the server knows of its person's return goes whole when it does", () => {
  const uplink = new Uplink(steady);
  const server = new Server();
  uplink.begin(1, 0);
  uplink.push(sound(0), 0);
  for (let now = 0; now < 300; now += 30) step(uplink, now, server);
  uplink.held = true;
  for (let index = 1; index < 6; index += 1) uplink.push(sound(index), 60 * index);
  const done = [];
  for (let now = 300; now < 12000; now += 30) done.push(...step(uplink, now, server));
  assert.deepEqual([...new Set(done)], ["ping"], "the connection stays, and nothing is sent");
  assert.equal(server.frames.length, 1);
  uplink.held = false;
  for (let now = 12000; now < 12600; now += 30) step(uplink, now, server);
  assert.deepEqual(server.sound, [0, 1, 2, 3, 4, 5].flatMap((index) => [...sound(index)]));
});

test("the end is told only once everything is stored", () => {
  const uplink = new Uplink(steady);
  const server = new Server();
  uplink.begin(1, 0);
  uplink.push(sound(0), 0);
  uplink.finish(new Uint8Array(100));
  assert.notEqual(uplink.status(0).state, "done");
  step(uplink, 0, server);
  step(uplink, 60, server);
  assert.deepEqual(step(uplink, 120, server), ["close"]);
  assert.equal(uplink.status(120).state, "done");
  assert.equal(server.frames.at(-1).flags, FLAG_LAST);
});

test("a lost answer to the last frame is the end all the same", () => {
  const uplink = new Uplink(steady);
  uplink.begin(1, 0);
  uplink.push(sound(0), 0);
  uplink.finish(new Uint8Array(0));
  uplink.poll(0, 0);
  uplink.welcomed({ resume_from: 0, pts_samples: 0 }, 0);
  uplink.poll(60, 0);
  uplink.closed(1006, 100);
  uplink.poll(100, 0);
  uplink.closed(4410, 200);
  assert.equal(uplink.status(200).state, "done");
});

test("after a reload the old session's rest goes first, then a gap leads to the new sound", () => {
  const server = new Server();
  const before = new Uplink(steady);
  before.begin(100, 0);
  step(before, 0, server);
  for (let index = 0; index < 10; index += 1) {
    before.push(sound(index), index * 60);
    step(before, index * 60, index < 6 ? server : null);
  }
  const after = new Uplink(steady);
  const old = after.begin(100, 0);
  old.basePts = 0;
  old.safeN = 5;
  for (let n = 5; n < 10; n += 1) old.restore({ n, pts: n * 960, samples: 960, pcm: sound(n) });
  after.begin(105, 80 * 960);
  after.push(sound(50), 9000);
  for (let now = 9000; now < 10000; now += 30) step(after, now, server);
  assert.deepEqual(server.frames.map((frame) => [frame.session, frame.seq]), [
    ...Array.from({ length: 10 }, (_, n) => [100, n]), [105, 0], [105, 1],
  ]);
  assert.deepEqual(server.frames[10].gap, { samples: 70 * 960, cause: "reload" });
});

test("after a reload sound that the server already has is cut off, to the sample", () => {
  const server = new Server();
  server.pts = 2000;
  const uplink = new Uplink(steady);
  uplink.begin(7, 960);
  for (let index = 0; index < 4; index += 1) uplink.push(sound(index + 1), index * 60);
  for (let now = 0; now < 300; now += 30) step(uplink, now, server);
  assert.deepEqual(server.frames.map((frame) => [frame.seq, frame.pts]), [[0, 2000], [1, 2880], [2, 3840]]);
  assert.equal(server.pts, 960 + 4 * 960);
});

test("a file that goes on before the place that the server has reached is stored once", () => {
  const server = new Server();
  server.pts = 5 * 960 + 100;
  const uplink = new Uplink(steady);
  uplink.begin(7, 960, "reload", true);
  for (let index = 1; index < 10; index += 1) {
    uplink.push(sound(index), 0);
    for (let now = index * 60; now < (index + 1) * 60; now += 30) step(uplink, now, server);
  }
  assert.deepEqual(server.sound, [...sound(5).slice(200), ...[6, 7, 8, 9].flatMap((index) => [...sound(index)])]);
});

test("a file that ends before the place that the server has reached is finished all the same", () => {
  const server = new Server();
  server.pts = 5 * 960;
  const uplink = new Uplink(steady);
  uplink.begin(7, 960, "reload", true);
  uplink.push(sound(1), 0);
  step(uplink, 0, server);
  uplink.finish(new Uint8Array(0));
  for (let now = 30; now < 600; now += 30) step(uplink, now, server);
  assert.equal(server.frames.at(-1).flags, FLAG_LAST);
  assert.equal(uplink.status(600).state, "done");
});

test("what a microphone hears after a reload is never taken for a repetition", () => {
  const uplink = new Uplink(steady);
  uplink.begin(7, 960, "reload", false);
  const sent = [];
  for (let index = 0; index < 3; index += 1) {
    uplink.push(sound(index), index * 60);
    for (const action of uplink.poll(index * 60, 0)) {
      if (action.do === "connect") uplink.welcomed({ resume_from: 0, pts_samples: 5000 }, 0);
      if (action.do === "send") sent.push(new Uint8Array(action.data.slice(HEADER_BYTES))[0]);
    }
  }
  for (const action of uplink.poll(300, 0)) if (action.do === "send") sent.push(new Uint8Array(action.data.slice(HEADER_BYTES))[0]);
  assert.deepEqual(sent, [0, 1, 2]);
});

test("a connection that breaks before the first frame numbers the session afresh", () => {
  const server = new Server();
  server.pts = 960;
  const uplink = new Uplink(steady);
  uplink.begin(7, 1920);
  uplink.push(sound(0), 0);
  uplink.poll(0, 0);
  uplink.welcomed(server.welcome(7), 0);
  uplink.closed(1006, 10);
  for (let now = 10; now < 300; now += 30) step(uplink, now, server);
  assert.deepEqual(server.frames.map((frame) => frame.pts), [960, 1920]);
});

test("sound that lies in the store is asked for before it travels", () => {
  const server = new Server();
  const uplink = new Uplink(steady);
  const session = uplink.begin(7, 0);
  for (let index = 0; index < 300; index += 1) uplink.push(sound(index), index * 60).forEach((chunk) => (chunk.stored = true));
  session.shed(10);
  let loads = 0;
  for (let now = 0; now < 9000; now += 30) {
    for (const action of uplink.poll(now, 0)) {
      if (action.do === "connect") uplink.welcomed(server.welcome(action.session), now);
      if (action.do === "send") uplink.acked(server.take(action.data), now);
      if (action.do === "load") {
        loads += 1;
        for (let n = action.n; n < action.n + 5; n += 1) if (session.chunks.has(n)) session.chunks.get(n).pcm ??= sound(n);
      }
    }
  }
  assert.equal(server.frames.length, 300);
  assert.ok(loads > 40);
  assert.deepEqual(server.sound, Array.from({ length: 300 }, (_, n) => [...sound(n)]).flat());
});

test("a track that another page has taken is given up with the reason", () => {
  const uplink = new Uplink(steady);
  uplink.begin(1, 0);
  uplink.push(sound(0), 0);
  uplink.poll(0, 0);
  uplink.closed(4409, 0);
  assert.deepEqual([uplink.status(0).state, uplink.status(0).reason], ["failed", "taken"]);
  assert.deepEqual(uplink.poll(9999, 0), []);
});

test("what is neither stored here nor on the server does not count as durable", () => {
  const uplink = new Uplink(steady);
  uplink.begin(1, 0);
  const chunks = [0, 1, 2].flatMap((index) => uplink.push(sound(index), index * 60));
  assert.equal(uplink.durablePts, 0);
  chunks[0].stored = true;
  assert.equal(uplink.durablePts, 960);
  uplink.poll(0, 0);
  uplink.welcomed({ resume_from: 0, pts_samples: 0 }, 0);
  uplink.acked(2, 0);
  assert.equal(uplink.durablePts, 2880);
});

test("sound that a busy computer lost becomes a gap, sound that only comes late does not", () => {
  const uplink = new Uplink(steady);
  uplink.begin(1, 0);
  const made = [];
  let wall = 1000;
  for (let index = 0; index < 100; index += 1, wall += 60) made.push(...uplink.push(sound(index), wall));
  for (let index = 0; index < 20; index += 1) made.push(...uplink.push(sound(index), wall + 1200));
  wall += 1260;
  for (let index = 0; index < 100; index += 1, wall += 60) made.push(...uplink.push(sound(index), wall));
  assert.deepEqual(made.filter((chunk) => chunk.gap), []);
  for (let index = 0; index < 300; index += 1, wall += 63) made.push(...uplink.push(sound(index), wall));
  const lost = made.filter((chunk) => chunk.gap === "dropped").reduce((sum, chunk) => sum + chunk.samples, 0) / 16;
  assert.ok(lost > 400 && lost < 950, `${lost} ms of 900`);
});

test("a sound card whose clock is slightly off loses nothing", () => {
  const uplink = new Uplink(steady);
  uplink.begin(1, 0);
  let gaps = 0;
  for (let index = 0; index < 60000; index += 1) {
    gaps += uplink.push(sound(0), 1000 + index * 60.006).filter((chunk) => chunk.gap).length;
    uplink.current.chunks.clear();
  }
  assert.equal(gaps, 0);
});
