import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "../parts.js";

const { AXIS, Chart, chartName, stackedEdges } = load(["reading/clip_ends", "timeline/chart_lines", "timeline/chart"], ["AXIS", "Chart", "chartName", "stackedEdges"]);

const TIMES = [0, 0.5, 1, 2, 4];
const line = (values, rest = {}) => ({ name: "line", value: (frame) => values[frame], ...rest });

function drawn({ values = TIMES, unit = " s", least = 0, chart = { lines: [], form: "lines" }, fit = false, width = 454 } = {}) {
  const recording = { length: values.length, times: values, axis: { values, unit, least } };
  const explorer = { recording, settings: { fit } };
  return Object.assign(Object.create(Chart.prototype), { explorer, chart, canvas: { clientWidth: width } });
}

test("frames are equally spaced, and a position is converted back to its frame", () => {
  const chart = drawn();
  const places = TIMES.map((_, frame) => chart.x(frame));
  assert.deepEqual(places, [40, 140, 240, 340, 440]);
  assert.deepEqual(places.map((x) => chart.frameAt(x + 30)), [0, 1, 2, 3, 4]);
  assert.deepEqual([chart.frameAt(-100), chart.frameAt(9999)], [0, 4]);
});

test("a frame begins half a step before its position, the first one at the start of the axis", () => {
  assert.deepEqual([0, 1, 4].map((frame) => drawn().frameStart(frame)), [40, 90, 390]);
});

test("a time is converted to a fractional frame", () => {
  assert.deepEqual([0, 0.5, 0.75, 3, 4].map((time) => drawn().frameOf(time)), [0, 1, 1.5, 3.5, 4]);
});

test("ticks are round, within the clip, and not too close to each other", () => {
  for (const width of [200, 454, 1400]) {
    const chart = drawn({ width });
    const ticks = chart.ticks();
    assert.equal(ticks[0], 0);
    assert.ok(ticks.at(-1) <= 4 + 1e-6 && ticks.length - 1 <= (width - AXIS.left - AXIS.right) / 64);
  }
  assert.deepEqual(drawn().ticks(), [0, 1, 2, 3, 4]);
});

test("steps of training are whole", () => {
  const ticks = drawn({ values: [10, 11, 12], unit: "", least: 1 }).ticks();
  assert.deepEqual(ticks, [10, 11, 12]);
});

test("a clip of one frame has one tick, in the middle", () => {
  const chart = drawn({ values: [0] });
  assert.deepEqual([chart.ticks(), chart.x(0)], [[0], 240]);
});

test("the axis goes from 0 to 1 or to the maximum possible value", () => {
  assert.deepEqual(drawn({ chart: { lines: [line(TIMES)], form: "lines" } }).valueRange(), [0, 1]);
  assert.deepEqual(drawn({ chart: { lines: [line(TIMES)], form: "lines", most: 4 } }).valueRange(), [0, 4]);
});

test("a fitted axis is rounded outward to tenths and never empty", () => {
  const values = [0.31, 0.42, 0.55, 0.4, 0.33];
  assert.deepEqual(drawn({ fit: true, chart: { lines: [line(values)], form: "lines" } }).valueRange(), [0.3, 0.6]);
  assert.deepEqual(drawn({ fit: true, chart: { lines: [line([0.5, 0.5, 0.5, 0.5, 0.5])], form: "lines" } }).valueRange(), [0.4, 0.6]);
  const band = { low: () => 0.12, high: () => 0.77 };
  assert.deepEqual(drawn({ fit: true, chart: { lines: [line(values, band)], form: "lines" } }).valueRange(), [0.1, 0.8]);
});

test("a fitted axis without numbers goes from 0 to 1", () => {
  const nothing = TIMES.map(() => NaN);
  assert.deepEqual(drawn({ fit: true, chart: { lines: [line(nothing)], form: "lines" } }).valueRange(), [0, 1]);
});

test("the axis of differences is symmetric about 0", () => {
  const values = [0.1, -0.25, 0, 0, 0.2];
  assert.deepEqual(drawn({ chart: { lines: [line(values)], form: "lines", signed: true } }).valueRange(), [-0.25, 0.25]);
  assert.deepEqual(drawn({ chart: { lines: [line(TIMES.map(() => 0))], form: "lines", signed: true } }).valueRange(), [-0.01, 0.01]);
});

test("stacked areas add up", () => {
  assert.deepEqual(stackedEdges([line([0.2]), line([0.3]), line([0.5])], 0), [0.2, 0.5, 1]);
  assert.deepEqual(stackedEdges([], 0), []);
});

test("the first chart replaces one that the clip has no numbers for", () => {
  const recording = { charts: { modality: {}, level: {} } };
  const name = (lines) => chartName({ recording, settings: { lines } });
  assert.deepEqual(["level", "connections", "share", "toString"].map(name), ["level", "connections", "modality", "modality"]);
});
