import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "../parts.js";

const { findMatches } = load(["graph/search"], ["findMatches"]);

const entry = (kind, text) => ({ kind, id: text, text, words: text.toLowerCase() });
const ENTRIES = [
  entry("block", "inner rgb1"), entry("block", "rgb1"), entry("block", "flow1"),
  entry("connection", "rgb1 → top"), entry("connection", "flow1 → rgb1"),
];
const found = (typed) => findMatches(ENTRIES, typed).map(({ text }) => text);

test("names that begin with the typed text come first, then other blocks, then connections", () => {
  assert.deepEqual(found("rgb1"), ["rgb1", "inner rgb1", "rgb1 → top", "flow1 → rgb1"]);
});

test("each word must occur, in any order", () => {
  assert.deepEqual(found("rgb inner"), ["inner rgb1"]);
  assert.deepEqual(found("inner flow"), []);
});

test("an arrow in any notation separates source and target", () => {
  for (const typed of ["rgb1 → top", "rgb1->top", "rgb1 > top", "rgb→t"]) assert.deepEqual(found(typed), ["rgb1 → top"]);
  assert.deepEqual(found("→ rgb1"), ["flow1 → rgb1"]);
  assert.deepEqual(found("flow1 →"), ["flow1 → rgb1"]);
});
