// Lines over the frames on a canvas. What stands still is drawn once; a move of the cursor draws it over that.

const AXIS = { left: 40, right: 14, top: 8, bottom: 20, height: 132 };
const STEPS = [0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1000, 3000, 10_000, 30_000, 100_000, 300_000]; // seconds, or steps of training

/**
 * A loop while it is dragged: its first and last frame, and where dragging began.
 * @typedef {[first: number, last: number] & { start: number }} Dragged
 */

class Chart {
  /** @type {DrawnChart} */ chart;
  /** @type {string | null} */ strong;
  /** @type {[low: number, high: number]} */ range;
  /** @type {Dragged | null} */ dragged;

  /** @param {Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    this.canvas = element("canvas", { className: "lines", height: AXIS.height, attributes: { "aria-hidden": "true" } });
    this.still = element("canvas");
  }

  get width() {
    return this.canvas.clientWidth;
  }

  get height() {
    return AXIS.height;
  }

  resize() {
    for (const canvas of [this.canvas, this.still]) {
      canvas.width = this.width * devicePixelRatio;
      canvas.height = AXIS.height * devicePixelRatio;
    }
  }

  /** @param {number} frame */
  x(frame) {
    const { length } = this.explorer.recording;
    return AXIS.left + (length === 1 ? 0.5 : frame / (length - 1)) * (this.width - AXIS.left - AXIS.right);
  }

