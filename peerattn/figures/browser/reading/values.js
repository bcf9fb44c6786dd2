// Numbers as colours and as text, alike in every part.

// Linear between the palette's stops, which lie at equal steps from 0 to 1.
/** @param {string[]} stops @param {number} value */
function shadeColor(stops, value) {
  const place = Math.min(Math.max(value, 0), 1) * (stops.length - 1);
  const low = Math.min(Math.floor(place), stops.length - 2);
  return mix(stops[low], stops[low + 1], place - low);
}

// Colours are "#rrggbb" throughout; `share` 0 gives the first, 1 the second.
/** @param {string} first @param {string} second @param {number} share */
function mix(first, second, share) {
  const [from, to] = [channels(first), channels(second)];
  const mixed = from.map((value, index) =>
    Math.round(value * (1 - share) + to[index] * share)
      .toString(16)
      .padStart(2, "0"),
  );
  return `#${mixed.join("")}`;
}

/** @type {(color: string) => number[]} */
const channels = (color) => [1, 3, 5].map((start) => parseInt(color.slice(start, start + 2), 16));
/** @type {(value: number | null | undefined, digits?: number) => string} */
const number = (value, digits = 3) => (value == null || Number.isNaN(value) ? "none" : value.toFixed(digits));
// Writes a recorded number into an element: a few digits to read, the whole value beside them.
/** @template {HTMLElement} Cell @param {Cell} cell @param {number | null | undefined} value @param {number} [digits] */
function write(cell, value, digits) {
  cell.textContent = number(value, digits);
  if (value == null || Number.isNaN(value)) delete cell.dataset.value;
  else cell.dataset.value = String(value);
  return cell;
}
/** @type {(connection: { source: string, target: string }) => string} */
const arrow = ({ source, target }) => `${source} → ${target}`;

// A map that is asked for what it holds alone.
/** @template Value @param {Iterable<readonly [string, Value]>} entries */
const mapOf = (entries) => /** @type {Known<Value>} */ (new Map(entries));
