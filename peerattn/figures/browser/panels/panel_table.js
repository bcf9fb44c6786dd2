// The numbers of a panel as a table and as CSV.

const MAX_COLUMNS = 66; // in a table on the page; the CSV has all columns

// Columns that contain names of connections or blocks.
/** @type {Record<string, GraphItem["kind"]>} */
const NAME_COLUMNS = { connection: "connection", peer: "block", block: "block" };

class PanelTable {
  /** @param {Panels} panels @param {Panel} panel @param {PanelTableData} table */
  constructor(panels, panel, { columns, titles }) {
    this.panels = panels;
    this.panel = panel;
    const shown = titles.slice(0, MAX_COLUMNS);
    const head = element("tr", {}, ...shown.map((title) => element("th", { scope: "col" }, title)));
    const values = tableRows(panel);
    const whole = shown.map((_, index) => values.every((row) => typeof row[index] !== "number" || Number.isInteger(row[index])));
    const rows = values.map((row) => element("tr", {}, ...row.slice(0, MAX_COLUMNS).map((value, index) => this.cell(columns[index], value, whole[index]))));
    const table = element("table", {}, element("caption", { className: "spoken" }, panel.title), element("thead", {}, head), element("tbody", {}, ...rows));
    const hidden = columns.length - shown.length;
    this.element = element("div", { className: "wide", tabIndex: 0, role: "region", ariaLabel: `${panel.title}, table` }, table);
    if (hidden) this.element.append(element("p", { className: "quiet" }, `${hidden} more columns are not shown; the CSV has all ${columns.length}.`));
  }

  // Returns a cell; frames are links that move the cursor, connections and blocks are links that pin them.
  // A column with any fraction shows all its numbers with decimals.
  /** @param {string} column @param {Cell} value @param {boolean} whole */
  cell(column, value, whole) {
    const kind = NAME_COLUMNS[column];
    if (column === "frame" && this.panel.axis === "time") return element("td", {}, link(`${value}`, () => this.panels.explorer?.seek(Number(value) - 1)));
    if (kind) return element("td", {}, link(`${value}`, () => this.panels.pin({ kind, id: `${value}` })));
    if (typeof value !== "number") return element("td", {}, value === null ? "none" : String(value));
    const shown = column === "p" && value < 0.001 ? "< 0.001" : whole ? String(value) : formatNumber(value);
    return element("td", { className: "number", dataset: { value: String(value) } }, shown);
  }
}

/** @type {(text: string, onclick: () => void) => HTMLButtonElement} */
const link = (text, onclick) => element("button", { type: "button", className: "link", onclick }, text);

// Returns the rows of a panel's table. Those of a heat map are read from its figure: a row per frame, a column per channel.
/** @param {Pick<Panel, "table" | "figure">} panel @returns {Cell[][]} */
function tableRows({ table, figure }) {
  if (table?.rows || !figure) return table?.rows ?? [];
  const [{ x, z }] = tracesOf(figure);
  return Array.from(x, (time, frame) => [frame + 1, time, ...z.map((row) => row[frame])]);
}

/** @param {Pick<Panel, "table" | "figure">} panel */
function csv(panel) {
  /** @type {(cell: string) => string} */
  const quoted = (cell) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  /** @type {(cells: Cell[]) => string} */
  const line = (cells) => `${cells.map((cell) => quoted(String(cell ?? ""))).join(",")}\n`;
  return [panel.table?.columns ?? [], ...tableRows(panel)].map(line).join("");
}

/** @param {string} name @param {BlobPart} content @param {string} type */
function saveFile(name, content, type) {
  const href = URL.createObjectURL(new Blob([content], { type }));
  element("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}
