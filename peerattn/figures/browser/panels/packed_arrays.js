// Unpacks the arrays of a plotly figure.

const ARRAYS = { f4: Float32Array, f8: Float64Array, i1: Int8Array, u1: Uint8Array, i2: Int16Array, u2: Uint16Array, i4: Int32Array, u4: Uint32Array };

/** @type {(figure: Figure) => PlotlyTrace[]} */
const tracesOf = ({ data }) => /** @type {PlotlyTrace[]} */ (unpackArrays(data));

// Replaces packed arrays by typed arrays, and packed matrices by arrays of their rows, anywhere in a figure.
/** @param {unknown} part @returns {unknown} */
function unpackArrays(part) {
  if (Array.isArray(part)) return part.map(unpackArrays);
  if (!part || typeof part !== "object") return part;
  if (!("bdata" in part)) return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, unpackArrays(value)]));
  const { dtype, bdata, shape } = /** @type {PackedNumbers} */ (part);
  const values = new ARRAYS[dtype](fromBase64(bdata).buffer);
  if (!shape) return values;
  const [rows, columns] = String(shape).split(",").map(Number);
  return Array.from({ length: rows }, (_, row) => values.subarray(row * columns, (row + 1) * columns));
}

/** @type {(text: string) => Uint8Array<ArrayBuffer>} */
const fromBase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
