// Buttons, slider, lines over the frames and the windows, all on one axis: a frame has one x everywhere.

class Timeline {
  /** @type {Recording} */ recording;
  /** @type {{ element: HTMLElement, tell: (frame: number) => void }[]} */ readings;
  /** @type {string | null} */ strong;

  /** @param {Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    this.transport = new Transport(explorer);
    this.chart = new Chart(explorer);
    this.windows = new Windows(explorer, this.chart);
    this.chooser = element("select", { ariaLabel: "lines", onchange: () => explorer.change("lines", this.chooser.value) });
    this.values = element("div", { className: "values" });
    this.fit = checkbox("fit axis", false, (checked) => explorer.change("fit", checked));
    this.slider = element("input", {
      type: "range", className: "slider", min: "0", step: "1", ariaLabel: explorer.words.frame, oninput: () => explorer.seek(Number(this.slider.value)),
    });
    this.slider.onpointermove = ({ clientX }) => (this.slider.title = explorer.reached(this.under(clientX)) ? END_REACHES : "");
    this.ends = element("div", { className: "ends", ariaHidden: "true" });
    this.key = endsKey();
    this.remark = element("p", { className: "quiet remark", hidden: true });
    this.element = element(
      "section",
      { className: "time", ariaLabel: "timeline" },
      this.transport.element,
      element("div", { className: "reading" }, this.chooser, this.values, this.key, this.fit),
      element("div", { className: "scrub" }, this.ends, this.slider),
      this.chart.canvas,
      this.windows.element,
      this.remark,
    );
    this.follow(this.chart.canvas);
    new ResizeObserver(() => this.resize()).observe(this.chart.canvas);
  }

  // The pointer over the lines: looks at frames, drags the cursor, with Shift drags a loop.
  /** @param {HTMLCanvasElement} canvas */
  follow(canvas) {
    const { explorer, chart } = this;
    /** @type {number | null} */
    let last = null; // a page that changes under a resting pointer is no move of it
    /** @param {PointerEvent} event */
    const scrub = ({ offsetX, clientX, buttons, pointerType }) => {
      const frame = chart.frameAt(offsetX);
      canvas.title = explorer.reached(frame, chart.hatched) ? END_REACHES : "";
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
      event.preventDefault(); // else the page takes the focus, and the keys with it
      this.slider.focus({ preventScroll: true });
    };
    canvas.onpointermove = scrub;
    canvas.onpointerup = () => this.drop();
    canvas.onpointerleave = () => explorer.preview(null);
  }

  // The frame that stands under a place of the window, px from its left.
  /** @param {number} clientX */
  under(clientX) {
    return this.chart.frameAt(clientX - this.chart.canvas.getBoundingClientRect().left);
  }

  // A loop is being dragged from its start to where the pointer is.
  /** @param {[start: number, now: number]} frames */
  drag([start, now]) {
    /** @type {[number, number]} */
    const span = [Math.min(start, now), Math.max(start, now)];
    this.chart.dragged = Object.assign(span, { start });
    this.explorer.preview(now);
    this.redraw();
  }

  drop() {
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
    const offered = Object.entries({ ...recording.charts, connections: this.explorer.words.connections });
    this.chooser.replaceChildren(...offered.map(([name, { title, note }]) => element("option", { value: name, title: note }, title)));
    this.changed("lines");
    this.changed("loop");
    this.resize();
  }

  // A setting has another value: the controls say so.
  /** @param {keyof Settings} name */
  changed(name) {
    const { settings, playback } = this.explorer;
    this.transport.changed(name);
    if (name === "speed" || name === "loop") playback.changed();
    if (name === "fit") this.fit.input.checked = settings.fit;
    if (name === "lines") this.chooser.value = chartName(this.explorer);
    if (["fit", "lines", "loop"].includes(name)) this.redraw();
  }

  resize() {
    if (!this.recording || !this.chart.width) return;
    this.chart.resize();
    this.windows.place();
    this.redraw();
  }

  // Other lines, or a look that has changed.
  redraw() {
    if (!this.recording) return;
    const chart = chartOf(this.explorer);
    this.chooser.title = this.chooser.ariaDescription = this.values.title = chart.note ?? "";
    this.fit.hidden = chart.form === "areas";
    this.readings = chart.lines.map((line) => this.reading(line));
    this.values.replaceChildren(...this.readings.map(({ element }) => element));
    this.key.hidden = !this.chart.ends.length;
    this.remark.textContent = chart.remark ?? "";
    this.remark.hidden = !chart.remark;
    this.hatch();
    this.chart.show(chart, this.strong);
    this.draw();
  }

  // The scrubber's track where an end of the clip reaches, whatever is pinned.
  hatch() {
    const { explorer, chart } = this;
    const runs = runsOf(explorer.recording.length, (frame) => explorer.reached(frame));
    this.ends.replaceChildren(...runs.map((run) => {
      const { left, right } = chart.box(run);
      const band = element("span", { className: "hatched" });
      Object.assign(band.style, { left: `${left}px`, width: `${right - left}px` });
      return band;
    }));
  }

  // A line's name and its value at the cursor; pointed at, its line stands out.
  /** @param {DrawnLine} line */
  reading({ name, color, pattern, width, value }) {
    const cell = element("b");
    /** @type {(strong: string | null) => () => void} */
    const stand = (strong) => () => this.chart.show(this.chart.chart, strong);
    const shown = element("span", { onpointerenter: stand(name), onpointerleave: stand(null) }, swatch(color, pattern, width), name, cell);
    return { element: shown, tell: /** @param {number} frame */ (frame) => write(cell, value(frame)) };
  }

  // The values in words.
  said() {
    const { frame } = this.explorer;
    return this.chart.chart.lines.map(({ name, value }) => `${name} ${number(value(frame))}`).join(", ");
  }

  draw() {
    const { recording, explorer, slider } = this;
    if (!recording) return;
    slider.value = String(explorer.frame);
    slider.ariaValueText = recording.steps ? explorer.moment(explorer.frame) : `${explorer.moment(explorer.frame)}, ${number(recording.times[explorer.frame])} seconds${explorer.reached(explorer.frame) ? `, ${WITHIN}` : ""}`;
    for (const { tell } of this.readings) tell(explorer.frame);
    this.windows.draw();
    this.chart.draw();
  }
}
