// The names below the blocks. They never overlap: where space is short, a name is smaller, truncated or left out.
// Blocks at the focus are placed first, so they keep their full names.

const LABEL_PX = [12, 10.5];
const MANY_BLOCKS = 100;
const MIN_CHARACTERS = 3; // of a truncated name
const ruler = penOf(document.createElement("canvas"));

// Returns the labels of blocks given in order of importance; zooming in makes room for more of them. With many blocks,
// only those at the focus (`near`) may have a label wider than their slot.
/** @param {{ id: string, near: boolean, quiet: boolean }[]} blocks @param {Pick<GraphLayout, "blocks" | "radius" | "slot" | "width">} layout @param {{ zoom: number, theme: Theme }} view @returns {Label[]} */
function blockLabels(blocks, layout, { zoom, theme }) {
  const crowded = blocks.length > MANY_BLOCKS;
  const occupied = blocks.map(({ id }) => blockBox(layout.blocks.get(id), layout.radius));
  return blocks.flatMap((block) => {
    const { x, y } = layout.blocks.get(block.id);
    for (const { text, size } of labelForms(block.id, crowded)) {
      const line = { text, size: size / zoom, x, y: y + layout.radius + 3 / zoom + size / zoom };
      const box = textBox(line, theme.font);
      if (crowded && !block.near && box.right - box.left > layout.slot) continue;
      if (box.left < 0 || box.right > layout.width || occupied.some((other) => overlap(box, other))) continue;
      occupied.push(box);
      const fill = block.quiet ? theme.quiet : theme.text;
      return [{ ...line, anchor: "middle", fill, halo: theme.background, box, data: { label: block.id } }];
    }
    return [];
  });
}

// Yields the forms of a label: in full, smaller, then truncated more and more.
/** @param {string} id @param {boolean} neverTruncated */
function* labelForms(id, neverTruncated) {
  for (const size of LABEL_PX) yield { text: id, size };
  if (neverTruncated) return;
  const size = LABEL_PX[LABEL_PX.length - 1];
  for (let length = Math.min(id.length - 1, 40); length >= MIN_CHARACTERS; length -= 1) yield { text: `${id.slice(0, length)}…`, size };
}

/** @param {{ text: string, size: number, x: number, y: number }} line @param {string} font @returns {Box} */
function textBox({ text, size, x, y }, font) {
  const half = textWidth(text, size, font) / 2 + 3;
  return { left: x - half, right: x + half, top: y - size, bottom: y + size * 0.3 };
}

/** @param {string} text @param {number} size @param {string} font @param {number} [weight] */
function textWidth(text, size, font, weight = 400) {
  ruler.font = `${weight} 100px ${font}`;
  return (ruler.measureText(text).width * size) / 100;
}

/** @type {(position: Point, r: number) => Box} */
const blockBox = ({ x, y }, r) => ({ left: x - r, right: x + r, top: y - r, bottom: y + r });

/** @type {(one: Box, other: Box) => boolean} */
const overlap = (one, other) => one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
