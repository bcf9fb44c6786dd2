// The graph at the cursor's frame as a file: SVG or PNG, from the pieces that are shown.

const TITLE_PX = 34;
const PNG_SCALE = 2;

class Save {
  constructor(graph) {
    this.graph = graph;
    const item = (name, write) => element("button", { type: "button", onclick: () => this.finish(write()) }, name);
    this.menu = element(
      "details",
      { className: "menu", onkeydown: (event) => this.key(event) },
      element("summary", { className: "icon", title: "save picture", ariaLabel: "save picture" }, icon("save")),
      element("div", { className: "items" }, item("Graph (SVG)", () => this.svg()), item("Graph (PNG)", () => this.png())),
    );
  }

  key(event) {
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") return;
    event.stopPropagation(); // Space opens the menu; Escape closes it and leaves the pin
    if (event.key !== "Escape" || !this.menu.open) return;
    this.menu.open = false;
    this.menu.firstChild.focus();
  }

  // All pieces of the picture and its size: a title, the graph, what its colours and widths mean.
  drawing() {
    const { graph } = this;
    const { theme } = graph.explorer;
    const { width, height } = graph.places;
    const keys = keyRows(graph.keys(), width - 24, theme);
    const whole = TITLE_PX + height + keys.height + 12;
    const pieces = [
      { d: `M0 0h${width}v${whole}h${-width}z`, fill: theme.background },
      { text: this.title(), x: 12, y: 22, size: 13, weight: 600, fill: theme.text },
      { group: this.pieces(), x: 0, y: TITLE_PX },
      { group: keys.pieces, x: 12, y: TITLE_PX + height + 6 },
    ];
    return { pieces, width, height: whole };
  }

  // The graph back to front; connections and blocks carry what they stand for, in full.
  pieces() {
    const { graph } = this;
    const lines = graph.under().map((piece) => (piece.id === undefined ? piece : { ...piece, data: this.said(piece) }));
    return [...lines, ...this.blocks(), ...graph.over()];
  }

  said({ id, removed }) {
    const { explorer } = this.graph;
    const weight = explorer.shown.connection(id).weight ?? "none";
    const shade = explorer.pair?.side === "difference" ? "difference" : explorer.words.mark;
    return { connection: id, [shade]: explorer.shade(id, explorer.frame), weight, state: removed ? explorer.removed : "kept" };
  }

  blocks() {
    const { nodes, places } = this.graph;
    return nodes.get().filter(({ hidden }) => !hidden).map(({ id, shape, size, color, opacity, borderWidth, shapeProperties }) => {
      const { x, y } = places.blocks.get(id);
      const dashes = shapeProperties.borderDashes || null;
      return { d: shapePath(shape, x, y, size), fill: color.background, stroke: color.border, width: borderWidth, dashes, opacity, data: { block: id } };
    });
  }

  title() {
    const { explorer, recording } = this.graph;
    const { frame, root } = explorer;
    const { clip, checkpoint } = root.latest.data.about ?? {};
    const moment = recording.steps ? explorer.moment(frame) : `${explorer.moment(frame)}, ${number(recording.times[frame])} s`;
    return [clip, checkpoint, moment].filter(Boolean).join(" · ");
  }

  svg() {
    const { pieces, width, height } = this.drawing();
    const { font } = this.graph.explorer.theme;
    const drawn = svgPicture(pieces, width, height, { xmlns: SVG, role: "img", "aria-label": this.title(), "font-family": font });
    return new Blob([new XMLSerializer().serializeToString(drawn)], { type: "image/svg+xml" });
  }

  async png() {
    const { pieces, width, height } = this.drawing();
    const canvas = element("canvas", { width: Math.round(width * PNG_SCALE), height: Math.round(height * PNG_SCALE) });
    const pen = canvas.getContext("2d");
    pen.scale(PNG_SCALE, PNG_SCALE);
    paint(pen, pieces, this.graph.explorer.theme.font);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  }

  async finish(written) {
    const blob = await written;
    const link = element("a", { href: URL.createObjectURL(blob), download: `graph-${this.graph.explorer.words.frame}-${this.graph.explorer.frame + 1}.${blob.type === "image/png" ? "png" : "svg"}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    this.menu.open = false;
    this.menu.firstChild.focus();
  }
}
