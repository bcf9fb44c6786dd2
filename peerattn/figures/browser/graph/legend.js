// The legend of the level graph: samples of its colours, widths, shapes and dashes, with their meanings.

/**
 * What the graph currently shows; `shapes` maps a lane to the shape of its blocks, `arcs` counts the arcs drawn and all.
 * @typedef {{ pruned: boolean, removedLabel: string, pair: Pair | null, arcs: { shown: number, all: number } | null, shapes: CompleteMap<string>, radius: number, words: Words }} GraphState
 */

const SAMPLE = { width: 46, height: 16 };

// Returns the entries of the legend, for the page and for saved pictures.
/** @param {Recording} recording @param {Theme} theme @param {GraphState} state @returns {LegendEntry[]} */
function graphLegend(recording, theme, { pruned, removedLabel, pair, arcs, shapes, radius, words }) {
  const middle = SAMPLE.height / 2;
  /** @type {(style: Omit<PathPiece, "d">) => PathPiece} */
  const line = (style) => ({ d: `M3 ${middle}h40`, ...style });
  const lanes = recording.lanes.map(([name]) => {
    const { color, pattern } = recording.looks[name];
    const block = { d: shapePath(shapes.get(name), 23, middle, Math.min(radius, 6.5)), fill: color, stroke: color, width: 1 };
    return { text: name, pieces: [line({ stroke: theme.quiet, width: 2.5, dashes: pattern.length ? pattern : null }), block] };
  });
  const dashed = { d: ringPath(23, middle, 6), fill: theme.background, stroke: theme.quiet, width: 1.5, dashes: [4, 3] };
  const ring = { d: ringPath(23, middle, 6), fill: theme.faint, stroke: theme.text, width: 2.5 };
  const reach = widestReach([recording.reach, pair?.other.reach]);
  const ticks = { ...line({ stroke: mixColors(theme.background, theme.text, CASING), width: 2.5 + TICKS.longer }), dashes: TICKS.dashes };
  return [
    ...colorLegend(recording, theme, { pair, words }),
    { text: "width: connection weight, 0 to 1", pieces: [{ d: wedgePath(middle, edgeWidths(recording)), fill: theme.quiet }] },
    ...lanes,
    { text: "ringed: the selected block, or the selected connection's peers", pieces: [ring] },
    ...(reach?.some(Boolean) ? [{ text: `ticks: ${WITHIN}, at this ${words.frame}`, title: END_REACHES, pieces: [line({ stroke: theme.quiet, width: 2.5 }), ticks] }] : []),
    ...(pruned ? [{ text: removedLabel, pieces: [line({ stroke: theme.quiet, width: 1, dashes: [1, 5] })] }, { text: pair ? removedLabel : "dead or starved", pieces: [dashed] }] : []),
    ...(arcs ? [{ text: `attention weight of a peer, 0 to 1${arcs.shown < arcs.all ? `; ${arcs.shown} of ${arcs.all} arcs` : ""}`, pieces: arcSample(middle, theme) }] : []),
  ];
}

// Returns the entry for the colours of connections: attention factors, or their differences.
/** @param {Recording} recording @param {Theme} theme @param {Pick<GraphState, "pair" | "words">} state @returns {LegendEntry[]} */
function colorLegend({ viridis }, theme, { pair, words }) {
  if (pair?.side !== "difference") return [{ text: `colour: ${words.shade}${pair ? ` of ${pair.side}` : ""} at this ${words.frame}, 0 to 1`, pieces: colorRamp(viridis, theme) }];
  return [{ text: `colour: attention factor of B minus A at this frame, ${formatNumber(-pair.scale)} to ${formatNumber(pair.scale)}`, pieces: colorRamp(pair.palette, theme) }];
}

/** @param {string[]} stops @param {Theme} theme @returns {PathPiece[]} */
function colorRamp(stops, theme) {
  const steps = Array.from({ length: 40 }, (_, step) => ({ d: `M${3 + step} 3h1.1v10h-1.1z`, fill: paletteColor(stops, step / 39) }));
  return [...steps, { d: "M2.5 2.5h41v11h-41z", stroke: mixColors(theme.background, theme.text, CASING), width: 1 }];
}

// Returns the line widths at weight 0 and 1, in pixels.
/** @type {(recording: Recording) => [thin: number, thick: number]} */
const edgeWidths = ({ widths: [thin, thick], connections }) => {
  const factor = connections.length > MANY ? WIDTH_OF_MANY : 1;
  return [thin * factor, thick * factor];
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

// Arranges legend entries in rows of this width; returns the pieces and their total height.
/** @param {LegendEntry[]} entries @param {number} width @param {Theme} theme */
function legendRows(entries, width, { font, text }) {
  /** @type {Piece[]} */
  const pieces = [];
  let [x, y] = [0, 0];
  for (const entry of entries) {
    const wide = SAMPLE.width + 6 + textWidth(entry.text, 12, font) + 20;
    if (x && x + wide > width) [x, y] = [0, y + 22];
    pieces.push({ group: entry.pieces, x, y }, { text: entry.text, x: x + SAMPLE.width + 6, y: y + 12, size: 12, fill: text, data: entry.data });
    x += wide;
  }
  return { pieces, height: y + 22 };
}
