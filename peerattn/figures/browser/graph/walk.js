// Keyboard navigation in the level graph while its stage has the focus. Left and Right without Shift still move the clip.

/** @type {Record<string, number>} */
const SIDEWAYS = { ArrowLeft: -1, ArrowRight: 1 };

/** @param {Graph} graph @param {KeyboardEvent} event */
function navigate(graph, event) {
  const { explorer, layout, network } = graph;
  if (event.key === "Enter" && explorer.focus) explorer.pin(explorer.focus);
  else if (isStep(event)) {
    const next = nextBlock(graph, event);
    if (next) explorer.hover({ kind: "block", id: next }, network.canvasToDOM(layout.blocks.get(next)));
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

// Whether a key moves to another block.
/** @param {KeyboardEvent} event */
function isStep({ key, shiftKey }) {
  return key === "ArrowUp" || key === "ArrowDown" || (shiftKey && key in SIDEWAYS);
}

// Returns the block that a key moves to, from the focused block or the target of the focused connection.
/** @param {Graph} graph @param {KeyboardEvent} event */
function nextBlock(graph, { key, shiftKey }) {
  const { explorer: { focus }, recording } = graph;
  if (!focus) return recording.blocks[0].id;
  const block = focus.kind === "block" ? focus.id : recording.connection(focus.id).target;
  return shiftKey && key in SIDEWAYS ? neighbourOnLevel(graph, block, SIDEWAYS[key]) : strongestNeighbour(graph, block, key === "ArrowUp");
}

// Returns the block at the other end of the strongest kept connection up or down.
/** @param {Graph} graph @param {string} block @param {boolean} up */
function strongestNeighbour({ connectivity, explorer }, block, up) {
  const kept = (up ? connectivity.outgoing(block) : connectivity.incoming(block)).filter(({ id }) => !explorer.marks.removed.has(id));
  kept.sort((first, second) => (second.weight ?? 1) - (first.weight ?? 1));
  return up ? kept[0]?.target : kept[0]?.source;
}

// Returns the neighbouring block on the same level.
/** @param {Graph} graph @param {string} block @param {number} change */
function neighbourOnLevel({ layout, recording }, block, change) {
  /** @type {(block: Block) => number} */
  const across = ({ id }) => layout.blocks.get(id)[layout.horizontal ? "y" : "x"];
  const { level } = recording.block(block);
  const row = recording.blocks.filter((other) => other.level === level).sort((first, second) => across(first) - across(second));
  return row[row.findIndex(({ id }) => id === block) + change]?.id;
}
