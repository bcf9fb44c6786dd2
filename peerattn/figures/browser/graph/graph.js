// The level graph, from pyvis' nodes, edges and options. vis-network draws the blocks and provides the curves of the
// connections and the zoom; connections, arcs and names are drawn here as pieces, because only their colours change with
// the cursor.

/** @type {[value: string, text: string][]} */
const COLOURS = [["shift", "shift"], ["factor", "factor"]];
const POINTER_PX = { exact: 4, near: 8 }; // a block's name takes precedence over a connection beyond the exact distance
const BLOCK_OPACITY = [0.3, 0.65, 1]; // by emphasis: unrelated, on a path through the focus, adjacent to it
const KEY_HELP = "Up and Down follow the strongest connection, Shift with Left or Right moves along the level, Enter pins.";

class Graph {
  /** @type {Recording} */ recording;
  /** @type {Connectivity} */ connectivity;
  /** @type {VisNetwork} */ network;
  /** @type {VisItems<VisNode>} */ nodes;
  /** @type {VisItems<GraphEdge>} */ edges;
  /** @type {CompleteMap<string>} */ shapes;
  /** @type {Map<string, string>} */ drawnStyles;
  /** @type {GraphLayout} */ layout;
  /** @type {Strokes | null} */ strokes;
  /** @type {Neighbourhood | null} */ near;
  /** @type {Paths | null} */ paths;
  /** @type {Paths | null} */ shown;
  /** @type {Gate[]} */ gates;
  /** @type {Label[]} */ names;
  /** @type {PathPiece[]} */ arcs;
  /** @type {Point} */ pointer;
  /** @type {number | null} */ looking;

