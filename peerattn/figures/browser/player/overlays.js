// The overlays of the frame, shown one at a time: object map, optical flow, joints, and the heat map of a block.
// All but the joints are images of levels (0 to 255); a table of colours turns them into a transparent layer.

const MAP_OPACITY = 0.55; // opacity of object maps and heat maps
const FLOW_OPACITY = 0.85; // opacity of the optical flow at full strength
const ARROWS = 10; // arrows of the optical flow per row and column

class ObjectMap {
  /** @param {Player} player */
  constructor(player) {
    this.player = player;
    this.name = this.label = "objects";
    this.variant = "";
    this.element = element("ul", { className: "legend" });
  }

  /** @param {Recording} recording */
  load({ objects }) {
    this.element.replaceChildren(...objects.map(([, name, color]) => element("li", {}, swatch(color), name)));
  }

  get available() {
    return this.player.recording.objectMaps.length > 0;
  }

  /** @param {number} frame @param {(frame: number) => void} onDecoded */
  decode(frame, onDecoded) {
    this.player.recording.objectMaps.decode(frame, onDecoded);
  }

  // Levels are class ids (0: no object).
  /** @param {CanvasRenderingContext2D} pen @param {number} frame */
  draw(pen, frame) {
    const { recording, canvas } = this.player;
    const map = recording.objectMaps.at(frame);
    if (!map) return false;
    const colors = colorTable(recording.objects.map(([id, , color]) => levelColor(id, color, 1)));
    drawLayer(pen, canvas, makeLayer(readLevels(map), colors), MAP_OPACITY);
    return true;
  }
}

// Hue shows the direction and opacity the speed; thin arrows show both as well.
class OpticalFlow {
  /** @param {Player} player */
  constructor(player) {
    this.player = player;
    this.name = this.label = "flow";
    this.variant = "";
    this.element = element("div");
  }

  /** @param {Recording} recording */
  load({ flow }) {
    if (!flow) return;
    const { hues, full, greatest, width, step } = flow;
    const directions = [["→", "right", "red"], ["↓", "down", "lime"], ["←", "left", "cyan"], ["↑", "up", "violet"]];
    const items = directions.map(([sign, direction, hue], index) => element("li", {}, swatch(hues[(index * hues.length) / 4]), `${sign} ${direction}: ${hue}`));
    const speed = element("p", { className: "quiet" },
      "full colour at ", writeNumber(element("b", {}), full, 2), " px per step or faster (clip maximum ", writeNumber(element("b", {}), greatest, 2), `), measured at the ${width} px network input${step ? `; a step is ${formatNumber(step)} s` : ""}`);
    this.element.replaceChildren(element("ul", { className: "legend" }, ...items), speed);
  }

  get available() {
    return Boolean(this.player.recording.flow);
  }

  /** @param {number} frame @param {(frame: number) => void} onDecoded */
  decode(frame, onDecoded) {
    this.player.recording.flows.decode(frame, onDecoded);
  }

  /** @param {CanvasRenderingContext2D} pen @param {number} frame */
  draw(pen, frame) {
    const { recording, canvas } = this.player;
    const { flow } = recording;
    const image = recording.flows.at(frame);
    if (!flow || !image) return false;
    const levels = readLevels(image);
    drawLayer(pen, canvas, makeLayer(levels, colorTable(this.colors(flow))), 1);
    this.arrows(pen, levels, flow);
    return true;
  }

  // Levels are 1 + direction + directions × strength.
  /** @param {Flow} flow */
  colors({ hues, strengths }) {
    return Array.from({ length: hues.length * strengths }, (_, code) => levelColor(
      code + 1, hues[code % hues.length], (FLOW_OPACITY * (Math.floor(code / hues.length) + 1)) / strengths,
    ));
  }

  /** @param {CanvasRenderingContext2D} pen @param {ImageData} levels @param {Flow} flow */
  arrows(pen, { data, width, height }, { hues, strengths }) {
    const { canvas } = this.player;
    const step = canvas.width / ARROWS;
    for (let index = 0; index < ARROWS * ARROWS; index += 1) {
      const [column, row] = [(index % ARROWS) + 0.5, Math.floor(index / ARROWS) + 0.5];
      const level = data[4 * (Math.floor((row / ARROWS) * height) * width + Math.floor((column / ARROWS) * width))];
      const length = (0.8 * step * Math.ceil(level / hues.length)) / strengths;
      if (length < 5) continue; // too short to show a direction
      drawArrow(pen, [column * step, (row / ARROWS) * canvas.height], (2 * Math.PI * ((level - 1) % hues.length)) / hues.length, length);
    }
  }
}

