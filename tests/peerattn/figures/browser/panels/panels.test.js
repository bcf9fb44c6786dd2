import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "../parts.js";

const { csv, unpackArrays, unescapeName, nearestFrame, tableRows, themed } = load(
  ["panels/packed_arrays", "panels/panel_table", "panels/panel_chart"],
  ["csv", "unpackArrays", "unescapeName", "nearestFrame", "tableRows", "themed"],
);

const packed = (values) => ({ dtype: "f8", bdata: Buffer.from(new Float64Array(values).buffer).toString("base64") });

test("a vector becomes an array of its type, a matrix an array of its rows", () => {
  assert.deepEqual(unpackArrays(packed([1, 2.5])), new Float64Array([1, 2.5]));
  const rows = unpackArrays({ ...packed([1, 2, 3, 4, 5, 6]), shape: "2, 3" });
  assert.deepEqual(rows.map((row) => [...row]), [[1, 2, 3], [4, 5, 6]]);
});

test("everything else in a figure is unchanged", () => {
  const [line] = unpackArrays([{ name: "a", x: packed([0, 1]), line: { width: 2, dash: null }, y: ["b", 3] }]);
  assert.deepEqual({ ...line, x: [...line.x] }, { name: "a", x: [0, 1], line: { width: 2, dash: null }, y: ["b", 3] });
});

test("the nearest frame of a time is the first of two equally near ones", () => {
  const times = [0, 0.5, 1, 4];
  assert.deepEqual([-1, 0.3, 0.75, 2, 3, 9].map((time) => nearestFrame(times, time)), [0, 1, 1, 2, 3, 3]);
});

test("names are unescaped", () => {
  assert.equal(unescapeName("a &lt;b&gt; &amp;lt;"), "a <b> &lt;");
});

test("axes get the theme's colours unless they have their own", () => {
  const layout = themed({ xaxis: { title: "s" }, yaxis2: { gridcolor: "red" }, margin: {} }, { text: "#111111", faint: "#eeeeee", background: "#ffffff", font: "serif" });
  assert.deepEqual([layout.xaxis.gridcolor, layout.xaxis.title, layout.yaxis2.gridcolor, layout.font.color], ["#eeeeee", "s", "red", "#111111"]);
});

test("a CSV contains numbers in full and quotes cells where needed", () => {
  const table = { columns: ["name", "value"], rows: [['a "b", c', 0.1 + 0.2], ["line\nbreak", null]] };
  assert.equal(csv({ table }), 'name,value\n"a ""b"", c",0.30000000000000004\n"line\nbreak",\n');
});

test("the table of a heat map has a row for each frame of its figure", () => {
  const figure = { data: [{ x: packed([0, 0.5]), z: [[1, 2], [3, 4], [5, 6]] }] };
  assert.deepEqual(tableRows({ table: { rows: null }, figure }), [[1, 0, 1, 3, 5], [2, 0.5, 2, 4, 6]]);
});
