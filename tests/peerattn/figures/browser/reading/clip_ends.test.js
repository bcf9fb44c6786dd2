import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "../parts.js";

const { isWithinReach, frameRanges, widestReach } = load(["reading/clip_ends"], ["isWithinReach", "frameRanges", "widestReach"]);

test("the given numbers of frames at the start and at the end are within reach", () => {
  const reached = Array.from({ length: 6 }, (_, frame) => isWithinReach([2, 1], frame, 6));
  assert.deepEqual(reached, [true, true, false, false, false, true]);
});

test("without a recorded reach, no frame is within reach", () => {
  for (const unknown of [null, undefined]) assert.equal(isWithinReach(unknown, 0, 6), false);
});

test("the widest of several reaches is taken at each end, or null if none is known", () => {
  assert.deepEqual(widestReach([[2, 0], null, [1, 3]]), [2, 3]);
  assert.equal(widestReach([null, undefined]), null);
  assert.equal(widestReach([]), null);
});

test("consecutive frames form ranges", () => {
  const wanted = new Set([0, 1, 4, 6, 7]);
  assert.deepEqual(frameRanges(8, (frame) => wanted.has(frame)), [[0, 2], [4, 5], [6, 8]]);
  assert.deepEqual(frameRanges(3, () => false), []);
  assert.deepEqual(frameRanges(3, () => true), [[0, 3]]);
});
