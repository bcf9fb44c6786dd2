// The graph as two tables, of its blocks and its connections; clicking the name in a row pins it.

/**
 * A column has a title and a function for the value of a block or connection; a "number" is updated at each frame and
 * kept in full.
 * @typedef {string | number | null} CellValue
 * @typedef {[name: string, value: (id: string, table: GraphTable) => CellValue, form?: "number"]} Column
 * @typedef {{ id: string, row: HTMLTableRowElement, cells: HTMLTableCellElement[], name: HTMLButtonElement }} Row
 * @typedef {{ table: HTMLTableElement, caption: HTMLElement, headers: HTMLTableCellElement[], body: HTMLElement, rows: Row[] }} RenderedTable
 */

const PADDING_TITLE = "padding affects this frame"; // yes or no
/** @type {Record<GraphItem["kind"], Column[]>} */
const COLUMNS = {
  block: [
    ["block", (id) => id],
    ["level", (id, { recording }) => recording.block(id).level],
    ["modality", (id, { recording }) => recording.block(id).lane],
    ["activity", (id, { recording, explorer }) => recording.at("activity", recording.blockRows.get(id), explorer.shownFrame), "number"],
    ["state", (id, table) => table.blockState(id)],
  ],
  connection: [
    ["connection", (id, { recording }) => connectionName(recording.connection(id))],
    ["connection weight", (id, { recording }) => recording.connection(id).weight, "number"],
    ["shift of attention", (id, { recording, explorer }) => recording.at("shift", recording.rows.get(id), explorer.shownFrame), "number"],
    ["attention factor", (id, { recording, explorer }) => recording.at("shade", recording.rows.get(id), explorer.shownFrame), "number"],
    ["state", (id, { explorer }) => (explorer.marks.removed.has(id) ? explorer.removedLabel : "kept")],
    [PADDING_TITLE, (id, { explorer }) => reachInWords(explorer, id)],
  ],
};
/** @type {GraphItem["kind"][]} */
const KINDS = ["block", "connection"];
const MANY_ROWS = 500; // above this number, rows are not re-sorted at each frame while the clip plays

// Returns in words whether padding affects a connection at the frame shown; empty if the connection did not run.
/** @param {Explorer} explorer @param {string} id */
function reachInWords(explorer, id) {
  if (explorer.shownRecording.absent?.includes(id)) return "";
  if (!explorer.shownRecording.connection(id).reached) return "not recorded";
  return explorer.isReached(explorer.frame, id) ? "yes" : "no";
}

class GraphTable {
  /** @type {Recording} */ recording;
  /** @type {string} */ marks;

  /** @param {Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    /** @type {Record<GraphItem["kind"], { index: number, reversed: boolean } | null>} */
    this.sorted = { block: null, connection: null };
    /** @type {Partial<Record<GraphItem["kind"], RenderedTable>>} */
    this.tables = {};
    this.element = element("div", { className: "tables", hidden: true });
  }

  // Rebuilds the tables for another clip or pruning; otherwise only updates which row is pinned.
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
    this.element.replaceChildren(...Object.values(this.tables).map(({ table }) => table));
  }

  /** @param {GraphItem["kind"]} kind @param {(Block | Connection)[]} items @returns {RenderedTable} */
  table(kind, items) {
    const caption = element("caption", {});
    const headers = this.explorer.columns[kind].map(([name, , className = ""], index) => {
      const button = element("button", { type: "button", className: "link", onclick: () => this.sort(kind, index) }, name);
      return element("th", { scope: "col", className }, button);
    });
    const rows = items.map(({ id }) => this.row(kind, id));
    const body = element("tbody", {}, ...rows.map(({ row }) => row));
    const table = element("table", {}, caption, element("thead", {}, element("tr", {}, ...headers)), body);
    return { table, caption, headers, body, rows };
  }

  /** @param {GraphItem["kind"]} kind @param {string} id @returns {Row} */
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
    const row = element("tr", { className: marks.removed.has(id) || marks.dead.has(id) ? "gone" : "" }, element("th", { scope: "row" }, name), ...cells);
    return { id, row, cells, name };
  }

  /** @param {string} id */
  blockState(id) {
    const { dead, starved, peerOnly } = this.explorer.marks;
    if (this.explorer.pair && dead.has(id)) return this.explorer.removedLabel;
    if (peerOnly.has(id)) return "peer only";
    return dead.has(id) ? "dead" : starved.has(id) ? "starved" : "kept";
  }

  // Sorts by a column: first from the greatest value or the first letter, then reversed, then in structure order.
  /** @param {GraphItem["kind"]} kind @param {number} index */
  sort(kind, index) {
    const by = this.sorted[kind];
    const again = by?.index === index;
    this.sorted[kind] = again && by.reversed ? null : { index, reversed: again };
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

  /** @param {GraphItem["kind"]} kind @param {string} id @param {HTMLElement[]} cells */
  fill(kind, id, cells) {
    this.explorer.columns[kind].slice(1).forEach(([, value, form], index) => {
      const cell = value(id, this);
      if (form === "number" && typeof cell !== "string") writeNumber(cells[index], cell);
      else cells[index].textContent = String(cell);
    });
  }

  /** @param {GraphItem["kind"]} kind @param {RenderedTable} table */
  order(kind, { headers, body, rows }) {
    const by = this.sorted[kind];
    const value = by && this.explorer.columns[kind][by.index][1];
    headers.forEach((head, index) => {
      const current = value && by.index === index && rows.length > 0;
      head.ariaSort = current ? (isAscending(value(rows[0].id, this), by) ? "ascending" : "descending") : "none";
    });
    if (this.explorer.playing && rows.length > MANY_ROWS) return;
    const sorted = value ? [...rows].sort((one, other) => compare(value(one.id, this), value(other.id, this)) * (by.reversed ? -1 : 1)) : rows;
    reorder(body, sorted.map(({ row }) => row));
  }
}

// Sorts numbers in descending order, with missing ones last, and names alphabetically.
/** @param {CellValue} one @param {CellValue} other */
function compare(one, other) {
  if (typeof one === "string") return one.localeCompare(String(other), "en", { numeric: true });
  return Number(other ?? -Infinity) - Number(one ?? -Infinity);
}

/** @type {(value: CellValue, by: { reversed: boolean }) => boolean} */
const isAscending = (value, { reversed }) => (typeof value === "string") !== reversed;
