// The numbers of what is pointed at or pinned, at the cursor's frame; and a list to choose from by keyboard.

const RANKS = [["weight", "by connection weight"], ["factor", "by attention factor at this frame"], ["change", "by change over the frames"]];
const MOST_GATES = 100; // listed; the strongest
const CHANGE = "greatest minus least mean attention factor of the clip's frames";

/** @typedef {[name: string, value: Node | string]} Fact */
/** @type {(name: string, value: Node | string) => Fact} */
const fact = (name, value) => [name, value];

class Numbers {
  /** @type {Recording} */ recording;
  /** @type {Known<number>} */ changes;

  /** @param {Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    this.chooser = element("select", { ariaLabel: "show a block or connection", onchange: () => this.choose() });
    this.rank = element(
      "select",
      { ariaLabel: "order of connections", onchange: () => explorer.change("rank", this.rank.value) },
      ...RANKS.map(([value, text]) => element("option", { value }, text)),
    );
    this.body = element("div", { className: "body" });
    this.element = element("section", { className: "numbers", ariaLabel: "numbers" }, this.chooser, this.body);
    /** @type {((frame: number) => void)[]} */
    this.updates = [];
  }

  /** @param {Recording} recording */
  load(recording) {
    this.take(this.explorer.shown);
    /** @type {(kind: Chosen["kind"], id: string, text: string) => HTMLOptionElement} */
    const option = (kind, id, text) => element("option", { value: `${kind} ${id}` }, text);
    this.chooser.replaceChildren(
      element("option", { value: "" }, "choose, or click in the graph"),
      element("optgroup", { label: "blocks" }, ...recording.blocks.map(({ id }) => option("block", id, id))),
      element("optgroup", { label: "connections" }, ...recording.connections.map((part) => option("connection", part.id, arrow(part)))),
    );
    this.build();
  }

  // The recording whose numbers are shown.
  /** @param {Recording} recording */
  take(recording) {
    if (this.recording === recording) return;
    this.recording = recording;
    this.changes = mapOf(recording.connections.map(({ id }) => [id, recording.change(id)]));
  }

  choose() {
    const [kind, ...words] = this.chooser.value.split(" ");
    this.explorer.pin(kind === "block" || kind === "connection" ? { kind, id: words.join(" ") } : null);
  }

  /** @param {keyof Settings} name */
  changed(name) {
    if (name !== "rank") return;
    this.rank.value = this.explorer.settings.rank;
    this.draw();
  }

  // Anew for another block or connection; `draw` then fills in the frame's values.
  build() {
    const { focus, pinned } = this.explorer;
    this.take(this.explorer.shown);
    this.updates = [];
    this.chooser.value = pinned ? `${pinned.kind} ${pinned.id}` : "";
    this.body.replaceChildren(...(focus ? (focus.kind === "block" ? this.block(focus.id) : this.connection(focus.id)) : this.overview()));
    this.draw();
  }

  draw() {
    for (const update of this.updates) update(this.explorer.shownFrame);
  }

  // A cell whose number follows the cursor: 3 digits to read, the whole value in `data-value`.
  /** @param {(frame: number) => number | null} value */
  live(value) {
    const cell = element("b", {});
    this.updates.push((frame) => write(cell, value(frame)));
    return cell;
  }

  /** @param {number | null} value */
  still(value) {
    const cell = element("b", {});
    write(cell, value);
    return cell;
  }

  /** @param {Fact[]} rows */
  facts(rows) {
    return element("dl", {}, ...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
  }

  /** @returns {Node[]} */
  overview() {
    const { recording } = this;
    return [
      element("p", { className: "quiet" }, "Point at a block or connection for its numbers, click to keep it."),
      this.facts([
        ["blocks", String(recording.blocks.length)],
        ["connections", String(recording.connections.length)],
        [this.explorer.removed, String(this.explorer.marks.removed.size)],
      ]),
    ];
  }

  /** @param {string} id @returns {Node[]} */
  connection(id) {
    const { recording } = this;
    const row = recording.rows.get(id);
    const connection = recording.connections[row];
    /** @type {(name: string) => HTMLElement} */
    const value = (name) => this.live((frame) => recording.at(name, row, frame));
    /** @type {HTMLElement[]} */
    const parts = [
      this.title(arrow(connection), recording.lookOfBlock(connection.source)),
      ...this.notes([[this.explorer.marks.removed.has(id), this.explorer.pair ? "no counterpart" : "removed by the threshold"]]),
      ...this.compared(row, { shade: "attention factor", least: "least channel", greatest: "greatest channel" }, connection),
      this.facts([
        ...(this.explorer.pair ? [] : [
          fact("connection weight", this.still(connection.weight)),
          fact("attention factor", value("shade")),
          fact("least channel", value("least")),
          fact("greatest channel", value("greatest")),
        ]),
        ["attention", `${connection.attention}, ${connection.channels} channels`],
        ...this.ends(connection),
      ]),
    ];
    if (connection.peers.length) {
      parts.push(element("h4", {}, "attention weights of its peers (ringed in the graph)"), this.peers(connection));
    }
    return parts;
  }

  // Whether an end of the clip reaches the connection at the frame; nothing where that was not recorded.
  /** @param {Connection} connection @returns {Fact[]} */
  ends({ id, reached }) {
    if (!reached) return [];
    const said = element("span", { title: END_REACHES });
    this.updates.push(() => (said.textContent = endsInWords(this.explorer, id)));
    return [["ends of the clip", said]];
  }

  // Of two recordings: each number of A, of B, and B minus A.
  /** @param {number} row @param {Record<string, string>} names @param {Connection} [connection] */
  compared(row, names, connection) {
    const { pair } = this.explorer;
    if (!pair) return [];
    /** @type {(value: (side: Side) => HTMLElement) => HTMLElement[]} */
    const sides = (value) => SIDES.map(([side]) => value(side));
    /** @type {[string, HTMLElement[]][]} */
    const rows = Object.entries(names).map(([name, title]) => [title, sides((side) => this.live(() => pair.values(name, row, this.explorer.frame)[side]))]);
    if (connection) {
      const [one, two] = [pair.first, pair.other].map((recording) => recording.connections[row].weight ?? NaN);
      rows.unshift(["connection weight", [one, two, two - one].map((value) => this.still(value))]);
    }
    return [pair.table(rows)];
  }

  /** @param {Connection} connection @returns {HTMLElement} */
  peers({ peers, attentionWeights }) {
    /** @type {(index: number) => number} */
    const share = (index) => attentionWeights[index] ?? 0;
    const order = peers.map((_, index) => index).sort((a, b) => share(b) - share(a));
    const rows = order.map((index) => {
      const bar = element("i", { className: "bar" });
      bar.style.width = `${100 * share(index)}%`;
      bar.style.background = this.recording.lookOfBlock(peers[index]).color;
      return element("li", {}, this.link("block", peers[index], peers[index]), element("span", { className: "track" }, bar), this.still(attentionWeights[index]));
    });
    return element("ul", { className: "rows" }, ...rows);
  }

  /** @param {string} id @returns {Node[]} */
  block(id) {
    const { recording } = this;
    const row = recording.blockRows.get(id);
    const block = recording.blocks[row];
    const { ties } = recording;
    const { dead, starved, peerOnly } = this.explorer.marks;
    return [
      this.title(id, recording.looks[block.lane]),
      ...this.notes([
        [peerOnly.has(id), "no path to the output: only a peer"],
        [dead.has(id) && !peerOnly.has(id), this.explorer.pair ? "no counterpart" : "dead: no path to the output"],
        [starved.has(id), "starved: no path from an input"],
      ]),
      ...this.compared(row, { activity: "activity" }),
      this.facts([
        ...(this.explorer.pair ? [] : [fact("activity", this.live((frame) => recording.at("activity", row, frame)))]),
        ["level", `${block.level}, ${block.kind.replaceAll("_", " ")}`],
        ["width", `${block.width} channels`],
        ["temporal dilation", String(block.dilation)],
        ["beyond the clip's ends", block.ends],
        ...(block.reads ? [fact("reads", block.reads)] : []),
      ]),
      ...(ties.into(id).length + ties.outOf(id).length ? [this.rank] : []),
      ...this.connected("fed by", ties.into(id), "source"),
      ...this.connected("feeds", ties.outOf(id), "target"),
      ...this.gates("gates, by attention weight", ties.gatesOf({ kind: "block", id }), ({ connection }) => arrow(connection)),
      ...this.gates("what feeds it is gated by", ties.gatesInto(id), ({ peer, connection }) => `${peer} on ${connection.source}`),
    ];
  }

  /** @param {string} title @param {Connection[]} connections @param {"source" | "target"} end */
  connected(title, connections, end) {
    if (!connections.length) return [];
    const [name, ...values] = ["block", "weight", "factor", "change"].map((word) => element("span", {}, word));
    values[values.length - 1].title = CHANGE;
    const rows = mapOf(connections.map((connection) => [connection.id, this.connectedRow(connection, end)]));
    const list = element("ul", { className: "rows four" }, ...rows.values());
    this.updates.push((frame) => reorder(list, this.ranked(connections, frame).map(({ id }) => rows.get(id))));
    return [element("h4", {}, title), element("div", { className: "heads quiet" }, name, ...values), list];
  }

  /** @param {Connection} connection @param {"source" | "target"} end */
  connectedRow(connection, end) {
    const row = this.recording.rows.get(connection.id);
    return element(
      "li",
      { className: this.explorer.marks.removed.has(connection.id) ? "gone" : "", dataset: { connection: connection.id } },
      this.link("connection", connection.id, connection[end]),
      this.still(connection.weight),
      this.live((frame) => this.recording.at("shade", row, frame)),
      this.still(this.changes.get(connection.id)),
    );
  }

  // Greatest first; what is equal stays in the order of the structure.
  /** @param {Connection[]} connections @param {number} frame */
  ranked(connections, frame) {
    /** @type {Record<string, (connection: Connection) => number>} */
    const values = {
      weight: ({ weight }) => weight ?? 1,
      factor: ({ id }) => this.recording.at("shade", this.recording.rows.get(id), frame),
      change: ({ id }) => this.changes.get(id),
    };
    const value = values[this.explorer.settings.rank] ?? (() => 0);
    return [...connections].sort((first, second) => value(second) - value(first));
  }

  /** @param {string} title @param {Gate[]} gates @param {(gate: Gate) => string} text */
  gates(title, gates, text) {
    if (!gates.length) return [];
    const rows = gates.slice(0, MOST_GATES).map((gate) =>
      element("li", { dataset: { peer: gate.peer, gates: gate.connection.id } }, this.link("connection", gate.connection.id, text(gate)), this.still(gate.weight)),
    );
    const more = gates.length - rows.length;
    return [element("h4", {}, title), element("ul", { className: "rows two" }, ...rows, ...(more > 0 ? [element("li", { className: "quiet" }, `and ${more} weaker`)] : []))];
  }

  /** @param {string} text @param {Look} look */
  title(text, { color }) {
    return element("h3", {}, swatch(color), text);
  }

  /** @param {[holds: boolean, text: string][]} pairs */
  notes(pairs) {
    return pairs.filter(([holds]) => holds).map(([, text]) => element("p", { className: "note" }, text));
  }

  /** @param {Chosen["kind"]} kind @param {string} id @param {string} text */
  link(kind, id, text) {
    return element("button", { type: "button", className: "link", title: text, onclick: () => this.explorer.pin({ kind, id }) }, text);
  }
}
