// Where blocks, lanes and levels lie in the stage, in pixels. The structure, the stage's width and the way up
// decide alone: no frame, clip or pruning moves a block.

const MARGIN = { left: 64, right: 24, top: 26, bottom: 54 };
const SIDE = { left: 112, right: 56, top: 14, bottom: 34 }; // levels from left to right: lanes are named at the left
const UNIT = 1.3; // pixels of a graph unit, at most
const LEVEL_PX = { least: 72, most: 112, stage: 900 }; // between levels; many levels share a tall stage
const SLOT_PX = 52; // between blocks of a level that runs from left to right: a block and its label
const RADIUS = 9;

class Places {
  /** @param {Recording} recording @param {number} width @param {boolean} horizontal */
  constructor(recording, width, horizontal) {
    const { graph, lanes, column, row } = recording;
    const [first, last] = [lanes[0][1], lanes[lanes.length - 1][2]];
    this.recording = recording;
    this.width = width;
    this.horizontal = horizontal;
    this.rows = Math.round(-Math.min(...graph.nodes.map(({ y }) => y)) / row);
    this.margin = horizontal ? SIDE : MARGIN;
    const room = width - this.margin.left - this.margin.right;
    this.unit = horizontal
      ? Math.min(SLOT_PX, Math.max(LEVEL_PX.stage / ((last - first) / column), 6)) / column
      : Math.min(room / (last - first), UNIT);
    this.step = this.levelStep(room, row);
    this.across = this.unit * (last - first);
    this.along = this.step * this.rows;
    this.height = (horizontal ? this.across : this.along) + this.margin.top + this.margin.bottom;
    this.first = first;
    this.free = horizontal ? (room - this.along) / 2 : (room - this.across) / 2; // centres what needs less than the stage
    this.slot = horizontal ? this.step : this.unit * column; // how wide a name may be
    this.radius = Math.min(RADIUS, Math.max(0.38 * this.unit * column, 2.5));
    this.blocks = mapOf(graph.nodes.map(({ id, x, y }) => [id, this.at(x, -y / row)]));
  }

  /** @param {number} room @param {number} row */
  levelStep(room, row) {
    if (this.horizontal) return Math.min(room / Math.max(this.rows, 1), 190);
    const even = Math.max(LEVEL_PX.stage / Math.max(this.rows, 1), 48);
    return Math.min(Math.min(Math.max(row * this.unit, LEVEL_PX.least), LEVEL_PX.most), even);
  }

  // A place in graph units across the lanes and in levels up from the inputs.
  /** @param {number} across @param {number} level @returns {Point} */
  at(across, level) {
    const { margin, free, unit, first, step } = this;
    const side = (across - first) * unit;
    if (this.horizontal) return { x: margin.left + free + level * step, y: margin.top + side };
    return { x: margin.left + free + side, y: margin.top + (this.rows - level) * step };
  }

  // Lanes and levels with their names, as pieces.
  /** @param {Theme} theme @returns {Piece[]} */
  backdrop(theme) {
    const { lanes, looks, blocks } = this.recording;
    const level = new Map(blocks.map((block) => [block.level, this.blocks.get(block.id)]));
    return [
      ...lanes.flatMap(([name, from, to]) => this.lane(name, looks[name].color, this.at(from, 0), this.at(to, this.rows), theme)),
      ...[...level].map(([number, place]) => this.level(number, place, theme)),
    ];
  }

  /** @param {string} name @param {string} color @param {Point} start @param {Point} end @param {Theme} theme @returns {Piece[]} */
  lane(name, color, start, end, theme) {
    const [left, right] = this.horizontal ? [start.x - 44, end.x + 44] : [start.x, end.x];
    const [top, bottom] = this.horizontal ? [start.y, end.y] : [end.y - 20, start.y + 30];
    const text = { text: name, size: 12, weight: 600, fill: theme.text };
    /** @type {Pick<TextPiece, "x" | "y" | "anchor">} */
    const place = this.horizontal
      ? { x: left - 10, y: (top + bottom) / 2 + 4, anchor: "end" }
      : { x: (left + right) / 2, y: bottom + 16, anchor: "middle" };
    return [{ d: boxPath(left, top, right - left, bottom - top, 8), fill: color, opacity: theme.dark ? 0.14 : 0.07 }, { ...text, ...place }];
  }

  /** @param {number} number @param {Point} place @param {Theme} theme @returns {TextPiece} */
  level(number, { x, y }, theme) {
    /** @type {Pick<TextPiece, "x" | "y" | "anchor">} */
    const place = this.horizontal
      ? { x, y: this.height - 14, anchor: "middle" }
      : { x: this.margin.left + this.free - 10, y: y + 4, anchor: "end" };
    return { text: `level ${number}`, size: 11, fill: theme.quiet, ...place };
  }
}
