// Two recordings on one layout, A and B: which of them the graph shows, or how B differs from A. What only one of
// them has is said to have no counterpart; it has no numbers, and none are made up.

/** @typedef {"A" | "B" | "difference"} Side */

/** @type {[side: Side, text: string][]} */
const SIDES = [["A", "A"], ["B", "B"], ["difference", "B − A"]];
// Less, alike, more; what is alike recedes into the page. Blue against red can be told apart by colour-blind readers.
const DIVERGING = { light: ["#2166ac", "#92c5de", "#f0f0f0", "#f4a582", "#b2182b"], dark: ["#7ab8f5", "#3f78b5", "#343a44", "#b8573f", "#ff9a76"] };

class Pair {
  /** @type {Recording} */ other;
  /** @type {number} */ scale;

  /** @param {Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    this.titles = [element("h3"), element("h3")];
    this.choice = choices("shown in the graph", (side) => explorer.change("side", side));
    this.choice.offer(SIDES);
    this.offset = element("input", { type: "number", step: "1", ariaLabel: "frames by which B is ahead of A" });
    this.offset.onchange = () => explorer.change("offset", Math.trunc(Number(this.offset.value)) || 0);
    this.said = element("p", { className: "quiet" });
    const offset = element("label", {}, "B ahead by ", this.offset, " frames");
    this.element = element("div", { className: "sides" }, this.choice, offset, this.said);
  }

  // B; A is the explorer's recording.
  /** @param {Recording} other */
  load(other) {
    this.other?.dispose();
    this.other = other;
    this.changed("side");
    this.changed("offset");
  }

  // What the two are called, over their frames.
  /** @param {[string, string]} names */
  name(names) {
    this.titles.forEach((title, index) => (title.textContent = `${"AB"[index]} · ${names[index]}`));
  }

  get first() {
    return this.explorer.recording;
  }

  get side() {
    const { side } = this.explorer.settings;
    return SIDES.find(([name]) => name === side)?.[0] ?? "A";
  }

  // The recording whose widths and weights are drawn.
  get shown() {
    return this.side === "B" ? this.other : this.first;
  }

  // B's frame beside a frame of A; null where B has none.
  /** @param {number} frame */
  frame(frame) {
    const beside = frame + this.explorer.settings.offset;
    return 0 <= beside && beside < this.other.length ? beside : null;
  }

  /** @param {keyof Settings} name */
  changed(name) {
    if (name === "side") this.choice.show(this.side);
    if (name === "offset") this.offset.value = String(this.explorer.settings.offset);
    if (name === "offset" && this.other) this.scale = this.greatest();
    if (this.other) this.tell();
  }

  tell() {
    const { first, other } = this;
    const [onlyFirst, onlyOther] = [other, first].map(({ absent, rows }) => absent.filter((id) => rows.has(id)).length);
    const alone = [[onlyFirst, "A"], [onlyOther, "B"]].filter(([count]) => count).map(([count, letter]) => `${count} in ${letter} only`);
    this.said.textContent = alone.length ? `connections without a counterpart: ${alone.join(", ")}; dotted` : "every connection has a counterpart";
  }

  // A's, B's and the difference's value of a row at a frame of A; NaN where there is none.
  /** @param {string} name @param {number} row @param {number} frame @returns {Record<Side, number>} */
  values(name, row, frame) {
    const beside = this.frame(frame);
    const [one, two] = [this.first.at(name, row, frame), beside === null ? NaN : this.other.at(name, row, beside)];
    return { A: one, B: two, difference: two - one };
  }

  // Whether an end of a clip reaches the frame that is shown of it; in the difference, of either.
  /** @param {number} frame @param {string | null} id */
  reached(frame, id) {
    const beside = this.frame(frame);
    const [one, two] = [this.first.reached(frame, id), beside !== null && this.other.reached(beside, id)];
    return { A: one, B: two, difference: one || two }[this.side];
  }

