// A plotly figure in a panel: in the page's theme, with the explorer's cursor, and saved as a picture.

/** @type {Record<string, number[]>} */
const DASHES = { solid: [], dash: [9, 5], dot: [2, 4], dashdot: [9, 4, 2, 4], longdash: [14, 5], longdashdot: [14, 4, 2, 4] };
const TRANSPARENT = "rgba(0, 0, 0, 0)";

class PanelChart {
  /** @type {number} */ width;

  /** @param {Panels} panels @param {Panel} panel @param {Figure} figure */
  constructor(panels, panel, figure) {
    this.panels = panels;
    this.panel = panel;
    this.figure = figure;
    this.data = tracesOf(figure);
    const times = (this.times = panel.axis === "time" ? this.data[0].x : null);
    this.plot = /** @type {PlotElement} */ (element("div", { className: "plot" }));
    this.plot.style.minWidth = `${panel.least ?? 0}px`;
    this.cursor = element("div", { className: "cursor", hidden: true });
    this.reachedRanges = times ? frameRanges(times.length, (frame) => isWithinReach(panel.reached, frame, times.length)) : [];
    this.bands = this.reachedRanges.map(() => element("div", { className: "hatched band", ariaHidden: "true" }));
    this.values = element("div", { className: "values" });
    this.lines = this.times && !panel.orders ? this.data : [];
    this.cells = this.lines.map(({ y }) => ({ y, cell: element("b", {}) }));
    this.values.replaceChildren(...this.lines.map((line, row) => element("span", {}, lineSample(line), unescapeName(line.name), this.cells[row].cell)), ...(this.reachedRanges.length ? [hatchingKey()] : []), ...(this.times && this.figure.layout.shapes?.length ? [boundaryKey()] : []));
    this.element = element("div", { className: "chart" }, this.values, element("div", { className: "stage" }, this.plot, ...this.bands, this.cursor));
    this.resizing = new ResizeObserver(() => this.resize());
  }

  get layout() {
    return themed(this.figure.layout, this.panels.theme);
  }

  /** @returns {Promise<void>} */
  async draw() {
    const touch = matchMedia("(pointer: coarse)").matches;
    this.width = this.plot.clientWidth;
    const layout = { ...this.layout, width: this.width || undefined, dragmode: touch ? false : "zoom", shapes: this.selectionShapes() };
    await Plotly.newPlot(this.plot, this.data, layout, { displayModeBar: false, responsive: false, doubleClick: "reset" });
    adoptStyle(this.panels.root);
    this.plot.on("plotly_click", ({ points }) => this.click(points[0]));
    this.plot.on("plotly_relayout", () => this.moveCursor());
    this.resizing.observe(this.element);
    this.moveCursor();
    this.element.dataset.drawn = this.panel.id;
  }

  resize() {
    if (this.plot.clientWidth && this.plot.clientWidth !== this.width) {
      this.width = this.plot.clientWidth;
      Plotly.relayout(this.plot, { width: this.width });
    }
  }

  // Returns the position of a time in the visible range, as a share of its width.
  /** @param {number} time */
  share(time) {
    const [first, last] = this.plot.layout.xaxis.range;
    return (time - first) / (last - first);
  }

  // Converts a share of the visible range to px from the left of the plot.
  /** @param {number} share */
  across(share) {
    const { margin } = this.plot.layout;
    return margin.l + share * (this.plot.clientWidth - margin.l - margin.r);
  }

  // Returns the times between which a range of frames lasts: half a step before its first and after its last frame.
  /** @param {FrameRange} range @returns {[from: number, to: number]} */
  span([first, stop]) {
    const times = this.times ?? [];
    /** @type {(frame: number) => number} */
    const middle = (frame) => (times[frame - 1] + times[frame]) / 2;
    return [first > 0 ? middle(first) : -Infinity, stop < times.length ? middle(stop) : Infinity];
  }

