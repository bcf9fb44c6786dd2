// Inside one attention factor: the steps from pooled peers to the scaled channel, in the cursor's frame.

const STRIP = { width: 72, height: 18 };

class PanelInside {
  /** @type {number} */ row;
  /** @type {number} */ chosen;
  /** @type {number} */ reach;

  /** @param {Panels} panels @param {Chain} chain */
  constructor(panels, chain) {
    this.panels = panels;
    this.chain = chain;
    const { arrays } = chain;
    this.arrays = Object.fromEntries(Object.entries(arrays).map(([name, { shape, data }]) => [name, { shape, values: new Float32Array(fromBase64(data).buffer) }]));
    /** @type {(() => void)[]} */
    this.updates = [];
    this.picker = element("select", { ariaLabel: "channel", onchange: () => panels.change("channel", this.picker.value) }, ...this.chain.channels.map((channel, place) => element("option", { value: String(channel) }, this.name(place))));
    this.now = element("span", { className: "quiet" });
    /** @type {HTMLButtonElement} */
    const copy = element("button", { type: "button", className: "small", onclick: () => this.copy(copy) }, "Copy numbers");
    const save = element("button", { type: "button", className: "small", onclick: () => saveFile(`inside-${this.chain.connection}.json`, this.json(), "application/json") }, "Numbers (JSON)");
    const row = element("div", { className: "choices" }, element("label", {}, "channel ", this.picker), this.now, copy, save);
    const left = this.chain.left_out ? [element("p", { className: "quiet" }, this.chain.left_out)] : [];
    this.element = element("div", { className: "chain" }, row, ...left, element("ol", { className: "steps" }, ...this.steps()));
  }

  draw() {
    this.changed();
    this.element.dataset.drawn = "inside";
  }

  // Another channel, or none that is here: then the one that varies most.
  changed() {
    const wanted = this.chain.channels.indexOf(Number(this.panels.settings.channel || this.chain.start));
    this.chosen = wanted < 0 ? this.chain.channels.indexOf(this.chain.start) : wanted;
    this.picker.value = String(this.chain.channels[this.chosen]);
    this.reach = this.arrays.dense ? Math.max(...this.chain.frames.flatMap((frame, row) => this.chain.peers.map((name, peer) => Math.abs(this.read(peer, row))))) : 1;
    this.place();
  }

  /** @param {number} place */
  name(place) {
    const { channels, names } = this.chain;
    return names[place] ? `${channels[place]}: ${names[place]}` : names.length ? `${channels[place]} (empty)` : String(channels[place]);
  }

  // The row of the arrays that holds the cursor's frame, or the last one sent before it.
  place() {
    const { frames } = this.chain;
    const after = frames.findIndex((frame) => frame > this.panels.frame);
    this.row = after < 0 ? frames.length - 1 : Math.max(after - 1, 0);
    const reached = this.panels.explorer?.recording.reached(frames[this.row], this.chain.connection);
    this.now.textContent = `frame ${frames[this.row] + 1}${reached ? `, ${WITHIN}` : ""}`;
    this.now.title = reached ? END_REACHES : "";
    for (const update of this.updates) update();
  }

  // One row of an array, or the whole of a vector.
  /** @param {string} name @param {number} [row] */
  vector(name, row = this.row) {
    const { shape, values } = this.arrays[name];
    return shape.length === 1 ? values : values.subarray(row * shape[1], (row + 1) * shape[1]);
  }

  /** @param {string} name */
  at(name) {
    return this.vector(name)[this.chosen];
  }

  // What the dense layer makes of one peer: its row for the channel times the peer's weighted projection.
  /** @param {number} peer @param {number} [row] */
  read(peer, row = this.row) {
    if (!this.arrays[`projected ${peer}`]) return 0; // self attention
    return this.arrays.attention_weights.values[peer] * dot(this.vector("dense", this.chosen), this.vector(`projected ${peer}`, row));
  }