// The joints of the person as dots, with lines for the limbs between sure joints.
class Skeleton {
  /** @param {Player} player */
  constructor(player) {
    this.player = player;
    this.name = this.label = "joints";
    this.variant = "";
    this.element = element("p", { className: "quiet" });
  }

  /** @param {Recording} recording */
  load({ skeleton }) {
    if (skeleton) this.element.textContent = `joints with a score of ${skeleton.sure} or more, as the network reads them`;
  }

  get available() {
    return Boolean(this.player.recording.skeleton);
  }

  decode() {}

  /** @param {CanvasRenderingContext2D} pen @param {number} frame */
  draw(pen, frame) {
    const { recording, canvas } = this.player;
    const { skeleton } = recording;
    if (!skeleton) return false;
    const places = surePlaces(recording, frame);
    for (const [from, to] of skeleton.limbs) {
      const [start, end] = [places.get(from), places.get(to)];
      if (start && end) this.outlined(pen, (color, width) => {
        pen.lineWidth = width;
        strokeLine(pen, color, [scaledTo(canvas, start), scaledTo(canvas, end)]);
      });
    }
    for (const place of places.values()) this.outlined(pen, (color, width) => {
      pen.fillStyle = color;
      pen.beginPath();
      pen.arc(...scaledTo(canvas, place), width, 0, 2 * Math.PI);
      pen.fill();
    });
    return true;
  }

  // Draws in black, then thinner in white, so that it is visible on any frame.
  /** @param {CanvasRenderingContext2D} pen @param {(color: string, width: number) => void} stroke */
  outlined(pen, stroke) {
    const unit = this.player.canvas.width / 160;
    for (const [color, width] of /** @type {[string, number][]} */ ([["#000000", 1.8 * unit], ["#ffffff", unit]])) stroke(color, width);
  }
}

class HeatMap {
  /** @param {Player} player */
  constructor(player) {
    this.player = player;
    this.name = "heat";
    this.label = "heat map";
    this.chooser = element("select", { ariaLabel: "heat map of", onchange: () => player.explorer.changeSetting("heat", this.chooser.value) });
    this.ramp = element("span", { className: "ramp" });
    this.ends = [element("b"), element("b")];
    this.description = element("p", { className: "quiet" });
    const range = element("p", { className: "range" }, this.ends[0], this.ramp, this.ends[1]);
    this.raw = checkbox("as it is", false, (checked) => player.explorer.changeSetting("rawHeat", checked));
    this.raw.title = "show the mean absolute output itself: much of it is the same for any clip, such as what comes from padding";
    this.element = element("div", {}, this.chooser, this.description, range, this.raw);
  }

  // A block whose output has no positions has nothing to show.
  get available() {
    return Object.values(this.player.recording.heat).some(({ shape: [height, width] }) => height * width > 1);
  }

  /** @param {Recording} recording */
  load({ blocks, viridis }) {
    this.ramp.style.background = `linear-gradient(90deg, ${viridis.join(",")})`;
    /** @param {Block} block */
    const option = ({ id }) => element("option", { value: id }, `block ${id}`);
    this.chooser.replaceChildren(element("option", { value: "" }, "the selected block"), ...blocks.map(option));
  }

  // The levels that compare the map with what is usual, or null if they are unknown or the visitor wants the map itself.
  get unusualLevels() {
    return this.player.explorer.settings.rawHeat ? null : this.player.recording.heat[this.block].unusualLevels;
  }

  get variant() {
    return `${this.block}${this.unusualLevels ? " unusual" : ""}`;
  }

  // The id of the block that is shown: the chosen one, else the block (or source block) pointed at or pinned, else the last.
  /** @returns {string} */
  get block() {
    const { recording, explorer } = this.player;
    const { focus, settings } = explorer;
    const focused = focus && (focus.kind === "block" ? focus.id : recording.connection(focus.id).source);
    const known = Object.keys(recording.heat); // a trace compared on a larger layout lacks some blocks
    return known.find((id) => id === settings.heat) ?? known.find((id) => id === focused) ?? known.at(-1) ?? "";
  }

  decode() {}

  /** @param {CanvasRenderingContext2D} pen @param {number} frame */
  draw(pen, frame) {
    const { recording, canvas } = this.player;
    const { levels, shape: [height, width] } = recording.heat[this.block];
    const shown = this.unusualLevels ?? levels;
    const data = new Uint8ClampedArray(4 * width * height);
    for (let pixel = 0; pixel < width * height; pixel += 1) data[4 * pixel] = shown[frame * width * height + pixel];
    const opacity = this.unusualLevels ? (/** @type {number} */ level) => Math.min(level / 85, 1) : () => 1; // what is usual is clear
    const colors = Array.from({ length: 256 }, (_, level) => levelColor(level, paletteColor(recording.viridis, level / 255), opacity(level)));
    drawLayer(pen, canvas, makeLayer({ data, width, height }, colorTable(colors)), MAP_OPACITY);
    return true;
  }

