// The menu that saves the graph or the timeline at the cursor's frame as SVG or PNG, built from the same drawing pieces
// (pieces.js) as the page.

const TITLE_PX = 34;
const PNG_SCALE = 2;
const SAVED_REACH = "within reach of an end"; // in SVG files, the attribute data-ends of connections that padding affects
const TOO_LARGE = "This browser cannot save so large a picture as PNG: save it as SVG.";

class SaveMenu {
  /** @param {Graph} graph */
  constructor(graph) {
    this.graph = graph;
    /** @type {(name: string, format: "svg" | "png", picture: () => Picture) => HTMLButtonElement} */
    const item = (name, format, picture) => element("button", { type: "button", onclick: () => this.save(name, format, picture()) }, `${name[0].toUpperCase()}${name.slice(1)} (${format.toUpperCase()})`);
    /** @type {(name: string, picture: () => Picture) => HTMLButtonElement[]} */
    const items = (name, picture) => [item(name, "svg", picture), item(name, "png", picture)];
    this.summary = element("summary", { className: "icon", title: "save picture", ariaLabel: "save picture" }, icon("save"));
    this.problem = element("p", { role: "alert" });
    this.menu = element(
      "details",
      { className: "menu", onkeydown: (event) => this.handleKey(event), ontoggle: () => (this.problem.textContent = "") },
      this.summary,
      element("div", { className: "items" }, ...items("graph", () => this.graphPicture()), ...items("timeline", () => this.timelinePicture()), this.problem),
    );
  }

  /** @param {KeyboardEvent} event */
  handleKey(event) {
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") return;
    event.stopPropagation(); // on the page, Space would play and Escape would unpin; only the arrows still step through frames
    if (event.key !== "Escape" || !this.menu.open) return;
    this.menu.open = false;
    this.summary.focus();
  }

  graphPicture() {
    const { layout } = this.graph;
    return this.picture(this.title(), this.pieces(), layout, this.graph.legendEntries());
  }

  timelinePicture() {
    const { chart } = this.graph.explorer.timeline;
    const title = [chart.chart.title, this.title()].filter(Boolean).join(" · ");
    return this.picture(title, chart.pieces(), { width: chart.width, height: chart.height }, [...chart.legendEntries(), ...chart.markLegend()]);
  }

  // Returns a picture: a title, the drawing and its legend.
  /** @param {string} title @param {Piece[]} drawn @param {{ width: number, height: number }} size @param {LegendEntry[]} legend @returns {Picture} */
  picture(title, drawn, { width, height }, legend) {
    const { theme } = this.graph.explorer;
    const rows = legendRows(legend, width - 24, theme);
    const total = TITLE_PX + height + rows.height + 12;
    /** @type {Piece[]} */
    const pieces = [
      { d: `M0 0h${width}v${total}h${-width}z`, fill: theme.background },
      { text: title, x: 12, y: 22, size: 13, weight: 600, fill: theme.text },
      { group: drawn, x: 0, y: TITLE_PX },
      { group: rows.pieces, x: 12, y: TITLE_PX + height + 6 },
    ];
    return { title, pieces, width, height: total };
  }

  // Returns the pieces of the graph from back to front. Connections have their numbers as data attributes, blocks their id.
  pieces() {
    const { graph } = this;
    const lines = graph.connections().map((piece) => (isConnectionLine(piece) ? { ...piece, data: this.attributes(piece) } : piece));
    return [...graph.backdrop, ...lines, ...this.blocks(), ...graph.piecesOverBlocks()];
  }

  /** @param {Stroke} stroke @returns {DataAttributes} */
  attributes({ id, removed, reached }) {
    const { explorer } = this.graph;
    const weight = explorer.shownRecording.connection(id).weight ?? "none";
    const shadeName = explorer.pair?.side === "difference" ? "difference" : explorer.measure === "shift" ? "shift" : explorer.words.mark;
    const shade = { [shadeName]: explorer.shade(id, explorer.frame) };
    return { connection: id, ...shade, weight, state: removed ? explorer.removedLabel : "kept", ...(reached && { ends: SAVED_REACH }) };
  }

  /** @returns {PathPiece[]} */
  blocks() {
    const { nodes, layout } = this.graph;
    return nodes.get().filter(({ hidden }) => !hidden).map(({ id, shape, size, color, opacity, borderWidth, shapeProperties }) => {
      const { x, y } = layout.blocks.get(id);
      const dashes = shapeProperties.borderDashes || null;
      return { d: shapePath(shape, x, y, size), fill: color.background, stroke: color.border, width: borderWidth, dashes, opacity, data: { block: id } };
    });
  }

  title() {
    const { explorer, recording } = this.graph;
    const { frame, root } = explorer;
    const { clip, checkpoint } = root.latest.data.about ?? {};
    const moment = recording.steps ? explorer.moment(frame) : `${explorer.moment(frame)}, ${formatNumber(recording.times[frame])} s`;
    return [clip, checkpoint, moment].filter(Boolean).join(" · ");
  }

  /** @param {Picture} picture */
  svg({ title, pieces, width, height }) {
    const { font } = this.graph.explorer.theme;
    const image = svgPicture(pieces, width, height, { xmlns: SVG, role: "img", "aria-label": title, "font-family": font });
    return new Blob([new XMLSerializer().serializeToString(image)], { type: "image/svg+xml" });
  }

  // Returns null if the picture is too large for the browser's canvas.
  /** @param {Picture} picture @returns {Promise<Blob | null>} */
  async png({ pieces, width, height }) {
    const canvas = element("canvas", { width: Math.round(width * PNG_SCALE), height: Math.round(height * PNG_SCALE) });
    const pen = penOf(canvas);
    pen.scale(PNG_SCALE, PNG_SCALE);
    paint(pen, pieces, this.graph.explorer.theme.font);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  }

  /** @param {string} name @param {"svg" | "png"} format @param {Picture} picture */
  async save(name, format, picture) {
    const { words, frame } = this.graph.explorer;
    const fileName = `${name}-${words.frame}-${frame + 1}.${format}`; // the word is "step" when a training history is replayed
    const blob = format === "svg" ? this.svg(picture) : await this.png(picture);
    this.problem.textContent = blob ? "" : TOO_LARGE;
    if (!blob) return;
    const link = element("a", { href: URL.createObjectURL(blob), download: fileName });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    this.menu.open = false;
    this.summary.focus();
  }
}
