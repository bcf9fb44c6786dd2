// The connections and attention arcs as pieces: their curves, widths and colours, and which one is at the pointer.

// Opacity of a connection by its emphasis (see Stroke): 0 unrelated, 1 on a path through the focus, 2 adjacent to it.
const OPACITY = [0.1, 0.4, 1];
const OPACITY_OF_MANY = [0.03, 0.1, 1];
const CASING = 0.55; // share of the text colour in the outline, which keeps viridis' dark and light ends visible
const HAIRLINE = 0.12; // connections of a lower weight are thin and faint until the pointer is on them or they are pinned
const MANY = 1000; // above this number, connections are straight, thinner and without an outline
const WIDTH_OF_MANY = 0.4; // factor
const FAINT_WIDTH = 0.8; // px
const SAMPLES = 12; // line segments of a curve for finding the connection at the pointer
const TICKS = { dashes: [1, 26], longer: 4 }; // ticks across a connection that is affected by padding beyond the clip's ends; px added to its width
const DASHES_OF_MANY = [4, 2]; // shows the same when there are too many connections for ticks
const ARC = { light: "#a3167d", dark: "#f58adb", dashes: [1.5, 3.5] };
const MOST_ARCS = 60;

/**
 * @typedef {{ color: (id: string, frame: number) => string, prominence: (id: string, frame: number) => number,
 *   isWeak: (id: string) => boolean, isReached: (id: string, frame: number) => boolean }} StrokeLooks
 */

class Strokes {
  /** @type {StrokeLooks["color"]} */ color;
  /** @type {StrokeLooks["prominence"]} */ prominence;
  /** @type {StrokeLooks["isWeak"]} */ isWeak;
  /** @type {StrokeLooks["isReached"]} */ isReached;
  /** @type {Theme} */ theme;
  /** @type {string} */ ticks;
  /** @type {Stroke[]} */ drawn;

  // `curves` maps a connection to the two points of its line or the four of its cubic curve. `color` returns the colour
  // of a connection at a frame, `prominence` how far it is in front of others, `isReached` whether an end of the clip
  // reaches it there; `isWeak` tells whether its weight is low.
  /** @param {Map<string, Point[]>} curves @param {GraphEdge[]} edges @param {StrokeLooks} looks */
  constructor(curves, edges, { color, prominence, isWeak, isReached }) {
    Object.assign(this, { color, prominence, isWeak, isReached });
    this.many = edges.length > MANY;
    this.curves = completeMap(curves);
    this.paths = completeMap([...curves].map(([id, points]) => [id, new Path2D(curvePath(points))]));
    this.samples = completeMap([...curves].map(([id, points]) => [id, samplePoints(points)]));
    this.edges = completeMap(edges.map((edge) => [edge.id, edge]));
    this.order = edges.map(({ id }) => id).sort((first, second) => this.width(second) - this.width(first));
  }

  /** @param {string} id */
  width(id) {
    return this.edges.get(id).width * (this.many ? WIDTH_OF_MANY : 1);
  }

  // Sets what does not change with the cursor, from back to front: unrelated connections first, adjacent ones last.
  // Adjacent ones may be `outlined`; `focused` tells whether a part is pinned or pointed at.
  /** @param {{ theme: Theme, marks: Marks, emphasis: (id: string) => number, isShown: (id: string) => boolean, outlined: boolean, focused: boolean }} state */
  style({ theme, marks, emphasis, isShown, outlined, focused }) {
    this.theme = theme;
    const opacity = this.many ? OPACITY_OF_MANY : OPACITY;
    const casing = (this.ticks = mixColors(theme.background, theme.text, CASING));
    const drawn = this.order.filter(isShown).map((id) => {
      const [removed, level] = [marks.removed.has(id), emphasis(id)];
      const faint = !removed && this.isWeak(id) && !(focused && level === 2);
      return {
        id, removed, faint,
        ...this.line(id, removed, faint),
        emphasis: level,
        d: curvePath(this.curves.get(id)),
        path: this.paths.get(id),
        opacity: Math.min(opacity[level], removed ? 0.5 : 1),
        casing: outlined && level === 2 && !removed && !faint && !this.many ? casing : null,
      };
    });
    this.drawn = drawn.sort((first, second) => first.emphasis - second.emphasis);
  }

  // Returns the dashes and the width of a connection: a removed one is dotted, a faint one a hairline.
  /** @param {string} id @param {boolean} removed @param {boolean} faint */
  line(id, removed, faint) {
    if (removed) return { dashes: [1, 5], width: 1 };
    return { dashes: null, width: faint ? FAINT_WIDTH : this.width(id) };
  }

