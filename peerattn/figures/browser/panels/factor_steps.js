// The steps inside an attention factor, from the pooled peers to the scaled channel, at the cursor's frame.

const STRIP_PX = { width: 72, height: 18 };

class FactorSteps {
  /** @type {number} */ row;
  /** @type {number} */ channelIndex;
  /** @type {number} */ maxTerm;

  /** @param {Panels} panels @param {FactorStepsData} chain */
  constructor(panels, chain) {
    this.panels = panels;
    this.chain = chain;
    const { arrays } = chain;
    this.arrays = Object.fromEntries(Object.entries(arrays).map(([name, { shape, data }]) => [name, { shape, values: new Float32Array(fromBase64(data).buffer) }]));
    /** @type {(() => void)[]} */
    this.updates = [];
    this.picker = element("select", { ariaLabel: "channel", onchange: () => panels.changeSetting("channel", this.picker.value) }, ...this.chain.channels.map((channel, index) => element("option", { value: String(channel) }, this.name(index))));
    this.frameText = element("span", { className: "quiet" });
    /** @type {HTMLButtonElement} */
    const copy = element("button", { type: "button", className: "small", onclick: () => this.copy(copy) }, "Copy numbers");
    const save = element("button", { type: "button", className: "small", onclick: () => saveFile(`inside-${this.chain.connection}.json`, this.json(), "application/json") }, "Numbers (JSON)");
    const row = element("div", { className: "choices" }, element("label", {}, "channel ", this.picker), this.frameText, copy, save);
    const left = this.chain.left_out ? [element("p", { className: "quiet" }, this.chain.left_out)] : [];
    this.element = element("div", { className: "chain" }, row, ...left, element("ol", { className: "steps" }, ...this.steps()));
  }

  draw() {
    this.settingChanged();
    this.element.dataset.drawn = "inside";
  }

  // Shows the chosen channel, or the one that varies most if the chosen one is not in the data.
  settingChanged() {
    const wanted = this.chain.channels.indexOf(Number(this.panels.settings.channel || this.chain.start));
    this.channelIndex = wanted < 0 ? this.chain.channels.indexOf(this.chain.start) : wanted;
    this.picker.value = String(this.chain.channels[this.channelIndex]);
    this.maxTerm = this.arrays.dense ? Math.max(...this.chain.frames.flatMap((frame, row) => this.chain.peers.map((name, peer) => Math.abs(this.peerTerm(peer, row))))) : 1;
    this.moveCursor();
  }

  // Returns the number of a channel and the name of its content.
  /** @param {number} index */
  name(index) {
    const { channels, names } = this.chain;
    return names[index] ? `${channels[index]}: ${names[index]}` : names.length ? `${channels[index]} (empty)` : String(channels[index]);
  }

  // Selects the row of the arrays at the cursor's frame, or at the last frame in the data before it.
  moveCursor() {
    const { frames } = this.chain;
    const after = frames.findIndex((frame) => frame > this.panels.frame);
    this.row = after < 0 ? frames.length - 1 : Math.max(after - 1, 0);
    const reached = this.panels.explorer?.recording.isReached(frames[this.row], this.chain.connection);
    this.frameText.textContent = `frame ${frames[this.row] + 1}${reached ? `, ${WITHIN}` : ""}`;
    this.frameText.title = reached ? END_REACHES : "";
    for (const update of this.updates) update();
  }

  // Returns a row of a matrix, or a whole vector.
  /** @param {string} name @param {number} [row] */
  vector(name, row = this.row) {
    const { shape, values } = this.arrays[name];
    return shape.length === 1 ? values : values.subarray(row * shape[1], (row + 1) * shape[1]);
  }

  /** @param {string} name */
  at(name) {
    return this.vector(name)[this.channelIndex];
  }

  // Returns the contribution of a peer to the logit: the channel's row of the dense matrix times the weighted projection.
  /** @param {number} peer @param {number} [row] */
  peerTerm(peer, row = this.row) {
    if (!this.arrays[`projected ${peer}`]) return 0; // self attention
    return this.arrays.attention_weights.values[peer] * dotProduct(this.vector("dense", this.channelIndex), this.vector(`projected ${peer}`, row));
  }

