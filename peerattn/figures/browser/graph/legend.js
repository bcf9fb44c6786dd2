// The legend of the level graph: samples of its colours, widths, shapes and dashes, with their meanings.

/**
 * What the graph currently shows; `shapes` maps a lane to the shape of its blocks, `arcs` counts the arcs drawn and all.
 * `measure` is the array that colours the connections, `scale` its colours.
 * @typedef {{ pruned: boolean, removedLabel: string, pair: Pair | null, measure: string, scale: { stops: string[], most: number }, arcs: { shown: number, all: number } | null, shapes: CompleteMap<string>, radius: number, words: Words }} GraphState
 */

const SAMPLE = { width: 46, height: 16 };

// Returns the entries of the legend, for the page and for saved pictures.
/** @param {Recording} recording @param {Theme} theme @param {GraphState} state @returns {LegendEntry[]} */
function graphLegend(recording, theme, { pruned, removedLabel, pair, measure, scale, arcs, shapes, radius, words }) {
  const middle = SAMPLE.height / 2;
  /** @type {(style: Omit<PathPiece, "d">) => PathPiece} */
  const line = (style) => ({ d: `M3 ${middle}h40`, ...style });
  const lanes = recording.lanes.map(([name]) => {
    const { color } = recording.looks[name];
    const block = { d: shapePath(shapes.get(name), 23, middle, Math.min(radius, 6.5)), fill: color, stroke: color, width: 1 };
    return { text: name, pieces: [block] };
  });
  const dashed = { d: ringPath(23, middle, 6), fill: theme.background, stroke: theme.quiet, width: 1.5, dashes: [4, 3] };
  const ring = { d: ringPath(23, middle, 6), fill: theme.faint, stroke: theme.text, width: 2.5 };
  const reach = widestReach([recording.reach, pair?.other.reach]);
  return [
    ...colorLegend(theme, { pair, measure, scale, words }),
    { text: "width: connection weight, 0 to 1", pieces: [{ d: wedgePath(middle, edgeWidths(recording)), fill: theme.quiet }] },
    ...(recording.shift && recording.connections.some(({ weight }) => (weight ?? 1) < HAIRLINE) ? [{ text: `faint: weight under ${HAIRLINE}, until selected`, pieces: [line({ stroke: theme.faint, width: FAINT_WIDTH })] }] : []),
    ...lanes,
    { text: "ringed: the selected block, or the selected connection's peers", pieces: [ring] },
    ...(reach?.some(Boolean) ? [reachEntry(line, theme, measure, words)] : []),
    ...(pruned ? [{ text: removedLabel, pieces: [line({ stroke: theme.quiet, width: 1, dashes: [1, 5] })] }, { text: pair ? removedLabel : "dead or starved", pieces: [dashed] }] : []),
    ...(arcs ? [{ text: `attention weight of a peer, 0 to 1${arcs.shown < arcs.all ? `; ${arcs.shown} of ${arcs.all} arcs` : ""}`, pieces: arcSample(middle, theme) }] : []),
  ];
}

// Returns the entry for the ticks across connections that an end of the clip reaches.
/** @param {(style: Omit<PathPiece, "d">) => PathPiece} line @param {Theme} theme @param {string} measure @param {Words} words @returns {LegendEntry} */
function reachEntry(line, theme, measure, words) {
  const ticks = { ...line({ stroke: mixColors(theme.background, theme.text, CASING), width: 2.5 + TICKS.longer }), dashes: TICKS.dashes };
  const text = `ticks: ${WITHIN}, at this ${words.frame}${measure === "shift" ? "; no shift is shown" : ""}`;
  return { text, title: END_REACHES, pieces: [line({ stroke: theme.quiet, width: 2.5 }), ticks] };
}

const MEASURES = {
  shift: {
    name: "shift of attention",
    title: "√(Σ w · (A − usual A)²): how far the attention factors A of a connection are from their usual values, their medians over the clip. w is a channel's share of what the clip adds to the source. Grey: nothing to scale.",
  },
  shade: { name: "attention factor", title: "the mean of a connection's attention factors over its channels" },
};

// Returns the entry for the colours of connections: shifts, attention factors, or their differences.
/** @param {Theme} theme @param {Pick<GraphState, "pair" | "measure" | "scale" | "words">} state @returns {LegendEntry[]} */
function colorLegend(theme, { pair, measure, scale, words }) {
  const { name, title } = measure === "shift" ? MEASURES.shift : { ...MEASURES.shade, name: words.shade };
  if (pair?.side === "difference") {
    return [{ text: `colour: ${name} of B minus A at this ${words.frame}, ${formatNumber(-pair.scale)} to ${formatNumber(pair.scale)}`, title, pieces: colorRamp(pair.palette, theme) }];
  }
  const most = measure === "shift" ? formatNumber(scale.most) : "1";
  return [{ text: `colour: ${name}${pair ? ` of ${pair.side}` : ""} at this ${words.frame}, 0 to ${most}`, title, pieces: colorRamp(scale.stops, theme) }];
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
