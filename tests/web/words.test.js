import assert from "node:assert/strict";
import test from "node:test";

import { Framer, Resampler } from "../../web/js/capture/resample.js";
import { captionSentences, endingSentence, linkSentence, modelSentences, safetySentence } from "../../web/js/feed/health.js";
import { clock, dayName, dueText, plural, roughly, size, spell } from "../../web/js/lib/format.js";

function tone(hz, rate, seconds) {
  return Float32Array.from({ length: Math.round(rate * seconds) }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hz * i) / rate));
}

function convert(rate, input) {
  const resampler = new Resampler(rate);
  const output = [];
  for (let at = 0; at < input.length; at += 128) output.push(...resampler.push(input.slice(at, at + 128)));
  return output;
}

const rms = (samples) => Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);

for (const rate of [48000, 44100, 16000]) {
  test("of a meeting that is over is said how much is still to be written down", () => {
  const said = (/** @type {Record<string, any>[]} */ ...health) => endingSentence(health).text;
  assert.equal(said(), "The last words are being written down; then the recap is made. You can leave this page.");
  assert.equal(said({ track: "t", lag_ms: 1200 }, { notes: "busy", lag_ms: 90000 }), said());
  assert.equal(said({ track: "t", lag_ms: 35400 }), "35 s of sound are still to be written down; then the recap is made. You can leave this page.");
});

test(`a tone survives the way from ${rate} Hz to 16 kHz`, () => {
    const output = convert(rate, tone(440, rate, 1));
    assert.ok(Math.abs(output.length - 16000) < 40, `${output.length} samples`);
    const expected = tone(440, 16000, 1);
    const errors = output.slice(200, 15000).map((x, i) => x - expected[i + 200]);
    assert.ok(rms(errors) < 0.002, `error ${rms(errors)}`);
  });
}

test("what 16 kHz cannot carry is filtered out, not folded back", () => {
  assert.ok(rms(convert(48000, tone(11000, 48000, 1)).slice(200)) < 0.004);
});

test("frames have 960 samples and the rest comes at the end", () => {
  const framer = new Framer();
  assert.equal(framer.push(new Float32Array(2000)).length, 2);
  assert.equal(framer.flush().length, 80);
  assert.deepEqual([...new Framer().push(new Float32Array(960).fill(2))[0].slice(0, 1)], [32767]);
});

test("times and amounts read well", () => {
  assert.deepEqual([clock(754.3), clock(3723), spell(724), spell(40), roughly(1500)], ["12:34", "1:02:03", "12 min 04 s", "40 s", "25 min"]);
  assert.deepEqual([size(145e6), size(1.1e9), plural(1, "item"), plural(2, "item")], ["145 MB", "1.1 GB", "1 item", "2 items"]);
  assert.equal(dayName(new Date(2026, 2, 1), new Date(2026, 2, 2), "en"), "Yesterday");
  assert.equal(dayName(new Date(2026, 1, 10), new Date(2026, 2, 2), "en-GB"), "Tuesday 10 February");
  assert.equal(dueText("2026-03-05", "by Thursday", "en-GB"), "Thu, 5 Mar".replace(",", dueText("2026-03-05", "", "en-GB").includes(",") ? "," : ""));
  assert.equal(dueText(null, "by Thursday"), "by Thursday");
});

const link = { state: "open", reason: "", slow: "", paused: "", recorded_s: 724, safe_s: 723.5, waiting_s: 0.5, retry_in_s: 0 };

test("all is safe, or the page says how much is not", () => {
  assert.equal(safetySentence(link), "12 min 04 s recorded, all of it safe");
  assert.equal(linkSentence(link), null);
  const offline = { ...link, state: "waiting", reason: "network", safe_s: 684 };
  assert.equal(safetySentence(offline), "12 min 04 s recorded, 11 min 24 s safe on the server");
  assert.deepEqual(linkSentence(offline), { level: "bad", text: "No connection. Recording goes on here, 40 s waiting to be sent." });
});

test("a busy computer is said in seconds", () => {
  assert.deepEqual(captionSentences([{ track: "t", lag_ms: 6100, interims: false }]), [
    { level: "warn", text: "Captions are 6 s behind: this computer is busy" },
  ]);
  assert.deepEqual(captionSentences([{ track: "t", lag_ms: 480 }, { notes: "ok", lag_ms: 4000 }]).map((s) => s.text), [
    "Captions 0.5 s behind", "Notes up to date",
  ]);
});

test("what is being fetched is said with its share", () => {
  const models = [{ name: "whisper-base", role: "speech", state: "present" },
    { name: "qwen", role: "llm", state: "fetching", done_bytes: 5e8, total_bytes: 1.1e9 }];
  assert.deepEqual(modelSentences(models), [{ level: "ok", text: "Notes and recaps get better words when qwen is here: 45 % of 1.1 GB." }]);
});
