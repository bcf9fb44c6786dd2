// A drawing as a list of pieces. A piece is a path { d, fill, stroke, width, dashes, opacity }, a line of text
// { text, x, y, size, weight, fill, anchor, halo }, or a group of pieces { group, x, y }; `data` says what it stands
// for. The same pieces are painted on canvases and written as SVG, so saved pictures equal what is on the page.

const SVG = "http://www.w3.org/2000/svg";
const UNWRITABLE = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu; // characters that XML does not allow

// SVG's text-anchor → the canvas' textAlign.
/** @type {Record<"start" | "middle" | "end", CanvasTextAlign>} */
const ALIGNED = { start: "left", middle: "center", end: "right" };

/** @param {CanvasRenderingContext2D} pen @param {Piece[]} pieces @param {string} font */
function paint(pen, pieces, font) {
  for (const piece of pieces) {
    pen.globalAlpha = piece.opacity ?? 1;
    if (piece.group) paintGroup(pen, piece, font);
    else if (piece.text === undefined) paintPath(pen, piece);
    else paintText(pen, piece, font);
  }
  pen.globalAlpha = 1;
  pen.setLineDash([]);
}

/** @param {CanvasRenderingContext2D} pen @param {GroupPiece} piece @param {string} font */
function paintGroup(pen, { group, x, y }, font) {
  pen.save();
  pen.translate(x, y);
  paint(pen, group, font);
  pen.restore();
}

/** @param {CanvasRenderingContext2D} pen @param {PathPiece} piece */
function paintPath(pen, { d, path = new Path2D(d), fill, stroke, width, dashes }) {
  if (fill) {
    pen.fillStyle = fill;
    pen.fill(path);
  }
  if (!stroke) return;
  pen.strokeStyle = stroke;
  pen.lineWidth = width ?? 1;
  pen.setLineDash(dashes ?? []);
  pen.stroke(path);
}

/** @param {CanvasRenderingContext2D} pen @param {TextPiece} piece @param {string} font */
function paintText(pen, { text, x, y, size, weight = 400, fill, anchor = "start", halo }, font) {
  pen.font = `${weight} ${size}px ${font}`;
  pen.textAlign = ALIGNED[anchor];
  pen.textBaseline = "alphabetic";
  pen.setLineDash([]);
  if (halo) {
    Object.assign(pen, { strokeStyle: halo, lineWidth: size / 4, lineJoin: "round" });
    pen.strokeText(text, x, y);
  }
  pen.fillStyle = fill;
  pen.fillText(text, x, y);
}

// Returns an SVG image of this size with the pieces in it.
/** @param {Piece[]} pieces @param {number} width @param {number} height @param {DataAttributes} [attributes] @returns {SVGElement} */
function svgPicture(pieces, width, height, attributes = {}) {
  return createSvg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, ...attributes }, ...pieces.map(svgElement));
}

/** @param {Piece} piece @returns {SVGElement} */
function svgElement(piece) {
  if (piece.group) return createSvg("g", { transform: `translate(${piece.x} ${piece.y})` }, ...piece.group.map(svgElement));
  const dataset = Object.fromEntries(Object.entries(piece.data ?? {}).map(([name, value]) => [`data-${name}`, value]));
  if (piece.text === undefined) {
    const { d, fill, stroke, width, dashes, opacity } = piece;
    return createSvg("path", { d, fill: fill ?? "none", stroke, "stroke-width": width, "stroke-dasharray": dashes?.join(" "), opacity, ...dataset });
  }
  const { text, x, y, size, weight, fill, anchor, halo, opacity } = piece;
  const outline = halo && { stroke: halo, "stroke-width": size / 4, "stroke-linejoin": "round", "paint-order": "stroke" };
  const line = createSvg("text", { x, y, fill, "font-size": size, "font-weight": weight, "text-anchor": anchor, opacity, ...outline, ...dataset });
  line.textContent = text.replace(UNWRITABLE, "\ufffd");
  return line;
}

/** @param {string} tag @param {DataAttributes} attributes @param {Node[]} children @returns {SVGElement} */
function createSvg(tag, attributes, ...children) {
  const created = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== "") created.setAttribute(name, String(value).replace(UNWRITABLE, "\ufffd"));
  }
  created.append(...children);
  return created;
}

/** @type {(x: number, y: number, width: number, height: number, r: number) => string} */
const boxPath = (x, y, width, height, r) =>
  `M${x + r} ${y}h${width - 2 * r}a${r} ${r} 0 0 1 ${r} ${r}v${height - 2 * r}a${r} ${r} 0 0 1 ${-r} ${r}h${2 * r - width}a${r} ${r} 0 0 1 ${-r} ${-r}v${2 * r - height}a${r} ${r} 0 0 1 ${r} ${-r}z`;

/** @type {(x: number, y: number, r: number) => string} */
const ringPath = (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;

/** @type {(points: Point[]) => string} */
const curvePath = ([from, ...others]) =>
  `M${from.x} ${from.y}${others.length > 1 ? "C" : "L"}${others.map(({ x, y }) => `${x} ${y}`).join(" ")}`;

// Returns the outline of a block, in vis-network's shapes.
/** @param {string} shape @param {number} x @param {number} y @param {number} r */
function shapePath(shape, x, y, r) {
  if (shape === "dot") return ringPath(x, y, r);
  if (shape === "square") return `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`;
  const corners = CORNERS[shape].map(([across, down]) => `${x + across * r} ${y + down * r}`);
  return `M${corners.join("L")}z`;
}

// Returns the corners of a star or polygon about the origin, shifted down by `drop`.
/** @type {(count: number, radius: (index: number) => number, start: number, drop?: number) => XY[]} */
const polygonPoints = (count, radius, start, drop = 0) =>
  Array.from({ length: count }, (_, index) => {
    const angle = start + (2 * Math.PI * index) / count;
    return [radius(index) * Math.cos(angle), drop + radius(index) * Math.sin(angle)];
  });
/** @type {Record<string, XY[]>} */
const CORNERS = {
  diamond: polygonPoints(4, () => 1, -Math.PI / 2),
  hexagon: polygonPoints(6, () => 1, 0),
  triangle: polygonPoints(3, () => (1.15 * 2) / Math.sqrt(3), -Math.PI / 2, 0.275 * 1.15),
  triangleDown: polygonPoints(3, () => (1.15 * 2) / Math.sqrt(3), Math.PI / 2, -0.275 * 1.15),
  star: polygonPoints(10, (index) => 0.82 * (index % 2 ? 0.5 : 1.3), -Math.PI / 2, 0.082),
};

// Returns the point at a share (0 to 1) of a line or cubic curve, given its two or four points.
/** @param {Point[]} points @param {number} share */
function pointAlong(points, share) {
  let spans = points;
  while (spans.length > 1) {
    spans = spans.slice(1).map((to, index) => ({ x: interpolate(spans[index].x, to.x, share), y: interpolate(spans[index].y, to.y, share) }));
  }
  return spans[0];
}

/** @type {(first: number, second: number, share: number) => number} */
const interpolate = (first, second, share) => first + (second - first) * share;
