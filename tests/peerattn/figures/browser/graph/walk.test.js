import assert from "node:assert/strict";
import { test } from "node:test";

import { connection, load } from "../parts.js";

const { Connectivity, neighbourOnLevel, strongestNeighbour, navigate } = load(["reading/values", "reading/connectivity", "graph/walk"], ["Connectivity", "neighbourOnLevel", "strongestNeighbour", "navigate"]);

const CONNECTIONS = [connection("a", "top", {}, { weight: 0.2 }), connection("b", "top", {}, { weight: 0.9 }), connection("c", "top", {}, { weight: null })];

// Three blocks in a row, from left to right b, c, a, and one above them.
function graph({ focus = null, removed = [], horizontal = false } = {}) {
  const blocks = [["a", 30], ["b", 10], ["c", 20]].map(([id, x]) => ({ id, level: 0, place: { x, y: -x } }));
  const all = [...blocks, { id: "top", level: 1, place: { x: 20, y: 9 } }];
  const said = [];
  return {
    said,
    connectivity: new Connectivity({ connections: CONNECTIONS }),
    explorer: { focus, marks: { removed: new Set(removed) }, pin: (chosen) => said.push(["pin", chosen.id]), hover: ({ id }) => said.push(["hover", id]) },
    layout: { horizontal, blocks: new Map(all.map(({ id, place }) => [id, place])) },
    recording: { blocks: all, block: (id) => all.find((block) => block.id === id), connection: (id) => CONNECTIONS.find((each) => each.id === id) },
    network: { canvasToDOM: (place) => place },
  };
}

function pressed(given, key, { shiftKey = false } = {}) {
  const heard = [];
  navigate(given, { key, shiftKey, preventDefault: () => heard.push("prevented"), stopPropagation: () => heard.push("stopped") });
  return [given.said, heard.length === 2];
}

test("the strongest kept connection is followed up and down; one without a weight counts fully", () => {
  assert.equal(strongestNeighbour(graph(), "top", false), "c");
  assert.equal(strongestNeighbour(graph({ removed: ["c_to_top"] }), "top", false), "b");
  assert.equal(strongestNeighbour(graph(), "a", true), "top");
  assert.equal(strongestNeighbour(graph(), "top", true), undefined);
});

test("a neighbour is the adjacent block on the same level as drawn", () => {
  assert.deepEqual([neighbourOnLevel(graph(), "c", -1), neighbourOnLevel(graph(), "c", 1), neighbourOnLevel(graph(), "a", 1), neighbourOnLevel(graph(), "top", 1)], ["b", "a", undefined, undefined]);
  assert.equal(neighbourOnLevel(graph({ horizontal: true }), "c", -1), "a"); // down the column
});

test("keys move from the focused block, or from the target of the focused connection", () => {
  assert.deepEqual(pressed(graph({ focus: { kind: "block", id: "top" } }), "ArrowDown"), [[["hover", "c"]], true]);
  assert.deepEqual(pressed(graph({ focus: { kind: "connection", id: "a_to_top" } }), "ArrowDown"), [[["hover", "c"]], true]);
  assert.deepEqual(pressed(graph({ focus: { kind: "block", id: "c" } }), "ArrowLeft", { shiftKey: true }), [[["hover", "b"]], true]);
  assert.deepEqual(pressed(graph(), "ArrowUp"), [[["hover", "a"]], true]); // nowhere yet: the first
});

test("Enter pins, and a key without a target moves nothing", () => {
  assert.deepEqual(pressed(graph({ focus: { kind: "block", id: "b" } }), "Enter"), [[["pin", "b"]], true]);
  assert.deepEqual(pressed(graph({ focus: { kind: "block", id: "top" } }), "ArrowUp"), [[], true]);
});

test("other keys, and Left and Right without Shift, are left to the clip", () => {
  for (const key of ["ArrowLeft", "ArrowRight", " ", "Home", "Enter"]) assert.deepEqual(pressed(graph(), key), [[], false], key);
});