  // Where a frame begins, half a step before its own place.
  /** @param {number} frame */
  edge(frame) {
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

  // Another chart, size, loop or theme: everything anew. `strong` is the line that stands out, if one does.
  /** @param {DrawnChart} chart @param {string | null} strong */
  show(chart, strong) {
    this.chart = chart;
    this.strong = strong;
    if (!this.canvas.width) return;
    this.range = this.axis();
    const pen = penOf(this.still);
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    pen.clearRect(0, 0, this.width, AXIS.height);
    this.drawStill(pen);
    this.draw();
  }

  // The cursor moved.
  draw() {
    if (!this.range) return;
    const { canvas } = this;
    const pen = penOf(canvas);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(this.still, 0, 0);
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    this.drawMoving(pen);
  }

  // The same as pieces of a picture.
  /** @returns {Piece[]} */
  pieces() {
    const ink = new Ink();
    this.drawStill(ink);
    this.drawMoving(ink);
    return ink.pieces;
  }

  // The lines and their values at the cursor's frame, for a picture.
  /** @returns {Key[]} */
  keys() {
    const { frame } = this.explorer;
    return this.chart.lines.map(({ name, color, pattern, width, value }) => ({
      text: `${name} ${number(value(frame))}`,
      pieces: [{ d: "M3 8h40", stroke: color, width, dashes: pattern }],
      data: { line: name, value: value(frame) },
    }));
  }

  // What its hatching means, for a picture.
  /** @returns {Key[]} */
  endsKeys() {
    const { theme } = this.explorer;
    const sample = hatching({ left: 3, right: 43, top: 2, bottom: 14 }).map((points) => ({ d: curvePath(points.map(([x, y]) => ({ x, y }))), stroke: theme.quiet, width: 1 }));
    return this.ends.length ? [{ text: WITHIN, pieces: sample }] : [];
  }

  /** @param {Pen} pen */
  drawStill(pen) {
    const { chart } = this;
    this.drawLoop(pen);
    this.drawEnds(pen);
    this.drawAxes(pen);
    if (chart.form === "areas") this.drawAreas(pen);
    else for (const line of chart.lines) this.drawLine(pen, line);
    if (!chart.lines.length) this.drawHint(pen);
  }

  /** @param {Pen} pen */
  drawMoving(pen) {
    const { explorer, chart } = this;
    if (explorer.frame !== explorer.cursor) this.drawCursor(pen, explorer.cursor, explorer.theme.quiet, [3, 3]);
    this.drawCursor(pen, explorer.frame, explorer.theme.text, []);
    const heights = chart.form === "areas" ? stacked(chart.lines, explorer.frame) : chart.lines.map(({ value }) => value(explorer.frame));
    chart.lines.forEach(({ color }, index) => dot(pen, [this.x(explorer.frame), this.y(heights[index])], color));
  }

  // From 0 to 1, or to the most there can be, unless it is to fit; differences have as much room below 0 as above.
  /** @returns {[low: number, high: number]} */
  axis() {
    const { form, lines, signed } = this.chart;
    if (signed) {
      const most = Math.max(0.01, ...this.extent(100).map(Math.abs));
      return [-most, most];
    }
    if (this.explorer.settings.fit && form === "lines" && lines.length) return this.extent(10);
    return [0, this.chart.most ?? 1];
  }

  // Least and greatest value of the lines and bands, to the next step outward, of so many steps to 1; never nothing.
  /** @param {number} steps @returns {[low: number, high: number]} */
  extent(steps) {
    const edges = this.chart.lines.flatMap(({ value, low = value, high = value }) => [low, high]);
    let [least, most] = [Infinity, -Infinity]; // one by one: a history has more values than a call takes arguments
    for (const edge of edges) {
      this.explorer.recording.times.forEach((_, frame) => {
        const value = edge(frame);
        if (value < least) least = value;
        if (value > most) most = value;
      });
    }
    if (least > most) return [0, 1];
    const low = Math.floor(steps * least);
    const high = Math.ceil(steps * most);
    return low < high ? [low / steps, high / steps] : [(low - 1) / steps, (high + 1) / steps];
  }

  // Round times or steps, as many as there is room for.
  ticks() {
    const { values, least } = this.explorer.recording.axis;
    const [first, last] = [values[0], values[values.length - 1]];
    const room = (this.width - AXIS.left - AXIS.right) / 64;
    const step = STEPS.find((each) => each >= least && (last - first) / each <= room) ?? last - first;
    const count = step > 0 ? Math.floor((last - first) / step + 1e-6) : 0;
    const start = Math.ceil(first / step - 1e-6) * step || first;
    return Array.from({ length: count + 1 }, (_, index) => start + index * step).filter((time) => time <= last + 1e-6);
  }

  // Where a time lies between the frames, in frames: frames stand at equal steps, times may not.
  /** @param {number} time */
  place(time) {
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
    const [left, right] = [this.edge(loop[0]), this.edge(loop[1] + 1)];
    pen.fillStyle = mix(theme.background, theme.text, 0.07);
    pen.fillRect(left, 0, right - left, AXIS.height - AXIS.bottom);
    pen.lineWidth = 1;
    for (const x of [left, right]) stroke(pen, theme.quiet, [[x, 0], [x, AXIS.height - AXIS.bottom]]);
  }

  // Runs of frames that an end of the clip reaches: of the connection in view where its line is drawn, else of any.
  get ends() {
    const { explorer, hatched } = this;
    return runsOf(explorer.recording.length, (frame) => explorer.reached(frame, hatched));
  }

  // The connection that the hatching is of; none where shares are drawn, which are of all connections.
  /** @returns {string | null} */
  get hatched() {
    return this.chart?.of === null ? null : this.explorer.watched;
  }

  // Where a run of frames lies; a clip of one frame fills the axis.
  /** @param {Run} run @returns {Box} */
  box([first, stop]) {
    const alone = this.explorer.recording.length === 1;
    const [left, right] = alone ? [AXIS.left, this.width - AXIS.right] : [this.edge(first), this.edge(stop)];
    return { left, right, top: 0, bottom: AXIS.height - AXIS.bottom };
  }

  /** @param {Pen} pen */
  drawEnds(pen) {
    const { theme } = this.explorer;
    pen.lineWidth = 1;
    for (const run of this.ends) {
      for (const points of hatching(this.box(run))) stroke(pen, mix(theme.background, theme.text, 0.3), points);
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
      stroke(pen, theme.faint, [[AXIS.left, this.y(value)], [right, this.y(value)]]);
      pen.fillStyle = theme.quiet;
      pen.fillText(value.toFixed(2), AXIS.left - 8, this.y(value));
    }
    pen.textAlign = "center";
    for (const time of this.ticks()) pen.fillText(`${Number(time.toFixed(3))}${recording.axis.unit}`, this.x(this.place(time)), AXIS.height - 7);
    for (const { start } of recording.windows.slice(1)) {
      pen.setLineDash([2, 3]);
      stroke(pen, theme.quiet, [[this.x(start - 0.5), AXIS.top], [this.x(start - 0.5), AXIS.height - AXIS.bottom]]);
      pen.setLineDash([]);
    }
  }

  /** @param {(frame: number) => number} value @returns {Spot[]} */
  points(value) {
    return this.explorer.recording.times.map((_, frame) => [this.x(frame), this.y(value(frame))]);
  }

  /** @param {Pen} pen @param {DrawnLine} line */
  drawLine(pen, { name, color, pattern, width, value, low, high }) {
    pen.globalAlpha = this.strong && this.strong !== name ? 0.2 : 1;
    if (low && high) fill(pen, `${color}33`, [...this.points(high), ...this.points(low).reverse()]);
    pen.lineWidth = width;
    pen.setLineDash(pattern);
    stroke(pen, color, this.points(value));
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }

  // Each on the one before, from 0 to 1; its upper edge has its dash.
  /** @param {Pen} pen */
  drawAreas(pen) {
    const { lines } = this.chart;
    lines.forEach((line, index) => {
      /** @type {(count: number) => (frame: number) => number} */
      const edge = (count) => (frame) => stacked(lines.slice(0, count), frame).at(-1) ?? 0;
      const [top, bottom] = [edge(index + 1), edge(index)];
      pen.globalAlpha = this.strong && this.strong !== line.name ? 0.2 : 1;
      fill(pen, `${line.color}66`, [...this.points(top), ...this.points(bottom).reverse()]);
      pen.globalAlpha = 1;
      this.drawLine(pen, { ...line, value: top });
    });
  }

  /** @param {Pen} pen */
  drawHint(pen) {
    pen.textAlign = "center";
    pen.fillStyle = this.explorer.theme.quiet;
    pen.font = `13px ${this.explorer.theme.font}`;
    pen.fillText("point at a block or connection of the graph, or pin one", this.width / 2, this.y(0.75));
  }

  /** @param {Pen} pen @param {number} frame @param {string} color @param {number[]} pattern */
  drawCursor(pen, frame, color, pattern) {
    const x = this.x(frame);
    pen.lineWidth = 1.5;
    pen.setLineDash(pattern);
    stroke(pen, color, [[x, 0], [x, AXIS.height - AXIS.bottom]]);
    pen.setLineDash([]);
  }
}
