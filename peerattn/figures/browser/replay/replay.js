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

  /** @param {ExplorerData} data */
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
