// The hatching of frames within reach of an end of the clip, and its legend entry.

const HATCH_PX = 7; // distance between lines

// Returns the diagonal lines that fill a box, each from edge to edge: [[x, y], [x, y]].
/** @param {Box} box @param {number} [step] */
function hatchLines({ left, right, top, bottom }, step = HATCH_PX) {
  const height = bottom - top;
  /** @type {[XY, XY][]} */
  const lines = [];
  for (let foot = Math.ceil((left - height) / step) * step; foot < right; foot += step) {
    const [from, to] = [Math.max(foot, left), Math.min(foot + height, right)];
    if (from < to) lines.push([[from, top + from - foot], [to, top + to - foot]]);
  }
  return lines;
}

// Returns a sample of the hatching with its meaning.
function hatchingKey() {
  return element("span", { className: "ends-key", title: END_REACHES },
    element("span", { className: "hatched", ariaHidden: "true" }), WITHIN, element("span", { className: "spoken" }, `. ${END_REACHES}`));
}
