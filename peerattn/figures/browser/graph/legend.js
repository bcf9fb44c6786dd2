// What colours, widths, shapes and dashes of the level graph mean: samples as pieces, with the field's words.

/**
 * What the graph shows now; `shapes` are those of the lanes' blocks, `arcs` how many are drawn of all.
 * @typedef {{ pruned: boolean, removed: string, pair: Pair | null, arcs: { drawn: number, all: number } | null, shapes: Known<string>, radius: number, words: Words }} Drawn
 */

const SAMPLE = { width: 46, height: 16 };

// Each { text, pieces }: on the page beneath the graph, in a picture beneath the drawing.
/** @param {Recording} recording @param {Theme} theme @param {Drawn} drawn @returns {Key[]} */
function graphKeys(recording, theme, { pruned, removed, pair, arcs, shapes, radius, words }) {
  const middle = SAMPLE.height / 2;
  /** @type {(given: Omit<PathPiece, "d">) => PathPiece} */
  const line = (given) => ({ d: `M3 ${middle}h40`, ...given });
  const lanes = recording.lanes.map(([name]) => {
    const { color, pattern } = recording.looks[name];
    const block = { d: shapePath(shapes.get(name), 23, middle, Math.min(radius, 6.5)), fill: color, stroke: color, width: 1 };
    return { text: name, pieces: [line({ stroke: theme.quiet, width: 2.5, dashes: pattern.length ? pattern : null }), block] };
  });
  const dashed = { d: ringPath(23, middle, 6), fill: theme.background, stroke: theme.quiet, width: 1.5, dashes: [4, 3] };
  const ring = { d: ringPath(23, middle, 6), fill: theme.faint, stroke: theme.text, width: 2.5 };
  const reach = widest([recording.reach, pair?.other.reach]);
  const ticks = { ...line({ stroke: mix(theme.background, theme.text, CASING), width: 2.5 + TICKS.longer }), dashes: TICKS.dashes };
  return [
    ...shadeKeys(recording, theme, { pair, words }),
    { text: "connection weight, 0 to 1", pieces: [{ d: wedgePath(middle, edgeWidths(recording)), fill: theme.quiet }] },
    ...lanes,
    { text: "chosen, or its peers", pieces: [ring] },
    ...(reach?.some(Boolean) ? [{ text: `${WITHIN} at this ${words.frame}`, title: END_REACHES, pieces: [line({ stroke: theme.quiet, width: 2.5 }), ticks] }] : []),
    ...(pruned ? [{ text: removed, pieces: [line({ stroke: theme.quiet, width: 1, dashes: [1, 5] })] }, { text: pair ? removed : "dead or starved", pieces: [dashed] }] : []),
    ...(arcs ? [{ text: `attention weight of a peer, 0 to 1${arcs.drawn < arcs.all ? `; ${arcs.drawn} of ${arcs.all} arcs` : ""}`, pieces: arcSample(middle, theme) }] : []),
  ];
}

// What the colours of connections mean: factors, or differences of them.
/** @param {Recording} recording @param {Theme} theme @param {Pick<Drawn, "pair" | "words">} drawn @returns {Key[]} */
function shadeKeys({ viridis }, theme, { pair, words }) {
  if (pair?.side !== "difference") return [{ text: `${words.shade}${pair ? ` of ${pair.side}` : ""} at this ${words.frame}, 0 to 1`, pieces: ramp(viridis, theme) }];
  return [{ text: `attention factor of B minus A at this frame, ${number(-pair.scale)} to ${number(pair.scale)}`, pieces: ramp(pair.palette, theme) }];
}

/** @param {string[]} stops @param {Theme} theme @returns {PathPiece[]} */
function ramp(stops, theme) {
  const steps = Array.from({ length: 40 }, (_, step) => ({ d: `M${3 + step} 3h1.1v10h-1.1z`, fill: shadeColor(stops, step / 39) }));
  return [...steps, { d: "M2.5 2.5h41v11h-41z", stroke: mix(theme.background, theme.text, CASING), width: 1 }];
}

// Widths at weight 0 and 1, in pixels, as the connections are drawn.
/** @type {(recording: Recording) => [thin: number, thick: number]} */
const edgeWidths = ({ widths: [thin, thick], connections }) => {
  const share = connections.length > MANY ? THINNER : 1;
  return [thin * share, thick * share];
};

/** @type {(middle: number, widths: [thin: number, thick: number]) => string} */
const wedgePath = (middle, [thin, thick]) => `M3 ${middle - thin / 2}L43 ${middle - thick / 2}v${thick}L3 ${middle + thin / 2}z`;

/** @param {number} middle @param {Theme} theme @returns {PathPiece[]} */
function arcSample(middle, theme) {
  const stroke = theme.dark ? ARC.dark : ARC.light;
  return [0, 0.25, 0.5, 0.75].map((weight, index) => ({
    d: `M${3 + index * 10} ${middle}h10`, stroke, dashes: ARC.dashes, width: arcWidth(weight + 0.125), opacity: arcOpacity(weight + 0.125),
  }));
}

// The keys in rows, for a picture of this width; returns the pieces and how high they are.
/** @param {Key[]} keys @param {number} width @param {Theme} theme */
function keyRows(keys, width, { font, text }) {
  /** @type {Piece[]} */
  const pieces = [];
  let [x, y] = [0, 0];
  for (const key of keys) {
    const wide = SAMPLE.width + 6 + textWidth(key.text, 12, font) + 20;
    if (x && x + wide > width) [x, y] = [0, y + 22];
    pieces.push({ group: key.pieces, x, y }, { text: key.text, x: x + SAMPLE.width + 6, y: y + 12, size: 12, fill: text, data: key.data });
    x += wide;
  }
  return { pieces, height: y + 22 };
}
