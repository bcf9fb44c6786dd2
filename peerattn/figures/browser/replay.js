// How a network learned: a logged step is a frame, and connections are as wide as their weight at that step.

class Replay extends Explorer {
  /** @returns {Words} */
  get words() {
    return {
      ...WORDS,
      frame: "step",
      window: "stretch between prunings",
      windowMeans: "",
      shade: "connection weight",
      mark: "weight",
      connections: { title: "weights by connection", note: "connection weight of what is pinned", form: "lines", of: "shade" },
    };
  }

  // Vanished is what was pruned, unless it is asked for.
  get defaults() {
    return { ...SETTINGS, showRemoved: false, lines: "weights" };
  }

  /** @returns {Record<Chosen["kind"], Column[]>} */
  get columns() {
    const [connection, weight, , state] = COLUMNS.connection;
    /** @type {Column} */
    const entropy = ["attention entropy", (id, { recording, explorer }) => recording.at("entropy", recording.rows.get(id), explorer.frame), "number"];
    return {
      block: COLUMNS.block.filter(([name]) => name !== "activity"),
      connection: [connection, weight, entropy, state],
    };
  }

  /** @returns {Part[]} */
  make() {
    this.graph = new Graph(this);
    this.timeline = new Timeline(this);
    this.numbers = new ReplayNumbers(this);
    this.layout = "panels learning";
    this.said = element("span", { className: "moment" });
    this.timeline.transport.element.lastChild?.before(this.said);
    return [this.graph, this.timeline, this.numbers];
  }

  /** @param {LoggedHistory} history @param {Recording} [other] */
  load(history, other) {
    history.go(Math.min(this.cursor, history.length - 1));
    super.load(history, other);
  }

  /** @param {Told} data */
  receive(data) {
    super.receive({ ...data, pruned: this.recording.prunings.length > 1 });
  }

  marked() {
    return this.recording.marks;
  }

  refresh() {
    this.go();
    super.refresh();
  }

  // Nothing moves: widths, colours and who is gone are all that a step decides.
  draw() {
    this.go();
    this.graph.style();
    super.draw();
  }

  go() {
    this.recording.go(this.frame);
    this.marks = this.recording.marks;
    this.said.textContent = this.moment(this.frame);
  }

  // Without a weight: pruned, and drawn as such.
  /** @param {string} id @param {number} frame */
  color(id, frame) {
    return Number.isNaN(this.shade(id, frame)) ? this.theme.quiet : super.color(id, frame);
  }

  /** @param {number} frame */
  moment(frame) {
    const { recording } = this;
    return `step ${recording.steps[frame]}, epoch ${recording.epochs[frame] + 1}, logged step ${frame + 1} of ${recording.length}`;
  }

  /** @param {Chosen} chosen */
  summary({ kind, id }) {
    if (kind === "block") return id;
    const connection = this.recording.connection(id);
    return `${arrow(connection)}: weight ${number(connection.weight)}`;
  }
}

// A history as `figures/replay.py` packs it; `go` makes its connections what they were at a step.
class LoggedHistory extends Recording {
  /** @param {Uint8Array<ArrayBuffer>} bytes */
  constructor(bytes) {
    super(bytes);
    for (const connection of this.connections) connection.weighted = connection.weight !== null;
    this.edges = mapOf(this.graph.edges.map((edge) => [edge.id, edge]));
  }

  // What stands under the lines: steps, which are whole.
  get axis() {
    return { values: this.steps, unit: "", least: 1 };
  }

  /** @param {number} step */
  go(step) {
    const { removed, dead, starved, peerOnly } = this.prunings.findLast(({ from }) => from <= step) ?? this.prunings[0];
    this.marks = { removed: new Set(removed), dead: new Set(dead), starved: new Set(starved), peerOnly: new Set(peerOnly) };
    const [thin, thick] = this.widths;
    for (const connection of this.connections) {
      const { id, first, peers, weighted } = connection;
      const gone = this.marks.removed.has(id);
      const weight = this.at("shade", this.rows.get(id), step);
      connection.weight = weighted && !gone ? weight : null;
      connection.attentionWeights = peers.map((_, place) => (gone ? null : this.at("attention", first + place, step)));
      this.edges.get(id).width = thin + (thick - thin) * (gone ? 0 : weight);
    }
  }
}

// Of what is pointed at or pinned: weights at the cursor's step.
class ReplayNumbers extends Numbers {
  overview() {
    const removed = element("b");
    this.updates.push(() => (removed.textContent = String(this.explorer.marks.removed.size)));
    return [element("p", { className: "quiet" }, "Point at a block or connection for its numbers, click to keep it."), this.facts([
      ["blocks", String(this.recording.blocks.length)],
      ["connections, at first", String(this.recording.connections.length)],
      ["pruned by this step", removed],
    ])];
  }

  /** @param {string} id @returns {Node[]} */
  connection(id) {
    const { recording, explorer } = this;
    const row = recording.rows.get(id);
    const connection = recording.connections[row];
    const entropy = this.live((step) => recording.at("entropy", row, step));
    return [
      this.title(arrow(connection), recording.lookOfBlock(connection.source)),
      ...this.notes([[explorer.marks.removed.has(id), "pruned by this step"]]),
      this.facts([
        ["connection weight", this.live(() => connection.weight)],
        ["attention", connection.attention],
        ...(connection.peers.length > 1 ? [fact("attention entropy, 0 to 1", entropy)] : []),
      ]),
      ...(connection.peers.length ? [element("h4", {}, "attention weights of its peers (ringed in the graph)"), this.peers(connection)] : []),
    ];
  }

  // In the structure's order, so that no row moves while the network learns.
  /** @param {Connection} connection */
  peers(connection) {
    const rows = connection.peers.map((peer, place) => {
      const bar = element("i", { className: "bar" });
      bar.style.background = this.recording.lookOfBlock(peer).color;
      this.updates.push(() => (bar.style.width = `${100 * (connection.attentionWeights[place] ?? 0)}%`));
      return element("li", {}, this.link("block", peer, peer), element("span", { className: "track" }, bar), this.live(() => connection.attentionWeights[place]));
    });
    return element("ul", { className: "rows" }, ...rows);
  }

  /** @param {string} id @returns {Node[]} */
  block(id) {
    const { recording, explorer } = this;
    const block = recording.block(id);
    const { dead, peerOnly } = explorer.marks;
    return [
      this.title(id, recording.looks[block.lane]),
      ...this.notes([
        [peerOnly.has(id), "no path to the output: only a peer"],
        [dead.has(id) && !peerOnly.has(id), "dead by this step: no path to the output"],
      ]),
      this.facts([
        ["level", `${block.level}, ${block.kind.replaceAll("_", " ")}`],
        ["width", `${block.width} channels`],
        ...(block.reads ? [fact("reads", block.reads)] : []),
      ]),
      ...this.weights("fed by", recording.into(id), "source"),
      ...this.weights("feeds", recording.outOf(id), "target"),
    ];
  }

  /** @param {string} title @param {Connection[]} connections @param {"source" | "target"} end */
  weights(title, connections, end) {
    if (!connections.length) return [];
    /** @param {Connection} connection */
    const row = (connection) => {
      const line = element("li", {}, this.link("connection", connection.id, connection[end]), this.live(() => connection.weight));
      this.updates.push(() => line.classList.toggle("gone", this.explorer.marks.removed.has(connection.id)));
      return line;
    };
    return [element("h4", {}, `${title}, by connection weight`), element("ul", { className: "rows two" }, ...connections.map(row))];
  }
}
