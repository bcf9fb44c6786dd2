// What the ends of a clip reach: frames whose numbers they decide too. Wherever frames are drawn these are hatched.

const END_REACHES = "An end of the clip reaches these frames: what lies beyond it is not part of the clip, and it decides these numbers too.";
const ALL_REACHED = "Every frame of this clip is within reach of an end.";
const WITHIN = "within reach of an end";

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
