// The standalone report: starts the explorer on what stands in the page, and saves what the page holds.

/** @type {(name: string) => string} */
const text = (name) => document.getElementById(name)?.textContent ?? "";
/** @type {(encoded: string) => Uint8Array<ArrayBuffer>} */
const bytes = (encoded) => Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));

// A place of its own for what brings its own style.
/** @template {HTMLElement} Root @param {string} id @param {Root} root @param {string} className */
function placeIn(id, root, className) {
  root.className = className;
  document.getElementById(id)?.attachShadow({ mode: "open" }).append(root);
  return root;
}

// An explorer of its own, without the app: nobody hears of clicks but the panels below it.
/** @param {{ data: ExplorerData }} said */
function start({ data }) {
  globalThis.peerattnRecordings = new Map([[data.recording, bytes(text("recording"))]]);
  const latest = { data, setStateValue() {} };
  const root = placeIn("explorer", Object.assign(document.createElement("div"), { latest }), "explorer");
  const show = () => globalThis.peerattnExplorer.show(root);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();
}

// Below it the panels of what is pinned, and of the whole clip.
/** @param {{ data: ExplorerData }} said */
async function follow({ data }) {
  const root = placeIn("panels", Object.assign(document.createElement("section"), { pick() {} }), "details");
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

// Those that the report holds, in their order; each is packed by itself.
/** @param {string} name @returns {Promise<{ title: string, panels: Panel[] }>} */
async function panelsOf(name) {
  const found = packed.filter(([of]) => of === name).sort((one, other) => one[2] - other[2]);
  const panels = await Promise.all(found.map(async ([, , , encoded]) => JSON.parse(await (await unzipped(encoded)).text())));
  return { title: found[0]?.[1] ?? "", panels };
}

/** @param {BlobPart} content @param {string} name @param {string} type */
function save(content, name, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** @param {string} encoded */
async function unzipped(encoded) {
  const stream = new Blob([bytes(encoded)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).blob();
}

// Every number in full, not as it is shown.
/** @param {HTMLTableElement} table */
function csv(table) {
  /** @type {(cell: string) => string} */
  const quoted = (cell) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  /** @type {(row: HTMLTableRowElement) => string} */
  const line = ({ cells }) => [...cells].map(({ dataset, textContent }) => quoted(dataset.value ?? textContent)).join(",");
  return [...table.rows].map((row) => `${line(row)}\n`).join("");
}

/** @type {{ stem: string, data: ExplorerData }} */
const said = JSON.parse(text("said"));
// Whose panel, its title, its place among theirs, and the panel.
/** @type {[of: string, title: string, place: number, encoded: string][]} */
const packed = JSON.parse(text("packed"));
start(said);
if (packed.length) follow(said);
for (const button of document.querySelectorAll("button")) {
  const [name, table] = [button.dataset.save, button.parentElement?.querySelector("table")];
  if (name && table) button.onclick = () => save(csv(table), `${said.stem}-${name}.csv`, "text/csv");
}
const trace = text("trace");
const saving = document.getElementById("save");
if (saving) {
  saving.hidden = !trace;
  saving.onclick = async () => save(await unzipped(trace), `${said.stem}-trace.json`, "application/json");
}