  steps() {
    const { attention, peers, weight } = this.chain;
    const width = this.arrays.combined?.shape[1];
    /** @type {(make: (peer: { name: string, color: string }, index: number) => HTMLElement) => HTMLElement[]} */
    const each = (make) => peers.map((peer, index) => make(peer, index));
    const last = this.step("Scaled channel", "connection weight × attention factor × pooled source: what the target receives of this channel, on average over its places",
      this.line("connection weight", () => weight ?? 1), this.line("× factor", () => this.at("factors")), this.line("× source", () => this.at("source")), this.line("= delivered", () => this.at("scaled"), "result"));
    if (attention === "none") return [this.step("No attention", "every factor is 1", this.line("factor", () => this.at("factors"), "result")), last];
    const sigmoid = this.step("Sigmoid", "1 / (1 + e to the minus logit): the attention factor", this.curve(), this.line("factor", () => this.at("factors"), "result"));
    if (attention === "static") return [this.step("Learned value", "one for each channel, the same for every clip and frame", this.line("logit", () => this.at("logits"), "result")), sigmoid, last];
    const bias = this.line("bias", () => this.arrays["dense bias"].values[this.chosen]);
    const logit = this.line("logit", () => this.at("logits"), "result");
    if (attention === "self") {
      return [
        this.step("Pooled source", "the mean over all places of what arrives", this.strip(this.chain.source, peers[0].color, "pooled 0")),
        this.step("Weighted", "times the connection weight", this.line("connection weight", () => weight ?? 1), this.strip("product", peers[0].color, "combined")),
        this.step("Dense", "the channel's row of the matrix times the vector, plus bias", bias, logit),
        sigmoid, last,
      ];
    }
    return [
      this.step("Pooled peers", "the mean over all places of each peer's output", ...each((peer, index) => this.strip(peer.name, peer.color, `pooled ${index}`))),
      this.step("Projections", `a matrix times the pooled peer, plus bias: ${width} numbers each`, ...each((peer, index) => this.strip(peer.name, peer.color, `projected ${index}`))),
      this.step("Softmax weights", "e to the learned preference, divided by the sum over the peers", ...each((peer, index) => this.bar(peer, () => this.arrays.attention_weights.values[index]))),
      this.step("Sum", "weight times projection, summed over the peers", this.strip("sum", null, "combined")),
      this.step("Dense", "the channel's row of the matrix times the sum, plus bias; here peer by peer", ...each((peer, index) => this.bar(peer, () => this.read(index), true)), bias, logit),
      sigmoid, last,
    ];
  }

  /** @param {string} title @param {string} formula @param {Node[]} rows */
  step(title, formula, ...rows) {
    return element("li", {}, element("h4", {}, title), element("p", { className: "formula" }, formula), element("div", { className: "rows" }, ...rows));
  }

  /** @param {string} name @param {() => number} value @param {string} [kind] */
  line(name, value, kind = "") {
    const cell = element("b", {});
    this.updates.push(() => writeStep(cell, value()));
    return element("div", { className: `row ${kind}` }, element("span", {}, name), cell);
  }

  // A vector as small bars about zero, and its mean.
  /** @param {string} name @param {string | null} color @param {string} array */
  strip(name, color, array) {
    const canvas = element("canvas", { className: "strip", attributes: { "aria-hidden": "true" } });
    const cell = element("b", {});
    const count = this.arrays[array].shape.at(-1);
    const greatest = this.arrays[array].values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    this.updates.push(() => {
      const values = this.vector(array);
      drawStrip(canvas, values, color ?? this.panels.theme.text, greatest);
      writeStep(cell, values.reduce((sum, value) => sum + value, 0) / values.length);
    });
    return element("div", { className: "row", title: `${name}: ${count} numbers, their mean` }, element("span", { className: "name" }, name), canvas, cell);
  }

  // A share from the left; a signed part from the middle, the greatest of all frames as wide as there is room.
  /** @param {{ name: string, color: string }} peer @param {() => number} value @param {boolean} [signed] */
  bar({ name, color }, value, signed = false) {
    const [fill, cell] = [element("i", { className: "bar" }), element("b", {})];
    fill.style.background = color;
    this.updates.push(() => {
      const now = value();
      const size = signed ? 50 * Math.abs(now / (this.reach || 1)) : 100 * now;
      fill.style.width = `${size}%`;
      fill.style.marginLeft = signed ? `${now < 0 ? 50 - size : 50}%` : "0";
      writeStep(cell, now);
    });
    return element("div", { className: "row", title: name }, element("span", { className: "name" }, name), element("span", { className: `track ${signed ? "signed" : ""}` }, fill), cell);
  }

