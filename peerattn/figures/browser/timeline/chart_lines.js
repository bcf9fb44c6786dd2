// The charts of the timeline: a title, and lines with their look and their value at each frame.

// Returns the chart chosen in the settings, for the block or connection pointed at or pinned; lines from back to front.
/** @param {Explorer} explorer @returns {ChartData} */
function currentChart(explorer) {
  const { recording, pair } = explorer;
  const chart = chartOfRecording(recording, explorer);
  return pair ? pair.joinCharts(chart, chartOfRecording(pair.other, explorer)) : chart;
}

/** @param {Recording} recording @param {Explorer} explorer @returns {ChartData} */
function chartOfRecording(recording, explorer) {
  const { focus } = explorer;
  const name = chartName(explorer);
  if (name === "connections") return { ...explorer.words.connections, lines: focus ? connectionLines(recording, focus) : [] };
  const chart = recording.charts[name];
  if (!chart) return { lines: [] };
  /** @type {ChartLine[]} */
  const lines = chart.lines.map((line, row) => ({ ...line, width: 2, value: (frame) => recording.at(name, row, frame) }));
  if (chart.of && focus?.kind === "connection") {
    lines.push({ ...connectionLine(recording, focus.id, chart.of), color: explorer.theme.text, pattern: [], width: 2.5 });
  }
  return { ...chart, lines };
}

// Returns the name of the chosen chart, or of the first one if the clip has no numbers for it.
/** @param {Pick<Explorer, "recording" | "settings">} explorer */
function chartName({ recording, settings }) {
  return settings.lines === "connections" || Object.hasOwn(recording.charts, settings.lines) ? settings.lines : Object.keys(recording.charts)[0];
}

/** @param {Recording} recording @param {GraphItem} focus @returns {ChartLine[]} */
function connectionLines(recording, focus) {
  if (focus.kind === "connection") {
    const row = recording.rows.get(focus.id);
    /** @type {Pick<ChartLine, "low" | "high">} */
    const band = recording.arrays.least && { low: (frame) => recording.at("least", row, frame), high: (frame) => recording.at("greatest", row, frame) };
    return [{ ...connectionLine(recording, focus.id), ...band }];
  }
  const incoming = recording.connectivity.incoming(focus.id).map(({ id, source }) => ({ id, other: source, width: 2 }));
  const outgoing = recording.connectivity.outgoing(focus.id).map(({ id, target }) => ({ id, other: target, width: 1.25 }));
  return [...incoming, ...outgoing].map(({ id, other, width }, index) => ({
    ...connectionLine(recording, id), color: recording.lookOfBlock(other).color, pattern: PATTERNS[index % PATTERNS.length], width,
  }));
}

// Returns the line of a connection, from the array `of`, which has a row for each connection.
/** @param {Recording} recording @param {string} id @param {string} [of] @returns {ChartLine} */
function connectionLine(recording, id, of = "shade") {
  const connection = recording.connection(id);
  const row = recording.rows.get(id);
  return { name: connectionName(connection), ...recording.lookOfBlock(connection.source), width: 2.5, value: (frame) => recording.at(of, row, frame) };
}

// Returns the label of a line, with the number of connections over which it is a mean.
/** @type {(line: ChartLine) => string} */
const lineLabel = ({ name, label, connections }) => (connections == null ? label || name : `${name} (n = ${connections})`);

// Returns the upper edge of each area when areas are stacked.
/** @param {ChartLine[]} lines @param {number} frame */
function stackedEdges(lines, frame) {
  let top = 0;
  return lines.map(({ value }) => (top += value(frame)));
}

// Dash patterns that distinguish lines of the same colour, in canvas pixels.
/** @type {number[][]} */
const PATTERNS = [[], [9, 5], [2, 4], [9, 4, 2, 4], [14, 5], [14, 4, 2, 4]];
