// The numbers of the block or connection pointed at or pinned, at the cursor's frame, and a list for choosing one.

const ORDERS = [["weight", "by connection weight"], ["factor", "by attention factor at this frame"], ["shift", "by shift at this frame"]];
const MAX_GATES = 100; // listed, the strongest first
const FACTOR_NAMES = { shift: "shift of attention at this frame", shade: "mean attention factor at this frame", least: "minimum over channels", greatest: "maximum over channels" };

/** @typedef {[name: string, value: Node | string]} Fact */
/** @type {(name: string, value: Node | string) => Fact} */
const fact = (name, value) => [name, value];

// Returns the heading of a connection's peers. The source of a connection can be one of its own peers.
/** @param {Connection} connection */
function peersTitle({ peers, source }) {
  const own = peers.includes(source) ? (peers.length > 1 ? ", including its own source" : ": only its own source") : "";
  return `attention weights of its peers${own} (ringed in the graph)`;
}

class Numbers {
  /** @type {Recording} */ recording;

  /** @param {Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    this.chooser = element("select", { ariaLabel: "show a block or connection", onchange: () => this.choose() });
    this.order = element(
      "select",
      { ariaLabel: "order of connections", onchange: () => explorer.changeSetting("rank", this.order.value) },
      ...ORDERS.map(([value, text]) => element("option", { value }, text)),
    );
    this.body = element("div", { className: "body" });
    this.element = element("section", { className: "numbers", ariaLabel: "numbers" }, this.chooser, this.body);
    /** @type {((frame: number) => void)[]} */
    this.updates = [];
  }

  /** @param {Recording} recording */
  load(recording) {
    this.setRecording(this.explorer.shownRecording);
    /** @type {(kind: GraphItem["kind"], id: string, text: string) => HTMLOptionElement} */
    const option = (kind, id, text) => element("option", { value: `${kind} ${id}` }, text);
    this.chooser.replaceChildren(
      element("option", { value: "" }, "choose, or click in the graph"),
      element("optgroup", { label: "blocks" }, ...recording.blocks.map(({ id }) => option("block", id, id))),
      element("optgroup", { label: "connections" }, ...recording.connections.map((connection) => option("connection", connection.id, connectionName(connection)))),
    );
    this.build();
  }

  // Sets the recording whose numbers are shown.
  /** @param {Recording} recording */
  setRecording(recording) {
    this.recording = recording;
  }

  choose() {
    const [kind, ...words] = this.chooser.value.split(" ");
    this.explorer.pin(kind === "block" || kind === "connection" ? { kind, id: words.join(" ") } : null);
  }

  /** @param {keyof Settings} name */
  settingChanged(name) {
    if (name !== "rank") return;
    this.order.value = this.rank;
    this.draw();
  }

  // The order of a block's connections; links of earlier versions have "change" for the order by shift.
  get rank() {
    const { rank } = this.explorer.settings;
    return rank === "change" ? "shift" : rank;
  }

  // Rebuilds the panel for another block or connection; `draw` then fills in the values at the frame.
  build() {
    const { focus, pinned } = this.explorer;
    this.setRecording(this.explorer.shownRecording);
    this.updates = [];
    this.chooser.value = pinned ? `${pinned.kind} ${pinned.id}` : "";
    this.body.replaceChildren(...(focus ? (focus.kind === "block" ? this.block(focus.id) : this.connection(focus.id)) : this.overview()));
    this.draw();
  }

  draw() {
    for (const update of this.updates) update(this.explorer.shownFrame);
  }

  // Returns a cell whose number follows the cursor.
  /** @param {(frame: number) => number | null} value */
  liveNumber(value) {
    const cell = element("b", {});
    this.updates.push((frame) => writeNumber(cell, value(frame)));
    return cell;
  }

  /** @param {number | null} value */
  fixedNumber(value) {
    const cell = element("b", {});
    writeNumber(cell, value);
    return cell;
  }

  /** @param {Fact[]} rows */
  factList(rows) {
    return element("dl", {}, ...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
  }

  /** @returns {Node[]} */
  overview() {
    const { recording } = this;
    return [
      element("p", { className: "quiet" }, "Hover over a block or connection for its numbers; click to pin it."),
      this.factList([
        ["blocks", String(recording.blocks.length)],
        ["connections", String(recording.connections.length)],
        [this.explorer.removedLabel, String(this.explorer.marks.removed.size)],
      ]),
    ];
  }

  /** @param {string} id @returns {Node[]} */
  connection(id) {
    const { recording } = this;
    const row = recording.rows.get(id);
    const connection = recording.connections[row];
    /** @type {(name: string) => HTMLElement} */
    const value = (name) => this.liveNumber((frame) => recording.at(name, row, frame));
    /** @type {HTMLElement[]} */
    const nodes = [
      this.title(connectionName(connection), recording.lookOfBlock(connection.source)),
      ...this.notes([[this.explorer.marks.removed.has(id), this.explorer.pair ? "in one only" : "removed by the threshold"]]),
      ...this.comparisonTable(row, FACTOR_NAMES, connection),
      this.factList([
        ...(this.explorer.pair ? [] : [
          fact("connection weight", this.fixedNumber(connection.weight)),
          fact(FACTOR_NAMES.shift, value("shift")),
          fact("its usual value in this clip", this.fixedNumber(connection.usualShift ?? null)),
          fact(FACTOR_NAMES.shade, value("shade")),
          fact(FACTOR_NAMES.least, value("least")),
          fact(FACTOR_NAMES.greatest, value("greatest")),
        ]),
        ["attention", `${connection.attention}, ${connection.channels} channels`],
        ...this.reachFact(connection),
      ]),
    ];
    if (connection.peers.length) {
      nodes.push(element("h4", {}, peersTitle(connection)), this.peers(connection));
    }
    return nodes;
  }

  // Returns a line on whether padding affects the connection at the frame, or nothing if that was not recorded.
  /** @param {Connection} connection @returns {Fact[]} */
  reachFact({ id, reached }) {
    if (!reached) return [];
    const reachText = element("span", { title: END_REACHES });
    this.updates.push(() => (reachText.textContent = reachInWords(this.explorer, id)));
    return [[PADDING_TITLE, reachText]];
  }

  // Returns a table with each number of A, of B, and B − A when two recordings are compared.
  /** @param {number} row @param {Record<string, string>} names @param {Connection} [connection] */
  comparisonTable(row, names, connection) {
    const { pair } = this.explorer;
    if (!pair) return [];
    /** @type {(value: (side: Side) => HTMLElement) => HTMLElement[]} */
    const sides = (value) => SIDES.map(([side]) => value(side));
    /** @type {[string, HTMLElement[]][]} */
    const rows = Object.entries(names).map(([name, title]) => [title, sides((side) => this.liveNumber(() => pair.values(name, row, this.explorer.frame)[side]))]);
    if (connection) {
      const [one, two] = [pair.first, pair.other].map((recording) => recording.connections[row].weight ?? NaN);
      rows.unshift(["connection weight", [one, two, two - one].map((value) => this.fixedNumber(value))]);
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
      return element("li", {}, this.link("block", peers[index], peers[index]), element("span", { className: "track" }, bar), this.fixedNumber(attentionWeights[index]));
    });
    return element("ul", { className: "rows" }, ...rows);
  }

  /** @param {string} id @returns {Node[]} */
  block(id) {
    const { recording } = this;
    const row = recording.blockRows.get(id);
    const block = recording.blocks[row];
    const { connectivity } = recording;
    const { dead, starved, peerOnly } = this.explorer.marks;
    return [
      this.title(id, recording.looks[block.lane]),
      ...this.notes([
        [peerOnly.has(id), "only a peer: no path to the output"],
        [dead.has(id) && !peerOnly.has(id), this.explorer.pair ? "in one only" : "dead: no path to the output"],
        [starved.has(id), "starved: no path from an input"],
      ]),
      ...this.comparisonTable(row, { activity: "activity" }),
      this.factList([
        ...(this.explorer.pair ? [] : [fact("activity", this.liveNumber((frame) => recording.at("activity", row, frame)))]),
        ["level", `${block.level}, ${block.kind.replaceAll("_", " ")}`],
        ["width", `${block.width} channels`],
        ["temporal dilation", String(block.dilation)],
        ["padding beyond the clip's ends", block.ends],
        ...(block.reads ? [fact("reads", block.reads)] : []),
      ]),
      ...(connectivity.incoming(id).length + connectivity.outgoing(id).length ? [this.order] : []),
      ...this.connectionList("incoming connections", connectivity.incoming(id), "source"),
      ...this.connectionList("outgoing connections", connectivity.outgoing(id), "target"),
      ...this.gateList("connections that it gates, by attention weight", connectivity.gatesOf({ kind: "block", id }), ({ connection }) => connectionName(connection)),
      ...this.gateList("gates of its incoming connections", connectivity.gatesOfIncoming(id), ({ peer, connection }) => `${peer} on ${connection.source}`),
    ];
  }

  /** @param {string} title @param {Connection[]} connections @param {"source" | "target"} end */
  connectionList(title, connections, end) {
    if (!connections.length) return [];
    const [name, ...values] = ["block", "weight", "factor", "shift"].map((word) => element("span", {}, word));
    values[values.length - 1].title = MEASURES.shift.title;
    const rows = completeMap(connections.map((connection) => [connection.id, this.connectionRow(connection, end)]));
    const list = element("ul", { className: "rows four" }, ...rows.values());
    this.updates.push((frame) => reorder(list, this.inOrder(connections, frame).map(({ id }) => rows.get(id))));
    return [element("h4", {}, title), element("div", { className: "heads quiet" }, name, ...values), list];
  }

  /** @param {Connection} connection @param {"source" | "target"} end */
  connectionRow(connection, end) {
    const row = this.recording.rows.get(connection.id);
    return element(
      "li",
      { className: this.explorer.marks.removed.has(connection.id) ? "gone" : "", dataset: { connection: connection.id } },
      this.link("connection", connection.id, connection[end]),
      this.fixedNumber(connection.weight),
      this.liveNumber((frame) => this.recording.at("shade", row, frame)),
      this.liveNumber((frame) => this.recording.at("shift", row, frame)),
    );
  }

  // Returns connections in descending order of the chosen value; ties stay in structure order.
  /** @param {Connection[]} connections @param {number} frame */
  inOrder(connections, frame) {
    /** @type {Record<string, (connection: Connection) => number>} */
    const values = {
      weight: ({ weight }) => weight ?? 1,
      factor: ({ id }) => this.recording.at("shade", this.recording.rows.get(id), frame),
      shift: ({ id }) => this.recording.at("shift", this.recording.rows.get(id), frame) || 0,
    };
    const value = values[this.rank] ?? (() => 0);
    return [...connections].sort((first, second) => value(second) - value(first));
  }

  /** @param {string} title @param {Gate[]} gates @param {(gate: Gate) => string} text */
  gateList(title, gates, text) {
    if (!gates.length) return [];
    const rows = gates.slice(0, MAX_GATES).map((gate) =>
      element("li", { dataset: { peer: gate.peer, gates: gate.connection.id } }, this.link("connection", gate.connection.id, text(gate)), this.fixedNumber(gate.weight)),
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

  /** @param {GraphItem["kind"]} kind @param {string} id @param {string} text */
  link(kind, id, text) {
    return element("button", { type: "button", className: "link", title: text, onclick: () => this.explorer.pin({ kind, id }) }, text);
  }
}
