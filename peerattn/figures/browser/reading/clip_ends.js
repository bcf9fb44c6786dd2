// The frames whose numbers also depend on what lies beyond an end of the clip. They are hatched wherever frames are drawn.

const END_REACHES = "The numbers of these frames also depend on the padding beyond the clip's ends.";
const ALL_REACHED = "Every frame of this clip is affected by padding beyond the clip's ends.";
const WITHIN = "affected by padding beyond the clip's ends";

// Whether a frame is affected by padding; `reach` is the number of frames at the start and at the end, or unknown.
/** @type {(reach: Reach | null | undefined, frame: number, length: number) => boolean} */
const isWithinReach = (reach, frame, length) => reach != null && (frame < reach[0] || frame >= length - reach[1]);

// Returns the largest reach at each end, or null if none is known.
/** @param {(Reach | null | undefined)[]} reaches @returns {Reach | null} */
function widestReach(reaches) {
  const known = reaches.filter((reach) => reach != null);
  return known.length ? [Math.max(...known.map(([start]) => start)), Math.max(...known.map(([, end]) => end))] : null;
}

// Returns the ranges [first, stop) of consecutive frames for which `includes` is true.
/** @param {number} length @param {(frame: number) => boolean} includes */
function frameRanges(length, includes) {
  /** @type {FrameRange[]} */
  const ranges = [];
  for (let frame = 0; frame < length; frame += 1) {
    if (!includes(frame)) continue;
    const last = ranges.at(-1);
    if (last?.[1] === frame) last[1] = frame + 1;
    else ranges.push([frame, frame + 1]);
  }
  return ranges;
}
