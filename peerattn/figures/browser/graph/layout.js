// The positions of blocks, lanes and levels in the stage, in pixels. They depend only on the structure, the width of
// the stage and the orientation: no frame, clip or pruning moves a block.

const MARGIN = { left: 64, right: 24, top: 26, bottom: 54 };
const SIDE = { left: 112, right: 56, top: 14, bottom: 34 }; // horizontal: levels run from left to right, lane names stand on the left
const MAX_UNIT = 1.3; // maximum pixels per graph unit
const LEVEL_PX = { min: 72, max: 112, stage: 900 }; // distance between levels; many levels share a stage of this height
const SLOT_PX = 52; // horizontal: distance between the blocks of a level, with available for a label
const RADIUS = 9;

class GraphLayout {
  /** @param {Recording} recording @param {number} width @param {boolean} horizontal */
  constructor(recording, width, horizontal) {
    const { graph, lanes, column, row } = recording;
    const [first, last] = [lanes[0][1], lanes[lanes.length - 1][2]];
    this.recording = recording;
    this.width = width;
    this.horizontal = horizontal;
    this.levels = Math.round(-Math.min(...graph.nodes.map(({ y }) => y)) / row);
    this.margin = horizontal ? SIDE : MARGIN;
    const available = width - this.margin.left - this.margin.right;
    this.unit = horizontal
      ? Math.min(SLOT_PX, Math.max(LEVEL_PX.stage / ((last - first) / column), 6)) / column
      : Math.min(available / (last - first), MAX_UNIT);
    this.step = this.levelStep(available, row);
    this.across = this.unit * (last - first);
    this.along = this.step * this.levels;
    this.height = (horizontal ? this.across : this.along) + this.margin.top + this.margin.bottom;
    this.first = first;
    this.offset = horizontal ? (available - this.along) / 2 : (available - this.across) / 2; // centres a graph that is smaller than the stage
    this.slot = horizontal ? this.step : this.unit * column; // the maximum width of a label
    this.radius = Math.min(RADIUS, Math.max(0.38 * this.unit * column, 2.5));
    this.blocks = completeMap(graph.nodes.map(({ id, x, y }) => [id, this.toPixels(x, -y / row)]));
  }

  /** @param {number} available @param {number} row */
  levelStep(available, row) {
    if (this.horizontal) return Math.min(available / Math.max(this.levels, 1), 190);
    const even = Math.max(LEVEL_PX.stage / Math.max(this.levels, 1), 48);
    return Math.min(Math.min(Math.max(row * this.unit, LEVEL_PX.min), LEVEL_PX.max), even);
  }

  // Converts graph units across the lanes, and levels above the inputs, to pixels.
  /** @param {number} across @param {number} level @returns {Point} */
  toPixels(across, level) {
    const { margin, offset, unit, first, step } = this;
    const side = (across - first) * unit;
    if (this.horizontal) return { x: margin.left + offset + level * step, y: margin.top + side };
    return { x: margin.left + offset + side, y: margin.top + (this.levels - level) * step };
  }

  // Returns the lanes and levels with their names, as pieces.
  /** @param {Theme} theme @returns {Piece[]} */
  backdrop(theme) {
    const { lanes, looks, blocks } = this.recording;
    const level = new Map(blocks.map((block) => [block.level, this.blocks.get(block.id)]));
    return [
      ...lanes.flatMap(([name, from, to]) => this.lane(name, looks[name].color, this.toPixels(from, 0), this.toPixels(to, this.levels), theme)),
      ...[...level].map(([number, position]) => this.levelName(number, position, theme)),
    ];
  }

  /** @param {string} name @param {string} color @param {Point} start @param {Point} end @param {Theme} theme @returns {Piece[]} */
  lane(name, color, start, end, theme) {
    const [left, right] = this.horizontal ? [start.x - 44, end.x + 44] : [start.x, end.x];
    const [top, bottom] = this.horizontal ? [start.y, end.y] : [end.y - 20, start.y + 30];
    const text = { text: name, size: 12, weight: 600, fill: theme.text };
    /** @type {Pick<TextPiece, "x" | "y" | "anchor">} */
    const position = this.horizontal
      ? { x: left - 10, y: (top + bottom) / 2 + 4, anchor: "end" }
      : { x: (left + right) / 2, y: bottom + 16, anchor: "middle" };
    return [{ d: boxPath(left, top, right - left, bottom - top, 8), fill: color, opacity: theme.dark ? 0.14 : 0.07 }, { ...text, ...position }];
  }

  /** @param {number} number @param {Point} position @param {Theme} theme @returns {TextPiece} */
  levelName(number, { x, y }, theme) {
    /** @type {Pick<TextPiece, "x" | "y" | "anchor">} */
    const position = this.horizontal
      ? { x, y: this.height - 14, anchor: "middle" }
      : { x: this.margin.left + this.offset - 10, y: y + 4, anchor: "end" };
    return { text: `level ${number}`, size: 11, fill: theme.quiet, ...position };
  }
}
