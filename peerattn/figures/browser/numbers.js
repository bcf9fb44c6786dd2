// The numbers of what is pointed at or pinned, at the cursor's frame; and a list to choose from by keyboard.

class Numbers {
  constructor(explorer) {
    this.explorer = explorer;
    this.chooser = element("select", { ariaLabel: "show a block or connection", onchange: () => this.choose() });
    this.body = element("div", { className: "body" });
    this.element = element("section", { className: "numbers", ariaLabel: "numbers" }, this.chooser, this.body);
    this.updates = [];
  }

  load(recording) {
    this.recording = recording;
    const option = (kind) => (part) =>
      element("option", { value: `${kind} ${part.id}` }, kind === "block" ? part.id : arrow(part));
    this.chooser.replaceChildren(
      element("option", { value: "" }, "choose, or click in the graph"),
      element("optgroup", { label: "blocks" }, ...recording.blocks.map(option("block"))),
      element("optgroup", { label: "connections" }, ...recording.connections.map(option("connection"))),
    );
    this.build();
  }

  choose() {
    const [kind, ...words] = this.chooser.value.split(" ");
    this.explorer.pin(kind ? { kind, id: words.join(" ") } : null);
  }

  // Anew for another block or connection; `draw` then fills in the frame's values.
  build() {
    const { focus, pinned } = this.explorer;
    this.updates = [];
    this.chooser.value = pinned ? `${pinned.kind} ${pinned.id}` : "";
    this.body.replaceChildren(...(focus ? (focus.kind === "block" ? this.block(focus.id) : this.connection(focus.id)) : this.overview()));
    this.draw();
  }

  draw() {
    for (const update of this.updates) update(this.explorer.frame);
  }

  // A cell whose text follows the cursor.
  live(value) {
    const cell = element("b", {});
    this.updates.push((frame) => (cell.textContent = value(frame)));
    return cell;
  }

  facts(rows) {
    return element("dl", {}, ...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
  }

  overview() {
    const { recording } = this;
    return [
      element("p", { className: "quiet" }, "Point at a block or connection for its numbers, click to keep it."),
      this.facts([
        ["blocks", String(recording.blocks.length)],
        ["connections", String(recording.connections.length)],
        ["removed", String(this.explorer.marks.removed.size)],
      ]),
    ];
  }

  connection(id) {
    const { recording } = this;
    const row = recording.rows.get(id);
    const connection = recording.connections[row];
    const value = (name) => this.live((frame) => number(recording.at(name, row, frame)));
    const parts = [
      this.title(arrow(connection), recording.lookOfBlock(connection.source)),
      ...this.notes([[this.explorer.marks.removed.has(id), "removed by the threshold"]]),
      this.facts([
        ["connection weight", number(connection.weight)],
        ["attention factor", value("shade")],
        ["least channel", value("least")],
        ["greatest channel", value("greatest")],
        ["attention", `${connection.attention}, ${connection.channels} channels`],
      ]),
    ];
    if (connection.peers.length) {
      parts.push(element("h4", {}, "attention weights of its peers (ringed in the graph)"), this.peers(connection));
    }
    return parts;
  }

  peers({ peers, attentionWeights }) {
    const order = peers.map((_, index) => index).sort((a, b) => attentionWeights[b] - attentionWeights[a]);
    const rows = order.map((index) => {
      const bar = element("i", { className: "bar" });
      bar.style.width = `${100 * attentionWeights[index]}%`;
      bar.style.background = this.recording.lookOfBlock(peers[index]).color;
      return element("li", {}, this.link("block", peers[index], peers[index]), element("span", { className: "track" }, bar), element("b", {}, number(attentionWeights[index])));
    });
    return element("ul", { className: "rows" }, ...rows);
  }

  block(id) {
    const { recording } = this;
    const row = recording.blockRows.get(id);
    const block = recording.blocks[row];
    const { dead, starved, peerOnly } = this.explorer.marks;
    return [
      this.title(id, recording.looks[block.lane]),
      ...this.notes([
        [peerOnly.has(id), "no path to the output: only a peer"],
        [dead.has(id) && !peerOnly.has(id), "dead: no path to the output"],
        [starved.has(id), "starved: no path from an input"],
      ]),
      this.facts([
        ["activity", this.live((frame) => number(recording.at("activity", row, frame)))],
        ["level", `${block.level}, ${block.kind.replaceAll("_", " ")}`],
        ["width", `${block.width} channels`],
        ["temporal dilation", String(block.dilation)],
        ...(block.reads ? [["reads", block.reads]] : []),
      ]),
      ...this.connected("fed by", recording.into(id), "source"),
      ...this.connected("feeds", recording.outOf(id), "target"),
    ];
  }

  connected(title, connections, end) {
    if (!connections.length) return [];
    const { recording } = this;
    const head = element("li", { className: "quiet" }, element("span", {}, "block"), element("span", {}, "weight"), element("span", {}, "factor"));
    const rows = connections.map((connection) =>
      element(
        "li",
        { className: this.explorer.marks.removed.has(connection.id) ? "gone" : "" },
        this.link("connection", connection.id, connection[end]),
        element("b", {}, number(connection.weight)),
        this.live((frame) => number(recording.at("shade", recording.rows.get(connection.id), frame))),
      ),
    );
    return [element("h4", {}, title), element("ul", { className: "rows three" }, head, ...rows)];
  }

  title(text, { color }) {
    return element("h3", {}, swatch(color), text);
  }

  notes(pairs) {
    return pairs.filter(([holds]) => holds).map(([, text]) => element("p", { className: "note" }, text));
  }

  link(kind, id, text) {
    return element("button", { type: "button", className: "link", title: text, onclick: () => this.explorer.pin({ kind, id }) }, text);
  }
}