  // Places the hatching of the frames that padding beyond the clip's ends affects over the plot.
  placeHatching() {
    this.bands.forEach((band, index) => {
      const [left, right] = this.span(this.reachedRanges[index]).map((time) => this.across(Math.min(Math.max(this.share(time), 0), 1)));
      Object.assign(band.style, { left: `${left}px`, width: `${right - left}px`, top: this.cursor.style.top, height: this.cursor.style.height });
    });
  }

  // Moves the cursor's line and updates the values, without redrawing the plot.
  moveCursor() {
    if (!this.times || !this.plot.layout?.xaxis?.range) return;
    const frame = Math.min(this.panels.frame, this.times.length - 1);
    const { margin, height } = this.plot.layout;
    const share = this.share(this.times[frame]);
    this.cursor.hidden = share < 0 || share > 1;
    Object.assign(this.cursor.style, { transform: `translateX(${this.across(share)}px)`, top: `${margin.t}px`, height: `${height - margin.t - margin.b}px` });
    for (const { y, cell } of this.cells) writeNumber(cell, y[frame]);
    this.placeHatching();
  }

  // Handles a click: on a time axis it moves the cursor; otherwise it pins the part that the point stands for, or picks a
  // cell.
  /** @param {PlotlyPoint} point */
  click(point) {
    if (this.panel.picks) this.panels.root.pick(point.pointNumber);
    else if (this.times) this.panels.explorer?.seek(nearestFrame(this.times, point.x));
    else this.pin(point);
  }

  /** @param {PlotlyPoint} point */
  pin(point) {
    const pins = this.panel.pins?.[point.curveNumber];
    const row = Array.isArray(point.pointNumber) ? point.pointNumber[0] : point.pointNumber;
    if (pins) this.panels.pin({ kind: pins.kind, id: pins.ids[row] });
  }

  // Sorts the rows of a heat map; each keeps its name.
  /** @param {number[]} order */
  sort(order) {
    this.data = tracesOf(this.figure).map((trace) => ({ ...trace, z: order.map((row) => trace.z[row]), y: order.map((row) => trace.y[row]) }));
    // the hover text of each column, in one list shared by all rows
    const frames = Array.from(this.times ?? [], (_, frame) => `frame ${frame + 1}`);
    const hovertemplate = this.data[0].hovertemplate.replace("<br>", "<br>%{text}, ");
    Object.assign(this.data[0], { text: Array(order.length).fill(frames), hovertemplate });
    if (this.plot.layout) Plotly.react(this.plot, this.data, this.plot.layout);
  }

  // Returns the figure's shapes and an outline around the row of the pinned part.
  selectionShapes() {
    const { shapes = [] } = this.figure.layout;
    const pinned = this.panels.explorer?.pinned;
    const pins = this.panel.pins?.[0];
    const row = pinned && pins?.kind === pinned.kind ? pins.ids.indexOf(pinned.id) : -1;
    if (row < 0) return shapes;
    const outline = { type: "rect", xref: "paper", x0: 0, x1: 1, y0: row - 0.5, y1: row + 0.5, line: { color: this.panels.theme.text, width: 2 } };
    return [...shapes, outline];
  }

  outlineSelection() {
    if (this.panel.pins && this.plot.layout) Plotly.relayout(this.plot, { shapes: this.selectionShapes() });
  }

  // Returns the plot as shown (theme, order, zoom, cursor), with a legend instead of the values above it.
  /** @param {"svg" | "png"} format @returns {Promise<BlobPart>} */
  async picture(format) {
    const { theme, frame } = this.panels;
    /** @type {PlotlyLayout} */
    const layout = { ...structuredClone(this.plot.layout), paper_bgcolor: theme.background, plot_bgcolor: theme.background };
    if (this.times) {
      const time = this.times[Math.min(frame, this.times.length - 1)];
      layout.shapes = [...(layout.shapes ?? []), ...this.hatchingShapes(layout), { type: "line", yref: "paper", x0: time, x1: time, y0: 0, y1: 1, line: { color: theme.text, width: 1.5 } }];
      layout.showlegend = this.lines.length > 0;
      layout.legend = { orientation: "h", x: 0, y: 1, yanchor: "bottom" };
      layout.margin = { ...layout.margin, t: 40, autoexpand: true };
    }
    const address = await Plotly.toImage({ data: this.data, layout }, { format, width: this.plot.clientWidth, height: layout.height + 28, scale: format === "png" ? 2 : 1 });
    const [head, text] = [address.slice(0, address.indexOf(",")), address.slice(address.indexOf(",") + 1)];
    return head.endsWith("base64") ? fromBase64(text) : decodeURIComponent(text);
  }

