// Which connections enter and leave each block, and which peers gate which connections; indexed once per recording.

class Connectivity {
  /** @param {{ connections: Connection[] }} recording */
  constructor({ connections }) {
    this.byId = completeMap(connections.map((connection) => [connection.id, connection]));
    this.byTarget = groupBy(connections, ({ target }) => target);
    this.bySource = groupBy(connections, ({ source }) => source);
    /** @type {Gate[]} */
    const gates = connections.flatMap((connection) =>
      connection.peers.map((peer, index) => ({ peer, connection, get weight() { return connection.attentionWeights[index]; } })),
    );
    this.byPeer = groupBy(gates, ({ peer }) => peer);
    this.byConnection = groupBy(gates, ({ connection }) => connection.id);
  }

  /** @param {string} block */
  incoming(block) {
    return this.byTarget.get(block) ?? [];
  }

  /** @param {string} block */
  outgoing(block) {
    return this.bySource.get(block) ?? [];
  }

  // Returns the gates by the peers of a connection, or those in which a block is the peer, in descending order of
  // attention weight.
  /** @param {GraphItem} chosen */
  gatesOf({ kind, id }) {
    return byAttentionWeight(kind === "connection" ? this.byConnection.get(id) : this.byPeer.get(id));
  }

  // Returns the gates of all connections into a block, in descending order of attention weight.
  /** @param {string} block */
  gatesOfIncoming(block) {
    return byAttentionWeight(this.incoming(block).flatMap(({ id }) => this.byConnection.get(id) ?? []));
  }

  // Returns what lies on the kept paths through a block or connection, including itself.
  /** @param {GraphItem} chosen @param {Set<string>} removed @returns {Paths} */
  paths({ kind, id }, removed) {
    const connection = kind === "connection" ? this.byId.get(id) : null;
    const below = this.follow(connection?.source ?? id, removed, (block) => this.incoming(block), "source");
    const above = this.follow(connection?.target ?? id, removed, (block) => this.outgoing(block), "target");
    return {
      blocks: new Set([...below.blocks, ...above.blocks]),
      connections: new Set([...below.connections, ...above.connections, ...(connection ? [id] : [])]),
    };
  }

  // Follows kept connections from a block; `end` is the end of each connection to go on from.
  /** @param {string} start @param {Set<string>} removed @param {(block: string) => Connection[]} next @param {"source" | "target"} end */
  follow(start, removed, next, end) {
    const blocks = new Set([start]);
    /** @type {Set<string>} */
    const connections = new Set();
    for (const block of blocks) {
      for (const connection of next(block)) {
        if (removed.has(connection.id)) continue;
        connections.add(connection.id);
        blocks.add(connection[end]); // the loop also visits blocks added while it runs
      }
    }
    return { blocks, connections };
  }

  // Returns a block with its connections and the blocks at their other ends, or a connection with its blocks and peers.
  /** @param {GraphItem} chosen @returns {Neighbourhood} */
  neighbourhood({ kind, id }) {
    if (kind === "connection") {
      const { source, target, peers } = this.byId.get(id);
      return { blocks: new Set([source, target, ...peers]), connections: new Set([id]), peers: new Set(peers), selectedBlock: null };
    }
    const touching = [...this.incoming(id), ...this.outgoing(id)];
    return {
      blocks: new Set([id, ...touching.flatMap(({ source, target }) => [source, target])]),
      connections: new Set(touching.map((connection) => connection.id)),
      peers: new Set(),
      selectedBlock: id,
    };
  }
}

/** @template Item @param {Item[]} items @param {(item: Item) => string} key */
function groupBy(items, key) {
  /** @type {Map<string, Item[]>} */
  const groups = new Map();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}

/** @type {(gates?: Gate[]) => Gate[]} */
const byAttentionWeight = (gates = []) => [...gates].sort((first, second) => (second.weight ?? 0) - (first.weight ?? 0));
