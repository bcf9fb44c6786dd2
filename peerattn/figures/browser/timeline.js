// Buttons, slider, lines over the frames and the windows, all on one axis: a frame has one x everywhere.

const AXIS = { left: 40, right: 14, top: 8, bottom: 20, height: 132 };
const STEPS = [0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300]; // seconds
const SPEEDS = [0.25, 0.5, 1, 2, 4];

class Timeline {
  constructor(explorer) {
    this.explorer = explorer;
    const step = (change) => () => explorer.seek(explorer.frame + change);
    this.playButton = iconButton("play", "play", () => explorer.toggle());
    this.speed = element(
      "select",
      { ariaLabel: "speed", onchange: () => explorer.change("speed", Number(this.speed.value)) },
      ...SPEEDS.map((speed) => element("option", { value: speed, selected: speed === 1 }, `${speed}×`)),
    );
    this.values = element("span", { className: "values" });
    this.fit = checkbox("fit axis", false, (checked) => explorer.change("fit", checked));
    this.slider = element("input", {
      type: "range", className: "slider", min: 0, step: 1, ariaLabel: "frame", oninput: () => explorer.seek(Number(this.slider.value)),
    });
    this.canvas = element("canvas", { className: "lines", height: AXIS.height, attributes: { "aria-hidden": "true" } });
    this.strip = element("div", { className: "windows" });
    this.element = element(
      "section",
      { className: "time", ariaLabel: "timeline" },
      element("div", { className: "transport" },
        iconButton("first", "first frame", () => explorer.seek(0)),
        iconButton("back", "previous frame", step(-1)),
        this.playButton,
        iconButton("forward", "next frame", step(1)),
        iconButton("last", "last frame", () => explorer.seek(Infinity)),
        this.speed,
        this.values,
        this.fit,
      ),
      this.slider,
      this.canvas,
      this.strip,
    );
    const scrub = ({ offsetX, buttons }) => buttons && explorer.seek(this.frameAt(offsetX));
    this.canvas.onpointerdown = (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      scrub(event);
    };
    this.canvas.onpointermove = scrub;
    new ResizeObserver(() => this.resize()).observe(this.canvas);
  }

  load(recording) {
    this.recording = recording;
    this.slider.max = recording.length - 1;
    this.slider.disabled = recording.length === 1;
    this.strip.replaceChildren(...recording.windows.map((window, index) => this.windowButton(window, index)));
    this.resize();
  }

  // A setting has another value: the controls say so.
  changed(name) {
    const { settings } = this.explorer;
    if (name === "speed") {
      this.speed.value = settings.speed;
      if (this.explorer.playing) this.explorer.start();
    }
    if (name === "fit") {
      this.fit.firstChild.checked = settings.fit;
      this.draw();
    }
  }

  windowButton({ start, stop, top, probability }, index) {
    const label = `window ${index + 1}, frames ${start + 1} to ${stop}: ${top} ${number(probability, 2)}`;
    return element(
      "button",
      { type: "button", title: label, ariaLabel: label, onclick: () => this.explorer.seek(start) },
      element("b", {}, `window ${index + 1}`), ` ${top} `, element("span", {}, number(probability, 2)),
    );
  }

  // Round times, as many as there is room for.
  ticks() {
    const { times } = this.recording;
    const [first, last] = [times[0], times.at(-1)];
    const room = (this.canvas.clientWidth - AXIS.left - AXIS.right) / 64;
    const step = STEPS.find((each) => (last - first) / each <= room) ?? last - first;
    const count = step > 0 ? Math.floor((last - first) / step + 1e-6) : 0;
    const start = Math.ceil(first / step - 1e-6) * step || first;
    return Array.from({ length: count + 1 }, (_, index) => start + index * step).filter((time) => time <= last + 1e-6);
  }

  // Where a time lies between the frames, in frames: frames stand at equal steps, times may not.
  place(time) {
    const { times } = this.recording;
    const next = times.findIndex((other) => other >= time - 1e-6);
    if (next <= 0) return Math.max(next, 0);
    return next - (times[next] - time) / (times[next] - times[next - 1]);
  }

  x(frame) {
    const width = this.canvas.clientWidth - AXIS.left - AXIS.right;
    return AXIS.left + (this.recording.length === 1 ? 0.5 : frame / (this.recording.length - 1)) * width;
  }

  frameAt(x) {
    const width = this.canvas.clientWidth - AXIS.left - AXIS.right;
    return Math.round(((x - AXIS.left) / width) * (this.recording.length - 1));
  }

