"""The speed of estimating object maps, in frames/s at 112 × 112: `python -m benchmarks.segmenter [NAME …]`.

Measured from pixels to class ids, including scaling and motion, on two threads; segmenters are timed in
alternation.
"""

from __future__ import annotations

import os
import sys

import cv2
import numpy as np
import torch

from benchmarks.interleaved import interleaved
from peerattn.actionworld.clips import generate
from peerattn.modalities.segmenter import SEGMENTER, estimate_objects, load_segmenter
from peerattn.video.frames import Frames

THREADS = 2
FRAMES = 64


def main() -> None:
    torch.set_num_threads(THREADS)
    cv2.setNumThreads(THREADS)
    names = sys.argv[1:] or [SEGMENTER, "actionworld-objects"]
    segmenters = {name: load_segmenter(name) for name in names}
    frames = Frames(generate(0, frames=FRAMES, size=112).images, np.arange(FRAMES) / 15)
    tasks = {
        name: lambda segmenter=segmenter: estimate_objects(frames, segmenter)
        for name, segmenter in segmenters.items()
    }
    for name, seconds in interleaved(tasks).items():
        slowest, median, fastest = (FRAMES / float(np.percentile(seconds, p)) for p in (75, 50, 25))
        print(
            f"{name}: {median:.0f} frames/s of 112 × 112 "
            f"(middle half {slowest:.0f} to {fastest:.0f}, {len(seconds)} rounds of {FRAMES} frames)"
        )
    print(f"{THREADS} threads; load of the machine in the last minute: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
