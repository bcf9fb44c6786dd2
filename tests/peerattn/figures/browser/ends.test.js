import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "./parts.js";

const { hatching, isReached, runsOf, widest } = load(["ends"], ["hatching", "isReached", "runsOf", "widest"]);

test("an end reaches so many frames at the start and so many at the end", () => {
  const reached = Array.from({ length: 6 }, (_, frame) => isReached([2, 1], frame, 6));
  assert.deepEqual(reached, [true, true, false, false, false, true]);
});

test("nothing is reached where it was not recorded", () => {
  for (const unknown of [null, undefined]) assert.equal(isReached(unknown, 0, 6), false);
});

test("of several reaches the most at each end counts, and none where none is known", () => {
  assert.deepEqual(widest([[2, 0], null, [1, 3]]), [2, 3]);
  assert.equal(widest([null, undefined]), null);
  assert.equal(widest([]), null);
});

test("frames are gathered into runs", () => {
  const wanted = new Set([0, 1, 4, 6, 7]);
  assert.deepEqual(runsOf(8, (frame) => wanted.has(frame)), [[0, 2], [4, 5], [6, 8]]);
  assert.deepEqual(runsOf(3, () => false), []);
  assert.deepEqual(runsOf(3, () => true), [[0, 3]]);
});

test("strokes of a hatching run at 45 degrees, from edge to edge and nowhere beyond", () => {
  const box = { left: 10, right: 50, top: 5, bottom: 25 };
  const strokes = hatching(box, 8);
  assert.ok(strokes.length >= 6);
  for (const [[x0, y0], [x1, y1]] of strokes) {
    assert.equal(x1 - x0, y1 - y0);
    assert.ok(x0 >= box.left && x1 <= box.right && y0 >= box.top && y1 <= box.bottom);
    assert.ok((x0 === box.left || y0 === box.top) && (x1 === box.right || y1 === box.bottom));
  }
});

test("hatchings side by side go on where the other ends", () => {
  const box = { left: 0, right: 42, top: 0, bottom: 14 };
  const foot = ([[x, y]]) => x - y;
  const [whole, left, right] = [box, { ...box, right: 21 }, { ...box, left: 21 }].map((each) => new Set(hatching(each).map(foot)));
  assert.deepEqual([...new Set([...left, ...right])].sort((a, b) => a - b), [...whole].sort((a, b) => a - b));
});