  // Returns the pieces at a frame, which determines the colours and which connections are affected by padding.
  /** @param {number} frame @returns {(Stroke | PathPiece)[]} */
  pieces(frame) {
    return this.inOrder(frame).flatMap((connection) => {
      const { id, removed, faint, casing, d, path, dashes, width, opacity } = connection;
      const stroke = removed ? this.theme.quiet : faint ? this.theme.faint : this.color(id, frame);
      const reached = !removed && this.isReached(id, frame);
      const outline = casing ? [{ d, path, dashes, stroke: casing, width: width + 1.5 }] : [];
      const ticks = reached && !this.many && !faint ? [{ d, path, dashes: TICKS.dashes, stroke: this.ticks, width: width + TICKS.longer, opacity }] : [];
      const line = { ...connection, stroke, reached, dashes: reached && this.many ? DASHES_OF_MANY : dashes };
      return [...outline, line, ...ticks];
    });
  }

  // Returns the connections from back to front: among those of equal emphasis, faint ones first, then by prominence.
  /** @param {number} frame @returns {Stroke[]} */
  inOrder(frame) {
    if (this.many) return this.drawn;
    /** @type {(stroke: Stroke) => number} */
    const height = ({ id, faint }) => (faint ? -1 : this.prominence(id, frame));
    const heights = completeMap(this.drawn.map((stroke) => [stroke.id, height(stroke)]));
    return [...this.drawn].sort((first, second) => first.emphasis - second.emphasis || heights.get(first.id) - heights.get(second.id));
  }

  // Returns the visible connection nearest to a point and its distance, or null if none is nearer than `limit` px.
  /** @param {Point} point @param {number} limit @returns {{ id: string, distance: number } | null} */
  nearest({ x, y }, limit) {
    /** @type {string | null} */
    let nearest = null;
    let least = limit;
    for (const { id } of this.drawn) {
      const distance = distanceToLine(this.samples.get(id), x, y);
      if (distance < least) [nearest, least] = [id, distance];
    }
    return nearest === null ? null : { id: nearest, distance: least };
  }

  // Returns dotted arcs from peers to the middle of the connections that they gate; the higher the attention weight, the
  // wider and more opaque the arc.
  /** @param {Gate[]} all @param {CompleteMap<Point>} positions @param {Theme} theme @returns {PathPiece[]} */
  arcs(all, positions, theme) {
    const gates = all.slice(0, MOST_ARCS);
    const color = theme.dark ? ARC.dark : ARC.light;
    const ends = completeMap(gates.map(({ connection }) => [connection.id, pointAlong(this.curves.get(connection.id), 0.5)]));
    const rings = [...ends.values()].map(({ x, y }) => ({ d: ringPath(x, y, 3), fill: theme.background, stroke: color, width: 1.5 }));
    const lines = gates.map(({ peer, connection, weight }) => ({
      d: curvePath(arcCurve(positions.get(peer), ends.get(connection.id))),
      stroke: color, dashes: ARC.dashes, width: arcWidth(weight ?? 0), opacity: arcOpacity(weight ?? 0),
      data: { peer, gates: connection.id, "attention-weight": weight },
    }));
    return [...lines.reverse(), ...rings];
  }
}

// Whether a piece is the line of a connection itself, not its outline or its ticks.
/** @type {(piece: Stroke | PathPiece) => piece is Stroke} */
const isConnectionLine = (piece) => "emphasis" in piece;

/** @type {(weight: number) => number} */
const arcWidth = (weight) => 1.2 + 6 * weight;
/** @type {(weight: number) => number} */
const arcOpacity = (weight) => 0.55 + 0.45 * weight;

// Returns a cubic curve that deviates from the straight line by a sixth of its length.
/** @param {Point} from @param {Point} to */
function arcCurve(from, to) {
  const [across, down] = [(to.x - from.x) / 6, (to.y - from.y) / 6];
  /** @type {(share: number) => Point} */
  const aside = (share) => ({ x: interpolate(from.x, to.x, share) - down, y: interpolate(from.y, to.y, share) + across });
  return [from, aside(1 / 3), aside(2 / 3), to];
}

/** @param {Point[]} points */
function samplePoints(points) {
  const count = points.length > 2 ? SAMPLES : 1;
  return Array.from({ length: count + 1 }, (_, index) => pointAlong(points, index / count));
}

// Returns the distance of a point from a polyline.
/** @param {Point[]} line @param {number} x @param {number} y */
function distanceToLine(line, x, y) {
  let least = Infinity;
  for (let index = 1; index < line.length; index += 1) {
    const [from, to] = [line[index - 1], line[index]];
    const [across, down] = [to.x - from.x, to.y - from.y];
    const share = Math.min(Math.max(((x - from.x) * across + (y - from.y) * down) / (across ** 2 + down ** 2 || 1), 0), 1);
    least = Math.min(least, Math.hypot(from.x + share * across - x, from.y + share * down - y));
  }
  return least;
}
