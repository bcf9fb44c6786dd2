import assert from "node:assert/strict";
import { test } from "node:test";

import { connection, load, packed } from "../parts.js";

const { LoggedHistory } = load(["reading/values", "reading/clip_ends", "reading/connectivity", "reading/recording", "reading/history"], ["LoggedHistory"]);

const NOTHING = { removed: [], dead: [], starved: [], peerOnly: [] };

// Two connections over three logged steps; the second is pruned at the last.
const history = () => new LoggedHistory(packed({
  times: [0, 1, 2], steps: [10, 20, 30], epochs: [0, 0, 1], windows: [], blocks: [], looks: {}, viridis: [], frames: [], overlays: [], heat: {},
  widths: [1, 5], graph: { edges: [{ id: "a_to_b", width: 0 }, { id: "b_to_c", width: 0 }] },
  prunings: [{ from: 0, ...NOTHING }, { from: 2, ...NOTHING, removed: ["b_to_c"], dead: ["c"] }],
  connections: [connection("a", "b", { a: 0, b: 0 }, { weight: null, first: 0 }), connection("b", "c", { b: 0 }, { weight: 1, first: 2 })],
  arrays: { shade: { offset: 0, shape: [2, 3] }, attention: { offset: 24, shape: [3, 3] } },
}, [1, 1, 1, 0.5, 0.25, NaN], [0.5, 0.75, 1, 0.5, 0.25, 0, 1, 1, 1]));

const now = ({ connections }) => connections.map(({ weight, attentionWeights }) => [weight, attentionWeights]);
const widths = (shown) => [...shown.edges.values()].map(({ width }) => width);

test("at a step, connections have their recorded weight, attention weights and width", () => {
  const shown = history();
  shown.showStep(1);
  assert.deepEqual(now(shown), [[null, [0.75, 0.25]], [0.25, [1]]]);
  assert.deepEqual(widths(shown), [5, 2]);
});

test("a pruned connection has no weights, but has them again at an earlier step", () => {
  const shown = history();
  shown.showStep(2);
  assert.deepEqual(now(shown), [[null, [1, 0]], [null, [null]]]);
  assert.deepEqual([widths(shown), [...shown.marks.removed], [...shown.marks.dead]], [[5, 1], ["b_to_c"], ["c"]]);
  shown.showStep(0);
  assert.deepEqual([now(shown)[1], widths(shown)[1], shown.marks.removed.size], [[0.5, [1]], 3, 0]);
});

test("the axis shows training steps, which are whole numbers", () => {
  assert.deepEqual(history().axis, { values: [10, 20, 30], unit: "", name: "step", least: 1 });
});