  get palette() {
    return this.explorer.theme.dark ? DIVERGING.dark : DIVERGING.light;
  }

  /** @param {number} value */
  color(value) {
    if (Number.isNaN(value)) return this.explorer.theme.quiet;
    return this.side === "difference" ? shadeColor(this.palette, 0.5 + value / (2 * this.scale)) : shadeColor(this.first.viridis, value);
  }

  // The greatest difference of a mean attention factor, over all connections and frames.
  greatest() {
    let greatest = 0;
    for (const row of this.first.rows.values()) {
      for (let frame = 0; frame < this.first.length; frame += 1) {
        const { difference } = this.values("shade", row, frame);
        if (Math.abs(difference) > greatest) greatest = Math.abs(difference);
      }
    }
    return greatest || 1;
  }

  // What the side that is shown lacks; in the difference, what either lacks.
  /** @returns {Marks} */
  marks() {
    const lacking = { A: this.first.absent, B: this.other.absent, difference: [...this.first.absent, ...this.other.absent] }[this.side];
    /** @type {(known: Known<number>) => Set<string>} */
    const split = (known) => new Set(lacking.filter((id) => known.has(id)));
    return { removed: split(this.first.rows), dead: split(this.first.blockRows), starved: new Set(), peerOnly: new Set() };
  }

  // The lines of both, or of how B differs: those of one name belong together.
  /** @param {DrawnChart} chart @param {DrawnChart} other @returns {DrawnChart} */
  joined(chart, other) {
    const named = mapOf(other.lines.map((line) => [line.name, line]));
    /** @type {(line: DrawnLine) => (frame: number) => number} */
    const beside = (line) => (frame) => {
      const at = this.frame(frame);
      return at === null ? NaN : named.get(line.name).value(at);
    };
    const both = chart.lines.filter(({ name }) => named.has(name));
    const remark = chart.remark === other.remark ? chart.remark : `A: ${chart.remark} B: ${other.remark}`;
    /** @type {(line: DrawnLine) => (frame: number) => number} */
    const difference = (line) => (frame) => beside(line)(frame) - line.value(frame);
    if (this.side === "difference") {
      const lines = both.map(({ low, high, ...line }) => ({ ...line, value: difference(line) }));
      return { ...chart, remark, form: "lines", signed: true, lines };
    }
    /** @type {(letter: Side) => number} */
    const width = (letter) => (this.side === letter ? 2.5 : 1.25);
    const first = chart.lines.map((line) => ({ ...line, name: `A ${line.name}`, width: width("A") }));
    const second = both.map(({ low, high, ...line }) => ({ ...line, name: `B ${line.name}`, width: width("B"), value: beside(line) }));
    return { ...chart, remark, form: "lines", lines: [...first, ...second] };
  }

  // Both beside each other: names → a row of A, B and B − A, in cells that `live` and `still` make.
  /** @param {[name: string, cells: HTMLElement[]][]} rows */
  table(rows) {
    const heads = [element("td"), ...SIDES.map(([, text]) => element("th", { scope: "col" }, text))];
    const lines = rows.map(([name, cells]) => element("tr", {}, element("th", { scope: "row" }, name), ...cells.map((cell) => element("td", {}, cell))));
    return element("table", { className: "pair" }, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...lines));
  }
}

// B's frames beside A's, at the frame that stands beside the cursor's.
class SecondPlayer extends Player {
  /** @param {Explorer} explorer @param {Pair} pair */
  constructor(explorer, pair) {
    super(explorer);
    this.pair = pair;
    this.element.ariaLabel = "frame player of B";
    this.element.classList.add("second");
    this.choices.hidden = true; // A's choice is for both
  }

  get frame() {
    return this.pair.frame(this.explorer.frame);
  }

  load() {
    super.load(this.pair.other);
  }

  /** @param {keyof Settings} name */
  changed(name) {
    if (name === "offset") this.draw();
    else super.changed(name);
  }
}