  steps() {
    const { attention, peers, weight } = this.chain;
    const width = this.arrays.combined?.shape[1];
    /** @type {(make: (peer: { name: string, color: string }, index: number) => HTMLElement) => HTMLElement[]} */
    const forEachPeer = (make) => peers.map((peer, index) => make(peer, index));
    const last = this.step("Scaled channel", "connection weight × attention factor × pooled source: what the target receives from this channel, averaged over all positions",
      this.numberRow("connection weight", () => weight ?? 1), this.numberRow("× factor", () => this.at("factors")), this.numberRow("× source", () => this.at("source")), this.numberRow("= delivered", () => this.at("scaled"), "result"));
    if (attention === "none") return [this.step("No attention", "every factor is 1", this.numberRow("factor", () => this.at("factors"), "result")), last];
    const sigmoid = this.step("Sigmoid", "1 / (1 + e to the minus logit): the attention factor", this.sigmoidPlot(), this.numberRow("factor", () => this.at("factors"), "result"));
    if (attention === "static") return [this.step("Learned value", "one value per channel, the same for every clip and frame", this.numberRow("logit", () => this.at("logits"), "result")), sigmoid, last];
    const bias = this.numberRow("bias", () => this.arrays["dense bias"].values[this.channelIndex]);
    const logit = this.numberRow("logit", () => this.at("logits"), "result");
    if (attention === "self") {
      return [
        this.step("Pooled source", "the mean of the source's output over all positions", this.vectorRow(this.chain.source, peers[0].color, "pooled 0")),
        this.step("Weighted", "the pooled source times the connection weight", this.numberRow("connection weight", () => weight ?? 1), this.vectorRow("product", peers[0].color, "combined")),
        this.step("Dense", "the channel's row of the matrix times the vector, plus bias", bias, logit),
        sigmoid, last,
      ];
    }
    return [
      this.step("Pooled peers", "the mean of each peer's output over all positions", ...forEachPeer((peer, index) => this.vectorRow(peer.name, peer.color, `pooled ${index}`))),
      this.step("Projections", `a matrix times the pooled peer, plus bias: ${width} numbers for each peer`, ...forEachPeer((peer, index) => this.vectorRow(peer.name, peer.color, `projected ${index}`))),
      this.step("Softmax weights", "e to the learned preference, divided by the sum over the peers", ...forEachPeer((peer, index) => this.barRow(peer, () => this.arrays.attention_weights.values[index]))),
      this.step("Sum", "weight times projection, summed over the peers", this.vectorRow("sum", null, "combined")),
      this.step("Dense", "the channel's row of the matrix times the sum, plus bias; shown for each peer", ...forEachPeer((peer, index) => this.barRow(peer, () => this.peerTerm(index), true)), bias, logit),
      sigmoid, last,
    ];
  }

  /** @param {string} title @param {string} formula @param {Node[]} rows */
  step(title, formula, ...rows) {
    return element("li", {}, element("h4", {}, title), element("p", { className: "formula" }, formula), element("div", { className: "rows" }, ...rows));
  }

  /** @param {string} name @param {() => number} value @param {string} [kind] */
  numberRow(name, value, kind = "") {
    const cell = element("b", {});
    this.updates.push(() => writeShort(cell, value()));
    return element("div", { className: `row ${kind}` }, element("span", {}, name), cell);
  }

  // Returns a row with the values of a vector as small bars about zero, and their mean.
  /** @param {string} name @param {string | null} color @param {string} array */
  vectorRow(name, color, array) {
    const canvas = element("canvas", { className: "strip", attributes: { "aria-hidden": "true" } });
    const cell = element("b", {});
    const count = this.arrays[array].shape.at(-1);
    const greatest = this.arrays[array].values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    this.updates.push(() => {
      const values = this.vector(array);
      drawStrip(canvas, values, color ?? this.panels.theme.text, greatest);
      writeShort(cell, values.reduce((sum, value) => sum + value, 0) / values.length);
    });
    return element("div", { className: "row", title: `${name}: ${count} numbers and their mean` }, element("span", { className: "name" }, name), canvas, cell);
  }

  // Returns a row with a bar: a share extends from the left, a signed value from the middle, scaled to the maximum of all
  // frames.
  /** @param {{ name: string, color: string }} peer @param {() => number} value @param {boolean} [signed] */
  barRow({ name, color }, value, signed = false) {
    const [fill, cell] = [element("i", { className: "bar" }), element("b", {})];
    fill.style.background = color;
    this.updates.push(() => {
      const now = value();
      const size = signed ? 50 * Math.abs(now / (this.maxTerm || 1)) : 100 * now;
      fill.style.width = `${size}%`;
      fill.style.marginLeft = signed ? `${now < 0 ? 50 - size : 50}%` : "0";
      writeShort(cell, now);
    });
    return element("div", { className: "row", title: name }, element("span", { className: "name" }, name), element("span", { className: `track ${signed ? "signed" : ""}` }, fill), cell);
  }

