import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "../parts.js";

const { Pair } = load(["reading/values", "player/player", "comparison/pair"], ["Pair"]);

const THEME = { dark: false, quiet: "#777777" };

// A recording with one row of factors, and the connections and blocks that it has and lacks.
function recording(values, { has = ["both"], absent = [], isReached = () => false } = {}) {
  const rows = new Map(has.map((id, row) => [id, row]));
  return { length: values.length, at: (name, row, frame) => values[frame], rows, blockRows: new Map([["block", 0]]), absent, isReached };
}

function paired({ first = recording([0.5, 0.5, 0.5]), other = recording([0.5, 0.75, 0]), side = "A", offset = 0 } = {}) {
  const explorer = { recording: first, settings: { side, offset }, theme: THEME, measure: "shade" };
  return Object.assign(Object.create(Pair.prototype), { explorer, other });
}

test("B's frame is offset from A's, and null where B has none", () => {
  const pair = paired({ offset: -1 });
  assert.deepEqual([0, 1, 2, 3, 4].map((frame) => pair.otherFrame(frame)), [null, 0, 1, 2, null]);
});

test("each number has values A, B and B − A, NaN where B has no frame", () => {
  const pair = paired({ offset: 1 });
  assert.deepEqual(pair.values("shade", 0, 0), { A: 0.5, B: 0.75, difference: 0.25 });
  assert.deepEqual(pair.values("shade", 0, 2), { A: 0.5, B: NaN, difference: NaN });
});

test("the greatest difference is over the frames that both recordings have", () => {
  assert.equal(paired().greatestDifference(), 0.5);
  assert.equal(paired({ other: recording([0.5, 0.5, 0.5]) }).greatestDifference(), 1); // no difference: any scale will do
});

test("an unknown side is A", () => {
  assert.deepEqual(["A", "B", "difference", "C", ""].map((side) => paired({ side }).side), ["A", "B", "difference", "A", "A"]);
});

test("a difference is coloured relative to the greatest one", () => {
  const pair = Object.assign(paired({ side: "difference" }), { scale: 0.5 });
  assert.deepEqual([-0.5, 0, 0.5].map((value) => pair.color(value)), ["#2166ac", "#f0f0f0", "#b2182b"]);
});

test("parts missing in the side shown have no counterpart", () => {
  const first = recording([0], { has: ["both", "alone"], absent: ["new"] });
  const other = recording([0], { absent: ["alone", "block"] });
  const removed = (side) => [...paired({ first, other, side }).marks().removed];
  assert.deepEqual([removed("A"), removed("B"), removed("difference")], [[], ["alone"], ["alone"]]);
  assert.deepEqual([...paired({ first, other, side: "B" }).marks().dead], ["block"]);
});

test("a frame is within reach of an end of the clip shown; for the difference, of either clip", () => {
  const [first, other] = [recording([0, 0], { isReached: (frame) => frame === 0 }), recording([0, 0], { isReached: (frame) => frame === 1 })];
  const reached = (side) => [0, 1].map((frame) => paired({ first, other, side }).isReached(frame, null));
  assert.deepEqual([reached("A"), reached("B"), reached("difference")], [[true, false], [false, true], [true, true]]);
});

const line = (name, value) => ({ name, color: "#123456", pattern: [], width: 2, value, low: () => 0, high: () => 1 });

test("lines with the same name match, and those of B use its own frames", () => {
  const chart = { lines: [line("rgb", () => 0.1), line("flow", () => 0.2)], remark: "as recorded" };
  const other = { lines: [line("rgb", (frame) => frame / 10)], remark: "as recorded" };
  const { lines, remark } = paired({ side: "B", offset: 1 }).joinCharts(chart, other);
  assert.deepEqual(lines.map(({ name, width, low }) => [name, width, low === undefined]), [["A rgb", 1.25, false], ["A flow", 1.25, false], ["B rgb", 2.5, true]]);
  assert.deepEqual([lines[2].value(0), lines[2].value(2), remark], [0.1, NaN, "as recorded"]);
});

test("a difference has a line for each name that both charts have, on a signed axis", () => {
  const chart = { lines: [line("rgb", () => 0.5), line("flow", () => 0.2)], remark: "one" };
  const joined = paired({ side: "difference" }).joinCharts(chart, { lines: [line("rgb", () => 0.25)], remark: "two" });
  assert.deepEqual(joined.lines.map(({ name, value }) => [name, value(0)]), [["rgb", -0.25]]);
  assert.deepEqual([joined.signed, joined.remark], [true, "A: one B: two"]);
});
