import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "../parts.js";

const { Strokes, arcCurve, distanceToLine, samplePoints } = load(
  ["reading/values", "drawing/pieces", "graph/strokes"],
  ["Strokes", "arcCurve", "distanceToLine", "samplePoints"],
  { Path2D: class { constructor(d) { this.d = d; } } },
);

const THEME = { background: "#ffffff", text: "#000000", quiet: "#777777", faint: "#eeeeee", dark: false };
const CURVES = new Map([
  ["thin", [{ x: 0, y: 0 }, { x: 100, y: 0 }]],
  ["thick", [{ x: 0, y: 20 }, { x: 100, y: 20 }]],
  ["gone", [{ x: 0, y: 40 }, { x: 100, y: 40 }]],
]);
const EDGES = [{ id: "thin", width: 1 }, { id: "thick", width: 5 }, { id: "gone", width: 3 }];

function styled({ emphasis = {}, hidden = [], isReached = () => false, prominence = () => 0, weak = [], outlined = true, focused = false } = {}) {
  const strokes = new Strokes(CURVES, EDGES, { color: (id, frame) => `#00000${frame}`, prominence, isWeak: (id) => weak.includes(id), isReached });
  const marks = { removed: new Set(["gone"]) };
  strokes.style({ theme: THEME, marks, emphasis: (id) => emphasis[id] ?? 0, isShown: (id) => !hidden.includes(id), outlined, focused });
  return strokes;
}

test("the distance of a point from a line is that from its nearest point", () => {
  const line = [{ x: 0, y: 0 }, { x: 10, y: 0 }, { x: 10, y: 10 }];
  assert.equal(distanceToLine(line, 5, 3), 3);
  assert.equal(distanceToLine(line, -3, 4), 5); // before its start
  assert.equal(distanceToLine(line, 12, 5), 2);
  assert.equal(distanceToLine([{ x: 1, y: 1 }, { x: 1, y: 1 }], 4, 5), 5); // a line without a length
});

test("an arc keeps its ends and deviates from the straight line by a sixth of its length", () => {
  const [from, first, second, to] = arcCurve({ x: 0, y: 0 }, { x: 60, y: 0 });
  assert.deepEqual([from, to], [{ x: 0, y: 0 }, { x: 60, y: 0 }]);
  assert.deepEqual([first, second], [{ x: 20, y: 10 }, { x: 40, y: 10 }]);
});

test("a straight line has two samples, a curve more, from end to end", () => {
  const points = [{ x: 0, y: 0 }, { x: 5, y: 9 }, { x: 7, y: 9 }, { x: 12, y: 0 }];
  assert.deepEqual(samplePoints([points[0], points[3]]), [points[0], points[3]]);
  const samples = samplePoints(points);
  assert.equal(samples.length, 13);
  assert.deepEqual([samples[0], samples.at(-1)], [points[0], points[3]]);
});

test("wide connections are below narrow ones, and adjacent ones on top", () => {
  assert.deepEqual(styled().drawn.map(({ id }) => id), ["thick", "gone", "thin"]);
  assert.deepEqual(styled({ emphasis: { thick: 2, gone: 1 } }).drawn.map(({ id }) => id), ["thin", "gone", "thick"]);
});

test("a removed connection is a thin, dotted grey line", () => {
  const [gone] = styled({ hidden: ["thin", "thick"], emphasis: { gone: 2 } }).pieces(3);
  assert.deepEqual([gone.stroke, gone.width, gone.dashes, gone.opacity], [THEME.quiet, 1, [1, 5], 0.5]);
});

test("a connection has the colour of the frame, and an outline if it is adjacent", () => {
  const [casing, own, ...rest] = styled({ hidden: ["thin", "gone"], emphasis: { thick: 2 } }).pieces(7);
  assert.deepEqual([casing.width, own.width, own.stroke, rest], [6.5, 5, "#000007", []]);
  assert.equal(styled({ hidden: ["thin", "gone"], emphasis: { thick: 1 } }).pieces(7).length, 1);
});

test("a weak connection is a faint hairline without ticks, until it is asked for", () => {
  const alone = { weak: ["thick"], hidden: ["thin", "gone"], emphasis: { thick: 2 }, isReached: () => true };
  const [line, ...rest] = styled(alone).pieces(0);
  assert.deepEqual([line.stroke, line.width, rest], [THEME.faint, 0.8, []]);
  const [, asked] = styled({ ...alone, focused: true }).pieces(0);
  assert.deepEqual([asked.stroke, asked.width], ["#000000", 5]);
});

test("without outlines, the connections that shift most are in front, and faint ones behind", () => {
  const heights = { thin: [1, 3], thick: [2, 2], gone: [0, 0] };
  const both = { emphasis: { thin: 2, thick: 2, gone: 2 }, prominence: (id, frame) => heights[id][frame], outlined: false };
  const order = (state, frame) => styled(state).pieces(frame).map(({ id }) => id);
  assert.deepEqual([order(both, 0), order(both, 1)], [["gone", "thin", "thick"], ["gone", "thick", "thin"]]);
  assert.deepEqual(order({ ...both, weak: ["thin"] }, 1), ["thin", "gone", "thick"]);
});

test("a connection has ticks at frames within reach of an end of the clip", () => {
  const strokes = styled({ hidden: ["thin", "gone"], isReached: (id, frame) => frame === 0 });
  assert.deepEqual([0, 1].map((frame) => strokes.pieces(frame).length), [2, 1]);
});

test("the nearest visible connection within the distance limit is found", () => {
  assert.deepEqual(styled().nearest({ x: 50, y: 3 }, 8), { id: "thin", distance: 3 });
  assert.deepEqual(styled().nearest({ x: 50, y: 15 }, 8), { id: "thick", distance: 5 });
  assert.equal(styled().nearest({ x: 50, y: 10 }, 8), null);
  assert.equal(styled({ hidden: ["thin"] }).nearest({ x: 50, y: 1 }, 8), null);
});

test("arcs lead from each peer to the middle of the connection that it gates", () => {
  const gates = [{ peer: "p", connection: { id: "thick" }, weight: 0.9 }, { peer: "q", connection: { id: "thick" }, weight: 0.1 }];
  const positions = new Map([["p", { x: 50, y: 90 }], ["q", { x: 10, y: 90 }]]);
  const [weak, strong, ring] = styled().arcs(gates, positions, THEME);
  assert.deepEqual([weak.data.peer, strong.data.peer], ["q", "p"]); // the strongest on top
  assert.ok(strong.width > weak.width && strong.opacity > weak.opacity);
  assert.ok(strong.d.startsWith("M50 90") && strong.d.endsWith("50 20"));
  assert.equal(ring.fill, THEME.background);
});
