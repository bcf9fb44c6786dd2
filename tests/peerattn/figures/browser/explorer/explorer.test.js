import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "../parts.js";

const { Explorer } = load(["reading/values", "explorer/settings", "explorer/explorer"], ["Explorer"]);

const THEME = { dark: false, quiet: "#777777" };
const SHIFT = { most: 0.2, light: ["#000000", "#ffffff"], dark: ["#111111", "#eeeeee"] };

// An explorer of a recording with one connection, which has these values at its frames.
function explorer({ shows, shift = [0, 0.1, NaN], shade = [0, 0.5, 1], colour = "shift", theme = THEME, pair = null, most = SHIFT } = {}) {
  const values = { shift, shade };
  const recording = { shift: most, viridis: ["#000000", "#00ff00"], rows: new Map([["only", 0]]), at: (name, row, frame) => values[name][frame], connection: () => ({ shows }) };
  return Object.assign(Object.create(Explorer.prototype), { recording, settings: { colour }, theme, pair });
}

const colors = (options) => [0, 1, 2].map((frame) => explorer(options).color("only", frame));

test("connections have the colour of their shift, on the scale of the network, and grey without one", () => {
  assert.deepEqual(colors(), ["#000000", "#808080", THEME.quiet]);
  assert.deepEqual(colors({ theme: { ...THEME, dark: true } }), ["#111111", "#808080", THEME.quiet]);
});

test("they have that of their factor on request, and in a recording without shifts", () => {
  const factors = ["#000000", "#008000", "#00ff00"];
  assert.deepEqual(colors({ colour: "factor" }), factors);
  assert.deepEqual(colors({ most: null }), factors);
});

test("near the ends of the clip no shift is shown, whatever its value", () => {
  assert.deepEqual(colors({ shift: [0.2, 0.2, 0.2], shows: [1, 2] }), ["#000000", "#ffffff", "#000000"]);
  assert.deepEqual([0, 1].map((frame) => explorer({ shift: [0.2, 0.2], shows: [1, 2] }).prominence("only", frame)), [0, 0.2]);
});

test("two recordings have one scale, the wider one", () => {
  const pair = { side: "B", other: { shift: { most: 0.4 } }, values: () => ({ B: 0.2 }), otherFrame: () => 0, shownRecording: { connection: () => ({}) } };
  assert.equal(explorer({ pair }).color("only", 0), "#808080");
});

test("connections that shift are in front only while shifts give the colours", () => {
  assert.deepEqual([0, 1, 2].map((frame) => explorer().prominence("only", frame)), [0, 0.1, 0]);
  assert.equal(explorer({ colour: "factor" }).prominence("only", 1), 0);
});
