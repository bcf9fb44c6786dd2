// Buttons, slider, lines and windows; slider, lines and windows share one x-axis.

class Timeline {
  /** @type {Recording} */ recording;
  /** @type {{ element: HTMLElement, update: (frame: number) => void }[]} */ lineValues;
  /** @type {string | null} */ highlighted;

  /** @param {Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    this.transport = new Transport(explorer);
    this.chart = new Chart(explorer);
    this.windows = new Windows(explorer, this.chart);
    this.moments = new Moments(explorer, this.chart);
    this.leftOut = new LeftOutSpan(explorer);
    this.chooser = element("select", { ariaLabel: "lines", onchange: () => explorer.changeSetting("lines", this.chooser.value) });
    this.values = element("div", { className: "values" });
    this.fit = checkbox("zoom y-axis", false, (checked) => explorer.changeSetting("fit", checked));
    this.slider = element("input", {
      type: "range", className: "slider", min: "0", step: "1", ariaLabel: explorer.words.frame, oninput: () => explorer.seek(Number(this.slider.value)),
    });
    this.slider.onpointermove = ({ clientX }) => (this.slider.title = explorer.isReached(this.frameUnder(clientX)) ? END_REACHES : "");
    this.ends = element("div", { className: "ends", ariaHidden: "true" });
    this.hatchedScope = element("span");
    this.key = hatchingKey(this.hatchedScope);
    this.boundaryKey = boundaryKey(explorer.words.boundary);
    this.remark = element("p", { className: "quiet remark", hidden: true });
    this.element = element(
      "section",
      { className: "time", ariaLabel: "timeline" },
      this.transport.element,
      this.leftOut.element,
      element("div", { className: "reading" }, this.chooser, this.values, this.key, this.boundaryKey, this.fit),
      this.moments.marks,
      element("div", { className: "scrub" }, this.ends, this.slider),
      this.chart.canvas,
      this.windows.element,
      this.remark,
      this.moments.element,
    );
    this.watchPointer(this.chart.canvas);
    new ResizeObserver(() => this.resize()).observe(this.chart.canvas);
  }

  // Handles the pointer over the lines: it previews frames, drags the cursor, or with Shift drags a loop.
  /** @param {HTMLCanvasElement} canvas */
  watchPointer(canvas) {
    const { explorer, chart } = this;
    /** @type {number | null} */
    let last = null; // ignores events of a resting pointer when the page changes below it
    /** @param {PointerEvent} event */
    const scrub = ({ offsetX, clientX, buttons, pointerType }) => {
      const frame = chart.frameAt(offsetX);
      canvas.title = explorer.isReached(frame, chart.hatchedConnection) ? END_REACHES : "";
      if (chart.dragged) this.drag([chart.dragged.start, frame]);
      else if (buttons) explorer.seek(frame);
      else if (pointerType !== "touch" && clientX !== last) explorer.preview(frame);
      last = clientX;
    };
    canvas.onpointerdown = (event) => {
      canvas.setPointerCapture(event.pointerId);
      if (event.shiftKey) this.drag([chart.frameAt(event.offsetX), chart.frameAt(event.offsetX)]);
      else scrub(event);
    };
    canvas.onmousedown = (event) => {
      event.preventDefault(); // otherwise the page takes the focus, and the keys no longer work
      this.slider.focus({ preventScroll: true });
    };
    canvas.onpointermove = scrub;
    canvas.onpointerup = () => this.endDrag();
    canvas.onpointerleave = () => explorer.preview(null);
  }

  // Returns the frame at a horizontal position in the browser window, in px.
  /** @param {number} clientX */
  frameUnder(clientX) {
    return this.chart.frameAt(clientX - this.chart.canvas.getBoundingClientRect().left);
  }

  // Extends the dragged loop from its start to the frame at the pointer.
  /** @param {[start: number, now: number]} frames */
  drag([start, now]) {
    /** @type {[number, number]} */
    const span = [Math.min(start, now), Math.max(start, now)];
    this.chart.dragged = Object.assign(span, { start });
    this.explorer.preview(now);
    this.redraw();
  }

  endDrag() {
    const { dragged } = this.chart;
    this.chart.dragged = null;
    if (!dragged) return;
    this.explorer.playback.loop = dragged;
    this.redraw();
  }