  resize() {
    if (!this.recording || !this.canvas.clientWidth) return;
    this.canvas.width = this.canvas.clientWidth * devicePixelRatio;
    this.canvas.height = AXIS.height * devicePixelRatio;
    const edge = (frame) => Math.min(Math.max(this.x(frame - 0.5), AXIS.left), this.x(this.recording.length - 1));
    [...this.strip.children].forEach((button, index) => {
      const { start, stop } = this.recording.windows[index];
      button.style.left = `${edge(start)}px`;
      button.style.width = `${edge(stop) - edge(start) - 2}px`;
    });
    this.draw();
  }

  draw() {
    const { recording, canvas, explorer } = this;
    if (!recording) return;
    this.slider.value = explorer.frame;
    this.slider.ariaValueText = `frame ${explorer.frame + 1} of ${recording.length}, ${number(recording.times[explorer.frame])} seconds`;
    [...this.strip.children].forEach((button, index) => {
      button.classList.toggle("now", index === recording.window(explorer.frame));
    });
    this.showValues();
    this.range = this.explorer.settings.fit ? this.extent() : [0, 1];
    const pen = canvas.getContext("2d");
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    pen.clearRect(0, 0, canvas.clientWidth, AXIS.height);
    this.drawAxes(pen);
    for (const line of this.lines()) this.drawLine(pen, line);
    this.drawCursor(pen);
  }

  // What is drawn over time, back to front: each with its name, look and value at a frame.
  lines() {
    const { recording, explorer } = this;
    const lines = recording.lines.map((name, row) => ({
      name, ...recording.looks[name], width: 2, value: (frame) => recording.at("lines", row, frame),
    }));
    if (explorer.focus?.kind === "connection") {
      const { id } = explorer.focus;
      const row = recording.rows.get(id);
      lines.push({
        name: arrow(recording.connection(id)), color: explorer.theme.text, pattern: [], width: 2.5,
        value: (frame) => recording.at("shade", row, frame),
      });
    }
    return lines;
  }

  showValues() {
    const { frame } = this.explorer;
    this.values.replaceChildren(
      element("span", { className: "quiet" }, "mean attention factor"),
      ...this.lines().map(({ name, color, pattern, value }) =>
        element("span", {}, swatch(color, pattern), name, element("b", {}, number(value(frame)))),
      ),
    );
  }

  // Least and greatest value of the lines, to the next tenth outward.
  extent() {
    const values = this.lines().flatMap(({ value }) => this.recording.times.map((_, frame) => value(frame)));
    return [Math.floor(10 * Math.min(...values)) / 10, Math.ceil(10 * Math.max(...values)) / 10];
  }

  y(value) {
    const [low, high] = this.range;
    return AXIS.top + (1 - (value - low) / (high - low)) * (AXIS.height - AXIS.top - AXIS.bottom);
  }

  drawAxes(pen) {
    const { theme } = this.explorer;
    const { recording } = this;
    const right = this.canvas.clientWidth - AXIS.right;
    pen.font = `11px ${theme.font}`;
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
    for (const time of this.ticks()) pen.fillText(`${Number(time.toFixed(3))} s`, this.x(this.place(time)), AXIS.height - 7);
    for (const { start } of recording.windows.slice(1)) {
      pen.setLineDash([2, 3]);
      stroke(pen, theme.quiet, [[this.x(start - 0.5), AXIS.top], [this.x(start - 0.5), AXIS.height - AXIS.bottom]]);
      pen.setLineDash([]);
    }
  }

  drawLine(pen, { color, pattern, width, value }) {
    const points = this.recording.times.map((_, frame) => [this.x(frame), this.y(value(frame))]);
    pen.lineWidth = width;
    pen.setLineDash(pattern);
    stroke(pen, color, points);
    pen.setLineDash([]);
  }

  drawCursor(pen) {
    const x = this.x(this.explorer.frame);
    pen.lineWidth = 1.5;
    stroke(pen, this.explorer.theme.text, [[x, 0], [x, AXIS.height - AXIS.bottom]]);
    for (const { color, value } of this.lines()) {
      pen.beginPath();
      pen.arc(x, this.y(value(this.explorer.frame)), 3.5, 0, 2 * Math.PI);
      pen.fillStyle = color;
      pen.fill();
    }
  }
}

function stroke(pen, color, points) {
  pen.strokeStyle = color;
  pen.beginPath();
  for (const [x, y] of points) pen.lineTo(x, y);
  pen.stroke();
}
