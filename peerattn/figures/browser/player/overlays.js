// What can be laid over the frame, one at a time: object map, optical flow, heat map of a block.
// Each is a picture of levels, which a table of colours turns into a layer.

const VEIL = 0.55; // opacity of object maps and heat maps
const FULL = 0.85; // opacity of the optical flow's full colour
const ARROWS = 10; // arrows of the optical flow, a row and a column

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

  get offered() {
    return this.player.recording.objectMaps.length > 0;
  }

  /** @param {number} frame @param {(frame: number) => void} arrived */
  decode(frame, arrived) {
    this.player.recording.objectMaps.decode(frame, arrived);
  }

  // Levels are class ids (0: no object).
  /** @param {CanvasRenderingContext2D} pen @param {number} frame */
  draw(pen, frame) {
    const { recording, canvas } = this.player;
    const map = recording.objectMaps.at(frame);
    if (!map) return false;
    const colors = colorTable(recording.objects.map(([id, , color]) => levelColor(id, color, 1)));
    lay(pen, canvas, layer(levelsOf(map), colors), VEIL);
    return true;
  }
}

// Hue says the direction, strength the speed; thin arrows say both a second time.
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
    const { hues, full, greatest, width } = flow;
    const words = [["→", "right", "red"], ["↓", "down", "lime"], ["←", "left", "cyan"], ["↑", "up", "violet"]];
    const items = words.map(([sign, way, hue], index) => element("li", {}, swatch(hues[(index * hues.length) / 4]), `${sign} ${way}: ${hue}`));
    const speed = element("p", { className: "quiet" },
      "full colour from ", write(element("b", {}), full, 2), " px per nominal step, greatest ", write(element("b", {}), greatest, 2), `, at the ${width} px that the network sees`);
    this.element.replaceChildren(element("ul", { className: "legend" }, ...items), speed);
  }

  get offered() {
    return Boolean(this.player.recording.flow);
  }

  /** @param {number} frame @param {(frame: number) => void} arrived */
  decode(frame, arrived) {
    this.player.recording.flows.decode(frame, arrived);
  }

  /** @param {CanvasRenderingContext2D} pen @param {number} frame */
  draw(pen, frame) {
    const { recording, canvas } = this.player;
    const { flow } = recording;
    const picture = recording.flows.at(frame);
    if (!flow || !picture) return false;
    const levels = levelsOf(picture);
    lay(pen, canvas, layer(levels, colorTable(this.colors(flow))), 1);
    this.arrows(pen, levels, flow);
    return true;
  }

  // Levels are 1 + direction + directions × strength.
  /** @param {Flow} flow */
  colors({ hues, strengths }) {
    return Array.from({ length: hues.length * strengths }, (_, code) => levelColor(
      code + 1, hues[code % hues.length], (FULL * (Math.floor(code / hues.length) + 1)) / strengths,
    ));
  }

  /** @param {CanvasRenderingContext2D} pen @param {ImageData} levels @param {Flow} flow */
  arrows(pen, { data, width, height }, { hues, strengths }) {
    const { canvas } = this.player;
    const step = canvas.width / ARROWS;
    for (let place = 0; place < ARROWS * ARROWS; place += 1) {
      const [column, row] = [(place % ARROWS) + 0.5, Math.floor(place / ARROWS) + 0.5];
      const level = data[4 * (Math.floor((row / ARROWS) * height) * width + Math.floor((column / ARROWS) * width))];
      const length = (0.8 * step * Math.ceil(level / hues.length)) / strengths;
      if (length < 5) continue; // too short to point anywhere
      drawArrow(pen, [column * step, (row / ARROWS) * canvas.height], (2 * Math.PI * ((level - 1) % hues.length)) / hues.length, length);
    }
  }
}

class HeatMap {
  /** @param {Player} player */
  constructor(player) {
    this.player = player;
    this.name = "heat";
    this.label = "heat map";
    this.chooser = element("select", { ariaLabel: "heat map of", onchange: () => player.explorer.change("heat", this.chooser.value) });
    this.ramp = element("span", { className: "ramp" });
    this.ends = [element("b"), element("b")];
    this.said = element("p", { className: "quiet" });
    const range = element("p", { className: "range" }, this.ends[0], this.ramp, this.ends[1]);
    this.element = element("div", {}, this.chooser, this.said, range);
  }

  get offered() {
    return true;
  }

