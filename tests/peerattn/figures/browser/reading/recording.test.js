import assert from "node:assert/strict";
import { test } from "node:test";

import { connection, load, packed } from "../parts.js";

const { Recording } = load(["reading/values", "reading/clip_ends", "reading/connectivity", "reading/recording"], ["Recording"]);

const SHADE = [0, 0.5, 1, 0.25, 0.25, 0.25];
const recording = new Recording(packed({
  times: [0, 0.5, 1], end: 1.5,
  windows: [{ start: 0, stop: 2, classes: [] }, { start: 2, stop: 3, classes: [] }],
  connections: [connection("a", "b", {}, { reached: [1, 0] }), connection("b", "c", {}, { reached: [0, 1] })],
  blocks: [{ id: "a", lane: "rgb" }, { id: "b", lane: "mixed" }, { id: "c", lane: "mixed" }],
  looks: { rgb: { color: "#ff0000" }, mixed: { color: "#00ff00" } },
  viridis: ["#000000", "#ffffff"], frames: [], overlays: [], flow: null, heat: {},
  arrays: { shade: { offset: 0, shape: [2, 3] }, activity: { offset: 24, shape: [3, 3] } },
}, SHADE, [1, 2, 3, 4, 5, 6, 7, 8, 9]));

test("arrays are read row by row", () => {
  assert.equal(recording.length, 3);
  assert.deepEqual([recording.at("shade", 0, 2), recording.at("shade", 1, 0), recording.at("activity", 2, 1)], [1, 0.25, 8]);
});

test("connections and blocks are found by name", () => {
  assert.equal(recording.connection("b_to_c").target, "c");
  assert.equal(recording.block("c").lane, "mixed");
  assert.equal(recording.lookOfBlock("a").color, "#ff0000");
  for (const [selection, known] of [[{ kind: "block", id: "a" }, true], [{ kind: "connection", id: "a" }, false], [null, false]]) {
    assert.equal(recording.has(selection), known);
  }
});

test("every frame is in one window", () => {
  assert.deepEqual([0, 1, 2].map((frame) => recording.window(frame)), [0, 0, 1]);
});

test("frames are within reach for a connection, and for the clip if they are for any connection", () => {
  const reached = (id) => [0, 1, 2].map((frame) => recording.isReached(frame, id));
  assert.deepEqual([reached("a_to_b"), reached("b_to_c"), reached(null)], [[true, false, false], [false, false, true], [true, false, true]]);
  assert.equal(recording.everyFrameIsReached, false);
});
