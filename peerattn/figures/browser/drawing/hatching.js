// The hatching of frames that padding beyond the clip's ends affects, and its legend entry.

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

// Returns a sample of the dotted lines between windows with their meaning.
const boundaryKey = (text = "dotted: window boundary") =>
  element("span", { className: "boundary-key" }, element("span", { className: "dotted", ariaHidden: "true" }), text);

// Returns a sample of the hatching with its meaning, followed by further elements.
/** @param {...HTMLElement} more */
function hatchingKey(...more) {
  return element("span", { className: "ends-key", title: END_REACHES },
    element("span", { className: "hatched", ariaHidden: "true" }), WITHIN, ...more, element("span", { className: "spoken" }, `. ${END_REACHES}`));
}
