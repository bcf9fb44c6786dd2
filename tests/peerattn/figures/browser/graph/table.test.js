import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "../parts.js";

const { isAscending, compare } = load(["reading/values", "graph/table"], ["isAscending", "compare"]);

test("great numbers come first, and what has none last", () => {
  assert.deepEqual([0.2, null, 0.9, 0.5].sort(compare), [0.9, 0.5, 0.2, null]);
});

test("names come from A, their numbers by value", () => {
  assert.deepEqual(["rgb10", "flow2", "rgb9"].sort(compare), ["flow2", "rgb9", "rgb10"]);
});

test("a heading says the way: names rise at first, numbers fall", () => {
  assert.deepEqual([isAscending("a", { reversed: false }), isAscending("a", { reversed: true })], [true, false]);
  assert.deepEqual([isAscending(1, { reversed: false }), isAscending(1, { reversed: true })], [false, true]);
});
