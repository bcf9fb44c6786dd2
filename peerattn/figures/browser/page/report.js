// The standalone report: shows the explorer and the panels from the data blocks of the page, and saves its tables.

/** @type {(name: string) => string} */
const blockText = (name) => document.getElementById(name)?.textContent ?? "";
/** @type {(encoded: string) => Uint8Array<ArrayBuffer>} */
const fromBase64 = (encoded) => Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));

// Puts an element into a shadow root of its own, so that its style does not affect the page.
/** @template {HTMLElement} Root @param {string} id @param {Root} root @param {string} className */
function attachRoot(id, root, className) {
  root.className = className;
  document.getElementById(id)?.attachShadow({ mode: "open" }).append(root);
  return root;
}

// Shows the explorer. There is no Python, so only the panels follow the selection.
/** @param {{ data: ExplorerData }} page */
function showExplorer({ data }) {
  globalThis.peerattnRecordings = new Map([[data.recording, fromBase64(blockText("recording"))]]);
  const latest = { data, setStateValue() {}, setTriggerValue() {} };
  const root = attachRoot("explorer", Object.assign(document.createElement("div"), { latest }), "explorer");
  const show = () => globalThis.peerattnExplorer.show(root);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();
}

// Shows the panels of the pinned part and of the whole clip.
/** @param {{ data: ExplorerData }} page */
async function showPanels({ data }) {
  const root = attachRoot("panels", Object.assign(document.createElement("section"), { pick() {} }), "details");
  const clip = (await panelsOf("clip")).panels;
  const show = async () => {
    const pinned = globalThis.peerattnExplorer.named(data.recording)?.pinned;
    const selection = pinned ? { ...pinned, ...(await panelsOf(`${pinned.kind} ${pinned.id}`)) } : null;
    globalThis.peerattnPanels.show(root, { recording: data.recording, clip, selection: selection?.panels.length ? selection : null });
  };
  globalThis.addEventListener("peerattn-pinned", show);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();
}

// Unpacks the panels of an owner that are in the report, in their order; each is compressed separately.
/** @param {string} name @returns {Promise<{ title: string, panels: Panel[] }>} */
async function panelsOf(name) {
  const entries = packedPanels.filter(([owner]) => owner === name).sort((one, other) => one[2] - other[2]);
  const panels = await Promise.all(entries.map(async ([, , , encoded]) => JSON.parse(await (await unzip(encoded)).text())));
  return { title: entries[0]?.[1] ?? "", panels };
}

/** @param {BlobPart} content @param {string} name @param {string} type */
function saveFile(content, name, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** @param {string} encoded */
async function unzip(encoded) {
  const stream = new Blob([fromBase64(encoded)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).blob();
}

// Returns a table as CSV, with every number in full.
/** @param {HTMLTableElement} table */
function csv(table) {
  /** @type {(cell: string) => string} */
  const quoted = (cell) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  /** @type {(row: HTMLTableRowElement) => string} */
  const line = ({ cells }) => [...cells].map(({ dataset, textContent }) => quoted(dataset.value ?? textContent)).join(",");
  return [...table.rows].map((row) => `${line(row)}\n`).join("");
}

/** @type {{ stem: string, data: ExplorerData }} */
const page = JSON.parse(blockText("said"));
// Owner of a panel, title of the owner, index of the panel, and the compressed panel.
/** @type {[owner: string, title: string, index: number, encoded: string][]} */
const packedPanels = JSON.parse(blockText("packed"));
showExplorer(page);
if (packedPanels.length) showPanels(page);
for (const button of document.querySelectorAll("button")) {
  const [name, table] = [button.dataset.save, button.parentElement?.querySelector("table")];
  if (name && table) button.onclick = () => saveFile(csv(table), `${page.stem}-${name}.csv`, "text/csv");
}
const trace = blockText("trace");
const saveButton = document.getElementById("save");
if (saveButton) {
  saveButton.hidden = !trace;
  saveButton.onclick = async () => saveFile(await unzip(trace), `${page.stem}-trace.json`, "application/json");
}