  /** @param {Recording} recording */
  load({ blocks, viridis }) {
    this.ramp.style.background = `linear-gradient(90deg, ${viridis.join(",")})`;
    /** @param {Block} block */
    const option = ({ id }) => element("option", { value: id }, `block ${id}`);
    this.chooser.replaceChildren(element("option", { value: "" }, "the block in view"), ...blocks.map(option));
  }

  // The chosen block; else the one pointed at or pinned, or where the connection starts; else the last.
  /** @returns {string} */
  get variant() {
    const { recording, explorer } = this.player;
    const { focus, settings } = explorer;
    const inView = focus && (focus.kind === "block" ? focus.id : recording.connection(focus.id).source);
    const known = Object.keys(recording.heat); // what is compared on a greater layout lacks some blocks
    return known.find((id) => id === settings.heat) ?? known.find((id) => id === inView) ?? known.at(-1) ?? "";
  }

  decode() {}

  /** @param {CanvasRenderingContext2D} pen @param {number} frame */
  draw(pen, frame) {
    const { recording, canvas } = this.player;
    const { levels, shape: [height, width] } = recording.heat[this.variant];
    const data = new Uint8ClampedArray(4 * width * height);
    for (let place = 0; place < width * height; place += 1) data[4 * place] = levels[frame * width * height + place];
    const colors = Array.from({ length: 256 }, (_, level) => levelColor(level, shadeColor(recording.viridis, level / 255), 1));
    lay(pen, canvas, layer({ data, width, height }, colorTable(colors)), VEIL);
    return true;
  }

  explain() {
    const { recording, explorer } = this.player;
    this.chooser.value = recording.blockRows.has(explorer.settings.heat) ? explorer.settings.heat : "";
    this.said.textContent = `mean |output| of block ${this.variant}, place by place`;
    recording.heat[this.variant].range.forEach((value, end) => write(this.ends[end], value));
  }
}

// The levels of a grey picture, in the first of each four bytes.
/** @param {ImageBitmap} bitmap */
function levelsOf(bitmap) {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const pen = offscreenPen(canvas, { willReadFrequently: true });
  pen.drawImage(bitmap, 0, 0);
  return pen.getImageData(0, 0, bitmap.width, bitmap.height);
}

/** @typedef {{ level: number, color: string, opacity: number }} LevelColor */
/** @type {(level: number, color: string, opacity: number) => LevelColor} */
const levelColor = (level, color, opacity) => ({ level, color, opacity });

// The pixel of each level; levels that are not named stay clear.
/** @param {LevelColor[]} entries */
function colorTable(entries) {
  const table = new Uint32Array(256);
  const bytes = new Uint8Array(table.buffer);
  for (const { level, color, opacity } of entries) bytes.set([...channels(color), Math.round(255 * opacity)], 4 * level);
  return table;
}

/** @param {{ data: Uint8ClampedArray, width: number, height: number }} levels @param {Uint32Array} table */
function layer({ data, width, height }, table) {
  const canvas = new OffscreenCanvas(width, height);
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let place = 0; place < pixels.length; place += 1) pixels[place] = table[data[4 * place]];
  offscreenPen(canvas).putImageData(image, 0, 0);
  return canvas;
}

/** @param {OffscreenCanvas} canvas @param {CanvasRenderingContext2DSettings} [settings] */
function offscreenPen(canvas, settings) {
  return /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d", settings));
}

// Each place keeps its own colour: nothing is made up between them.
/** @param {CanvasRenderingContext2D} pen @param {HTMLCanvasElement} canvas @param {OffscreenCanvas} picture @param {number} opacity */
function lay(pen, canvas, picture, opacity) {
  pen.globalAlpha = opacity;
  pen.imageSmoothingEnabled = false;
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  pen.imageSmoothingEnabled = true;
  pen.globalAlpha = 1;
}

// White on black, so that it shows on any frame; it is centred on its place.
/** @param {CanvasRenderingContext2D} pen @param {Spot} place @param {number} angle @param {number} length */
function drawArrow(pen, [x, y], angle, length) {
  const [across, down] = [(Math.cos(angle) * length) / 2, (Math.sin(angle) * length) / 2];
  /** @type {(turn: number) => Spot} */
  const barb = (turn) => [x + across - (length / 3) * Math.cos(angle + turn), y + down - (length / 3) * Math.sin(angle + turn)];
  for (const { color, width } of [{ color: "#000000", width: 2.5 }, { color: "#ffffff", width: 1 }]) {
    pen.lineWidth = width;
    stroke(pen, color, [[x - across, y - down], [x + across, y + down]]);
    stroke(pen, color, [barb(0.5), [x + across, y + down], barb(-0.5)]);
  }
}
