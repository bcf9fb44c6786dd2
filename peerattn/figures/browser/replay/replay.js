// How a network learned: an explorer of a training history, with logged steps as frames. The width of a connection
// shows its weight at the step.

class Replay extends Explorer {
  /** @returns {Words} */
  get words() {
    return {
      ...WORDS,
      frame: "step",
      window: "interval between prunings",
      boundary: "dotted: pruning",
      windowMeans: "",
      shade: "connection weight",
      mark: "weight",
      connections: { title: "weights by connection", note: "connection weight of the pinned connection, or of the connections of the pinned block", form: "lines", of: "shade" },
    };
  }

  // Pruned connections are hidden by default.
  get defaults() {
    return { ...SETTINGS, showRemoved: false, lines: "weights" };
  }

  /** @returns {Record<GraphItem["kind"], Column[]>} */
  get columns() {
    const [connection, weight, , , state] = COLUMNS.connection;
    /** @type {Column} */
    const entropy = ["entropy of the attention weights (0 to 1)", (id, { recording, explorer }) => recording.at("entropy", recording.rows.get(id), explorer.frame), "number"];
    return {
      block: COLUMNS.block.filter(([name]) => name !== "activity"),
      connection: [connection, weight, entropy, state],
    };
  }

  /** @returns {ExplorerPart[]} */
  makeParts() {
    this.graph = new Graph(this);
    this.timeline = new Timeline(this);
    this.numbers = new ReplayNumbers(this);
    this.layout = "panels learning";
    this.stepText = element("span", { className: "moment" });
    this.timeline.transport.element.lastChild?.before(this.stepText);
    return [this.graph, this.timeline, this.numbers];
  }

  /** @param {LoggedHistory} history @param {Recording} [other] */
  load(history, other) {
    history.showStep(Math.min(this.cursor, history.length - 1));
    super.load(history, other);
  }

  /** @param {ExplorerData} data */
  receive(data) {
    super.receive({ ...data, pruned: this.recording.prunings.length > 1 });
  }

  marksToShow() {
    return this.recording.marks;
  }

  refresh() {
    this.showStep();
    super.refresh();
  }

  // A step changes widths, colours and which parts are removed; no block moves.
  draw() {
    this.showStep();
    this.graph.style();
    super.draw();
  }

  showStep() {
    this.recording.showStep(this.frame);
    this.marks = this.recording.marks;
    this.stepText.textContent = this.moment(this.frame);
  }

  /** @param {number} frame */
  moment(frame) {
    const { recording } = this;
    return `step ${recording.steps[frame]} (epoch ${recording.epochs[frame] + 1}; logged step ${frame + 1} of ${recording.length})`;
  }

  /** @param {GraphItem} chosen */
  summary({ kind, id }) {
    if (kind === "block") return id;
    const connection = this.recording.connection(id);
    return `${connectionName(connection)}: weight ${formatNumber(connection.weight)}`;
  }
}
