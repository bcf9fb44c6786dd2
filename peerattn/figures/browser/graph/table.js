// The graph as two tables: the same blocks and connections, weights and factors, in rows that pin.

/**
 * What a column says of a block or connection; a "number" follows the cursor and is kept in full.
 * @typedef {string | number | null} Stated
 * @typedef {[name: string, value: (id: string, table: GraphTable) => Stated, form?: "number"]} Column
 * @typedef {{ id: string, line: HTMLTableRowElement, cells: HTMLTableCellElement[], name: HTMLButtonElement }} Row
 * @typedef {{ whole: HTMLTableElement, caption: HTMLElement, heads: HTMLTableCellElement[], body: HTMLElement, rows: Row[] }} Listed
 */

/** @type {Record<Chosen["kind"], Column[]>} */
const COLUMNS = {
  block: [
    ["block", (id) => id],
    ["level", (id, { recording }) => recording.block(id).level],
    ["modality", (id, { recording }) => recording.block(id).lane],
    ["activity", (id, { recording, explorer }) => recording.at("activity", recording.blockRows.get(id), explorer.shownFrame), "number"],
    ["state", (id, table) => table.blockState(id)],
  ],
  connection: [
    ["connection", (id, { recording }) => arrow(recording.connection(id))],
    ["connection weight", (id, { recording }) => recording.connection(id).weight, "number"],
    ["attention factor", (id, { recording, explorer }) => recording.at("shade", recording.rows.get(id), explorer.shownFrame), "number"],
    ["state", (id, { explorer }) => (explorer.marks.removed.has(id) ? explorer.removed : "kept")],
    ["ends of the clip", (id, { explorer }) => endsInWords(explorer, id)],
  ],
};
/** @type {Chosen["kind"][]} */
const KINDS = ["block", "connection"];
const MANY_ROWS = 500; // above it a playing clip does not sort again at every frame

// Whether an end of the clip reaches a connection in the frame that is shown; nothing of one that did not run.
/** @param {Explorer} explorer @param {string} id */
function endsInWords(explorer, id) {
  if (explorer.shown.absent?.includes(id)) return "";
  if (!explorer.shown.connection(id).reached) return "not recorded";
  return explorer.reached(explorer.frame, id) ? "within reach" : "out of reach";
}

class GraphTable {
  /** @type {Recording} */ recording;
  /** @type {string} */ marks;

  /** @param {Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    /** @type {Record<Chosen["kind"], { place: number, back: boolean } | null>} */
    this.sorted = { block: null, connection: null };
    /** @type {Partial<Record<Chosen["kind"], Listed>>} */
    this.tables = {};
    this.element = element("div", { className: "tables", hidden: true });
  }

  // Anew for another clip or pruning; a pin changes only which row is pressed.
  /** @param {Recording} recording */
  show(recording) {
    const marks = JSON.stringify(Object.values(this.explorer.marks).map((ids) => [...ids]));
    if (recording !== this.recording || marks !== this.marks) this.build(recording);
    this.marks = marks;
    const { pinned } = this.explorer;
    for (const kind of KINDS) {
      for (const { id, name } of this.tables[kind]?.rows ?? []) name.ariaPressed = String(pinned?.kind === kind && pinned.id === id);
    }
    this.draw();
  }

  /** @param {Recording} recording */
  build(recording) {
    this.recording = recording;
    this.tables = { block: this.table("block", recording.blocks), connection: this.table("connection", recording.connections) };
    this.element.replaceChildren(...Object.values(this.tables).map(({ whole }) => whole));
  }

  /** @param {Chosen["kind"]} kind @param {(Block | Connection)[]} parts @returns {Listed} */
  table(kind, parts) {
    const caption = element("caption", {});
    const heads = this.explorer.columns[kind].map(([name, , className = ""], place) => {
      const button = element("button", { type: "button", className: "link", onclick: () => this.sort(kind, place) }, name);
      return element("th", { scope: "col", className }, button);
    });
    const rows = parts.map(({ id }) => this.row(kind, id));
    const body = element("tbody", {}, ...rows.map(({ line }) => line));
    const whole = element("table", {}, caption, element("thead", {}, element("tr", {}, ...heads)), body);
    return { whole, caption, heads, body, rows };
  }

  /** @param {Chosen["kind"]} kind @param {string} id @returns {Row} */
  row(kind, id) {
    const [, ...others] = this.explorer.columns[kind];
    const { explorer } = this;
    const { marks } = explorer;
    /** @type {HTMLButtonElement} */
    const name = element(
      "button",
      { type: "button", className: "link", onclick: () => explorer.pin(name.ariaPressed === "true" ? null : { kind, id }) },
      String(this.explorer.columns[kind][0][1](id, this)),
    );
    const cells = others.map(() => element("td", {}));
    const line = element("tr", { className: marks.removed.has(id) || marks.dead.has(id) ? "gone" : "" }, element("th", { scope: "row" }, name), ...cells);
    return { id, line, cells, name };
  }

  /** @param {string} id */
  blockState(id) {
    const { dead, starved, peerOnly } = this.explorer.marks;
    if (this.explorer.pair && dead.has(id)) return this.explorer.removed;
    if (peerOnly.has(id)) return "peer only";
    return dead.has(id) ? "dead" : starved.has(id) ? "starved" : "kept";
  }

  // First by the greatest value or the first letter, then the other way, then as the structure has it.
  /** @param {Chosen["kind"]} kind @param {number} place */
  sort(kind, place) {
    const by = this.sorted[kind];
    const again = by?.place === place;
    this.sorted[kind] = again && by.back ? null : { place, back: again };
    this.draw();
  }

  draw() {
    for (const kind of KINDS) {
      const table = this.tables[kind];
      if (!table) continue;
      const count = `${table.rows.length} ${kind}s`;
      table.caption.textContent = `${count}, ${this.explorer.moment(this.explorer.frame)}`;
      for (const { id, cells } of table.rows) this.fill(kind, id, cells);
      this.order(kind, table);
    }
  }

  /** @param {Chosen["kind"]} kind @param {string} id @param {HTMLElement[]} cells */
  fill(kind, id, cells) {
    this.explorer.columns[kind].slice(1).forEach(([, value, form], place) => {
      const stated = value(id, this);
      if (form === "number" && typeof stated !== "string") write(cells[place], stated);
      else cells[place].textContent = String(stated);
    });
  }

  /** @param {Chosen["kind"]} kind @param {Listed} table */
  order(kind, { heads, body, rows }) {
    const by = this.sorted[kind];
    const value = by && this.explorer.columns[kind][by.place][1];
    heads.forEach((head, place) => {
      const current = value && by.place === place && rows.length > 0;
      head.ariaSort = current ? (ascending(value(rows[0].id, this), by) ? "ascending" : "descending") : "none";
    });
    if (this.explorer.playing && rows.length > MANY_ROWS) return;
    const sorted = value ? [...rows].sort((one, other) => compare(value(one.id, this), value(other.id, this)) * (by.back ? -1 : 1)) : rows;
    reorder(body, sorted.map(({ line }) => line));
  }
}

// Great numbers first, names from A.
/** @param {Stated} one @param {Stated} other */
function compare(one, other) {
  if (typeof one === "string") return one.localeCompare(String(other), "en", { numeric: true });
  return Number(other ?? -Infinity) - Number(one ?? -Infinity);
}

/** @type {(value: Stated, by: { back: boolean }) => boolean} */
const ascending = (value, { back }) => (typeof value === "string") !== back;
