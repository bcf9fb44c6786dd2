// A drawing as plain pieces: a path { d, fill, stroke, width, dashes, opacity } or a line of text { text, x, y, size,
// weight, fill, anchor, halo }, each with the `data` it stands for. What paints them on a canvas and what writes
// them as SVG read the same pieces, so that a picture equals what is shown. A piece { group, x, y } holds others.

const SVG = "http://www.w3.org/2000/svg";
const UNWRITABLE = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu; // what XML cannot hold

// A canvas' words for SVG's.
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

// An SVG element of this size with the pieces inside.
/** @param {Piece[]} pieces @param {number} width @param {number} height @param {Said} [attributes] @returns {SVGElement} */
function svgPicture(pieces, width, height, attributes = {}) {
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, ...attributes }, ...pieces.map(written));
}

/** @param {Piece} piece @returns {SVGElement} */
function written(piece) {
  if (piece.group) return svg("g", { transform: `translate(${piece.x} ${piece.y})` }, ...piece.group.map(written));
  const named = Object.fromEntries(Object.entries(piece.data ?? {}).map(([name, value]) => [`data-${name}`, value]));
  if (piece.text === undefined) {
    const { d, fill, stroke, width, dashes, opacity } = piece;
    return svg("path", { d, fill: fill ?? "none", stroke, "stroke-width": width, "stroke-dasharray": dashes?.join(" "), opacity, ...named });
  }
  const { text, x, y, size, weight, fill, anchor, halo, opacity } = piece;
  const under = halo && { stroke: halo, "stroke-width": size / 4, "stroke-linejoin": "round", "paint-order": "stroke" };
  const line = svg("text", { x, y, fill, "font-size": size, "font-weight": weight, "text-anchor": anchor, opacity, ...under, ...named });
  line.textContent = text.replace(UNWRITABLE, "\ufffd");
  return line;
}

/** @param {string} tag @param {Said} attributes @param {Node[]} children @returns {SVGElement} */
function svg(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== "") made.setAttribute(name, String(value).replace(UNWRITABLE, "\ufffd"));
  }
  made.append(...children);
  return made;
}

/** @type {(x: number, y: number, width: number, height: number, r: number) => string} */
const boxPath = (x, y, width, height, r) =>
  `M${x + r} ${y}h${width - 2 * r}a${r} ${r} 0 0 1 ${r} ${r}v${height - 2 * r}a${r} ${r} 0 0 1 ${-r} ${r}h${2 * r - width}a${r} ${r} 0 0 1 ${-r} ${-r}v${2 * r - height}a${r} ${r} 0 0 1 ${r} ${-r}z`;

/** @type {(x: number, y: number, r: number) => string} */
const ringPath = (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;

/** @type {(points: Point[]) => string} */
const curvePath = ([from, ...others]) =>
  `M${from.x} ${from.y}${others.length > 1 ? "C" : "L"}${others.map(({ x, y }) => `${x} ${y}`).join(" ")}`;

// The outline of a block: vis-network's shapes.
/** @param {string} shape @param {number} x @param {number} y @param {number} r */
function shapePath(shape, x, y, r) {
  if (shape === "dot") return ringPath(x, y, r);
  if (shape === "square") return `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`;
  const corners = CORNERS[shape].map(([across, down]) => `${x + across * r} ${y + down * r}`);
  return `M${corners.join("L")}z`;
}

/** @type {(count: number, radius: (index: number) => number, start: number, drop?: number) => Spot[]} */
const turned = (count, radius, start, drop = 0) =>
  Array.from({ length: count }, (_, index) => {
    const angle = start + (2 * Math.PI * index) / count;
    return [radius(index) * Math.cos(angle), drop + radius(index) * Math.sin(angle)];
  });
/** @type {Record<string, Spot[]>} */
const CORNERS = {
  diamond: turned(4, () => 1, -Math.PI / 2),
  hexagon: turned(6, () => 1, 0),
  triangle: turned(3, () => (1.15 * 2) / Math.sqrt(3), -Math.PI / 2, 0.275 * 1.15),
  triangleDown: turned(3, () => (1.15 * 2) / Math.sqrt(3), Math.PI / 2, -0.275 * 1.15),
  star: turned(10, (index) => 0.82 * (index % 2 ? 0.5 : 1.3), -Math.PI / 2, 0.082),
};

// The point of a line or cubic curve at a share of its way.
/** @param {Point[]} points @param {number} share */
function along(points, share) {
  let spans = points;
  while (spans.length > 1) {
    spans = spans.slice(1).map((to, index) => ({ x: between(spans[index].x, to.x, share), y: between(spans[index].y, to.y, share) }));
  }
  return spans[0];
}

/** @type {(first: number, second: number, share: number) => number} */
const between = (first, second, share) => first + (second - first) * share;
