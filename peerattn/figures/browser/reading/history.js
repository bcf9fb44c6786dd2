// A training history as packed by `figures/replay.py`: each logged step takes the place of a frame. `showStep` gives
// the connections the weights they had at a logged step.

class LoggedHistory extends Recording {
  /** @param {Uint8Array<ArrayBuffer>} bytes */
  constructor(bytes) {
    super(bytes);
    for (const connection of this.connections) connection.weighted = connection.weight !== null;
    this.edges = completeMap(this.graph.edges.map((edge) => [edge.id, edge]));
  }

  // The x-axis of the timeline: training steps, which are whole numbers.
  get axis() {
    return { values: this.steps, unit: "", name: "step", least: 1 };
  }

  /** @param {number} step */
  showStep(step) {
    const { removed, dead, starved, peerOnly } = this.prunings.findLast(({ from }) => from <= step) ?? this.prunings[0];
    this.marks = { removed: new Set(removed), dead: new Set(dead), starved: new Set(starved), peerOnly: new Set(peerOnly) };
    const [thin, thick] = this.widths;
    for (const connection of this.connections) {
      const { id, first, peers, weighted } = connection;
      const pruned = this.marks.removed.has(id);
      const weight = this.at("shade", this.rows.get(id), step);
      connection.weight = weighted && !pruned ? weight : null;
      connection.attentionWeights = peers.map((_, index) => (pruned ? null : this.at("attention", first + index, step)));
      this.edges.get(id).width = thin + (thick - thin) * (pruned ? 0 : weight);
    }
  }
}