  // Returns the hatching as plotly lines, for a saved picture: x in time, y as a share of the plot's height.
  /** @param {PlotlyLayout} layout @returns {object[]} */
  hatchingShapes({ margin, height }) {
    const bottom = height - margin.t - margin.b;
    const [first, last] = this.plot.layout.xaxis.range;
    /** @type {(x: number) => number} */
    const time = (x) => first + ((x - margin.l) / (this.across(1) - margin.l)) * (last - first);
    const line = { color: mixColors(this.panels.theme.background, this.panels.theme.text, 0.5), width: 0.75 };
    return this.reachedRanges.flatMap((range) => {
      const [left, right] = this.span(range).map((edge) => this.across(Math.min(Math.max(this.share(edge), 0), 1)));
      return hatchLines({ left, right, top: 0, bottom }).map(([[x0, y0], [x1, y1]]) => (
        { type: "line", yref: "paper", x0: time(x0), y0: 1 - y0 / bottom, x1: time(x1), y1: 1 - y1 / bottom, line }));
    });
  }

  remove() {
    this.resizing.disconnect();
    Plotly.purge(this.plot);
  }
}

// Returns a sample of a line or area, with its dash or fill pattern in addition to its colour.
/** @param {PlotlyTrace} trace */
function lineSample({ line, fillpattern }) {
  if (!fillpattern) return swatch(line.color, DASHES[line.dash ?? "solid"]);
  const mark = element("span", { className: "area", ariaHidden: "true" }, fillpattern.shape ?? "");
  Object.assign(mark.style, { background: fillpattern.bgcolor, borderColor: line.color });
  return mark;
}

/** @param {PlotlyLayout} layout @param {Theme} theme @returns {PlotlyLayout} */
function themed(layout, { text, faint, background, font }) {
  const axes = Object.keys(layout).filter((name) => /^[xy]axis/.test(name));
  const look = { gridcolor: faint, zerolinecolor: faint, linecolor: faint, tickcolor: faint };
  return {
    ...layout,
    ...Object.fromEntries(axes.map((name) => [name, { ...look, .../** @type {object} */ (layout[name]) }])),
    paper_bgcolor: TRANSPARENT,
    plot_bgcolor: TRANSPARENT,
    font: { family: font, size: 12, color: text },
    hoverlabel: { bgcolor: background, bordercolor: text, font: { color: text } },
  };
}

// Copies plotly's style rules from the head of the page, where they do not apply to a shadow root.
/** @param {HTMLElement} root */
function adoptStyle(root) {
  const container = root.getRootNode();
  const rules = document.getElementById("plotly.js-style-global");
  const sheet = rules instanceof HTMLStyleElement ? rules.sheet : null;
  if (!(container instanceof ShadowRoot) || !sheet || root.querySelector(".plotly-rules")) return;
  root.prepend(element("style", { className: "plotly-rules" }, [...sheet.cssRules].map(({ cssText }) => cssText).join("\n")));
}

// Returns the frame nearest to a time.
/** @param {ArrayLike<number>} times @param {number} time */
function nearestFrame(times, time) {
  let best = 0;
  for (let frame = 1; frame < times.length; frame += 1) if (Math.abs(times[frame] - time) < Math.abs(times[best] - time)) best = frame;
  return best;
}

// Unescapes a name in plotly's labels, to be shown as plain text.
/** @type {(name: string) => string} */
const unescapeName = (name) => name.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
