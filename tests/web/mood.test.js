import assert from "node:assert/strict";
import { test } from "node:test";

import { moodWord } from "../../web/js/view/recap/mood.js";

test("a mood is told in words, and one that leans nowhere is mixed", () => {
  assert.equal(moodWord(0.6), "Mostly glad");
  assert.equal(moodWord(0.2), "Rather glad");
  assert.equal(moodWord(0.05), "Mixed");
  assert.equal(moodWord(-0.2), "Rather worried");
  assert.equal(moodWord(-0.9), "Mostly worried");
});
