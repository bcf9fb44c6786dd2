// The names beneath the blocks, none over another: smaller or cut short where there is little room, left out where
// there is none. What is pointed at or pinned is named first and in full.

const LABEL_PX = [12, 10.5];
const MANY_BLOCKS = 100;
const LEAST_TEXT = 3; // characters of a name that is cut short
const ruler = penOf(document.createElement("canvas"));

// `blocks` are { id, near, quiet } in order of their importance; `zoom` above 1 gives the names more room. Where
// there are many blocks, a name that is wider than its block's own place is for what is near alone.
/** @param {{ id: string, near: boolean, quiet: boolean }[]} blocks @param {Pick<Places, "blocks" | "radius" | "slot" | "width">} places @param {{ zoom: number, theme: Theme }} view @returns {Label[]} */
function labels(blocks, places, { zoom, theme }) {
  const crowded = blocks.length > MANY_BLOCKS;
  const taken = blocks.map(({ id }) => blockBox(places.blocks.get(id), places.radius));
  return blocks.flatMap((block) => {
    const { x, y } = places.blocks.get(block.id);
    for (const { text, size } of forms(block.id, crowded)) {
      const line = { text, size: size / zoom, x, y: y + places.radius + 3 / zoom + size / zoom };
      const box = textBox(line, theme.font);
      if (crowded && !block.near && box.right - box.left > places.slot) continue;
      if (box.left < 0 || box.right > places.width || taken.some((other) => overlap(box, other))) continue;
      taken.push(box);
      const fill = block.quiet ? theme.quiet : theme.text;
      return [{ ...line, anchor: "middle", fill, halo: theme.background, box, data: { label: block.id } }];
    }
    return [];
  });
}

// A name in full, smaller, then cut shorter and shorter.
/** @param {string} id @param {boolean} whole */
function* forms(id, whole) {
  for (const size of LABEL_PX) yield { text: id, size };
  if (whole) return;
  const size = LABEL_PX[LABEL_PX.length - 1];
  for (let length = Math.min(id.length - 1, 40); length >= LEAST_TEXT; length -= 1) yield { text: `${id.slice(0, length)}…`, size };
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

/** @type {(place: Point, r: number) => Box} */
const blockBox = ({ x, y }, r) => ({ left: x - r, right: x + r, top: y - r, bottom: y + r });

/** @type {(one: Box, other: Box) => boolean} */
const overlap = (one, other) => one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
