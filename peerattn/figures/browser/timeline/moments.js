// The moments at which attention shifts most: numbered marks above the slider, and a list in words.

class Moments {
  /** @param {Explorer} explorer @param {Chart} chart */
  constructor(explorer, chart) {
    this.explorer = explorer;
    this.chart = chart;
    this.marks = element("div", { className: "marks" });
    this.list = element("ol", { ariaLabel: "moments" });
    this.remark = element("p", { className: "quiet" });
    this.element = element("section", { className: "moments", ariaLabel: "moments" }, element("p", { className: "quiet" }, `Moments${explorer.pair ? " of A" : ""}: where attention shifts most`), this.list, this.remark);
    /** @type {HTMLButtonElement[]} */
    this.buttons = [];
  }

  /** @param {Recording} recording */
  load({ moments = [], momentsRemark = "", times }) {
    this.element.hidden = !moments.length && !momentsRemark;
    this.marks.hidden = !moments.length;
    this.frames = moments.map(({ frame }) => frame);
    this.buttons = moments.map(({ frame }, index) => {
      const label = `moment ${index + 1}, ${formatNumber(times[frame], 2)} seconds`;
      return element("button", { type: "button", className: "mark", ariaLabel: label, onclick: () => this.explorer.seek(frame) }, String(index + 1));
    });
    this.marks.replaceChildren(...this.buttons);
    this.list.replaceChildren(...moments.map(({ frame, text }) => {
      const jump = element("button", { type: "button", className: "link", onclick: () => this.explorer.seek(frame) }, `${formatNumber(times[frame], 2)} s`);
      return element("li", {}, jump, ` ${text}`);
    }));
    this.remark.textContent = momentsRemark;
    this.remark.hidden = !momentsRemark;
  }

  // Moves the marks to the frames of their moments.
  layOut() {
    this.buttons.forEach((button, index) => (button.style.left = `${this.chart.x(this.frames[index])}px`));
  }

  draw() {
    const { frame } = this.explorer;
    this.buttons.forEach((button, index) => (button.ariaCurrent = String(this.frames[index] === frame)));
    [...this.list.children].forEach((item, index) => item.classList.toggle("now", this.frames[index] === frame));
  }

  // Moves the cursor to the next moment in time, or with -1 to the previous one.
  /** @param {1 | -1} step */
  jump(step) {
    const { cursor } = this.explorer;
    const inTime = [...this.frames].sort((first, second) => first - second);
    const next = step > 0 ? inTime.find((frame) => frame > cursor) : inTime.findLast((frame) => frame < cursor);
    if (next !== undefined) this.explorer.seek(next);
  }

  /** @type {number[]} */ frames = [];
}
