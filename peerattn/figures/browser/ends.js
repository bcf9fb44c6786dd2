// What the ends of a clip reach: frames whose numbers they decide too. Wherever frames are drawn these are hatched.

const END_REACHES = "An end of the clip reaches these frames: what lies beyond it is not part of the clip, and it decides these numbers too.";
const ALL_REACHED = "Every frame of this clip is within reach of an end.";
const WITHIN = "within reach of an end";
const HATCH_PX = 7; // between two strokes

// Whether an end reaches a frame; `reach` counts the frames at the start and at the end, or is not known.
/** @type {(reach: Reach | null | undefined, frame: number, length: number) => boolean} */
const isReached = (reach, frame, length) => reach != null && (frame < reach[0] || frame >= length - reach[1]);

// The most of several, or null where none is known.
/** @param {(Reach | null | undefined)[]} reaches @returns {Reach | null} */
function widest(reaches) {
  const known = reaches.filter((reach) => reach != null);
  return known.length ? [Math.max(...known.map(([start]) => start)), Math.max(...known.map(([, end]) => end))] : null;
}

// [first, stop) of each run of frames for which `reached` holds.
/** @param {number} length @param {(frame: number) => boolean} reached */
function runsOf(length, reached) {
  /** @type {Run[]} */
  const runs = [];
  for (let frame = 0; frame < length; frame += 1) {
    if (!reached(frame)) continue;
    const last = runs.at(-1);
    if (last?.[1] === frame) last[1] = frame + 1;
    else runs.push([frame, frame + 1]);
  }
  return runs;
}

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
