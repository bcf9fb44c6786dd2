import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "../parts.js";

// A text measure in which every character is half as wide as it is high.
const pen = { measureText: (text) => ({ width: 50 * text.length }) };
const document = { createElement: () => ({ getContext: () => pen }) };
const { labelForms, blockLabels, overlap } = load(["parts/controls", "graph/labels"], ["labelForms", "blockLabels", "overlap"], { document });

const THEME = { font: "serif", text: "#000000", quiet: "#777777", background: "#ffffff" };

function named(ids, { apart = 60, slot = 60, width = 1000, near = [], zoom = 1 } = {}) {
  const places = { blocks: new Map(ids.map((id, index) => [id, { x: 60 + index * apart, y: 50 }])), radius: 9, slot, width };
  return blockLabels(ids.map((id) => ({ id, near: near.includes(id), quiet: false })), places, { zoom, theme: THEME });
}

test("a name is written in full, then smaller, then truncated, but never below three letters", () => {
  const said = [...labelForms("abcdef", false)].map(({ text }) => text);
  assert.deepEqual(said, ["abcdef", "abcdef", "abcde…", "abcd…", "abc…"]);
  assert.deepEqual([...labelForms("abcdef", true)].map(({ text }) => text), ["abcdef", "abcdef"]);
});

test("names with enough space are written in full below their blocks", () => {
  const found = named(["rgb1", "flow1"]);
  assert.deepEqual(found.map(({ text }) => text), ["rgb1", "flow1"]);
  assert.deepEqual(found.map(({ x }) => x), [60, 120]);
  assert.ok(found.every(({ y }) => y > 59));
});

test("names never overlap or leave the stage", () => {
  for (const apart of [20, 30, 45]) {
    const found = named(["a long name", "a longer name", "the longest name"], { apart, width: 160 });
    for (const { box } of found) assert.ok(box.left >= 0 && box.right <= 160);
    for (const [index, { box }] of found.entries()) assert.ok(found.slice(index + 1).every((other) => !overlap(box, other.box)));
  }
});

test("with many blocks, only blocks at the focus have wide names", () => {
  const ids = Array.from({ length: 101 }, (_, index) => `block number ${index}`);
  const found = named(ids, { slot: 20, width: 1e5, apart: 200, near: [ids[3]] });
  assert.deepEqual(found.map(({ text }) => text), [ids[3]]);
});

test("zooming in makes room for full names", () => {
  const ids = ["a long name", "a longer name"];
  const shortened = (zoom) => named(ids, { zoom }).filter(({ text }) => text.endsWith("…")).length;
  assert.ok(shortened(1) > 0);
  assert.equal(shortened(4), 0);
});

test("boxes that only touch do not overlap", () => {
  const box = { left: 0, right: 10, top: 0, bottom: 10 };
  assert.equal(overlap(box, { ...box, left: 10, right: 20 }), false);
  assert.equal(overlap(box, { ...box, left: 9, right: 20 }), true);
});
