// The numbers of a panel as a table, and as CSV: what a chart shows, for whoever reads rather than looks.

const MOST_COLUMNS = 66; // of a table on the page; the CSV has them all

class PanelTable {
  constructor(panels, panel) {
    Object.assign(this, { panels, panel });
    const { columns } = panel.table;
    const shown = columns.slice(0, MOST_COLUMNS);
    const head = element("tr", {}, ...shown.map((name) => element("th", { scope: "col" }, name.replaceAll("_", " "))));
    const rows = tableRows(panel).map((row) => element("tr", {}, ...row.slice(0, MOST_COLUMNS).map((value, place) => this.cell(columns[place], value))));
    const table = element("table", {}, element("caption", { className: "spoken" }, panel.title), element("thead", {}, head), element("tbody", {}, ...rows));
    const cut = columns.length - shown.length;
    this.element = element("div", { className: "wide", tabIndex: 0, role: "region", ariaLabel: `${panel.title}, table` }, table);
    if (cut) this.element.append(element("p", { className: "quiet" }, `${cut} more columns: the CSV has all ${columns.length}.`));
  }

  // Frames, connections and peers can be gone to, as in the chart.
  cell(column, value) {
    const kind = { connection: "connection", peer: "block", block: "block" }[column];
    if (column === "frame" && this.panel.axis === "time") return element("td", {}, link(`${value}`, () => this.panels.explorer?.seek(value - 1)));
    if (kind) return element("td", {}, link(value, () => this.panels.pin({ kind, id: value })));
    if (typeof value !== "number") return element("td", {}, value === null ? "none" : String(value));
    return element("td", { className: "number", dataset: { value } }, Number.isInteger(value) ? String(value) : number(value));
  }
}

const link = (text, onclick) => element("button", { type: "button", className: "link", onclick }, text);

// A heat map's numbers stand in its figure alone: a row a frame, a column a channel.
function tableRows({ table, figure }) {
  if (table.rows) return table.rows;
  const [{ x, z }] = decoded(figure.data);
  return Array.from(x, (time, frame) => [frame + 1, time, ...z.map((row) => row[frame])]);
}

function csv(panel) {
  const quoted = (cell) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  const line = (cells) => `${cells.map((cell) => quoted(String(cell ?? ""))).join(",")}\n`;
  return [panel.table.columns, ...tableRows(panel)].map(line).join("");
}

function saveFile(name, content, type) {
  const href = URL.createObjectURL(new Blob([content], { type }));
  element("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}