  // The sigmoid from -6 to 6, and where the logit stands on it.
  curve() {
    const canvas = element("canvas", { className: "curve", attributes: { "aria-hidden": "true" } });
    this.updates.push(() => drawSigmoid(canvas, this.at("logits"), this.panels.theme));
    return canvas;
  }

  json() {
    const { chain, row, chosen: place } = this;
    const peers = chain.peers.map(({ name }, index) => ({
      peer: name,
      pooled: [...this.vector(`pooled ${index}`)],
      ...(this.arrays[`projection ${index}`] && { projection: { matrix: matrix(this.arrays[`projection ${index}`]), bias: [...this.arrays[`projection bias ${index}`].values] } }),
      ...(this.arrays[`projected ${index}`] && { projected: [...this.vector(`projected ${index}`)], preference: this.arrays.preferences.values[index] }),
      attention_weight: this.arrays.attention_weights.values[index],
    }));
    const dense = this.arrays.dense && { row: [...this.vector("dense", place)], bias: this.arrays["dense bias"].values[place] };
    return JSON.stringify({
      connection: chain.connection, attention: chain.attention, frame: chain.frames[row] + 1, channel: chain.channels[place], peers,
      ...(this.arrays.combined && { sum: [...this.vector("combined")] }), ...(dense && { dense }), ...(this.arrays.logits && { logit: this.at("logits") }),
      attention_factor: this.at("factors"), connection_weight: chain.weight, pooled_source: this.at("source"), scaled: this.at("scaled"),
    }, null, 1);
  }

  /** @param {HTMLButtonElement} button */
  async copy(button) {
    await navigator.clipboard.writeText(this.json());
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy numbers"), 1500);
  }

  outline() {}
  remove() {}
}

// As everywhere, but what three decimals would hide is said by its power of ten.
/** @param {HTMLElement} cell @param {number} value */
function writeStep(cell, value) {
  write(cell, value);
  if (value && Math.abs(value) < 0.001) cell.textContent = value.toExponential(1);
}

/** @type {(first: Float32Array, second: Float32Array) => number} */
const dot = (first, second) => first.reduce((sum, value, index) => sum + value * second[index], 0);
/** @type {(array: { shape: number[], values: Float32Array }) => number[][]} */
const matrix = ({ shape: [rows, columns], values }) => Array.from({ length: rows }, (_, row) => [...values.subarray(row * columns, (row + 1) * columns)]);

// A canvas of its own size in px, sharp on any screen, with its pen cleared.
/** @param {HTMLCanvasElement} canvas @param {{ width: number, height: number }} size */
function pen(canvas, { width, height }) {
  canvas.width = width * devicePixelRatio;
  canvas.height = height * devicePixelRatio;
  const drawn = penOf(canvas);
  drawn.scale(devicePixelRatio, devicePixelRatio);
  return drawn;
}

/** @param {HTMLCanvasElement} canvas @param {Float32Array} values @param {string} color @param {number} greatest */
function drawStrip(canvas, values, color, greatest) {
  const { width, height } = STRIP;
  const drawn = pen(canvas, STRIP);
  drawn.fillStyle = color;
  values.forEach((value, index) => {
    const size = (greatest ? value / greatest : 0) * (height / 2);
    drawn.fillRect((index / values.length) * width, height / 2 - Math.max(size, 0), Math.max(width / values.length - 0.5, 0.5), Math.max(Math.abs(size), 0.5));
  });
}

/** @param {HTMLCanvasElement} canvas @param {number} logit @param {Theme} theme */
function drawSigmoid(canvas, logit, { text, quiet }) {
  const [width, height] = [112, 56];
  const drawn = pen(canvas, { width, height });
  /** @type {(x: number) => Spot} */
  const spot = (x) => [((Math.min(Math.max(x, -6), 6) + 6) / 12) * (width - 8) + 4, height - 4 - (height - 8) / (1 + Math.exp(-x))];
  drawn.strokeStyle = quiet;
  drawn.beginPath();
  for (let x = -6; x <= 6; x += 0.25) drawn.lineTo(...spot(x));
  drawn.stroke();
  drawn.fillStyle = text;
  drawn.beginPath();
  drawn.arc(...spot(logit), 3.5, 0, 2 * Math.PI);
  drawn.fill();
}
