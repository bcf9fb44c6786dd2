// The graph as two tables: the same blocks and connections, weights and factors, in rows that pin.

const COLUMNS = {
  block: [
    ["block", ({ id }) => id],
    ["level", ({ level }) => level],
    ["modality", ({ lane }) => lane],
    ["activity", ({ id }, table) => table.recording.at("activity", table.recording.blockRows.get(id), table.explorer.shownFrame), "number"],
    ["state", ({ id }, table) => table.blockState(id)],
  ],
  connection: [
    ["connection", arrow],
    ["connection weight", ({ weight }) => weight, "number"],
    ["attention factor", ({ id }, table) => table.recording.at("shade", table.recording.rows.get(id), table.explorer.shownFrame), "number"],
    ["state", ({ id }, table) => (table.explorer.marks.removed.has(id) ? table.explorer.removed : "kept")],
    ["ends of the clip", ({ id }, { explorer }) => endsInWords(explorer, id)],
  ],
};
const MANY_ROWS = 500; // above it a playing clip does not sort again at every frame

// Whether an end of the clip reaches a connection in the frame that is shown; nothing of one that did not run.
function endsInWords(explorer, id) {
  if (explorer.shown.absent?.includes(id)) return "";
  if (!explorer.shown.connection(id).reached) return "not recorded";
  return explorer.reached(explorer.frame, id) ? "within reach" : "out of reach";
}

class GraphTable {
  constructor(explorer) {
    this.explorer = explorer;
    this.sorted = { block: null, connection: null };
    this.element = element("div", { className: "tables", hidden: true });
  }

  // Anew for another clip or pruning; a pin changes only which row is pressed.
  show(recording) {
    const marks = JSON.stringify(Object.values(this.explorer.marks).map((ids) => [...ids]));
    if (recording !== this.recording || marks !== this.marks) this.build(recording);
    this.marks = marks;
    const { pinned } = this.explorer;
    for (const [kind, { rows }] of Object.entries(this.tables)) {
      for (const { part, name } of rows) name.ariaPressed = String(pinned?.kind === kind && pinned.id === part.id);
    }
    this.draw();
  }

  build(recording) {
    this.recording = recording;
    this.tables = { block: this.table("block", recording.blocks), connection: this.table("connection", recording.connections) };
    this.element.replaceChildren(...Object.values(this.tables).map(({ whole }) => whole));
  }

  table(kind, parts) {
    const caption = element("caption", {});
    const heads = this.explorer.columns[kind].map(([name, , className = ""], place) => {
      const button = element("button", { type: "button", className: "link", onclick: () => this.sort(kind, place) }, name);
      return element("th", { scope: "col", className }, button);
    });
    const rows = parts.map((part) => this.row(kind, part));
    const body = element("tbody", {}, ...rows.map(({ line }) => line));
    const whole = element("table", {}, caption, element("thead", {}, element("tr", {}, ...heads)), body);
    return { whole, caption, heads, body, rows };
  }

  row(kind, part) {
    const [, ...others] = this.explorer.columns[kind];
    const { explorer } = this;
    const { marks } = explorer;
    const name = element(
      "button",
      { type: "button", className: "link", onclick: () => explorer.pin(name.ariaPressed === "true" ? null : { kind, id: part.id }) },
      this.explorer.columns[kind][0][1](part),
    );
    const cells = others.map(() => element("td", {}));
    const line = element("tr", { className: marks.removed.has(part.id) || marks.dead.has(part.id) ? "gone" : "" }, element("th", { scope: "row" }, name), ...cells);
    return { part, line, cells, name };
  }

  blockState(id) {
    const { dead, starved, peerOnly } = this.explorer.marks;
    if (this.explorer.pair && dead.has(id)) return this.explorer.removed;
    if (peerOnly.has(id)) return "peer only";
    return dead.has(id) ? "dead" : starved.has(id) ? "starved" : "kept";
  }

  // First by the greatest value or the first letter, then the other way, then as the structure has it.
  sort(kind, place) {
    const { sorted } = this;
    const turned = sorted[kind]?.place === place && !sorted[kind].back;
    const ended = sorted[kind]?.place === place && sorted[kind].back;
    sorted[kind] = ended ? null : { place, back: turned };
    this.draw();
  }

  draw() {
    for (const [kind, table] of Object.entries(this.tables ?? {})) {
      const count = `${table.rows.length} ${kind}s`;
      table.caption.textContent = `${count}, ${this.explorer.moment(this.explorer.frame)}`;
      for (const { part, cells } of table.rows) this.fill(kind, part, cells);
      this.order(kind, table);
    }
  }

  fill(kind, part, cells) {
    this.explorer.columns[kind].slice(1).forEach(([, value, recorded], place) => {
      if (recorded) write(cells[place], value(part, this));
      else cells[place].textContent = value(part, this);
    });
  }

  order(kind, { heads, body, rows }) {
    const by = this.sorted[kind];
    heads.forEach((head, place) => {
      const current = by?.place === place;
      head.ariaSort = current ? (ascending(this.explorer.columns[kind][place][1](rows[0]?.part ?? {}, this), by) ? "ascending" : "descending") : "none";
    });
    if (this.explorer.playing && rows.length > MANY_ROWS) return;
    const value = by && this.explorer.columns[kind][by.place][1];
    const sorted = by ? [...rows].sort((one, other) => compare(value(one.part, this), value(other.part, this)) * (by.back ? -1 : 1)) : rows;
    reorder(body, sorted.map(({ line }) => line));
  }
}

// Great numbers first, names from A.
function compare(one, other) {
  if (typeof one === "string") return one.localeCompare(other, "en", { numeric: true });
  return (other ?? -Infinity) - (one ?? -Infinity);
}

const ascending = (value, { back }) => (typeof value === "string") !== back;

// Puts children in this order; what is in order stays untouched, and what has the focus keeps it.
function reorder(parent, items) {
  if (items.every((item, place) => parent.children[place] === item)) return;
  const focused = parent.getRootNode().activeElement;
  parent.append(...items);
  if (parent.contains(focused)) focused.focus({ preventScroll: true });
}