  /** @param {Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    /** @type {Piece[]} */
    this.backdrop = [];
    /** @type {(Stroke | PathPiece)[]} */
    this.lines = [];
    this.stage = element("div", { className: "stage", tabIndex: 0, attributes: { role: "application" }, onkeydown: (event) => navigate(this, event), onblur: () => this.pointerLeft() });
    this.tip = element("div", { className: "tip", hidden: true });
    this.legend = element("div", { className: "meanings" });
    this.table = new GraphTable(explorer);
    this.search = new Search(explorer);
    this.colours = radioGroup("what colours the connections", (name) => explorer.changeSetting("colour", name));
    this.colours.setOptions(COLOURS);
    /** @type {Record<string, Checkbox>} */
    this.toggles = {
      connected: toggle(explorer, "connected", "hide unconnected", "show only the blocks and connections on kept paths: through the pinned one, or between the inputs and the output"),
      showRemoved: toggle(explorer, "showRemoved", "show removed", "show removed connections as dotted lines"),
      arcs: toggle(explorer, "arcs", "attention arcs", "show which peers gate the selection: an arc from each peer to the connection that it gates; for connections into a block, only the strongest peer"),
      horizontal: toggle(explorer, "horizontal", "horizontal", "draw the levels from left to right"),
      table: toggle(explorer, "table", "table", "show the graph as two tables"),
    };
    this.removedToggle = this.toggles.showRemoved;
    this.saveMenu = new SaveMenu(this);
    /** @type {(factor: number) => () => void} */
    const zoom = (factor) => () => this.zoom(factor);
    this.zooms = element("span", { className: "zoom" }, this.saveMenu.menu,
      iconButton("farther", "zoom out", zoom(0.8)), iconButton("closer", "zoom in", zoom(1.25)), iconButton("whole", "show the whole graph", () => this.fit()),
    );
    const bar = element("header", {}, this.search.element, this.colours, ...Object.values(this.toggles));
    this.foot = element("footer", {}, this.legend, this.zooms);
    this.frame = element("div", { className: "frame" }, this.stage, this.tip);
    this.element = element("section", { className: "graph", ariaLabel: "level graph" }, bar, this.frame, this.table.element, this.foot);
    this.watchPointer();
    new ResizeObserver(() => this.fit()).observe(this.stage);
  }

  /** @param {Recording} recording */
  load(recording) {
    this.recording = recording;
    this.connectivity = recording.connectivity;
    this.search.load(recording);
    this.colours.hidden = !recording.shift;
    const { nodes, edges, options } = recording.graph;
    this.shapes = completeMap(nodes.map(({ shape }, row) => [recording.blocks[row].lane, shape]));
    const blocks = nodes.map(({ label, ...node }) => node); // their names are drawn by blockLabels
    this.network?.destroy();
    this.strokes = null; // those of the previous recording
    this.nodes = new vis.DataSet(blocks);
    this.edges = new vis.DataSet(edges);
    Object.assign(options.edges, { hidden: true }); // strokes.js draws them along vis-network's curves
    Object.assign(options.edges.smooth, this.curveOptions());
    this.network = new vis.Network(this.stage, { nodes: this.nodes, edges: this.edges }, options);
    this.stage.querySelector(".vis-network")?.setAttribute("tabindex", "-1"); // the stage takes the focus instead
    this.network.on("beforeDrawing", (pen) => paint(pen, this.piecesUnderBlocks(), this.explorer.theme.font));
    this.network.on("afterDrawing", (pen) => paint(pen, this.piecesOverBlocks(), this.explorer.theme.font));
    this.network.on("dragStart", () => this.explorer.hover(null));
    this.network.on("click", ({ pointer }) => this.explorer.pin(this.itemAt(pointer.DOM)));
    this.drawnStyles = new Map();
    this.fit();
  }

  /** @param {keyof Settings} name */
  settingChanged(name) {
    if (this.toggles[name]) this.toggles[name].input.checked = Boolean(this.explorer.settings[name]);
    if (name === "horizontal" && this.network) {
      this.network.setOptions({ edges: { smooth: this.curveOptions() } });
      this.fit();
    }
    if (name === "table") this.showTable(this.explorer.settings.table);
    if (name === "colour") this.colours.select(this.explorer.settings.colour === "factor" ? "factor" : "shift");
    if (["connected", "showRemoved", "arcs", "colour"].includes(name)) this.style();
  }

  // With many connections, all are straight.
  curveOptions() {
    const { settings } = this.explorer;
    return { enabled: this.recording.connections.length <= MANY, forceDirection: settings.horizontal ? "horizontal" : "vertical" };
  }

  /** @param {boolean} shown */
  showTable(shown) {
    this.table.element.hidden = !shown;
    this.frame.hidden = this.foot.hidden = shown;
    this.style();
  }

  // Lays out the whole graph in the stage, at one canvas unit per pixel, or enlarged in presenter mode.
  fit() {
    const width = this.stage.clientWidth;
    if (!this.network || !width) return;
    const { scale } = this.explorer;
    this.layout = new GraphLayout(this.recording, width / scale, this.explorer.settings.horizontal);
    this.stage.style.height = `${this.layout.height * scale}px`;
    this.network.setSize("100%", "100%");
    this.nodes.update([...this.layout.blocks].map(([id, { x, y }]) => ({ id, x, y })));
    this.network.moveTo({ position: { x: this.layout.width / 2, y: this.layout.height / 2 }, scale, animation: false });
    const { shownRecording } = this.explorer;
    this.strokes = new Strokes(this.curves(), shownRecording.graph.edges, {
      color: (id, frame) => this.explorer.color(id, frame),
      prominence: (id, frame) => this.explorer.prominence(id, frame),
      isWeak: (id) => Boolean(shownRecording.shift) && (shownRecording.connection(id).weight ?? 1) < HAIRLINE,
      isReached: (id, frame) => this.explorer.isReached(frame, id),
    });
    this.style();
  }

  // Returns the points of each connection: its ends and, for a curve, vis-network's control points between them.
  curves() {
    /** @type {(edge: VisNetwork["body"]["edges"][string]) => Point[]} */
    const curve = ({ from, to, edgeType }) => [from, ...(edgeType.getViaNode() ?? []), to].map(({ x, y }) => ({ x, y }));
    return completeMap(this.recording.graph.edges.map(({ id }) => [id, curve(this.network.body.edges[id])]));
  }

  /** @param {number} factor */
  zoom(factor) {
    this.network.moveTo({ scale: this.network.getScale() * factor });
    this.style();
  }

  // Updates the view after the focus, or which parts are hidden, removed or dead, has changed.
  style() {
    if (!this.strokes) return;
    const { explorer, layout } = this;
    const { theme, marks, settings, focus } = explorer;
    this.near = focus && this.connectivity.neighbourhood(focus);
    this.paths = focus && this.connectivity.paths(focus, marks.removed);
    this.shown = settings.connected ? this.connectedParts() : null;
    this.gates = settings.arcs && focus ? this.gatesToShow(focus) : [];
    this.styleBlocks();
    this.strokes.style({
      theme, marks, emphasis: (id) => this.emphasis("connections", id), outlined: explorer.measure === "shade", focused: Boolean(focus),
      isShown: (id) => (settings.showRemoved || !marks.removed.has(id)) && (!this.shown || this.shown.connections.has(id)),
    });
    this.names = blockLabels(this.labelledBlocks(), layout, { zoom: Math.max(this.network.getScale() / explorer.scale, 1), theme });
    this.backdrop = layout.backdrop(theme);
    this.arcs = this.strokes.arcs(this.gates, layout.blocks, theme);
    this.legend.replaceChildren(...this.legendEntries().map(({ text, pieces, title }) => element("span", { className: "key", ...(title && { title }) }, svgPicture(pieces, SAMPLE.width, SAMPLE.height, { "aria-hidden": "true" }), text)));
    this.stage.ariaLabel = this.description();
    if (settings.table) this.table.show(explorer.shownRecording);
    this.network.redraw();
  }

  // Returns the visible blocks in the order in which they get labels: the selected block first, then its neighbours.
  labelledBlocks() {
    const visible = this.recording.blocks.filter(({ id }) => !this.shown || this.shown.blocks.has(id));
    /** @type {(block: Block) => number} */
    const rank = ({ id }) => (this.near?.selectedBlock === id ? 3 : this.emphasis("blocks", id));
    const ranked = [...visible].sort((first, second) => rank(second) - rank(first));
    return ranked.map((block) => ({ id: block.id, near: this.near != null && rank(block) > 1, quiet: rank(block) < 1 }));
  }

  // Returns 2 for a part adjacent to the focus (or if there is no focus), 1 on a path through it, 0 otherwise.
  /** @param {keyof Paths} kind @param {string} id */
  emphasis(kind, id) {
    if (!this.near || this.near[kind].has(id)) return 2;
    return this.paths?.[kind].has(id) ? 1 : 0;
  }

  // Returns the parts on kept paths: through the pinned part, or between the inputs and the output.
  /** @returns {Paths} */
  connectedParts() {
    const { pinned, marks } = this.explorer;
    if (pinned) {
      const [paths, near] = [this.connectivity.paths(pinned, marks.removed), this.connectivity.neighbourhood(pinned)];
      return pinned.kind === "block" ? paths : { ...paths, blocks: new Set([...paths.blocks, ...near.peers]) };
    }
    /** @type {(id: string) => boolean} */
    const lost = (id) => marks.starved.has(id) || (marks.dead.has(id) && !marks.peerOnly.has(id));
    const blocks = new Set(this.recording.blocks.map(({ id }) => id).filter((id) => !lost(id)));
    const kept = this.recording.connections.filter(({ id, source, target }) => !marks.removed.has(id) && blocks.has(source) && blocks.has(target));
    return { blocks, connections: new Set(kept.map(({ id }) => id)) };
  }

  // Returns the gates of a connection; for a block, those in which it is the peer, and the strongest gate of each
  // connection into it.
  /** @param {GraphItem} focus */
  gatesToShow(focus) {
    const incoming = focus.kind === "block" ? this.connectivity.incoming(focus.id) : [];
    const strongest = incoming.flatMap(({ id }) => this.connectivity.gatesOf({ kind: "connection", id }).slice(0, 1));
    const gates = [...strongest, ...this.connectivity.gatesOf(focus)];
    return gates.filter(({ weight }) => weight !== null).filter(({ peer, connection }) => !this.shown || (this.shown.blocks.has(peer) && this.shown.connections.has(connection.id)));
  }

  styleBlocks() {
    const changed = this.recording.blocks.map((block) => this.blockStyle(block)).filter((style) => {
      const text = JSON.stringify(style);
      const differs = this.drawnStyles.get(style.id) !== text;
      this.drawnStyles.set(style.id, text);
      return differs;
    });
    if (changed.length) this.nodes.update(changed);
  }

  /** @param {Block} block @returns {Partial<VisNode> & { id: string }} */
  blockStyle({ id, lane }) {
    const { theme, marks } = this.explorer;
    const { color } = this.recording.looks[lane];
    const lost = marks.dead.has(id) || marks.starved.has(id);
    const selected = this.near?.selectedBlock === id || this.near?.peers.has(id);
    const shade = { background: lost ? theme.background : color, border: selected ? theme.text : color };
    return {
      id,
      hidden: Boolean(this.shown && !this.shown.blocks.has(id)),
      color: { ...shade, highlight: shade, hover: shade },
      chosen: false,
      opacity: BLOCK_OPACITY[this.emphasis("blocks", id)],
      size: this.layout.radius,
      borderWidth: selected ? 2.5 : 1.5,
      shapeProperties: { borderDashes: lost ? [4, 3] : false },
    };
  }

  // Redraws after the cursor has moved, which changes only colours.
  draw() {
    if (!this.strokes) return;
    if (this.explorer.settings.table) this.table.draw();
    else this.network.redraw();
  }

  // Returns the lanes and levels, and above them the connections.
  piecesUnderBlocks() {
    return [...this.backdrop, ...this.connections()];
  }

  // Returns the pieces of the connections at the cursor's frame.
  connections() {
    this.lines = this.strokes?.drawn ? this.strokes.pieces(this.explorer.frame) : [];
    return this.lines;
  }

  // Returns [key, colour] of each visible connection as it is painted now, in structure order; for tests.
  connectionColors() {
    const strokes = this.lines.filter(isConnectionLine);
    const colors = new Map(strokes.map(({ id, stroke }) => [id, stroke]));
    return this.recording.connections.filter(({ id }) => colors.has(id)).map(({ id }) => [id, colors.get(id)]);
  }

  piecesOverBlocks() {
    return this.strokes?.drawn ? [...this.arcs, ...this.names] : [];
  }

  legendEntries() {
    const { theme, settings, marks } = this.explorer;
    const pruned = marks.removed.size + marks.dead.size + marks.starved.size > 0;
    const { pair, removedLabel } = this.explorer;
    return graphLegend(this.recording, theme, { pruned, removedLabel, pair, measure: this.explorer.measure, scale: this.explorer.colorScale, arcs: settings.arcs ? { shown: Math.min(this.gates.length, MOST_ARCS), all: this.gates.length } : null, shapes: this.shapes, radius: this.layout.radius, words: this.explorer.words });
  }

  description() {
    const { recording, explorer } = this;
    const levels = new Set(recording.blocks.map(({ level }) => level)).size;
    const { removed } = explorer.marks;
    const counts = `${recording.blocks.length} blocks on ${levels} levels, ${recording.connections.length} connections, ${removed.size} ${explorer.removedLabel}`;
    const pinned = explorer.pinned ? ` Pinned: ${explorer.pinned.kind === "block" ? explorer.pinned.id : connectionName(recording.connection(explorer.pinned.id))}.` : "";
    return `level graph: ${counts}.${pinned} ${KEY_HELP}`;
  }

  watchPointer() {
    /** @param {Point} point */
    const look = (point) => {
      this.looking = null;
      const item = this.itemAt(point);
      const { hovered } = this.explorer;
      this.stage.style.cursor = item ? "pointer" : "";
      if (item?.id !== hovered?.id || item?.kind !== hovered?.kind) this.explorer.hover(item, point);
    };
    this.stage.onpointermove = ({ clientX, clientY, buttons }) => {
      const { left, top } = this.stage.getBoundingClientRect();
      if (!buttons) this.looking ??= requestAnimationFrame(() => look(this.pointer));
      this.pointer = { x: clientX - left, y: clientY - top };
    };
    this.stage.onpointerleave = () => this.pointerLeft();
  }

  pointerLeft() {
    if (this.looking) cancelAnimationFrame(this.looking);
    this.looking = null;
    if (this.explorer.hovered) this.explorer.hover(null);
  }

  // Returns the block or connection at a point of the stage in px, or null.
  /** @param {Point} point @returns {GraphItem | null} */
  itemAt(point) {
    const block = this.network.getNodeAt(point);
    const [{ x, y }, scale] = [this.network.DOMtoCanvas(point), this.network.getScale()];
    if (block !== undefined && (!this.shown || this.shown.blocks.has(block))) return { kind: "block", id: block };
    if (!this.strokes) return null;
    const line = this.strokes.nearest({ x, y }, POINTER_PX.near / scale);
    const name = this.names.find(({ box }) => box.left < x && x < box.right && box.top < y && y < box.bottom);
    if (name && !(line && line.distance < POINTER_PX.exact / scale)) return { kind: "block", id: name.data.label };
    return line && { kind: "connection", id: line.id };
  }

  // Shows a tooltip at the pointer with a short text and an optional note; the numbers panel shows everything else.
  /** @param {string | null} text @param {Point} [position] @param {string} [more] */
  showTip(text, position, more = "") {
    this.tip.hidden = !text || !position;
    if (!text || !position) return;
    this.tip.replaceChildren(element("p", {}, text), ...(more ? [element("p", { className: "more" }, more)] : []));
    const left = Math.min(position.x + 12, this.stage.clientWidth - this.tip.offsetWidth - 4);
    this.tip.style.transform = `translate(${Math.max(left, 4)}px, ${position.y + 14}px)`;
  }
}

/** @param {Explorer} explorer @param {GraphToggle} name @param {string} label @param {string} title */
function toggle(explorer, name, label, title) {
  return Object.assign(checkbox(label, explorer.defaults[name], (checked) => explorer.changeSetting(name, checked)), { title });
}