  /** @param {Recording} recording */
  load(recording) {
    this.recording = recording;
    this.slider.max = String(recording.length - 1);
    this.slider.disabled = recording.length === 1;
    this.windows.load(recording);
    this.moments.load(recording);
    const available = Object.entries({ ...recording.charts, connections: this.explorer.words.connections });
    this.chooser.replaceChildren(...available.map(([name, { title, note }]) => element("option", { value: name, title: note }, title)));
    this.settingChanged("lines");
    this.settingChanged("loop");
    this.resize();
  }

  // Updates the controls after a setting has changed.
  /** @param {keyof Settings} name */
  settingChanged(name) {
    const { settings, playback } = this.explorer;
    this.transport.settingChanged(name);
    if (name === "speed" || name === "loop") playback.restart();
    if (name === "loop") this.leftOut.show();
    if (name === "fit") this.fit.input.checked = settings.fit;
    if (name === "lines") this.chooser.value = chartName(this.explorer);
    if (["fit", "lines", "loop"].includes(name)) this.redraw();
  }

  resize() {
    if (!this.recording || !this.chart.width) return;
    this.chart.resize();
    this.windows.layOut();
    this.moments.layOut();
    this.redraw();
  }

  // Redraws after the lines or their look have changed.
  redraw() {
    if (!this.recording) return;
    const chart = currentChart(this.explorer);
    this.chooser.title = this.chooser.ariaDescription = this.values.title = chart.note ?? "";
    this.fit.hidden = chart.form === "areas";
    this.lineValues = chart.lines.map((line) => this.lineValue(line));
    this.values.replaceChildren(...this.lineValues.map(({ element }) => element));
    this.boundaryKey.hidden = this.recording.windows.length < 2;
    this.remark.textContent = chart.remark ?? "";
    this.remark.hidden = !chart.remark;
    this.hatchSlider();
    this.chart.show(chart, this.highlighted);
    this.draw();
  }

  // Hatches the slider's track where padding affects any connection. The plot may be hatched for one connection only;
  // then the legend entry says so.
  hatchSlider() {
    const { explorer, chart } = this;
    const ranges = frameRanges(explorer.recording.length, (frame) => explorer.isReached(frame));
    const id = chart.hatchedConnection;
    this.key.hidden = !ranges.length;
    this.hatchedScope.textContent = id === null ? "" : `(plot: ${connectionName(explorer.recording.connection(id))}; slider: any connection)`;
    this.ends.replaceChildren(...ranges.map((range) => {
      const { left, right } = chart.rangeBox(range);
      const band = element("span", { className: "hatched" });
      Object.assign(band.style, { left: `${left}px`, width: `${right - left}px` });
      return band;
    }));
  }

  // Returns the name of a line and its value at the cursor; pointing at it highlights the line.
  /** @param {ChartLine} line */
  lineValue(line) {
    const { name, color, pattern, width, value } = line;
    const cell = element("b");
    /** @type {(highlighted: string | null) => () => void} */
    const highlight = (highlighted) => () => this.chart.show(this.chart.chart, highlighted);
    const shown = element("span", { onpointerenter: highlight(name), onpointerleave: highlight(null) }, swatch(color, pattern, width), lineLabel(line), cell);
    return { element: shown, update: /** @param {number} frame */ (frame) => writeNumber(cell, value(frame)) };
  }

  // Returns the values at the cursor as text.
  valuesText() {
    const { frame } = this.explorer;
    return this.chart.chart.lines.map((line) => `${lineLabel(line)} ${formatNumber(line.value(frame))}`).join(", ");
  }

  draw() {
    const { recording, explorer, slider } = this;
    if (!recording) return;
    slider.value = String(explorer.frame);
    slider.ariaValueText = recording.steps ? explorer.moment(explorer.frame) : `${explorer.moment(explorer.frame)}, ${formatNumber(recording.times[explorer.frame])} seconds${explorer.isReached(explorer.frame) ? `, ${WITHIN}` : ""}`;
    for (const { update } of this.lineValues) update(explorer.frame);
    this.windows.draw();
    this.moments.draw();
    this.chart.draw();
  }
}
