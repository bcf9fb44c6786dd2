// The windows under the lines: a button each, with its most probable classes.

const ROOMY = 150; // px from which a window has room for more than its first class

class Windows {
  /** @type {Recording} */ recording;
  /** @type {HTMLButtonElement[]} */ buttons;
  /** @type {number | null} */ now;

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
    this.now = null;
  }

  // Of two clips that are compared, the windows are A's.
  /** @param {number} index */
  name(index) {
    return this.recording.windows[index].name ?? `${this.explorer.pair ? "A · " : ""}window ${index + 1}`;
  }

  // From which frame to which, counted from 1.
  /** @param {Stretch} stretch */
  span({ start, stop, span }) {
    return span ?? `frames ${start + 1} to ${stop}`;
  }

  /** @param {Stretch} window @param {number} index */
  button(window, index) {
    const { start, classes } = window;
    const show = () => this.showCard(index);
    const hide = () => (this.card.hidden = true);
    return element(
      "button",
      { type: "button", onclick: () => this.explorer.seek(start), onpointerenter: show, onfocus: show, onpointerleave: hide, onblur: hide },
      element("span", { className: "number" }, this.name(index), element("span", { className: "spoken" }, ` ${this.span(window)}`)),
      ...classes.map((each) => probabilityRow(each)),
    );
  }

  // What a narrow window has no room for.
  /** @param {number} index */
  showCard(index) {
    const button = this.buttons[index];
    if (button.clientWidth >= ROOMY) return;
    const window = this.recording.windows[index];
    this.card.replaceChildren(element("b", {}, `${this.name(index)}, ${this.span(window)}`), ...window.classes.map((each) => probabilityRow(each)));
    this.card.hidden = false;
    const room = this.strip.clientWidth - this.card.offsetWidth;
    this.card.style.left = `${Math.max(Math.min(button.offsetLeft, room), 0)}px`;
  }

  place() {
    this.buttons.forEach((button, index) => {
      const { start, stop } = this.recording.windows[index];
      const width = this.chart.edge(stop) - this.chart.edge(start) - 2;
      button.style.left = `${this.chart.edge(start)}px`;
      button.style.width = `${width}px`;
      button.classList.toggle("narrow", width < ROOMY);
    });
    this.strip.classList.toggle("short", this.buttons.every((button) => button.classList.contains("narrow")));
  }

  draw() {
    const now = this.recording.window(this.explorer.frame);
    if (now === this.now) return;
    if (this.now !== null) this.buttons[this.now]?.classList.remove("now");
    this.buttons[now].classList.add("now");
    this.now = now;
  }
}

// A class's name over a bar as long as its probability.
/** @param {[name: string, probability: number]} answer */
function probabilityRow([name, probability]) {
  const bar = element("i", { className: "bar" });
  bar.style.width = `${100 * probability}%`;
  return element("span", { className: "class" }, bar, element("span", { className: "name" }, name), write(element("b"), probability, 2));
}
