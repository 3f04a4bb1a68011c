import assert from "node:assert/strict";
import test from "node:test";

import { linkSentence, safetySentence } from "../../web/js/feed/health.js";
import { Uplink } from "../../web/js/uplink/machine.js";

const well = { state: "open", reason: "", slow: "", paused: "", recorded_s: 724, safe_s: 724, waiting_s: 0, retry_in_s: 0 };

test("a person is always told how much is recorded and how much of it is safe on the server", () => {
  assert.equal(safetySentence(well), "12 min 04 s recorded, all of it safe");
  assert.equal(safetySentence({ ...well, safe_s: 700 }), "12 min 04 s recorded, 11 min 40 s safe on the server");
});

test("what counts as safe is what the server said that it stored", () => {
  const uplink = new Uplink({ random: () => 0.5 });
  uplink.begin(1, 0);
  for (let index = 0; index < 100; index += 1) uplink.push(new Uint8Array(1920), index * 60);
  uplink.poll(0, 0);
  uplink.welcomed({ resume_from: 0, pts_samples: 0 }, 0);
  uplink.poll(60, 0);
  assert.equal(safetySentence(uplink.status(60)), "6 s recorded, 0 s safe on the server");
  uplink.acked(24, 100);
  assert.equal(safetySentence(uplink.status(100)), "6 s recorded, 1 s safe on the server");
});

test("a full disk, a lost connection and a refused recording are said, the worst first", () => {
  const behind = { ...well, safe_s: 700 };
  assert.equal(linkSentence(well), null);
  assert.match(linkSentence({ ...behind, slow: "full" }).text, /disk is full.*24 s waiting/);
  assert.match(linkSentence({ ...behind, state: "waiting", reason: "network" }).text, /No connection.*24 s waiting/);
  assert.match(linkSentence({ ...behind, state: "failed", reason: "taken" }).text, /another window/);
  assert.match(linkSentence(behind).text, /24 s to go/);
});

test("by WebRTC nothing waits: what is not connected is said to be lost", () => {
  const direct = { ...well, direct: true };
  assert.equal(linkSentence({ ...direct, state: "open" }), null);
  assert.match(linkSentence({ ...direct, state: "waiting", reason: "network" }).text, /lost/);
  assert.match(linkSentence({ ...direct, state: "failed", reason: "ended" }).text, /ended somewhere else/);
  assert.equal(safetySentence(direct), "12 min 04 s sent by WebRTC");
});
