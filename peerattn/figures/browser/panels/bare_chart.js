// A plotly figure without title and buttons, in the page's theme and as wide as its element.

class BareChart {
  width = 0;
  /** @type {Figure} */ figure;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.plot = /** @type {PlotElement} */ (element("div", { className: "plot" }));
    root.replaceChildren(element("style", {}, PANELS_STYLE), this.plot);
    this.resizing = new ResizeObserver(() => this.resize());
    this.resizing.observe(this.plot);
    root.ontransitionend = () => this.show(this.figure); // its colour follows the page's theme, in a transition
  }

  /** @param {Figure} figure @returns {Promise<void>} */
  async show(figure) {
    this.figure = figure;
    this.width = this.plot.clientWidth;
    const dragmode = matchMedia("(pointer: coarse)").matches ? false : "zoom";
    const layout = { ...themed(figure.layout, readTheme(this.root)), width: this.width || undefined, dragmode };
    await Plotly.react(this.plot, tracesOf(figure), layout, { displayModeBar: false, responsive: false, doubleClick: "reset" });
    adoptStyle(this.root);
    this.root.dataset.drawn = "";
  }

  resize() {
    if (!this.plot.layout || !this.plot.clientWidth || this.plot.clientWidth === this.width) return;
    this.width = this.plot.clientWidth;
    Plotly.relayout(this.plot, { width: this.width });
  }

  remove() {
    this.resizing.disconnect();
    Plotly.purge(this.plot);
  }
}
