// Who feeds whom and who gates whom, found once per recording.

class Ties {
  constructor({ connections }) {
    this.connections = connections;
    this.arriving = grouped(connections, ({ target }) => target);
    this.leaving = grouped(connections, ({ source }) => source);
    const gates = connections.flatMap((connection) =>
      connection.peers.map((peer, index) => ({ peer, connection, get weight() { return connection.attentionWeights[index]; } })),
    );
    this.byPeer = grouped(gates, ({ peer }) => peer);
    this.byConnection = grouped(gates, ({ connection }) => connection.id);
  }

  into(block) {
    return this.arriving.get(block) ?? [];
  }

  outOf(block) {
    return this.leaving.get(block) ?? [];
  }

  // The peers of a connection, the connections that a block gates, the peers that gate what arrives at a block:
  // each { peer, connection, weight }, greatest attention weight first.
  gatesOf({ kind, id }) {
    return strongest(kind === "connection" ? this.byConnection.get(id) : this.byPeer.get(id));
  }

  gatesInto(block) {
    return strongest(this.into(block).flatMap(({ id }) => this.byConnection.get(id) ?? []));
  }

  // What lies on the kept paths through a block or connection, itself included.
  paths({ kind, id }, removed) {
    const own = kind === "connection" ? this.connections.find((connection) => connection.id === id) : null;
    const below = this.walk(own?.source ?? id, removed, (block) => this.into(block), "source");
    const above = this.walk(own?.target ?? id, removed, (block) => this.outOf(block), "target");
    return {
      blocks: new Set([...below.blocks, ...above.blocks]),
      connections: new Set([...below.connections, ...above.connections, ...(own ? [id] : [])]),
    };
  }

  walk(start, removed, next, end) {
    const [blocks, connections] = [new Set([start]), new Set()];
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
  near({ kind, id }) {
    if (kind === "connection") {
      const { source, target, peers } = this.connections.find((connection) => connection.id === id);
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

function grouped(items, key) {
  const groups = new Map();
  for (const item of items) {
    if (groups.has(key(item))) groups.get(key(item)).push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}

const strongest = (gates = []) => [...gates].sort((first, second) => second.weight - first.weight);
