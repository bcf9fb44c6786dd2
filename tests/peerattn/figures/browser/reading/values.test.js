import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "../parts.js";

const { arrow, mix, number, shadeColor, write } = load(["reading/values"], ["arrow", "mix", "number", "shadeColor", "write"]);

test("a mixed colour lies between the two, channel by channel", () => {
  assert.equal(mix("#000000", "#ffffff", 0), "#000000");
  assert.equal(mix("#000000", "#ffffff", 1), "#ffffff");
  assert.equal(mix("#102030", "#304050", 0.5), "#203040");
  assert.equal(mix("#000000", "#0a0a0a", 0.5), "#050505"); // every channel keeps its two digits
});

test("a palette is linear between its stops, and ends at 0 and 1", () => {
  const stops = ["#000000", "#640000", "#64c800"];
  assert.equal(shadeColor(stops, 0), "#000000");
  assert.equal(shadeColor(stops, 0.25), "#320000");
  assert.equal(shadeColor(stops, 0.5), "#640000");
  assert.equal(shadeColor(stops, 0.75), "#646400");
  assert.equal(shadeColor(stops, 1), "#64c800");
  assert.equal(shadeColor(stops, -3), "#000000");
  assert.equal(shadeColor(stops, 3), "#64c800");
});

test("a number is said to three digits, and what is not there is none", () => {
  assert.equal(number(0.12345), "0.123");
  assert.equal(number(2, 1), "2.0");
  assert.equal(number(0), "0.000");
  for (const missing of [null, undefined, NaN]) assert.equal(number(missing), "none");
});

test("a cell shows few digits and keeps the whole value, until there is none", () => {
  const cell = { dataset: {} };
  assert.equal(write(cell, 0.123456789), cell);
  assert.deepEqual([cell.textContent, Number(cell.dataset.value)], ["0.123", 0.123456789]);
  write(cell, null);
  assert.deepEqual([cell.textContent, cell.dataset], ["none", {}]);
});

test("a connection is named by its ends", () => {
  assert.equal(arrow({ source: "rgb1", target: "top" }), "rgb1 → top");
});
