// Lines over the frames on a canvas. Everything but the cursor is drawn once, on a background canvas.

const AXIS = { left: 40, right: 14, top: 8, bottom: 20, height: 132 };
const BOUNDARY_DASHES = [2, 3]; // of the lines between windows
const TICK_STEPS = [0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1000, 3000, 10_000, 30_000, 100_000, 300_000]; // seconds, or steps of training

/**
 * A loop that is being dragged: its first and last frame, and the frame where dragging began.
 * @typedef {[first: number, last: number] & { start: number }} DraggedLoop
 */

class Chart {
  /** @type {ChartData} */ chart;
  /** @type {string | null} */ highlighted;
  /** @type {[low: number, high: number]} */ range;
  /** @type {DraggedLoop | null} */ dragged;

  /** @param {Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    this.canvas = element("canvas", { className: "lines", height: AXIS.height, attributes: { "aria-hidden": "true" } });
    this.background = element("canvas");
  }

  get width() {
    return this.canvas.clientWidth;
  }

  get height() {
    return AXIS.height;
  }

  resize() {
    for (const canvas of [this.canvas, this.background]) {
      canvas.width = this.width * devicePixelRatio;
      canvas.height = AXIS.height * devicePixelRatio;
    }
  }

  /** @param {number} frame */
  x(frame) {
    const { length } = this.explorer.recording;
    return AXIS.left + (length === 1 ? 0.5 : frame / (length - 1)) * (this.width - AXIS.left - AXIS.right);
  }

  // Returns the x at which a frame begins, half a step before its centre.
  /** @param {number} frame */
  frameStart(frame) {
    return Math.min(Math.max(this.x(frame - 0.5), AXIS.left), this.x(this.explorer.recording.length - 1));
  }

  /** @param {number} value */
  y(value) {
    const [low, high] = this.range;
    return AXIS.top + (1 - (value - low) / (high - low)) * (AXIS.height - AXIS.top - AXIS.bottom);
  }

  /** @param {number} x */
  frameAt(x) {
    const last = this.explorer.recording.length - 1;
    const frame = Math.round(((x - AXIS.left) / (this.width - AXIS.left - AXIS.right)) * last);
    return Math.min(Math.max(frame, 0), last);
  }

  // Redraws everything for another chart, size, loop or theme; `highlighted` is the name of the line to emphasise, if any.
  /** @param {ChartData} chart @param {string | null} highlighted */
  show(chart, highlighted) {
    this.chart = chart;
    this.highlighted = highlighted;
    if (!this.canvas.width) return;
    this.range = this.valueRange();
    const pen = penOf(this.background);
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    pen.clearRect(0, 0, this.width, AXIS.height);
    this.drawBackground(pen);
    this.draw();
  }

  // Redraws the cursor.
  draw() {
    if (!this.range) return;
    const { canvas } = this;
    const pen = penOf(canvas);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(this.background, 0, 0);
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    this.drawCursors(pen);
  }

  // Returns the chart as pieces, for a saved picture.
  /** @returns {Piece[]} */
  pieces() {
    const pen = new PiecePen();
    this.drawBackground(pen);
    this.drawCursors(pen);
    return pen.pieces;
  }

  // Returns the lines with their values at the cursor's frame, for a saved picture.
  /** @returns {LegendEntry[]} */
  legendEntries() {
    const { frame } = this.explorer;
    return this.chart.lines.map((line) => ({
      text: `${lineLabel(line)} ${formatNumber(line.value(frame))}`,
      pieces: [{ d: "M3 8h40", stroke: line.color, width: line.width, dashes: line.pattern }],
      data: { line: line.name, value: line.value(frame) },
    }));
  }

  // Returns the entries that explain the hatching and the dotted lines, for a saved picture.
  /** @returns {LegendEntry[]} */
  markLegend() {
    const { theme, recording, words } = this.explorer;
    const sample = hatchLines({ left: 3, right: 43, top: 2, bottom: 14 }).map((points) => ({ d: curvePath(points.map(([x, y]) => ({ x, y }))), stroke: theme.quiet, width: 1 }));
    const id = this.hatchedConnection;
    const text = id === null ? WITHIN : `${WITHIN} (${connectionName(recording.connection(id))})`;
    return [
      ...(this.reachedRanges.length ? [{ text, pieces: sample }] : []),
      ...(recording.windows.length > 1 ? [{ text: words.boundary, pieces: [{ d: "M23 0v16", stroke: theme.quiet, width: 1, dashes: BOUNDARY_DASHES }] }] : []),
    ];
  }

