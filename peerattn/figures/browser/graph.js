// The level graph: pyvis' nodes, edges and options, drawn by vis-network; only colours change with the cursor.

const ROW_PX = 88; // levels are never closer on the screen
const MAX_SCALE = 1.3;
const MARGIN = { left: 64, right: 24, top: 34, bottom: 44 };

class Graph {
  constructor(explorer) {
    this.explorer = explorer;
    this.stage = element("div", { className: "stage" });
    this.tip = element("div", { className: "tip", hidden: true });
    this.ramp = element("span", { className: "ramp" });
    this.removedToggle = checkbox("show removed", true, (checked) => {
      this.showRemoved = checked;
      this.style();
    });
    this.showRemoved = true;
    const zoom = (factor) => () => this.network.moveTo({ scale: this.network.getScale() * factor });
    const bar = element(
      "header",
      {},
      element("span", { className: "key", title: "colour of a connection: its mean attention factor at this frame" }, "attention factor 0", this.ramp, "1"),
      element("span", { className: "key" }, "width: connection weight"),
      this.removedToggle,
      element("span", { className: "zoom" },
        iconButton("farther", "zoom out", zoom(0.8)), iconButton("closer", "zoom in", zoom(1.25)), iconButton("whole", "show the whole graph", () => this.fit()),
      ),
    );
    this.element = element("section", { className: "graph", ariaLabel: "level graph" }, bar, element("div", { className: "frame" }, this.stage, this.tip));
    new ResizeObserver(() => this.fit()).observe(this.stage);
  }

  load(recording) {
    this.recording = recording;
    this.ramp.style.background = `linear-gradient(90deg, ${recording.viridis.join(",")})`;
    const { nodes, edges, options } = recording.graph;
    if (!this.network) {
      this.nodes = new vis.DataSet(nodes);
      this.edges = new vis.DataSet(edges);
      this.network = new vis.Network(this.stage, { nodes: this.nodes, edges: this.edges }, options);
      this.listen();
    } else {
      drop(this.edges, edges);
      drop(this.nodes, nodes);
      this.nodes.update(nodes);
      this.edges.update(edges);
    }
    this.fit();
  }

  listen() {
    const { network, explorer } = this;
    const hover = (kind) => (event) => explorer.hover({ kind, id: event.node ?? event.edge }, event.pointer?.DOM);
    network.on("hoverNode", hover("block"));
    network.on("hoverEdge", hover("connection"));
    network.on("blurNode", () => explorer.hover(null));
    network.on("blurEdge", () => explorer.hover(null));
    network.on("dragStart", () => explorer.hover(null));
    network.on("beforeDrawing", (pen) => this.drawLanes(pen));
    network.on("click", ({ nodes, edges }) => {
      if (nodes.length) explorer.pin({ kind: "block", id: nodes[0] });
      else explorer.pin(edges.length ? { kind: "connection", id: edges[0] } : null);
    });
  }

  // Places the whole graph in the stage; labels, blocks and lines then have their size in screen pixels.
  fit() {
    const width = this.stage.clientWidth;
    if (!this.network || !width) return;
    const { lanes, graph, row } = this.recording;
    const [left, right] = [lanes[0][1], lanes.at(-1)[2]];
    const scale = Math.min((width - MARGIN.left - MARGIN.right) / (right - left), MAX_SCALE);
    this.scale = scale;
    this.stretch = Math.max(1, ROW_PX / (row * scale));
    const height = -Math.min(...graph.nodes.map(({ y }) => y)) * this.stretch;
    this.stage.style.height = `${height * scale + MARGIN.top + MARGIN.bottom}px`;
    this.network.setSize("100%", "100%");
    this.nodes.update(graph.nodes.map(({ id, y }) => ({ id, y: y * this.stretch })));
    this.network.moveTo({
      position: {
        x: (left + right) / 2 - (MARGIN.left - MARGIN.right) / 2 / scale,
        y: -height / 2 - (MARGIN.top - MARGIN.bottom) / 2 / scale,
      },
      scale,
      animation: false,
    });
    this.style();
  }

  style() {
    if (!this.scale) return;
    const { theme, focus, marks } = this.explorer;
    const near = this.neighbours(focus);
    this.nodes.update(this.recording.blocks.map((block) => this.nodeStyle(block, near, theme, marks)));
    this.edges.update(this.recording.graph.edges.map((edge) => this.edgeStyle(edge, near, theme, marks)));
  }

