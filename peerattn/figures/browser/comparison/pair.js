// Two recordings on one layout, A and B: the graph shows either of them or the difference B − A. A connection or
// block that only one of them has is marked as having no counterpart, and its difference is not a number.

/** @typedef {"A" | "B" | "difference"} Side */

/** @type {[side: Side, text: string][]} */
const SIDES = [["A", "A"], ["B", "B"], ["difference", "B − A"]];
// Negative, zero, positive; zero is close to the background. Colour-blind readers can distinguish blue from red.
const DIVERGING = { light: ["#2166ac", "#92c5de", "#f0f0f0", "#f4a582", "#b2182b"], dark: ["#7ab8f5", "#3f78b5", "#343a44", "#b8573f", "#ff9a76"] };

class Pair {
  /** @type {Recording} */ other;
  /** @type {number} */ scale;

  /** @param {Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    this.titles = [element("h3"), element("h3")];
    this.sideChoice = radioGroup("shown in the graph", (side) => explorer.changeSetting("side", side));
    this.sideChoice.setOptions(SIDES);
    this.offset = element("input", { type: "number", step: "1", ariaLabel: "offset of B in frames" });
    this.offset.onchange = () => explorer.changeSetting("offset", Math.trunc(Number(this.offset.value)) || 0);
    this.counterparts = element("p", { className: "quiet" });
    const offset = element("label", {}, "Offset B by ", this.offset, " frames");
    this.element = element("div", { className: "sides" }, this.sideChoice, offset, this.counterparts);
  }

  // Sets recording B; A is the recording of the explorer.
  /** @param {Recording} other */
  load(other) {
    this.other?.dispose();
    this.other = other;
    this.settingChanged("side");
    this.settingChanged("offset");
  }

  // Shows the names of A and B above their frames.
  /** @param {[string, string]} names */
  showNames(names) {
    this.titles.forEach((title, index) => (title.textContent = `${"AB"[index]} · ${names[index]}`));
  }

  get first() {
    return this.explorer.recording;
  }

  get side() {
    const { side } = this.explorer.settings;
    return SIDES.find(([name]) => name === side)?.[0] ?? "A";
  }

  // The recording whose weights determine the line widths.
  get shownRecording() {
    return this.side === "B" ? this.other : this.first;
  }

  // Returns the frame of B that matches a frame of A, or null if B has none.
  /** @param {number} frame */
  otherFrame(frame) {
    const otherFrame = frame + this.explorer.settings.offset;
    return 0 <= otherFrame && otherFrame < this.other.length ? otherFrame : null;
  }

  /** @param {keyof Settings} name */
  settingChanged(name) {
    if (name === "side") this.sideChoice.select(this.side);
    if (name === "offset") this.offset.value = String(this.explorer.settings.offset);
    if (["offset", "colour"].includes(name) && this.other) this.scale = this.greatestDifference();
    if (this.other) this.showCounterparts();
  }

  showCounterparts() {
    const { first, other } = this;
    const [onlyFirst, onlyOther] = [other, first].map(({ absent, rows }) => absent.filter((id) => rows.has(id)).length);
    const alone = [[onlyFirst, "A"], [onlyOther, "B"]].filter(([count]) => count).map(([count, letter]) => `${count} only in ${letter}`);
    this.counterparts.textContent = alone.length ? `connections that exist in one only (dotted): ${alone.join(", ")}` : "all connections exist in both";
  }

  // Returns the values of A, B and B − A in a row of an array at a frame of A; NaN where one is missing.
  /** @param {string} name @param {number} row @param {number} frame @returns {Record<Side, number>} */
  values(name, row, frame) {
    const otherFrame = this.otherFrame(frame);
    const [one, two] = [this.first.at(name, row, frame), otherFrame === null ? NaN : this.other.at(name, row, otherFrame)];
    return { A: one, B: two, difference: two - one };
  }

  // Whether the frame shown is affected by padding beyond its clip's ends; for the difference, of either clip.
  /** @param {number} frame @param {string | null} id */
  isReached(frame, id) {
    const otherFrame = this.otherFrame(frame);
    const [one, two] = [this.first.isReached(frame, id), otherFrame !== null && this.other.isReached(otherFrame, id)];
    return { A: one, B: two, difference: one || two }[this.side];
  }

