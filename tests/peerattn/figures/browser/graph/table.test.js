import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "../parts.js";

const { isAscending, compare } = load(["reading/values", "graph/table"], ["isAscending", "compare"]);

test("numbers are sorted in descending order, missing ones last", () => {
  assert.deepEqual([0.2, null, 0.9, 0.5].sort(compare), [0.9, 0.5, 0.2, null]);
});

test("names are sorted alphabetically, with numbers in them by value", () => {
  assert.deepEqual(["rgb10", "flow2", "rgb9"].sort(compare), ["flow2", "rgb9", "rgb10"]);
});

test("the first sort of names is ascending, that of numbers descending", () => {
  assert.deepEqual([isAscending("a", { reversed: false }), isAscending("a", { reversed: true })], [true, false]);
  assert.deepEqual([isAscending(1, { reversed: false }), isAscending(1, { reversed: true })], [false, true]);
});
