// The hatching of frames that an end of the clip reaches, and its key.

const HATCH_PX = 7; // between two strokes

// The strokes that fill a box, each from one of its edges to another: [[x, y], [x, y]].
/** @param {Box} box @param {number} [step] */
function hatching({ left, right, top, bottom }, step = HATCH_PX) {
  const height = bottom - top;
  /** @type {[Spot, Spot][]} */
  const strokes = [];
  for (let foot = Math.ceil((left - height) / step) * step; foot < right; foot += step) {
    const [from, to] = [Math.max(foot, left), Math.min(foot + height, right)];
    if (from < to) strokes.push([[from, top + from - foot], [to, top + to - foot]]);
  }
  return strokes;
}

// What the hatching means, beside a sample of it.
function endsKey() {
  return element("span", { className: "ends-key", title: END_REACHES },
    element("span", { className: "hatched", ariaHidden: "true" }), WITHIN, element("span", { className: "spoken" }, `. ${END_REACHES}`));
}