  // Returns a plot of the sigmoid from -6 to 6 with the logit marked.
  sigmoidPlot() {
    const canvas = element("canvas", { className: "curve", attributes: { "aria-hidden": "true" } });
    this.updates.push(() => drawSigmoid(canvas, this.at("logits"), this.panels.theme));
    return canvas;
  }

  // Returns the numbers of the chosen channel at the frame as JSON.
  json() {
    const { chain, row, channelIndex: index } = this;
    const peers = chain.peers.map(({ name }, peer) => ({
      peer: name,
      pooled: [...this.vector(`pooled ${peer}`)],
      ...(this.arrays[`projection ${peer}`] && { projection: { matrix: matrixRows(this.arrays[`projection ${peer}`]), bias: [...this.arrays[`projection bias ${peer}`].values] } }),
      ...(this.arrays[`projected ${peer}`] && { projected: [...this.vector(`projected ${peer}`)], preference: this.arrays.preferences.values[peer] }),
      attention_weight: this.arrays.attention_weights.values[peer],
    }));
    const dense = this.arrays.dense && { row: [...this.vector("dense", index)], bias: this.arrays["dense bias"].values[index] };
    return JSON.stringify({
      connection: chain.connection, attention: chain.attention, frame: chain.frames[row] + 1, channel: chain.channels[index], peers,
      ...(this.arrays.combined && { sum: [...this.vector("combined")] }), ...(dense && { dense }), ...(this.arrays.logits && { logit: this.at("logits") }),
      attention_factor: this.at("factors"), connection_weight: chain.weight, pooled_source: this.at("source"), scaled: this.at("scaled"),
    }, null, 1);
  }

  // The browser may deny access to the clipboard; a page from another machine has none unless its connection is encrypted.
  /** @param {HTMLButtonElement} button */
  async copy(button) {
    try {
      await navigator.clipboard.writeText(this.json());
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not allowed: use Numbers (JSON)";
    }
    setTimeout(() => (button.textContent = "Copy numbers"), 1500);
  }

  outlineSelection() {}
  remove() {}
}

// Writes a number, in exponential notation if three decimals would show only zeros.
/** @param {HTMLElement} cell @param {number} value */
function writeShort(cell, value) {
  writeNumber(cell, value);
  if (value && Math.abs(value) < 0.001) cell.textContent = value.toExponential(1);
}

/** @type {(first: Float32Array, second: Float32Array) => number} */
const dotProduct = (first, second) => first.reduce((sum, value, index) => sum + value * second[index], 0);
/** @type {(array: { shape: number[], values: Float32Array }) => number[][]} */
const matrixRows = ({ shape: [rows, columns], values }) => Array.from({ length: rows }, (_, row) => [...values.subarray(row * columns, (row + 1) * columns)]);

// Clears a canvas, sets its size in px for sharp drawing on any screen, and returns its pen.
/** @param {HTMLCanvasElement} canvas @param {{ width: number, height: number }} size */
function clearedPen(canvas, { width, height }) {
  canvas.width = width * devicePixelRatio;
  canvas.height = height * devicePixelRatio;
  const pen = penOf(canvas);
  pen.scale(devicePixelRatio, devicePixelRatio);
  return pen;
}

/** @param {HTMLCanvasElement} canvas @param {Float32Array} values @param {string} color @param {number} greatest */
function drawStrip(canvas, values, color, greatest) {
  const { width, height } = STRIP_PX;
  const pen = clearedPen(canvas, STRIP_PX);
  pen.fillStyle = color;
  values.forEach((value, index) => {
    const size = (greatest ? value / greatest : 0) * (height / 2);
    pen.fillRect((index / values.length) * width, height / 2 - Math.max(size, 0), Math.max(width / values.length - 0.5, 0.5), Math.max(Math.abs(size), 0.5));
  });
}

/** @param {HTMLCanvasElement} canvas @param {number} logit @param {Theme} theme */
function drawSigmoid(canvas, logit, { text, quiet }) {
  const [width, height] = [112, 56];
  const pen = clearedPen(canvas, { width, height });
  /** @type {(x: number) => XY} */
  const spot = (x) => [((Math.min(Math.max(x, -6), 6) + 6) / 12) * (width - 8) + 4, height - 4 - (height - 8) / (1 + Math.exp(-x))];
  pen.strokeStyle = quiet;
  pen.beginPath();
  for (let x = -6; x <= 6; x += 0.25) pen.lineTo(...spot(x));
  pen.stroke();
  pen.fillStyle = text;
  pen.beginPath();
  pen.arc(...spot(logit), 3.5, 0, 2 * Math.PI);
  pen.fill();
}
