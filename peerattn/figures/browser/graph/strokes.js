// The connections and attention arcs as pieces: where they run, how wide they are, and what a pointer touches.

// Opacity of a connection: elsewhere, on a path through what is shown, touching it; and the same where they are many.
const STRENGTH = [0.1, 0.4, 1];
const STRENGTH_OF_MANY = [0.03, 0.1, 1];
const CASING = 0.55; // the outline's share of the text's colour: keeps viridis' dark and light ends visible
const MANY = 1000; // connections from which on they run straight, thinner and without an outline
const THINNER = 0.4;
const SAMPLES = 12; // points of a curve that a pointer is compared with
const TICKS = { dashes: [1, 26], longer: 4 }; // across a connection where an end of the clip reaches it; px beyond its width
const BROKEN = [4, 2]; // the same where they are many
const ARC = { light: "#a3167d", dark: "#f58adb", dashes: [1.5, 3.5] };
const MOST_ARCS = 60;

class Strokes {
  /** @type {Theme} */ theme;
  /** @type {string} */ ticks;
  /** @type {Stroke[]} */ drawn;

  // `curves`: connection → the points of its line, or of its cubic curve.
  // `color` gives that of a connection at a frame, `reached` whether an end of the clip reaches it there.
  /** @param {Map<string, Point[]>} curves @param {GraphEdge[]} edges @param {{ color: (id: string, frame: number) => string, reached: (id: string, frame: number) => boolean }} looks */
  constructor(curves, edges, { color, reached }) {
    this.color = color;
    this.reached = reached;
    this.many = edges.length > MANY;
    this.curves = mapOf(curves);
    this.paths = mapOf([...curves].map(([id, points]) => [id, new Path2D(curvePath(points))]));
    this.samples = mapOf([...curves].map(([id, points]) => [id, sampled(points)]));
    this.edges = mapOf(edges.map((edge) => [edge.id, edge]));
    this.order = edges.map(({ id }) => id).sort((first, second) => this.width(second) - this.width(first));
  }

  /** @param {string} id */
  width(id) {
    return this.edges.get(id).width * (this.many ? THINNER : 1);
  }

  // What stays while the cursor moves: back to front, what is far first and what touches the selection last.
  /** @param {{ theme: Theme, marks: Marks, strength: (id: string) => number, shown: (id: string) => boolean }} now */
  style({ theme, marks, strength, shown }) {
    this.theme = theme;
    const opacity = this.many ? STRENGTH_OF_MANY : STRENGTH;
    const casing = (this.ticks = mix(theme.background, theme.text, CASING));
    const drawn = this.order.filter((id) => shown(id)).map((id) => {
      const removed = marks.removed.has(id);
      const near = strength(id);
      const dashes = removed ? [1, 5] : this.many ? null : this.edges.get(id).dashes || null;
      return {
        id, removed, near, dashes,
        d: curvePath(this.curves.get(id)),
        path: this.paths.get(id),
        width: removed ? 1 : this.width(id),
        opacity: Math.min(opacity[near], removed ? 0.5 : 1),
        casing: removed || this.many || near < 2 ? null : casing,
      };
    });
    this.drawn = drawn.sort((first, second) => first.near - second.near);
  }

  // The pieces at a frame: colours depend on it, and whether an end of the clip reaches a connection.
  /** @param {number} frame @returns {(Stroke | PathPiece)[]} */
  pieces(frame) {
    return this.drawn.flatMap((line) => {
      const { id, removed, casing, d, path, dashes } = line;
      const stroke = removed ? this.theme.quiet : this.color(id, frame);
      const reached = !removed && this.reached(id, frame);
      const under = casing ? [{ d, path, dashes, stroke: casing, width: line.width + 1.5 }] : [];
      const over = reached && !this.many ? [{ d, path, dashes: TICKS.dashes, stroke: this.ticks, width: line.width + TICKS.longer, opacity: line.opacity }] : [];
      const own = { ...line, stroke, reached, dashes: reached && this.many ? BROKEN : dashes };
      return [...under, own, ...over];
    });
  }

  // The shown connection nearest to a point, if it is this near, px.
  /** @param {Point} place @param {number} reach @returns {{ id: string, away: number } | null} */
  touched({ x, y }, reach) {
    /** @type {string | null} */
    let found = null;
    let least = reach;
    for (const { id } of this.drawn) {
      const away = distance(this.samples.get(id), x, y);
      if (away < least) [found, least] = [id, away];
    }
    return found === null ? null : { id: found, away: least };
  }

  // Dotted arcs from peers to the middle of the connection that they gate: wide and dark where the attention weight is great.
  /** @param {Gate[]} all @param {Known<Point>} places @param {Theme} theme @returns {PathPiece[]} */
  arcs(all, places, theme) {
    const gates = all.slice(0, MOST_ARCS);
    const color = theme.dark ? ARC.dark : ARC.light;
    const ends = mapOf(gates.map(({ connection }) => [connection.id, along(this.curves.get(connection.id), 0.5)]));
    const rings = [...ends.values()].map(({ x, y }) => ({ d: ringPath(x, y, 3), fill: theme.background, stroke: color, width: 1.5 }));
    const lines = gates.map(({ peer, connection, weight }) => ({
      d: curvePath(bent(places.get(peer), ends.get(connection.id))),
      stroke: color, dashes: ARC.dashes, width: arcWidth(weight ?? 0), opacity: arcOpacity(weight ?? 0),
      data: { peer, gates: connection.id, "attention-weight": weight },
    }));
    return [...lines.reverse(), ...rings];
  }
}

/** @type {(weight: number) => number} */
const arcWidth = (weight) => 1.2 + 6 * weight;
/** @type {(weight: number) => number} */
const arcOpacity = (weight) => 0.55 + 0.45 * weight;

// A cubic curve that leaves the straight line by a sixth of its length.
/** @param {Point} from @param {Point} to */
function bent(from, to) {
  const [across, down] = [(to.x - from.x) / 6, (to.y - from.y) / 6];
  /** @type {(share: number) => Point} */
  const aside = (share) => ({ x: between(from.x, to.x, share) - down, y: between(from.y, to.y, share) + across });
  return [from, aside(1 / 3), aside(2 / 3), to];
}

/** @param {Point[]} points */
function sampled(points) {
  const count = points.length > 2 ? SAMPLES : 1;
  return Array.from({ length: count + 1 }, (_, index) => along(points, index / count));
}

// From a point to a line of straight pieces.
/** @param {Point[]} line @param {number} x @param {number} y */
function distance(line, x, y) {
  let least = Infinity;
  for (let index = 1; index < line.length; index += 1) {
    const [from, to] = [line[index - 1], line[index]];
    const [across, down] = [to.x - from.x, to.y - from.y];
    const share = Math.min(Math.max(((x - from.x) * across + (y - from.y) * down) / (across ** 2 + down ** 2 || 1), 0), 1);
    least = Math.min(least, Math.hypot(from.x + share * across - x, from.y + share * down - y));
  }
  return least;
}
