// The windows below the lines: a button for each, with its most probable classes.

const WIDE_PX = 150; // from this width, a window shows more than its most probable class

class Windows {
  /** @type {Recording} */ recording;
  /** @type {HTMLButtonElement[]} */ buttons;
  /** @type {number | null} */ current;

  /** @param {Explorer} explorer @param {Chart} chart */
  constructor(explorer, chart) {
    this.explorer = explorer;
    this.chart = chart;
    this.strip = element("div", { className: "windows", title: explorer.words.windowMeans });
    this.card = element("div", { className: "card", hidden: true, attributes: { "aria-hidden": "true" } });
    this.element = element("div", { className: "strip" }, this.strip, this.card);
  }

  /** @param {Recording} recording */
  load(recording) {
    this.recording = recording;
    this.buttons = recording.windows.map((window, index) => this.button(window, index));
    this.strip.replaceChildren(...this.buttons);
    this.card.hidden = true;
    this.current = null;
  }

  // When two clips are compared, the windows are those of A.
  /** @param {number} index */
  title(index) {
    const { name, span } = this.recording.windows[index];
    return name ? `${span}: ${name}` : `${this.explorer.pair ? "A · " : ""}window ${index + 1}`;
  }

  // Returns the range of frames of a window, counted from 1; the title of an interval between prunings has its steps.
  /** @param {ClipWindow} window */
  frames({ start, stop, span }) {
    return span ? "" : `frames ${start + 1} to ${stop}`;
  }

  /** @param {ClipWindow} window @param {number} index */
  button(window, index) {
    const { start, classes } = window;
    const show = () => this.showCard(index);
    const hide = () => (this.card.hidden = true);
    return element(
      "button",
      { type: "button", onclick: () => this.explorer.seek(start), onpointerenter: show, onfocus: show, onpointerleave: hide, onblur: hide },
      element("span", { className: "number" }, this.title(index), element("span", { className: "spoken" }, ` ${this.frames(window)}`)),
      ...classes.map((each) => probabilityRow(each)),
    );
  }

  // Shows all classes of a window that is too narrow for them.
  /** @param {number} index */
  showCard(index) {
    const button = this.buttons[index];
    if (button.clientWidth >= WIDE_PX) return;
    const window = this.recording.windows[index];
    this.card.replaceChildren(element("b", {}, [this.title(index), this.frames(window)].filter(Boolean).join(", ")), ...window.classes.map((each) => probabilityRow(each)));
    this.card.hidden = false;
    const available = this.strip.clientWidth - this.card.offsetWidth;
    this.card.style.left = `${Math.max(Math.min(button.offsetLeft, available), 0)}px`;
  }

  layOut() {
    this.buttons.forEach((button, index) => {
      const { start, stop } = this.recording.windows[index];
      const width = this.chart.frameStart(stop) - this.chart.frameStart(start) - 2;
      button.style.left = `${this.chart.frameStart(start)}px`;
      button.style.width = `${width}px`;
      button.classList.toggle("narrow", width < WIDE_PX);
    });
    this.strip.classList.toggle("short", this.buttons.every((button) => button.classList.contains("narrow")));
  }

  draw() {
    const current = this.recording.window(this.explorer.frame);
    if (current === this.current) return;
    if (this.current !== null) this.buttons[this.current]?.classList.remove("now");
    this.buttons[current].classList.add("now");
    this.current = current;
  }
}

// Returns the name of a class over a bar whose length is its probability.
/** @param {[name: string, probability: number]} answer */
function probabilityRow([name, probability]) {
  const bar = element("i", { className: "bar" });
  bar.style.width = `${100 * probability}%`;
  return element("span", { className: "class" }, bar, element("span", { className: "name" }, name), writeNumber(element("b"), probability, 2));
}