  updateLegend() {
    const { recording, explorer } = this.player;
    this.chooser.value = recording.blockRows.has(explorer.settings.heat) ? explorer.settings.heat : "";
    const { unusualLevels, block } = this;
    this.raw.hidden = !recording.heat[block].unusualLevels;
    this.raw.input.checked = explorer.settings.rawHeat;
    this.description.textContent = unusualLevels
      ? `what this clip adds to block ${block} at each position, against ${recording.usualClips} clips: the share of their frames with less there`
      : `mean absolute output of block ${block} at each position`;
    (unusualLevels ? [0.5, 1] : recording.heat[block].range).forEach((value, end) => writeNumber(this.ends[end], value));
  }
}

// Returns the places of the sure joints of a frame, as shares of its width and height, by number.
/** @param {Recording} recording @param {number} frame */
function surePlaces(recording, frame) {
  const count = recording.arrays.joints.length / recording.length / 3;
  /** @type {Map<number, XY>} */
  const places = new Map();
  for (let joint = 0; joint < count; joint += 1) {
    const [x, y, score] = [0, 1, 2].map((row) => recording.at("joints", 3 * joint + row, frame));
    if (recording.skeleton && score >= recording.skeleton.sure) places.set(joint, [x, y]);
  }
  return places;
}

/** @param {HTMLCanvasElement} canvas @param {XY} place @returns {XY} */
const scaledTo = (canvas, [x, y]) => [x * canvas.width, y * canvas.height];

// Returns the pixels of a grey image; the first of the four bytes of a pixel is its level.
/** @param {ImageBitmap} bitmap */
function readLevels(bitmap) {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const pen = offscreenPen(canvas, { willReadFrequently: true });
  pen.drawImage(bitmap, 0, 0);
  return pen.getImageData(0, 0, bitmap.width, bitmap.height);
}

/** @typedef {{ level: number, color: string, opacity: number }} LevelColor */
/** @type {(level: number, color: string, opacity: number) => LevelColor} */
const levelColor = (level, color, opacity) => ({ level, color, opacity });

// Returns the RGBA pixel of each level; levels without an entry are transparent.
/** @param {LevelColor[]} entries */
function colorTable(entries) {
  const table = new Uint32Array(256);
  const bytes = new Uint8Array(table.buffer);
  for (const { level, color, opacity } of entries) bytes.set([...rgbChannels(color), Math.round(255 * opacity)], 4 * level);
  return table;
}

/** @param {{ data: Uint8ClampedArray, width: number, height: number }} levels @param {Uint32Array} table */
function makeLayer({ data, width, height }, table) {
  const canvas = new OffscreenCanvas(width, height);
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let pixel = 0; pixel < pixels.length; pixel += 1) pixels[pixel] = table[data[4 * pixel]];
  offscreenPen(canvas).putImageData(image, 0, 0);
  return canvas;
}

/** @param {OffscreenCanvas} canvas @param {CanvasRenderingContext2DSettings} [settings] */
function offscreenPen(canvas, settings) {
  return /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d", settings));
}

// Enlarges a layer without interpolation, so that every position keeps its own colour.
/** @param {CanvasRenderingContext2D} pen @param {HTMLCanvasElement} canvas @param {OffscreenCanvas} image @param {number} opacity */
function drawLayer(pen, canvas, image, opacity) {
  pen.globalAlpha = opacity;
  pen.imageSmoothingEnabled = false;
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  pen.imageSmoothingEnabled = true;
  pen.globalAlpha = 1;
}

// Draws an arrow centred on a position, white on black so that it is visible on any frame.
/** @param {CanvasRenderingContext2D} pen @param {XY} centre @param {number} angle @param {number} length */
function drawArrow(pen, [x, y], angle, length) {
  const [across, down] = [(Math.cos(angle) * length) / 2, (Math.sin(angle) * length) / 2];
  /** @type {(turn: number) => XY} */
  const barb = (turn) => [x + across - (length / 3) * Math.cos(angle + turn), y + down - (length / 3) * Math.sin(angle + turn)];
  for (const { color, width } of [{ color: "#000000", width: 2.5 }, { color: "#ffffff", width: 1 }]) {
    pen.lineWidth = width;
    strokeLine(pen, color, [[x - across, y - down], [x + across, y + down]]);
    strokeLine(pen, color, [barb(0.5), [x + across, y + down], barb(-0.5)]);
  }
}
