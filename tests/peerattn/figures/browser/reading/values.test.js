import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "../parts.js";

const { connectionName, mixColors, formatNumber, paletteColor, writeNumber } = load(["reading/values"], ["connectionName", "mixColors", "formatNumber", "paletteColor", "writeNumber"]);

test("a mixed colour lies between the two, channel by channel", () => {
  assert.equal(mixColors("#000000", "#ffffff", 0), "#000000");
  assert.equal(mixColors("#000000", "#ffffff", 1), "#ffffff");
  assert.equal(mixColors("#102030", "#304050", 0.5), "#203040");
  assert.equal(mixColors("#000000", "#0a0a0a", 0.5), "#050505"); // every channel has two digits
});

test("a palette is linear between its stops, and ends at 0 and 1", () => {
  const stops = ["#000000", "#640000", "#64c800"];
  assert.equal(paletteColor(stops, 0), "#000000");
  assert.equal(paletteColor(stops, 0.25), "#320000");
  assert.equal(paletteColor(stops, 0.5), "#640000");
  assert.equal(paletteColor(stops, 0.75), "#646400");
  assert.equal(paletteColor(stops, 1), "#64c800");
  assert.equal(paletteColor(stops, -3), "#000000");
  assert.equal(paletteColor(stops, 3), "#64c800");
});

test("a number is written with three decimals, and a missing one as none", () => {
  assert.equal(formatNumber(0.12345), "0.123");
  assert.equal(formatNumber(2, 1), "2.0");
  assert.equal(formatNumber(0), "0.000");
  for (const missing of [null, undefined, NaN]) assert.equal(formatNumber(missing), "none");
});

test("a cell shows a rounded number and keeps the full value", () => {
  const cell = { dataset: {} };
  assert.equal(writeNumber(cell, 0.123456789), cell);
  assert.deepEqual([cell.textContent, Number(cell.dataset.value)], ["0.123", 0.123456789]);
  writeNumber(cell, null);
  assert.deepEqual([cell.textContent, cell.dataset], ["none", {}]);
});

test("a connection is named by its source and target", () => {
  assert.equal(connectionName({ source: "rgb1", target: "top" }), "rgb1 → top");
});
