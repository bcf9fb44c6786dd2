import assert from "node:assert/strict";
import { test } from "node:test";

import { load } from "../parts.js";

const { PiecePen, UNWRITABLE, pointAlong, interpolate, curvePath, paint, ringPath, shapePath } = load(
  ["drawing/pieces", "drawing/piece_pen"],
  ["PiecePen", "UNWRITABLE", "pointAlong", "interpolate", "curvePath", "paint", "ringPath", "shapePath"],
  { Path2D: class { constructor(d) { this.d = d; } } },
);

// The points of a path of straight lines.
const corners = (d) => d.match(/-?[\d.e-]+ -?[\d.e-]+/g).map((pair) => pair.split(" ").map(Number));

test("points on lines are interpolated, and those on cubic curves follow Bernstein's polynomials", () => {
  assert.deepEqual(pointAlong([{ x: 0, y: 10 }, { x: 8, y: 20 }], 0.25), { x: 2, y: 12.5 });
  const points = [{ x: 0, y: 0 }, { x: 0, y: 9 }, { x: 9, y: 0 }, { x: 9, y: 9 }];
  for (const share of [0, 0.2, 0.5, 0.9, 1]) {
    const rest = 1 - share;
    const shares = [rest ** 3, 3 * rest ** 2 * share, 3 * rest * share ** 2, share ** 3];
    const expected = ["x", "y"].map((axis) => points.reduce((sum, point, index) => sum + shares[index] * point[axis], 0));
    const { x, y } = pointAlong(points, share);
    assert.ok(Math.abs(x - expected[0]) < 1e-12 && Math.abs(y - expected[1]) < 1e-12);
  }
  assert.equal(interpolate(4, 8, 0.25), 5);
});

test("two points make a line and four a curve", () => {
  const points = [1, 2, 3, 4].map((at) => ({ x: at, y: -at }));
  assert.equal(curvePath([points[0], points[3]]), "M1 -1L4 -4");
  assert.equal(curvePath(points), "M1 -1C2 -2 3 -3 4 -4");
});

test("block shapes are centred and about as large as the dot", () => {
  assert.equal(shapePath("dot", 5, 6, 2), ringPath(5, 6, 2));
  for (const [shape, count] of [["diamond", 4], ["hexagon", 6], ["triangle", 3], ["triangleDown", 3], ["star", 10]]) {
    const points = corners(shapePath(shape, 100, 200, 10));
    assert.equal(points.length, count);
    const distances = points.map(([x, y]) => Math.hypot(x - 100, y - 200));
    assert.ok(Math.max(...distances) >= 9 && Math.max(...distances) <= 16, shape);
    const middle = points.reduce((sum, [x]) => sum + x, 0) / count;
    assert.ok(Math.abs(middle - 100) < 1e-9, shape);
  }
});

test("a triangle that points down mirrors the one that points up", () => {
  const [up, down] = ["triangle", "triangleDown"].map((shape) => corners(shapePath(shape, 0, 0, 10)));
  const highest = Math.min(...up.map(([, y]) => y));
  const lowest = Math.max(...down.map(([, y]) => y));
  assert.ok(Math.abs(highest + lowest) < 1e-9);
});

test("a PiecePen keeps what is drawn as pieces", () => {
  const ink = new PiecePen();
  Object.assign(ink, { strokeStyle: "#111111", lineWidth: 2, fillStyle: "#222222", font: "10px serif", textAlign: "right" });
  ink.setLineDash([3, 1]);
  ink.beginPath();
  ink.lineTo(0, 1);
  ink.lineTo(2, 3);
  ink.stroke();
  ink.fillRect(1, 2, 3, 4);
  ink.fillText("0.50", 7, 8);
  assert.deepEqual(ink.pieces, [
    { d: "M0 1L2 3", stroke: "#111111", width: 2, dashes: [3, 1], opacity: 1 },
    { d: "M1 2h3v4h-3z", fill: "#222222", opacity: 1 },
    { text: "0.50", x: 7, y: 11.5, size: 10, fill: "#222222", anchor: "end" },
  ]);
});

test("pieces are painted in order, with their own opacity, and groups at their position", () => {
  const heard = [];
  const pen = new Proxy({}, {
    get: (_, name) => (...said) => heard.push([name, ...said.map((each) => each.d ?? each)]),
    set: (_, name, value) => heard.push([name, value]),
  });
  const line = { d: "M0 0L1 1", stroke: "#000000", width: 1, opacity: 0.5 };
  paint(pen, [line, { group: [{ text: "a", x: 1, y: 2, size: 10, fill: "#ffffff" }], x: 5, y: 6 }], "serif");
  const calls = heard.filter(([name]) => ["stroke", "fillText", "translate", "save", "restore"].includes(name));
  assert.deepEqual(calls, [["stroke", "M0 0L1 1"], ["save"], ["translate", 5, 6], ["fillText", "a", 1, 2], ["restore"]]);
  const opacities = heard.filter(([name]) => name === "globalAlpha").map(([, value]) => value);
  assert.deepEqual([opacities[0], opacities.at(-1)], [0.5, 1]);
});

test("characters that XML does not allow are matched, others are not", () => {
  assert.equal("a\u0000b\ud800c".replace(UNWRITABLE, "?"), "a?b?c");
  assert.equal("naïve → 🎬\n".replace(UNWRITABLE, "?"), "naïve → 🎬\n");
});
