// The standalone report: starts the explorer on what stands in the page, and saves what the page holds.

const text = (name) => document.getElementById(name)?.textContent;
const bytes = (encoded) => Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));

// An explorer of its own, without the app: nobody hears of clicks but the panels beside it.
function start({ data }) {
  globalThis.peerattnRecordings = new Map([[data.recording, bytes(text("recording"))]]);
  const root = document.createElement("div");
  root.className = "explorer";
  document.getElementById("explorer").attachShadow({ mode: "open" }).append(root);
  root.latest = { data, setStateValue() {} };
  const show = () => globalThis.peerattnExplorer.show(root);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();
}

function save(content, name, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function unzipped(encoded) {
  const stream = new Blob([bytes(encoded)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).blob();
}

// Every number in full, not as it is shown.
function csv(table) {
  const quoted = (cell) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  const line = ({ cells }) => [...cells].map(({ dataset, textContent }) => quoted(dataset.value ?? textContent)).join(",");
  return [...table.rows].map((row) => `${line(row)}\n`).join("");
}

const said = JSON.parse(text("said"));
start(said);
for (const button of document.querySelectorAll("[data-save]")) {
  button.onclick = () => save(csv(button.parentElement.querySelector("table")), `${said.stem}-${button.dataset.save}.csv`, "text/csv");
}
const trace = text("trace");
const saving = document.getElementById("save");
saving.hidden = !trace;
saving.onclick = async () => save(await unzipped(trace), `${said.stem}-trace.json`, "application/json");