  nodeStyle({ id, lane }, near, theme, { dead, starved }) {
    const color = this.recording.looks[lane].color;
    const gone = dead.has(id) || starved.has(id);
    const chosen = near.chosen === id || near.peers.has(id);
    const size = 1 / this.scale;
    const shade = { background: gone ? theme.background : color, border: chosen ? theme.text : color };
    return {
      id,
      color: { ...shade, highlight: shade, hover: shade },
      chosen: false,
      opacity: near.blocks && !near.blocks.has(id) ? 0.3 : 1,
      size: 9 * size,
      borderWidth: chosen ? 2.5 : 1.5, // vis-network takes this one in screen pixels
      shapeProperties: { borderDashes: gone ? [4 * size, 3 * size] : false },
      font: {
        color: near.blocks && !near.blocks.has(id) ? theme.quiet : theme.text,
        size: this.labelPx() * size, face: theme.font, strokeWidth: 3 * size, strokeColor: theme.background, vadjust: -2 * size,
      },
    };
  }

  // Labels that stand closer than their words are long are set smaller.
  labelPx() {
    return this.recording.column * this.scale < 48 ? 10 : 12;
  }

  edgeStyle({ id, width, dashes }, near, theme, { removed }) {
    const size = 1 / this.scale;
    const gone = removed.has(id);
    const far = near.connections && !near.connections.has(id);
    const scaled = (pattern) => pattern && pattern.map((length) => length * size);
    return {
      id,
      chosen: false,
      hidden: gone && !this.showRemoved,
      width: (gone ? 1 : width) * size,
      dashes: scaled(gone ? [1, 5] : dashes) || false,
      color: this.edgeColor(id, gone, far, theme),
      background: { enabled: !gone && !far, color: mix(theme.background, theme.text, 0.55), size: (width + 1.5) * size, dashes: scaled(dashes) || false },
    };
  }

  edgeColor(id, gone, far, theme) {
    const color = gone ? theme.quiet : this.recording.color(id, this.explorer.frame);
    return { color, highlight: color, hover: color, opacity: far ? 0.1 : gone ? 0.5 : 1, inherit: false };
  }

  // Which blocks and connections belong to what is pointed at or pinned; null stands for all.
  neighbours(focus) {
    const { recording } = this;
    if (!focus) return { blocks: null, connections: null, peers: new Set(), chosen: null };
    if (focus.kind === "connection") {
      const { source, target, peers } = recording.connection(focus.id);
      return { blocks: new Set([source, target, ...peers]), connections: new Set([focus.id]), peers: new Set(peers), chosen: null };
    }
    const touching = [...recording.into(focus.id), ...recording.outOf(focus.id)];
    return {
      blocks: new Set([focus.id, ...touching.flatMap(({ source, target }) => [source, target])]),
      connections: new Set(touching.map(({ id }) => id)),
      peers: new Set(),
      chosen: focus.id,
    };
  }

  // The cursor moved: nothing but colours.
  draw() {
    if (!this.scale) return;
    const { theme, focus, marks } = this.explorer;
    const near = this.neighbours(focus);
    this.edges.update(
      this.recording.connections.map(({ id }) => ({
        id,
        color: this.edgeColor(id, marks.removed.has(id), near.connections && !near.connections.has(id), theme),
      })),
    );
  }

  drawLanes(pen) {
    if (!this.scale) return;
    const { theme } = this.explorer;
    const size = 1 / this.scale;
    const { lanes, looks, blocks, graph } = this.recording;
    const heights = graph.nodes.map(({ y }) => y * this.stretch);
    const [top, bottom] = [Math.min(...heights) - 26 * size, Math.max(...heights) + 26 * size];
    pen.font = `600 ${12 * size}px ${theme.font}`;
    pen.textBaseline = "top";
    pen.textAlign = "center";
    for (const [name, left, right] of lanes) {
      pen.fillStyle = `${looks[name].color}12`;
      pen.beginPath();
      pen.roundRect(left, top, right - left, bottom - top, 8 * size);
      pen.fill();
      pen.fillStyle = theme.text;
      pen.fillText(name, (left + right) / 2, bottom + 5 * size);
    }
    pen.font = `${11 * size}px ${theme.font}`;
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    pen.fillStyle = theme.quiet;
    const levels = new Map(graph.nodes.map(({ y }, index) => [blocks[index].level, y * this.stretch]));
    for (const [level, y] of levels) pen.fillText(`level ${level}`, lanes[0][1] - 10 * size, y);
  }

  // A short line beside the pointer; the numbers panel has the rest.
  point(text, place) {
    this.tip.hidden = !text || !place;
    if (this.tip.hidden) return;
    this.tip.textContent = text;
    const left = Math.min(place.x + 12, this.stage.clientWidth - this.tip.offsetWidth - 4);
    this.tip.style.transform = `translate(${Math.max(left, 4)}px, ${place.y + 14}px)`;
  }
}

// Removes what is not among the items, without clearing: what stays is not laid out again.
function drop(set, items) {
  const ids = new Set(items.map(({ id }) => id));
  set.remove(set.getIds().filter((id) => !ids.has(id)));
}