  get palette() {
    return this.explorer.theme.dark ? DIVERGING.dark : DIVERGING.light;
  }

  // Returns the colour of a difference B − A.
  /** @param {number} value */
  color(value) {
    return paletteColor(this.palette, 0.5 + value / (2 * this.scale));
  }

  // Returns the greatest absolute difference, over all connections and frames, of the values that colour them.
  greatestDifference() {
    let greatest = 0;
    for (const row of this.first.rows.values()) {
      for (let frame = 0; frame < this.first.length; frame += 1) {
        const { difference } = this.values(this.explorer.measure, row, frame);
        if (Math.abs(difference) > greatest) greatest = Math.abs(difference);
      }
    }
    return greatest || 1;
  }

  // Returns the connections and blocks missing in the side shown; for the difference, in either.
  /** @returns {Marks} */
  marks() {
    const lacking = { A: this.first.absent, B: this.other.absent, difference: [...this.first.absent, ...this.other.absent] }[this.side];
    /** @type {(known: CompleteMap<number>) => Set<string>} */
    const missingIn = (known) => new Set(lacking.filter((id) => known.has(id)));
    return { removed: missingIn(this.first.rows), dead: missingIn(this.first.blockRows), starved: new Set(), peerOnly: new Set() };
  }

  // Joins the charts of A and B into one: the lines of both, or of their differences. Lines with the same name match.
  /** @param {ChartData} chart @param {ChartData} other @returns {ChartData} */
  joinCharts(chart, other) {
    const named = completeMap(other.lines.map((line) => [line.name, line]));
    /** @type {(line: ChartLine) => (frame: number) => number} */
    const otherValue = (line) => (frame) => {
      const match = this.otherFrame(frame);
      return match === null ? NaN : named.get(line.name).value(match);
    };
    const both = chart.lines.filter(({ name }) => named.has(name));
    const remark = chart.remark === other.remark ? chart.remark : `A: ${chart.remark} B: ${other.remark}`;
    /** @type {(line: ChartLine) => (frame: number) => number} */
    const difference = (line) => (frame) => otherValue(line)(frame) - line.value(frame);
    if (this.side === "difference") {
      const lines = both.map(({ low, high, ...line }) => ({ ...line, value: difference(line) }));
      return { ...chart, remark, form: "lines", signed: true, lines };
    }
    /** @type {(letter: Side) => number} */
    const width = (letter) => (this.side === letter ? 2.5 : 1.25);
    const first = chart.lines.map((line) => ({ ...line, name: `A ${line.name}`, width: width("A") }));
    const second = both.map(({ low, high, ...line }) => ({ ...line, name: `B ${line.name}`, connections: named.get(line.name).connections, width: width("B"), value: otherValue(line) }));
    return { ...chart, remark, form: "lines", lines: [...first, ...second] };
  }

  // Returns a table with a row of cells A, B and B − A for each name.
  /** @param {[name: string, cells: HTMLElement[]][]} rows */
  table(rows) {
    const heads = [element("td"), ...SIDES.map(([, text]) => element("th", { scope: "col" }, text))];
    const lines = rows.map(([name, cells]) => element("tr", {}, element("th", { scope: "row" }, name), ...cells.map((cell) => element("td", {}, cell))));
    return element("table", { className: "pair" }, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...lines));
  }
}

// The frames of B, at the frame that matches the cursor's.
class SecondPlayer extends Player {
  /** @param {Explorer} explorer @param {Pair} pair */
  constructor(explorer, pair) {
    super(explorer);
    this.pair = pair;
    this.element.ariaLabel = "frame player of B";
    this.element.classList.add("second");
    this.choices.hidden = true; // the choice in A's player applies to both
  }

  get frame() {
    return this.pair.otherFrame(this.explorer.frame);
  }

  load() {
    super.load(this.pair.other);
  }

  /** @param {keyof Settings} name */
  settingChanged(name) {
    if (name === "offset") this.draw();
    else super.settingChanged(name);
  }
}
