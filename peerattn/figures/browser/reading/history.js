// How a network learned: a logged step is a frame of the recording.

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
