// The numbers of the block or connection pointed at or pinned in a training history, at the cursor's logged step.

class ReplayNumbers extends Numbers {
  overview() {
    const removed = element("b");
    this.updates.push(() => (removed.textContent = String(this.explorer.marks.removed.size)));
    return [element("p", { className: "quiet" }, "Hover over a block or connection for its numbers; click to pin it."), this.factList([
      ["blocks", String(this.recording.blocks.length)],
      ["initial connections", String(this.recording.connections.length)],
      ["pruned by this step", removed],
    ])];
  }

  /** @param {string} id @returns {Node[]} */
  connection(id) {
    const { recording, explorer } = this;
    const row = recording.rows.get(id);
    const connection = recording.connections[row];
    const entropy = this.liveNumber((step) => recording.at("entropy", row, step));
    return [
      this.title(connectionName(connection), recording.lookOfBlock(connection.source)),
      ...this.notes([[explorer.marks.removed.has(id), "pruned by this step"]]),
      this.factList([
        ["connection weight", this.liveNumber(() => connection.weight)],
        ["attention", connection.attention],
        ...(connection.peers.length > 1 ? [fact("entropy of the attention weights (0 to 1)", entropy)] : []),
      ]),
      ...(connection.peers.length ? [element("h4", {}, peersTitle(connection)), this.peers(connection)] : []),
    ];
  }

  // Lists the peers in structure order, so that no row moves while the network learns.
  /** @param {Connection} connection */
  peers(connection) {
    const rows = connection.peers.map((peer, index) => {
      const bar = element("i", { className: "bar" });
      bar.style.background = this.recording.lookOfBlock(peer).color;
      this.updates.push(() => (bar.style.width = `${100 * (connection.attentionWeights[index] ?? 0)}%`));
      return element("li", {}, this.link("block", peer, peer), element("span", { className: "track" }, bar), this.liveNumber(() => connection.attentionWeights[index]));
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
        [peerOnly.has(id), "only a peer: no path to the output"],
        [dead.has(id) && !peerOnly.has(id), "dead at this step: no path to the output"],
      ]),
      this.factList([
        ["level", `${block.level}, ${block.kind.replaceAll("_", " ")}`],
        ["width", `${block.width} channels`],
        ...(block.reads ? [fact("reads", block.reads)] : []),
      ]),
      ...this.weights("incoming connections", recording.connectivity.incoming(id), "source"),
      ...this.weights("outgoing connections", recording.connectivity.outgoing(id), "target"),
    ];
  }

  /** @param {string} title @param {Connection[]} connections @param {"source" | "target"} end */
  weights(title, connections, end) {
    if (!connections.length) return [];
    /** @param {Connection} connection */
    const row = (connection) => {
      const line = element("li", {}, this.link("connection", connection.id, connection[end]), this.liveNumber(() => connection.weight));
      this.updates.push(() => line.classList.toggle("gone", this.explorer.marks.removed.has(connection.id)));
      return line;
    };
    return [element("h4", {}, `${title}, by connection weight`), element("ul", { className: "rows two" }, ...connections.map(row))];
  }
}
