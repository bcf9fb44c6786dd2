// The level graph: pyvis' nodes, edges and options. vis-network holds the blocks, the curves of the connections and
// the view; connections, arcs and names are drawn here, as pieces, because only their colours change with the cursor.

const TOUCH_PX = { sure: 4, near: 8 }; // a name may lie over a connection that is not quite under the pointer
const FAINT = [0.3, 0.65, 1]; // opacity of a block: elsewhere, on a path through what is shown, touching it
const WAYS = "Up and Down walk along the strongest connections, Shift with Left or Right along a level, Enter pins.";

class Graph {
  /** @type {Recording} */ recording;
  /** @type {Ties} */ ties;
  /** @type {VisNetwork} */ network;
  /** @type {VisItems<VisNode>} */ nodes;
  /** @type {VisItems<GraphEdge>} */ edges;
  /** @type {Known<string>} */ shapes;
  /** @type {Map<string, string>} */ drawn;
  /** @type {Places} */ places;
  /** @type {Strokes | null} */ strokes;
  /** @type {Near | null} */ near;
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
    this.stage = element("div", { className: "stage", tabIndex: 0, attributes: { role: "application" }, onkeydown: (event) => walk(this, event), onblur: () => this.leave() });
    this.tip = element("div", { className: "tip", hidden: true });
    this.legend = element("div", { className: "meanings" });
    this.table = new GraphTable(explorer);
    this.search = new Search(explorer);
    /** @type {Record<string, Checkbox>} */
    this.toggles = {
      connected: toggle(explorer, "connected", "hide unconnected", "shows only what kept paths connect: to what is pinned, else to the inputs and the output"),
      showRemoved: toggle(explorer, "showRemoved", "show removed", "removed connections as dotted lines"),
      arcs: toggle(explorer, "arcs", "attention arcs", "who gates whom: from each peer to the connection that it gates, for what is pointed at or pinned; of what feeds a block, the strongest peer"),
      horizontal: toggle(explorer, "horizontal", "horizontal", "levels from left to right"),
      table: toggle(explorer, "table", "table", "the graph as two tables"),
    };
    this.removedToggle = this.toggles.showRemoved;
    this.save = new Save(this);
    /** @type {(factor: number) => () => void} */
    const zoom = (factor) => () => this.zoom(factor);
    this.zooms = element("span", { className: "zoom" }, this.save.menu,
      iconButton("farther", "zoom out", zoom(0.8)), iconButton("closer", "zoom in", zoom(1.25)), iconButton("whole", "show the whole graph", () => this.fit()),
    );
    const bar = element("header", {}, this.search.element, ...Object.values(this.toggles));
    this.foot = element("footer", {}, this.legend, this.zooms);
    this.frame = element("div", { className: "frame" }, this.stage, this.tip);
    this.element = element("section", { className: "graph", ariaLabel: "level graph" }, bar, this.frame, this.table.element, this.foot);
    this.watchPointer();
    new ResizeObserver(() => this.fit()).observe(this.stage);
  }

  /** @param {Recording} recording */
  load(recording) {
    this.recording = recording;
    this.ties = recording.ties;
    this.search.load(recording);
    const { nodes, edges, options } = recording.graph;
    this.shapes = mapOf(nodes.map(({ shape }, row) => [recording.blocks[row].lane, shape]));
    const blocks = nodes.map(({ label, ...node }) => node); // their names are drawn here
    this.network?.destroy();
    this.strokes = null; // of what was shown before
    this.nodes = new vis.DataSet(blocks);
    this.edges = new vis.DataSet(edges);
    Object.assign(options.edges.smooth, this.bend());
    this.network = new vis.Network(this.stage, { nodes: this.nodes, edges: this.edges }, options);
    this.stage.querySelector(".vis-network")?.setAttribute("tabindex", "-1"); // the stage has the focus
    this.network.on("beforeDrawing", (pen) => paint(pen, this.under(), this.explorer.theme.font));
    this.network.on("afterDrawing", (pen) => paint(pen, this.over(), this.explorer.theme.font));
    this.network.on("dragStart", () => this.explorer.hover(null));
    this.network.on("click", ({ pointer }) => this.explorer.pin(this.touched(pointer.DOM)));
    this.drawn = new Map();
    this.fit();
  }

  /** @param {keyof Settings} name */
  changed(name) {
    if (this.toggles[name]) this.toggles[name].input.checked = Boolean(this.explorer.settings[name]);
    if (name === "horizontal" && this.network) {
      this.network.setOptions({ edges: { smooth: this.bend() } });
      this.fit();
    }
    if (name === "table") this.showTable(this.explorer.settings.table);
    if (["connected", "showRemoved", "arcs"].includes(name)) this.style();
  }

  // Many connections run straight.
  bend() {
    const { settings } = this.explorer;
    return { enabled: this.recording.connections.length <= MANY, forceDirection: settings.horizontal ? "horizontal" : "vertical" };
  }

  /** @param {boolean} shown */
  showTable(shown) {
    this.table.element.hidden = !shown;
    this.frame.hidden = this.foot.hidden = shown;
    this.style();
  }

  // Places the whole graph in the stage, at one graph unit a pixel, or larger for a projector.
  fit() {
    const width = this.stage.clientWidth;
    if (!this.network || !width) return;
    const { scale } = this.explorer;
    this.places = new Places(this.recording, width / scale, this.explorer.settings.horizontal);
    this.stage.style.height = `${this.places.height * scale}px`;
    this.network.setSize("100%", "100%");
    this.nodes.update([...this.places.blocks].map(([id, { x, y }]) => ({ id, x, y })));
    this.network.moveTo({ position: { x: this.places.width / 2, y: this.places.height / 2 }, scale, animation: false });
    this.strokes = new Strokes(this.curves(), this.explorer.shown.graph.edges, {
      color: (id, frame) => this.explorer.color(id, frame),
      reached: (id, frame) => this.explorer.reached(frame, id),
    });
    this.style();
  }

  // Connection → its points: its ends and, of a curve, vis-network's control points between them.
  curves() {
    /** @type {(edge: VisNetwork["body"]["edges"][string]) => Point[]} */
    const curve = ({ from, to, edgeType }) => [from, ...(edgeType.getViaNode() ?? []), to].map(({ x, y }) => ({ x, y }));
    return mapOf(this.recording.graph.edges.map(({ id }) => [id, curve(this.network.body.edges[id])]));
  }

  /** @param {number} factor */
  zoom(factor) {
    this.network.moveTo({ scale: this.network.getScale() * factor });
    this.style();
  }

  // Who is near, hidden, removed or dead has changed.
  style() {
    if (!this.strokes) return;
    const { explorer, places } = this;
    const { theme, marks, settings, focus } = explorer;
    this.near = focus && this.ties.near(focus);
    this.paths = focus && this.ties.paths(focus, marks.removed);
    this.shown = settings.connected ? this.connected() : null;
    this.gates = settings.arcs && focus ? this.gatesOf(focus) : [];
    this.styleBlocks();
    this.strokes.style({
      theme, marks, strength: (id) => this.strength("connections", id),
      shown: (id) => (settings.showRemoved || !marks.removed.has(id)) && (!this.shown || this.shown.connections.has(id)),
    });
    this.names = labels(this.named(), places, { zoom: Math.max(this.network.getScale() / explorer.scale, 1), theme });
    this.backdrop = places.backdrop(theme);
    this.arcs = this.strokes.arcs(this.gates, places.blocks, theme);
    this.legend.replaceChildren(...this.keys().map(({ text, pieces, title }) => element("span", { className: "key", ...(title && { title }) }, svgPicture(pieces, SAMPLE.width, SAMPLE.height, { "aria-hidden": "true" }), text)));
    this.stage.ariaLabel = this.said();
    if (settings.table) this.table.show(explorer.shown);
    this.network.redraw();
  }

  // Visible blocks: the chosen one first, then those near it.
  named() {
    const visible = this.recording.blocks.filter(({ id }) => !this.shown || this.shown.blocks.has(id));
    /** @type {(block: Block) => number} */
    const rank = ({ id }) => (this.near?.chosen === id ? 3 : this.strength("blocks", id));
    const ranked = [...visible].sort((first, second) => rank(second) - rank(first));
    return ranked.map((block) => ({ id: block.id, near: this.near != null && rank(block) > 1, quiet: rank(block) < 1 }));
  }

  // 2: touches what is pointed at or pinned, 1: lies on a path through it, 0: elsewhere.
  /** @param {keyof Paths} kind @param {string} id */
  strength(kind, id) {
    if (!this.near || this.near[kind].has(id)) return 2;
    return this.paths?.[kind].has(id) ? 1 : 0;
  }

  // What a kept path connects: to what is pinned, else to inputs and output.
  /** @returns {Paths} */
  connected() {
    const { pinned, marks } = this.explorer;
    if (pinned) {
      const [paths, near] = [this.ties.paths(pinned, marks.removed), this.ties.near(pinned)];
      return pinned.kind === "block" ? paths : { ...paths, blocks: new Set([...paths.blocks, ...near.peers]) };
    }
    /** @type {(id: string) => boolean} */
    const lost = (id) => marks.starved.has(id) || (marks.dead.has(id) && !marks.peerOnly.has(id));
    const blocks = new Set(this.recording.blocks.map(({ id }) => id).filter((id) => !lost(id)));
    const kept = this.recording.connections.filter(({ id, source, target }) => !marks.removed.has(id) && blocks.has(source) && blocks.has(target));
    return { blocks, connections: new Set(kept.map(({ id }) => id)) };
  }

  // Of a connection its peers; of a block what it gates, and the strongest peer of each connection that feeds it.
  /** @param {Chosen} focus */
  gatesOf(focus) {
    const arriving = focus.kind === "block" ? this.ties.into(focus.id) : [];
    const feeding = arriving.flatMap(({ id }) => this.ties.gatesOf({ kind: "connection", id }).slice(0, 1));
    const gates = [...feeding, ...this.ties.gatesOf(focus)];
    return gates.filter(({ weight }) => weight !== null).filter(({ peer, connection }) => !this.shown || (this.shown.blocks.has(peer) && this.shown.connections.has(connection.id)));
  }

  styleBlocks() {
    const changed = this.recording.blocks.map((block) => this.blockStyle(block)).filter((style) => {
      const text = JSON.stringify(style);
      const differs = this.drawn.get(style.id) !== text;
      this.drawn.set(style.id, text);
      return differs;
    });
    if (changed.length) this.nodes.update(changed);
  }

  /** @param {Block} block @returns {Partial<VisNode> & { id: string }} */
  blockStyle({ id, lane }) {
    const { theme, marks } = this.explorer;
    const { color } = this.recording.looks[lane];
    const gone = marks.dead.has(id) || marks.starved.has(id);
    const chosen = this.near?.chosen === id || this.near?.peers.has(id);
    const shade = { background: gone ? theme.background : color, border: chosen ? theme.text : color };
    return {
      id,
      hidden: Boolean(this.shown && !this.shown.blocks.has(id)),
      color: { ...shade, highlight: shade, hover: shade },
      chosen: false,
      opacity: FAINT[this.strength("blocks", id)],
      size: this.places.radius,
      borderWidth: chosen ? 2.5 : 1.5,
      shapeProperties: { borderDashes: gone ? [4, 3] : false },
    };
  }

  // The cursor moved: nothing but colours.
  draw() {
    if (!this.strokes) return;
    if (this.explorer.settings.table) this.table.draw();
    else this.network.redraw();
  }

  // Lanes and levels, and over them the connections.
  under() {
    return [...this.backdrop, ...this.connections()];
  }

  // The connections as they are painted at the cursor's frame.
  connections() {
    this.lines = this.strokes?.drawn ? this.strokes.pieces(this.explorer.frame) : [];
    return this.lines;
  }

  // The colours in which connections are painted now, in the structure's order: [key, colour] of each that is shown.
  shades() {
    const strokes = this.lines.filter((line) => "id" in line);
    const colors = new Map(strokes.map(({ id, stroke }) => [id, stroke]));
    return this.recording.connections.filter(({ id }) => colors.has(id)).map(({ id }) => [id, colors.get(id)]);
  }

  over() {
    return this.strokes?.drawn ? [...this.arcs, ...this.names] : [];
  }

  keys() {
    const { theme, settings, marks } = this.explorer;
    const pruned = marks.removed.size + marks.dead.size + marks.starved.size > 0;
    const { pair, removed } = this.explorer;
    return graphKeys(this.recording, theme, { pruned, removed, pair, arcs: settings.arcs ? { drawn: Math.min(this.gates.length, MOST_ARCS), all: this.gates.length } : null, shapes: this.shapes, radius: this.places.radius, words: this.explorer.words });
  }

  said() {
    const { recording, explorer } = this;
    const levels = new Set(recording.blocks.map(({ level }) => level)).size;
    const { removed } = explorer.marks;
    const counts = `${recording.blocks.length} blocks on ${levels} levels, ${recording.connections.length} connections, ${removed.size} ${explorer.removed}`;
    const pinned = explorer.pinned ? ` Pinned: ${explorer.pinned.kind === "block" ? explorer.pinned.id : arrow(recording.connection(explorer.pinned.id))}.` : "";
    return `level graph: ${counts}.${pinned} ${WAYS}`;
  }

  watchPointer() {
    /** @param {Point} place */
    const look = (place) => {
      this.looking = null;
      const found = this.touched(place);
      const { hovered } = this.explorer;
      this.stage.style.cursor = found ? "pointer" : "";
      if (found?.id !== hovered?.id || found?.kind !== hovered?.kind) this.explorer.hover(found, place);
    };
    this.stage.onpointermove = ({ clientX, clientY, buttons }) => {
      const { left, top } = this.stage.getBoundingClientRect();
      if (!buttons) this.looking ??= requestAnimationFrame(() => look(this.pointer));
      this.pointer = { x: clientX - left, y: clientY - top };
    };
    this.stage.onpointerleave = () => this.leave();
  }

  leave() {
    if (this.looking) cancelAnimationFrame(this.looking);
    this.looking = null;
    if (this.explorer.hovered) this.explorer.hover(null);
  }

  // The block or connection at a place in the stage, px; null where there is none.
  /** @param {Point} place @returns {Chosen | null} */
  touched(place) {
    const block = this.network.getNodeAt(place);
    const [{ x, y }, scale] = [this.network.DOMtoCanvas(place), this.network.getScale()];
    if (block !== undefined && (!this.shown || this.shown.blocks.has(block))) return { kind: "block", id: block };
    if (!this.strokes) return null;
    const line = this.strokes.touched({ x, y }, TOUCH_PX.near / scale);
    const name = this.names.find(({ box }) => box.left < x && x < box.right && box.top < y && y < box.bottom);
    if (name && !(line && line.away < TOUCH_PX.sure / scale)) return { kind: "block", id: name.data.label };
    return line && { kind: "connection", id: line.id };
  }

  // A short line beside the pointer, and below it what has to be known; the numbers panel has the rest.
  /** @param {string | null} text @param {Point} [place] @param {string} [more] */
  point(text, place, more = "") {
    this.tip.hidden = !text || !place;
    if (!text || !place) return;
    this.tip.replaceChildren(element("p", {}, text), ...(more ? [element("p", { className: "more" }, more)] : []));
    const left = Math.min(place.x + 12, this.stage.clientWidth - this.tip.offsetWidth - 4);
    this.tip.style.transform = `translate(${Math.max(left, 4)}px, ${place.y + 14}px)`;
  }
}

/** @param {Explorer} explorer @param {Switch} name @param {string} label @param {string} title */
function toggle(explorer, name, label, title) {
  return Object.assign(checkbox(label, explorer.defaults[name], (checked) => explorer.change(name, checked)), { title });
}
