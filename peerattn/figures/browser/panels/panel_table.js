// The numbers of a panel as a table, and as CSV: what a chart shows, for whoever reads rather than looks.

const MOST_COLUMNS = 66; // of a table on the page; the CSV has them all

// What is named in a column of this name.
/** @type {Record<string, Chosen["kind"]>} */
const NAMES = { connection: "connection", peer: "block", block: "block" };

class PanelTable {
  /** @param {Panels} panels @param {Panel} panel @param {TableOf} table */
  constructor(panels, panel, { columns }) {
    this.panels = panels;
    this.panel = panel;
    const shown = columns.slice(0, MOST_COLUMNS);
    const head = element("tr", {}, ...shown.map((name) => element("th", { scope: "col" }, name.replaceAll("_", " "))));
    const rows = tableRows(panel).map((row) => element("tr", {}, ...row.slice(0, MOST_COLUMNS).map((value, place) => this.cell(columns[place], value))));
    const table = element("table", {}, element("caption", { className: "spoken" }, panel.title), element("thead", {}, head), element("tbody", {}, ...rows));
    const cut = columns.length - shown.length;
    this.element = element("div", { className: "wide", tabIndex: 0, role: "region", ariaLabel: `${panel.title}, table` }, table);
    if (cut) this.element.append(element("p", { className: "quiet" }, `${cut} more columns: the CSV has all ${columns.length}.`));
  }

  // Frames, connections and peers can be gone to, as in the chart.
  /** @param {string} column @param {Cell} value */
  cell(column, value) {
    const kind = NAMES[column];
    if (column === "frame" && this.panel.axis === "time") return element("td", {}, link(`${value}`, () => this.panels.explorer?.seek(Number(value) - 1)));
    if (kind) return element("td", {}, link(`${value}`, () => this.panels.pin({ kind, id: `${value}` })));
    if (typeof value !== "number") return element("td", {}, value === null ? "none" : String(value));
    return element("td", { className: "number", dataset: { value: String(value) } }, Number.isInteger(value) ? String(value) : number(value));
  }
}

/** @type {(text: string, onclick: () => void) => HTMLButtonElement} */
const link = (text, onclick) => element("button", { type: "button", className: "link", onclick }, text);

// A heat map's numbers stand in its figure alone: a row a frame, a column a channel.
/** @param {Pick<Panel, "table" | "figure">} panel @returns {Cell[][]} */
function tableRows({ table, figure }) {
  if (table?.rows || !figure) return table?.rows ?? [];
  const [{ x, z }] = traces(figure);
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
