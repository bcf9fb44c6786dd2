"""Do moments stay where they are if the same clip begins later?

    python -m benchmarks.later_start [--clips 50]

Generated clips of 8 s are recorded whole, and again without their first 1 to 16 frames. Of the moments that
both recordings can hold (no end of either clip reaches the connections that it names), the first must stay
within 0.3 s.
"""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.controls import generated, interval_text
from peerattn import api
from peerattn.checkpoints import checkpoint
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.scores.intervals import share_interval
from peerattn.traces.moments import frames_that_show_the_clip
from peerattn.traces.trace import Moment, Trace
from tests.moving import clip_of

NETWORKS = ("actionworld", "actionworld-self")
FIRST_SEED = 600_000
FRAMES, MOST_LATER = 64, 16
CLOSE = 0.3
"""The first moment stays if it moves by at most this many seconds."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--clips", type=int, default=50)
    count = parser.parse_args().clips
    for name in NETWORKS:
        stays = first_moments_stay(checkpoint.load(name), count)
        bounds = interval_text(share_interval(np.array(stays)))
        print(f"{name}: the first moment stays in {sum(stays)} of {len(stays)} clips ({bounds})")


def first_moments_stay(loaded: Checkpoint, count: int) -> list[bool]:
    """Return, for each clip with a moment that both recordings can hold, whether the first one stays."""
    random, rate, stays = np.random.default_rng(0), loaded.settings.frame_rate, []
    for example in generated(loaded, range(FIRST_SEED, FIRST_SEED + count), FRAMES):
        later = int(random.integers(1, MOST_LATER + 1))
        tensors = {name: tensor[:, :, later:] for name, tensor in example.tensors.items()}
        whole = api.record(loaded, clip_of(example.tensors, rate))
        part = api.record(loaded, clip_of(tensors, rate))
        held = [
            each.frame for each in whole.moments or () if holds(each, whole, 0) and holds(each, part, -later)
        ]
        again = [
            each.frame + later
            for each in part.moments or ()
            if holds(each, part, 0) and holds(each, whole, later)
        ]
        if held or again:
            stays.append(bool(held and again) and abs(held[0] - again[0]) / rate <= CLOSE)
    return stays


def holds(moment: Moment, trace: Trace, offset: int) -> bool:
    """Whether a moment, `offset` frames later, is one that a recording can hold."""
    for each in moment.connections:
        shown = frames_that_show_the_clip(trace, trace.connection(f"{each.source}_to_{each.target}"))
        if not shown.start < moment.frame + offset < shown.stop - 1:
            return False
    return True


if __name__ == "__main__":
    main()
