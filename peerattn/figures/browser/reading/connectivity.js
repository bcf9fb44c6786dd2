// Who feeds whom and who gates whom, found once per recording.

class Ties {
  /** @param {{ connections: Connection[] }} recording */
  constructor({ connections }) {
    this.byId = mapOf(connections.map((connection) => [connection.id, connection]));
    this.arriving = grouped(connections, ({ target }) => target);
    this.leaving = grouped(connections, ({ source }) => source);
    /** @type {Gate[]} */
    const gates = connections.flatMap((connection) =>
      connection.peers.map((peer, index) => ({ peer, connection, get weight() { return connection.attentionWeights[index]; } })),
    );
    this.byPeer = grouped(gates, ({ peer }) => peer);
    this.byConnection = grouped(gates, ({ connection }) => connection.id);
  }

  /** @param {string} block */
  into(block) {
    return this.arriving.get(block) ?? [];
  }

  /** @param {string} block */
  outOf(block) {
    return this.leaving.get(block) ?? [];
  }

  // The peers of a connection, the connections that a block gates, the peers that gate what arrives at a block:
  // each { peer, connection, weight }, greatest attention weight first.
  /** @param {Chosen} chosen */
  gatesOf({ kind, id }) {
    return strongest(kind === "connection" ? this.byConnection.get(id) : this.byPeer.get(id));
  }

  /** @param {string} block */
  gatesInto(block) {
    return strongest(this.into(block).flatMap(({ id }) => this.byConnection.get(id) ?? []));
  }

  // What lies on the kept paths through a block or connection, itself included.
  /** @param {Chosen} chosen @param {Set<string>} removed @returns {Paths} */
  paths({ kind, id }, removed) {
    const own = kind === "connection" ? this.byId.get(id) : null;
    const below = this.walk(own?.source ?? id, removed, (block) => this.into(block), "source");
    const above = this.walk(own?.target ?? id, removed, (block) => this.outOf(block), "target");
    return {
      blocks: new Set([...below.blocks, ...above.blocks]),
      connections: new Set([...below.connections, ...above.connections, ...(own ? [id] : [])]),
    };
  }

  /** @param {string} start @param {Set<string>} removed @param {(block: string) => Connection[]} next @param {"source" | "target"} end */
  walk(start, removed, next, end) {
    const blocks = new Set([start]);
    /** @type {Set<string>} */
    const connections = new Set();
    for (const block of blocks) {
      for (const connection of next(block)) {
        if (removed.has(connection.id)) continue;
        connections.add(connection.id);
        blocks.add(connection[end]); // a Set's loop reaches what is added on the way
      }
    }
    return { blocks, connections };
  }

  // What touches a block, or a connection with its ends and peers.
  /** @param {Chosen} chosen @returns {Near} */
  near({ kind, id }) {
    if (kind === "connection") {
      const { source, target, peers } = this.byId.get(id);
      return { blocks: new Set([source, target, ...peers]), connections: new Set([id]), peers: new Set(peers), chosen: null };
    }
    const touching = [...this.into(id), ...this.outOf(id)];
    return {
      blocks: new Set([id, ...touching.flatMap(({ source, target }) => [source, target])]),
      connections: new Set(touching.map((connection) => connection.id)),
      peers: new Set(),
      chosen: id,
    };
  }
}

/** @template Item @param {Item[]} items @param {(item: Item) => string} key */
function grouped(items, key) {
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
const strongest = (gates = []) => [...gates].sort((first, second) => (second.weight ?? 0) - (first.weight ?? 0));
