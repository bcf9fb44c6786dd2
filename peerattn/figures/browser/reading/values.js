// How numbers are shown as colours and as text.

// Returns the colour of a value from 0 to 1, interpolated between the palette's equally spaced colours.
/** @param {string[]} stops @param {number} value */
function paletteColor(stops, value) {
  const position = Math.min(Math.max(value, 0), 1) * (stops.length - 1);
  const low = Math.min(Math.floor(position), stops.length - 2);
  return mixColors(stops[low], stops[low + 1], position - low);
}

// Mixes two colours "#rrggbb": share 0 gives the first, 1 the second.
/** @param {string} first @param {string} second @param {number} share */
function mixColors(first, second, share) {
  const [from, to] = [rgbChannels(first), rgbChannels(second)];
  const mixed = from.map((value, index) =>
    Math.round(value * (1 - share) + to[index] * share)
      .toString(16)
      .padStart(2, "0"),
  );
  return `#${mixed.join("")}`;
}

/** @type {(color: string) => number[]} */
const rgbChannels = (color) => [1, 3, 5].map((start) => parseInt(color.slice(start, start + 2), 16));
/** @type {(value: number | null | undefined, digits?: number) => string} */
const formatNumber = (value, digits = 3) => (value == null || Number.isNaN(value) ? "none" : value.toFixed(digits));
// Writes a number into an element, rounded; `data-value` keeps it in full.
/** @template {HTMLElement} Cell @param {Cell} cell @param {number | null | undefined} value @param {number} [digits] */
function writeNumber(cell, value, digits) {
  cell.textContent = formatNumber(value, digits);
  if (value == null || Number.isNaN(value)) delete cell.dataset.value;
  else cell.dataset.value = String(value);
  return cell;
}
/** @type {(connection: { source: string, target: string }) => string} */
const connectionName = ({ source, target }) => `${source} → ${target}`;

// Returns a map whose `get` is only called with keys that it holds.
/** @template Value @param {Iterable<readonly [string, Value]>} entries */
const completeMap = (entries) => /** @type {CompleteMap<Value>} */ (new Map(entries));
