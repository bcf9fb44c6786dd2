import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "../parts.js";

const { GraphLayout } = load(["reading/values", "graph/layout", "drawing/pieces"], ["GraphLayout"]);

const ROW = 140;
const COLUMN = 84;
const NODES = [["rgb", 42, 0], ["flow", 294, 0], ["inner", 168, 1], ["top", 168, 2]];
const RECORDING = {
  graph: { nodes: NODES.map(([id, x, level]) => ({ id, x, y: -level * ROW })) },
  lanes: [["rgb", 0, COLUMN], ["mixed", 126, 210], ["flow", 252, 336]],
  looks: Object.fromEntries(["rgb", "mixed", "flow"].map((name) => [name, { color: "#336699", pattern: [] }])),
  blocks: NODES.map(([id, , level]) => ({ id, level })),
  row: ROW,
  column: COLUMN,
};

for (const width of [360, 700, 1400]) {
  test(`levels are rows that rise from the inputs, on a stage of ${width} px`, () => {
    const { blocks, height } = new GraphLayout(RECORDING, width, false);
    const [rgb, flow, inner, top] = NODES.map(([id]) => blocks.get(id));
    assert.equal(rgb.y, flow.y);
    assert.ok(rgb.y > inner.y && inner.y > top.y && top.y > 0 && rgb.y < height);
    assert.ok(Math.abs(rgb.y - inner.y - (inner.y - top.y)) < 1e-9);
    assert.ok(rgb.x < inner.x && inner.x < flow.x && rgb.x > 0 && flow.x < width);
  });

  test(`horizontally levels go from left to right, on a stage of ${width} px`, () => {
    const { blocks, height } = new GraphLayout(RECORDING, width, true);
    const [rgb, flow, inner, top] = NODES.map(([id]) => blocks.get(id));
    assert.equal(rgb.x, flow.x);
    assert.ok(rgb.x < inner.x && inner.x < top.x && rgb.x > 0 && top.x < width);
    assert.ok(rgb.y < inner.y && inner.y < flow.y && flow.y < height);
  });
}

test("a graph smaller than the stage is centred", () => {
  const { blocks, margin } = new GraphLayout(RECORDING, 1400, false);
  const [left, right] = [blocks.get("rgb").x - margin.left, 1400 - margin.right - blocks.get("flow").x];
  assert.ok(Math.abs(left - right) < 1e-9);
});

test("every lane and level has its name in the backdrop", () => {
  const theme = { dark: false, text: "#000000", quiet: "#777777" };
  const texts = new GraphLayout(RECORDING, 700, false).backdrop(theme).map(({ text }) => text).filter(Boolean);
  assert.deepEqual(texts, ["rgb", "mixed", "flow", "level 0", "level 1", "level 2"]);
});
