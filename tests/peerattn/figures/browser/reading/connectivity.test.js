import assert from "node:assert/strict";
import { test } from "node:test";

import { connection, load } from "../parts.js";

const { Connectivity } = load(["reading/values", "reading/connectivity"], ["Connectivity"]);

// rgb → inner → top, flow → inner, flow → side (a dead end); what feeds inner is gated by peers.
const CONNECTIONS = [
  connection("rgb", "inner", { rgb: 0.2, flow: 0.8 }),
  connection("flow", "inner", { rgb: 0.6, flow: 0.4 }),
  connection("inner", "top"),
  connection("flow", "side"),
];
const connectivity = new Connectivity({ connections: CONNECTIONS });
const NONE = new Set();
const ids = (connections) => connections.map(({ id }) => id);
const sorted = (found) => Object.fromEntries(Object.entries(found).map(([name, set]) => [name, [...set].sort()]));

test("blocks have incoming and outgoing connections", () => {
  assert.deepEqual(ids(connectivity.incoming("inner")), ["rgb_to_inner", "flow_to_inner"]);
  assert.deepEqual(ids(connectivity.outgoing("flow")), ["flow_to_inner", "flow_to_side"]);
  assert.deepEqual([connectivity.incoming("rgb"), connectivity.outgoing("top")], [[], []]);
});

test("gates are in descending order of attention weight", () => {
  const said = (gates) => gates.map(({ peer, connection: { id }, weight }) => [peer, id, weight]);
  assert.deepEqual(said(connectivity.gatesOf({ kind: "connection", id: "rgb_to_inner" })), [["flow", "rgb_to_inner", 0.8], ["rgb", "rgb_to_inner", 0.2]]);
  assert.deepEqual(said(connectivity.gatesOf({ kind: "block", id: "rgb" })), [["rgb", "flow_to_inner", 0.6], ["rgb", "rgb_to_inner", 0.2]]);
  assert.deepEqual(connectivity.gatesOfIncoming("inner").map(({ weight }) => weight), [0.8, 0.6, 0.4, 0.2]);
  assert.deepEqual([connectivity.gatesOf({ kind: "block", id: "top" }), connectivity.gatesOfIncoming("top")], [[], []]);
});

test("a gate's weight follows that of its connection", () => {
  const learning = [connection("a", "b", { a: 0.5 })];
  const [gate] = new Connectivity({ connections: learning }).gatesOf({ kind: "block", id: "a" });
  learning[0].attentionWeights = [0.9];
  assert.equal(gate.weight, 0.9);
});

test("paths lead up and down through a block or connection", () => {
  assert.deepEqual(sorted(connectivity.paths({ kind: "block", id: "inner" }, NONE)), {
    blocks: ["flow", "inner", "rgb", "top"], connections: ["flow_to_inner", "inner_to_top", "rgb_to_inner"],
  });
  assert.deepEqual(sorted(connectivity.paths({ kind: "connection", id: "rgb_to_inner" }, NONE)), {
    blocks: ["inner", "rgb", "top"], connections: ["inner_to_top", "rgb_to_inner"],
  });
});

test("no path contains a removed connection, except the selected one", () => {
  const removed = new Set(["inner_to_top", "rgb_to_inner"]);
  assert.deepEqual(sorted(connectivity.paths({ kind: "block", id: "inner" }, removed)), { blocks: ["flow", "inner"], connections: ["flow_to_inner"] });
  assert.ok(connectivity.paths({ kind: "connection", id: "rgb_to_inner" }, removed).connections.has("rgb_to_inner"));
});

test("the neighbourhood of a connection is its blocks and peers, that of a block its connections and their blocks", () => {
  const { blocks, connections, peers, selectedBlock } = connectivity.neighbourhood({ kind: "connection", id: "rgb_to_inner" });
  assert.deepEqual([[...blocks].sort(), [...connections], [...peers], selectedBlock], [["flow", "inner", "rgb"], ["rgb_to_inner"], ["rgb", "flow"], null]);
  const block = connectivity.neighbourhood({ kind: "block", id: "flow" });
  assert.deepEqual([[...block.blocks].sort(), block.selectedBlock, block.peers.size], [["flow", "inner", "side"], "flow", 0]);
});
