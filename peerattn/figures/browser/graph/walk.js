// Walking through the level graph by keys, while its stage has the focus: Left and Right alone stay the clip's.

/** @type {Record<string, number>} */
const WAYS_ASIDE = { ArrowLeft: -1, ArrowRight: 1 };

/** @param {Graph} graph @param {KeyboardEvent} event */
function walk(graph, event) {
  const { explorer, recording } = graph;
  const { focus } = explorer;
  const at = focus && (focus.kind === "block" ? focus.id : recording.connection(focus.id).target);
  const aside = event.shiftKey ? WAYS_ASIDE[event.key] : undefined;
  const up = event.key === "ArrowUp";
  const chosen = event.key === "Enter" && focus;
  if (!up && event.key !== "ArrowDown" && !aside && !chosen) return;
  event.preventDefault();
  event.stopPropagation();
  if (chosen) {
    explorer.pin(focus);
    return;
  }
  const next = !at ? recording.blocks[0].id : aside ? beside(graph, at, aside) : strongestEnd(graph, at, up);
  if (next) explorer.hover({ kind: "block", id: next }, graph.network.canvasToDOM(graph.places.blocks.get(next)));
}

// The other end of the strongest kept connection up or down.
/** @param {Graph} graph @param {string} block @param {boolean} up */
function strongestEnd({ ties, explorer }, block, up) {
  const kept = (up ? ties.outOf(block) : ties.into(block)).filter(({ id }) => !explorer.marks.removed.has(id));
  kept.sort((first, second) => (second.weight ?? 1) - (first.weight ?? 1));
  return up ? kept[0]?.target : kept[0]?.source;
}

// The neighbour on the same level.
/** @param {Graph} graph @param {string} block @param {number} change */
function beside({ places, recording }, block, change) {
  /** @type {(block: Block) => number} */
  const across = ({ id }) => places.blocks.get(id)[places.horizontal ? "y" : "x"];
  const { level } = recording.block(block);
  const row = recording.blocks.filter((other) => other.level === level).sort((first, second) => across(first) - across(second));
  return row[row.findIndex(({ id }) => id === block) + change]?.id;
}
