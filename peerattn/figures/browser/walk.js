// Walking through the level graph by keys, while its stage has the focus: Left and Right alone stay the clip's.

function walk(graph, event) {
  const { explorer, recording } = graph;
  const { focus } = explorer;
  const at = focus && (focus.kind === "block" ? focus.id : recording.connection(focus.id).target);
  const aside = event.shiftKey && { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const up = { ArrowUp: true, ArrowDown: false }[event.key];
  const chosen = event.key === "Enter" && focus;
  if (up === undefined && !aside && !chosen) return;
  event.preventDefault();
  event.stopPropagation();
  if (chosen) return explorer.pin(focus);
  const next = !at ? recording.blocks[0].id : aside ? beside(graph, at, aside) : strongestEnd(graph, at, up);
  if (next) explorer.hover({ kind: "block", id: next }, graph.network.canvasToDOM(graph.places.blocks.get(next)));
}

// The other end of the strongest kept connection up or down.
function strongestEnd({ ties, explorer }, block, up) {
  const kept = (up ? ties.outOf(block) : ties.into(block)).filter(({ id }) => !explorer.marks.removed.has(id));
  kept.sort((first, second) => (second.weight ?? 1) - (first.weight ?? 1));
  return up ? kept[0]?.target : kept[0]?.source;
}

// The neighbour on the same level.
function beside({ places, recording }, block, change) {
  const across = ({ id }) => places.blocks.get(id)[places.horizontal ? "y" : "x"];
  const { level } = recording.block(block);
  const row = recording.blocks.filter((other) => other.level === level).sort((first, second) => across(first) - across(second));
  return row[row.findIndex(({ id }) => id === block) + change]?.id;
}
