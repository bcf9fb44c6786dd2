// What the timeline draws: a title, and lines with their look and their value at each frame.

// The chart that the settings choose, for what is pointed at or pinned; lines go back to front.
/** @param {Explorer} explorer @returns {DrawnChart} */
function chartOf(explorer) {
  const { recording, pair } = explorer;
  const chart = chartIn(recording, explorer);
  return pair ? pair.joined(chart, chartIn(pair.other, explorer)) : chart;
}

/** @param {Recording} recording @param {Explorer} explorer @returns {DrawnChart} */
function chartIn(recording, explorer) {
  const { focus } = explorer;
  const name = chartName(explorer);
  if (name === "connections") return { ...explorer.words.connections, lines: focus ? connectionLines(recording, focus) : [] };
  const chart = recording.charts[name];
  if (!chart) return { lines: [] };
  /** @type {DrawnLine[]} */
  const lines = chart.lines.map((line, row) => ({ ...line, width: 2, value: (frame) => recording.at(name, row, frame) }));
  if (chart.of && focus?.kind === "connection") {
    lines.push({ ...connectionLine(recording, focus.id, chart.of), color: explorer.theme.text, pattern: [], width: 2.5 });
  }
  return { ...chart, lines };
}

// A chart that the clip has no numbers for gives way to the first.
/** @param {Pick<Explorer, "recording" | "settings">} explorer */
function chartName({ recording, settings }) {
  return settings.lines === "connections" || Object.hasOwn(recording.charts, settings.lines) ? settings.lines : Object.keys(recording.charts)[0];
}

/** @param {Recording} recording @param {Chosen} focus @returns {DrawnLine[]} */
function connectionLines(recording, focus) {
  if (focus.kind === "connection") {
    const row = recording.rows.get(focus.id);
    /** @type {Pick<DrawnLine, "low" | "high">} */
    const band = recording.arrays.least && { low: (frame) => recording.at("least", row, frame), high: (frame) => recording.at("greatest", row, frame) };
    return [{ ...connectionLine(recording, focus.id), ...band }];
  }
  const into = recording.into(focus.id).map(({ id, source }) => ({ id, other: source, width: 2 }));
  const outOf = recording.outOf(focus.id).map(({ id, target }) => ({ id, other: target, width: 1.25 }));
  return [...into, ...outOf].map(({ id, other, width }, index) => ({
    ...connectionLine(recording, id), color: recording.lookOfBlock(other).color, pattern: PATTERNS[index % PATTERNS.length], width,
  }));
}

// Of the array `of`, a row a connection.
/** @param {Recording} recording @param {string} id @param {string} [of] @returns {DrawnLine} */
function connectionLine(recording, id, of = "shade") {
  const connection = recording.connection(id);
  const row = recording.rows.get(id);
  return { name: arrow(connection), ...recording.lookOfBlock(connection.source), width: 2.5, value: (frame) => recording.at(of, row, frame) };
}

// Of areas that lie on one another: where each one ends.
/** @param {DrawnLine[]} lines @param {number} frame */
function stacked(lines, frame) {
  let top = 0;
  return lines.map(({ value }) => (top += value(frame)));
}

// Dashes that tell lines of one colour apart, canvas pixels.
/** @type {number[][]} */
const PATTERNS = [[], [9, 5], [2, 4], [9, 4, 2, 4], [14, 5], [14, 4, 2, 4]];
