// The standalone report: starts the explorer on what stands in the page, and saves what the page holds.

const text = (name) => document.getElementById(name)?.textContent;
const bytes = (encoded) => Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));

// A place of its own for what brings its own style.
function placeIn(id, tag, className) {
  const root = document.createElement(tag);
  root.className = className;
  document.getElementById(id).attachShadow({ mode: "open" }).append(root);
  return root;
}

// An explorer of its own, without the app: nobody hears of clicks but the panels below it.
function start({ data }) {
  globalThis.peerattnRecordings = new Map([[data.recording, bytes(text("recording"))]]);
  const root = placeIn("explorer", "div", "explorer");
  root.latest = { data, setStateValue() {} };
  const show = () => globalThis.peerattnExplorer.show(root);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();
}

// Below it the panels of what is pinned, and of the whole clip.
async function follow({ data }) {
  const root = placeIn("panels", "section", "details");
  const clip = (await panelsOf("clip")).panels;
  const show = async () => {
    const { pinned } = globalThis.peerattnExplorer.named(data.recording);
    const selection = pinned && { ...pinned, ...(await panelsOf(`${pinned.kind} ${pinned.id}`)) };
    globalThis.peerattnPanels.show(root, { recording: data.recording, clip, selection: selection?.panels.length ? selection : null });
  };
  globalThis.addEventListener("peerattn-pinned", show);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();
}

// Those that the report holds, in their order; each is packed by itself.
async function panelsOf(name) {
  const found = packed.filter(([of]) => of === name).sort((one, other) => one[2] - other[2]);
  const panels = await Promise.all(found.map(async ([, , , encoded]) => JSON.parse(await (await unzipped(encoded)).text())));
  return { title: found[0]?.[1], panels };
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
const packed = JSON.parse(text("packed"));
start(said);
if (packed.length) follow(said);
for (const button of document.querySelectorAll("[data-save]")) {
  button.onclick = () => save(csv(button.parentElement.querySelector("table")), `${said.stem}-${button.dataset.save}.csv`, "text/csv");
}
const trace = text("trace");
const saving = document.getElementById("save");
saving.hidden = !trace;
saving.onclick = async () => save(await unzipped(trace), `${said.stem}-trace.json`, "application/json");
