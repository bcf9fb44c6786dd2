"""Do moments show when something happens? Twins of generated clips, with and without one event.

    python -m benchmarks.instrument [--twins 100]

A ball crosses the picture once, within 0.4 s, at a random time between 2 and 6 s of an 8 s clip; its twin is
the same clip without it. The clip is a scene that stands still, or one in which somebody moves an object
again and again: there the ball competes with moments of the scene's own. The truth does not use moments: it
is the first frame in which the attention factors of the twins, all connections and channels together, differ
by half of their greatest difference. Reported is how often the first moment, and any moment, of the clip with
the event lies within 0.3 s of the truth, and, as a check of the scale, how often the first moment of the twin
without it does.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.controls import interval_text, object_maps
from peerattn import api
from peerattn.actionworld.clips import FIRST_OBJECT, FRAME_RATE, generate
from peerattn.checkpoints import checkpoint
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.modalities.preparation import prepare
from peerattn.scores.intervals import share_interval
from peerattn.traces.trace import Trace
from peerattn.video.frames import Frames

NETWORKS = ("actionworld", "actionworld-self")
FIRST_SEED = 7_000_000
FRAMES, SIDE = 64, 64
EARLIEST, LATEST = 2.0, 6.0
CROSSING = 0.4
"""How long the ball is in the picture, in s."""
RADIUS = 9
BALL = FIRST_OBJECT
CLOSE = 0.3
"""A moment is right if it is at most this many seconds from the truth."""

Images = NDArray[np.uint8]


class Twin(NamedTuple):
    """When the factors of the twins first differ, in s, and the moments with and without the event."""

    truth: float
    moments: list[float]
    moments_without: list[float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--twins", type=int, default=100)
    count = parser.parse_args().twins
    for name, moving in product(NETWORKS, (False, True)):
        found = list(twins(checkpoint.load(name), count, moving=moving))
        first = [near(twin.moments[:1], twin.truth) for twin in found]
        some = [near(twin.moments, twin.truth) for twin in found]
        without = [near(twin.moments_without[:1], twin.truth) for twin in found]
        print(f"{name}, a scene that {'moves' if moving else 'stands still'}: {count} twins")
        for title, right in (("first moment", first), ("any moment", some), ("without the event", without)):
            bounds = share_interval(np.array(right))
            print(f"  {title}: {sum(right)} of {count} within {CLOSE} s ({interval_text(bounds)})")


def near(times: list[float], truth: float) -> bool:
    return any(abs(time - truth) <= CLOSE for time in times)


def twins(loaded: Checkpoint, count: int, *, moving: bool) -> Iterator[Twin]:
    random = np.random.default_rng(0)
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        world = generate(seed, frames=FRAMES, size=SIDE)
        shown = slice(None) if moving else [0] * FRAMES
        images, ids = world.images[shown], world.object_ids[shown]
        time, height = random.uniform(EARLIEST, LATEST), random.uniform(0.25, 0.75)
        without = record(loaded, images, ids)
        event = record(loaded, *with_ball(images, ids, time, height=height))
        yield Twin(truth(event, without), times_of(event), times_of(without))


def with_ball(images: Images, ids: Images, time: float, *, height: float) -> tuple[Images, Images]:
    """Return frames (T, H, W, 3) and object maps (T, H, W) in which a ball crosses from left to right."""
    images, ids = images.copy(), ids.copy()
    for frame in range(len(images)):
        progress = (frame / FRAME_RATE - time) / CROSSING
        if 0 <= progress <= 1:
            centre = round(-RADIUS + progress * (SIDE + 2 * RADIUS)), round(height * SIDE)
            cv2.circle(images[frame], centre, RADIUS, (250, 120, 30), thickness=-1, lineType=cv2.LINE_AA)
            cv2.circle(ids[frame], centre, RADIUS, BALL, thickness=-1)
    return images, ids


def record(loaded: Checkpoint, images: Images, ids: Images) -> Trace:
    frames = Frames(images, np.arange(len(images)) / FRAME_RATE)
    modalities, settings = loaded.structure.read_modalities, loaded.settings
    return api.record(loaded, prepare(frames, modalities, settings, objects=object_maps(ids)))


def times_of(trace: Trace) -> list[float]:
    return [moment.time for moment in trace.moments or ()]


def truth(event: Trace, without: Trace) -> float:
    """Return the first time at which factors differ by half of their greatest difference."""
    pairs = zip(event.connections, without.connections, strict=True)
    changes = [one.attention_factors - other.attention_factors for one, other in pairs]
    size = np.sqrt(np.mean(np.concatenate(changes, axis=1) ** 2, axis=1))  # (T,)
    return float(event.times[int(np.argmax(size >= size.max() / 2))])


if __name__ == "__main__":
    main()