  /** @param {Pen} pen */
  drawBackground(pen) {
    const { chart } = this;
    this.drawLoop(pen);
    this.drawLeftOut(pen);
    this.drawEnds(pen);
    this.drawAxes(pen);
    if (chart.form === "areas") this.drawAreas(pen);
    else for (const line of chart.lines) this.drawLine(pen, line);
    if (!chart.lines.length) this.drawHint(pen);
  }

  /** @param {Pen} pen */
  drawCursors(pen) {
    const { explorer, chart } = this;
    if (explorer.frame !== explorer.cursor) this.drawCursor(pen, explorer.cursor, explorer.theme.quiet, [3, 3]);
    this.drawCursor(pen, explorer.frame, explorer.theme.text, []);
    const heights = chart.form === "areas" ? stackedEdges(chart.lines, explorer.frame) : chart.lines.map(({ value }) => value(explorer.frame));
    chart.lines.forEach(({ color }, index) => drawDot(pen, [this.x(explorer.frame), this.y(heights[index])], color));
  }

  // Returns the range of the y-axis: 0 to the maximum possible value, or the range of the values if the axis is to fit
  // them; symmetric about 0 for differences.
  /** @returns {[low: number, high: number]} */
  valueRange() {
    const { form, lines, signed } = this.chart;
    if (signed) {
      const most = Math.max(0.01, ...this.extent(100).map(Math.abs));
      return [-most, most];
    }
    if (this.explorer.settings.fit && form === "lines" && lines.length) return this.extent(10);
    return [0, this.chart.most ?? 1];
  }

  // Returns the minimum and maximum of lines and bands, rounded outward to multiples of 1 / steps; never an empty range.
  /** @param {number} steps @returns {[low: number, high: number]} */
  extent(steps) {
    const curves = this.chart.lines.flatMap(({ value, low = value, high = value }) => [low, high]);
    let [least, most] = [Infinity, -Infinity]; // not Math.min(...values): a history has more values than a call can take arguments
    for (const curve of curves) {
      this.explorer.recording.times.forEach((_, frame) => {
        const value = curve(frame);
        if (value < least) least = value;
        if (value > most) most = value;
      });
    }
    if (least > most) return [0, 1];
    const low = Math.floor(steps * least);
    const high = Math.ceil(steps * most);
    return low < high ? [low / steps, high / steps] : [(low - 1) / steps, (high + 1) / steps];
  }

  // Returns tick marks at round times or training steps, as many as there is space for.
  ticks() {
    const { values, least } = this.explorer.recording.axis;
    const [first, last] = [values[0], values[values.length - 1]];
    const maxTicks = (this.width - AXIS.left - AXIS.right) / 64;
    const step = TICK_STEPS.find((each) => each >= least && (last - first) / each <= maxTicks) ?? last - first;
    const count = step > 0 ? Math.floor((last - first) / step + 1e-6) : 0;
    const start = Math.ceil(first / step - 1e-6) * step || first;
    return Array.from({ length: count + 1 }, (_, index) => start + index * step).filter((time) => time <= last + 1e-6);
  }

  // Converts a time to a fractional frame: frames are equally spaced on the axis, times may not be.
  /** @param {number} time */
  frameOf(time) {
    const { values } = this.explorer.recording.axis;
    const next = values.findIndex((other) => other >= time - 1e-6);
    if (next <= 0) return Math.max(next, 0);
    return next - (values[next] - time) / (values[next] - values[next - 1]);
  }

  /** @param {Pen} pen */
  drawLoop(pen) {
    const { theme, playback } = this.explorer;
    const loop = this.dragged ?? playback.loop;
    if (!loop) return;
    const [left, right] = [this.frameStart(loop[0]), this.frameStart(loop[1] + 1)];
    pen.fillStyle = mixColors(theme.background, theme.text, 0.07);
    pen.fillRect(left, 0, right - left, AXIS.height - AXIS.bottom);
    pen.lineWidth = 1;
    for (const x of [left, right]) strokeLine(pen, theme.quiet, [[x, 0], [x, AXIS.height - AXIS.bottom]]);
  }

  // Draws a bar along the top over the frames in which a part is left out, if these are not all.
  /** @param {Pen} pen */
  drawLeftOut(pen) {
    const { theme, timeline } = this.explorer;
    const { frames } = timeline.leftOut;
    if (!frames) return;
    const [left, right] = frames.map((frame) => this.frameStart(frame));
    pen.fillStyle = mixColors(theme.background, theme.text, 0.07);
    pen.fillRect(left, 0, right - left, AXIS.height - AXIS.bottom);
    pen.fillStyle = theme.text;
    pen.fillRect(left, 0, right - left, 4);
  }

