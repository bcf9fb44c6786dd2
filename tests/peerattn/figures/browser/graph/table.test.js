import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "../parts.js";

const { ascending, compare } = load(["reading/values", "graph/table"], ["ascending", "compare"]);

test("great numbers come first, and what has none last", () => {
  assert.deepEqual([0.2, null, 0.9, 0.5].sort(compare), [0.9, 0.5, 0.2, null]);
});

test("names come from A, their numbers by value", () => {
  assert.deepEqual(["rgb10", "flow2", "rgb9"].sort(compare), ["flow2", "rgb9", "rgb10"]);
});

test("a heading says the way: names rise at first, numbers fall", () => {
  assert.deepEqual([ascending("a", { back: false }), ascending("a", { back: true })], [true, false]);
  assert.deepEqual([ascending(1, { back: false }), ascending(1, { back: true })], [false, true]);
});
