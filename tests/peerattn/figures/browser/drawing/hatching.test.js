import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "../parts.js";

const { hatchLines } = load(["drawing/hatching"], ["hatchLines"]);

test("hatching lines run at 45 degrees from edge to edge of the box", () => {
  const box = { left: 10, right: 50, top: 5, bottom: 25 };
  const strokes = hatchLines(box, 8);
  assert.ok(strokes.length >= 6);
  for (const [[x0, y0], [x1, y1]] of strokes) {
    assert.equal(x1 - x0, y1 - y0);
    assert.ok(x0 >= box.left && x1 <= box.right && y0 >= box.top && y1 <= box.bottom);
    assert.ok((x0 === box.left || y0 === box.top) && (x1 === box.right || y1 === box.bottom));
  }
});

test("hatchings of adjacent boxes continue each other", () => {
  const box = { left: 0, right: 42, top: 0, bottom: 14 };
  const foot = ([[x, y]]) => x - y;
  const [whole, left, right] = [box, { ...box, right: 21 }, { ...box, left: 21 }].map((each) => new Set(hatchLines(each).map(foot)));
  assert.deepEqual([...new Set([...left, ...right])].sort((a, b) => a - b), [...whole].sort((a, b) => a - b));
});