  // The ranges of frames that padding affects: for the focused connection if the chart shows it, else for any.
  get reachedRanges() {
    const { explorer, hatchedConnection } = this;
    return frameRanges(explorer.recording.length, (frame) => explorer.isReached(frame, hatchedConnection));
  }

  // The connection that the hatching refers to; null for charts of shares, which involve all connections.
  /** @returns {string | null} */
  get hatchedConnection() {
    return this.chart?.of === null ? null : this.explorer.focusedConnection;
  }

  // Returns the box of a range of frames; a clip of a single frame fills the axis.
  /** @param {FrameRange} range @returns {Box} */
  rangeBox([first, stop]) {
    const single = this.explorer.recording.length === 1;
    const [left, right] = single ? [AXIS.left, this.width - AXIS.right] : [this.frameStart(first), this.frameStart(stop)];
    return { left, right, top: 0, bottom: AXIS.height - AXIS.bottom };
  }

  /** @param {Pen} pen */
  drawEnds(pen) {
    const { theme } = this.explorer;
    pen.lineWidth = 1;
    for (const range of this.reachedRanges) {
      for (const points of hatchLines(this.rangeBox(range))) strokeLine(pen, mixColors(theme.background, theme.text, 0.3), points);
    }
  }

  /** @param {Pen} pen */
  drawAxes(pen) {
    const { theme, recording } = this.explorer;
    const right = this.width - AXIS.right;
    pen.font = `${11 * this.explorer.scale}px ${theme.font}`;
    pen.lineWidth = 1;
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    const [low, high] = this.range;
    for (const value of [low, (low + high) / 2, high]) {
      strokeLine(pen, theme.faint, [[AXIS.left, this.y(value)], [right, this.y(value)]]);
      pen.fillStyle = theme.quiet;
      pen.fillText(value.toFixed(2), AXIS.left - 8, this.y(value));
    }
    pen.textAlign = "left";
    if (recording.axis.name) pen.fillText(recording.axis.name, 0, AXIS.height - 7);
    pen.textAlign = "center";
    for (const time of this.ticks()) pen.fillText(`${Number(time.toFixed(3))}${recording.axis.unit}`, this.x(this.frameOf(time)), AXIS.height - 7);
    for (const { start } of recording.windows.slice(1)) {
      pen.setLineDash(BOUNDARY_DASHES);
      strokeLine(pen, theme.quiet, [[this.x(start - 0.5), AXIS.top], [this.x(start - 0.5), AXIS.height - AXIS.bottom]]);
      pen.setLineDash([]);
    }
  }

  /** @param {(frame: number) => number} value @returns {XY[]} */
  points(value) {
    return this.explorer.recording.times.map((_, frame) => [this.x(frame), this.y(value(frame))]);
  }

  /** @param {Pen} pen @param {ChartLine} line */
  drawLine(pen, { name, color, pattern, width, value, low, high }) {
    pen.globalAlpha = this.highlighted && this.highlighted !== name ? 0.2 : 1;
    if (low && high) fillArea(pen, `${color}33`, [...this.points(high), ...this.points(low).reverse()]);
    pen.lineWidth = width;
    pen.setLineDash(pattern);
    strokeLine(pen, color, this.points(value));
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }

  // Draws stacked areas; the upper edge of each has its dash pattern.
  /** @param {Pen} pen */
  drawAreas(pen) {
    const { lines } = this.chart;
    lines.forEach((line, index) => {
      /** @type {(count: number) => (frame: number) => number} */
      const edge = (count) => (frame) => stackedEdges(lines.slice(0, count), frame).at(-1) ?? 0;
      const [top, bottom] = [edge(index + 1), edge(index)];
      pen.globalAlpha = this.highlighted && this.highlighted !== line.name ? 0.2 : 1;
      fillArea(pen, `${line.color}66`, [...this.points(top), ...this.points(bottom).reverse()]);
      pen.globalAlpha = 1;
      this.drawLine(pen, { ...line, value: top });
    });
  }

  /** @param {Pen} pen */
  drawHint(pen) {
    pen.textAlign = "center";
    pen.fillStyle = this.explorer.theme.quiet;
    pen.font = `13px ${this.explorer.theme.font}`;
    pen.fillText("point at or pin a block or connection in the graph", this.width / 2, this.y(0.75));
  }

  /** @param {Pen} pen @param {number} frame @param {string} color @param {number[]} pattern */
  drawCursor(pen, frame, color, pattern) {
    const x = this.x(frame);
    pen.lineWidth = 1.5;
    pen.setLineDash(pattern);
    strokeLine(pen, color, [[x, 0], [x, AXIS.height - AXIS.bottom]]);
    pen.setLineDash([]);
  }
}
