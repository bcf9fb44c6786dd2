"""Synthetic traces, for tests of the code that shows traces."""

from dataclasses import replace
from typing import Any

import numpy as np

from peerattn.graph.connectivity import survey, without
from peerattn.graph.specs import BlockSpec, Modality
from peerattn.graph.structure import Structure
from peerattn.traces.trace import BlockTrace, ConnectionTrace, Trace, WindowTrace

HOSTILE = '"><img src=x onerror="hacked=1"><b>&amp;%{x}</b>'
"""A possible name in a file: as HTML it would run a script, in plotly's text it would be bold."""
CLASSES = ("lift ball", f"lift {HOSTILE}", "push ball", "push box", "pull ring", "pull box")


def structure(*, attention: str = "peer", hostile: bool = False) -> Structure:
    """Five input blocks of three modalities, six inner blocks and an output block, all connected upward."""
    name = HOSTILE if hostile else "inner2"
    inputs = (("rgb1", "rgb"), ("rgb2", "rgb"), ("flow1", "flow"), ("flow2", "flow"), ("object1", "object"))
    blocks = [BlockSpec(block, 1, "video_input", 4, modality=modality) for block, modality in inputs]
    blocks += [BlockSpec(block, 2, "bottleneck", 6) for block in ("inner1", name, "inner3")]
    blocks += [BlockSpec(block, 3, "bottleneck", 8) for block in ("upper1", "upper2", "upper3")]
    blocks.append(BlockSpec("top", 4, "bottleneck", 8))
    modalities = (Modality("rgb", 3), Modality("flow", 2), Modality("object", 2, (), (2, 3)))
    return Structure.complete(blocks, modalities=modalities, attention=attention)


def trace(
    *, frames: int = 20, window: int = 10, seed: int = 0, attention: str = "peer", hostile: bool = False
) -> Trace:
    """A trace of random numbers in realistic ranges; the structure does not depend on the seed."""
    return trace_of(structure(attention=attention, hostile=hostile), frames=frames, window=window, seed=seed)


def trace_of(layout: Structure, *, frames: int, window: int = 16, rate: float = 8, seed: int = 0) -> Trace:
    """A trace of random numbers for any structure, at `rate` frames per second."""
    rng, sizes = np.random.default_rng(seed), np.random.default_rng(seed + 1)
    windows = tuple(
        WindowTrace(start, min(start + window, frames), shares(rng, len(CLASSES)))
        for start in range(0, frames, window)
    )
    connections = tuple(
        ConnectionTrace(
            spec.source,
            spec.target,
            spec.peers,
            float(np.float32(rng.uniform(0.05, 0.95))),
            shares(rng, len(spec.peers)),
            rng.random((frames, layout.block(spec.source).width), dtype=np.float32),
            *(
                sizes.exponential(size=frames).astype(np.float32)
                for _ in ("magnitude", "contribution", "source_contribution")
            ),
            (min(2, frames), min(3, frames)),
            shares(sizes, layout.block(spec.source).width),
            (1 + sizes.exponential(size=frames)).astype(np.float32),
            *(sizes.normal(size=frames).astype(np.float32) for _ in CHANGES),
        )
        for spec in layout.connections
    )
    return Trace(
        structure=layout,
        times=np.arange(frames) / rate,
        windows=windows,
        class_names=CLASSES,
        probabilities=np.mean([each.probabilities for each in windows], axis=0, dtype=np.float32),
        blocks=tuple(
            BlockTrace(
                block.id,
                rng.random(frames, np.float32),
                rng.random((frames, 4, 4), np.float32),
                sizes.random((frames, 4, 4), np.float32),
            )
            for block in layout.blocks
        ),
        connections=connections,
        objects="true",
    )


CHANGES = ("passed_by_attention", "passed_by_source")


def older(whole: Trace) -> Trace:
    """A trace with no other series than `magnitude`, as earlier versions recorded it."""
    later = ("contribution", "source_contribution", "reached", "channel_shares", "carried", *CHANGES)
    missing: dict[str, Any] = dict.fromkeys(later)
    return replace(
        whole,
        connections=tuple(replace(each, **missing) for each in whole.connections),
        blocks=tuple(replace(each, added=None) for each in whole.blocks),
    )


def shares(rng: np.random.Generator, count: int) -> np.ndarray:
    """Random positive numbers that sum to 1."""
    parts = rng.exponential(size=count)
    return (parts / max(parts.sum(), 1e-9)).astype(np.float32)


def images(frames: int = 20, side: int = 64) -> np.ndarray:
    """Frames of one grey each, so that a test can tell which frame is shown: see `shown_frame`."""
    greys = (np.arange(frames) * 12).astype(np.uint8)
    return np.broadcast_to(greys[:, None, None, None], (frames, side, side, 3)).copy()


def shown_frame(grey: int) -> int:
    """The frame of `images` with the closest grey; compression changes a grey by less than half a step."""
    return round(grey / 12)


def object_ids(frames: int = 20, side: int = 64) -> np.ndarray:
    """A square of class 2 in the upper left quarter of every frame, background elsewhere."""
    ids = np.zeros((frames, side, side), np.uint8)
    ids[:, : side // 2, : side // 2] = 2
    return ids


def bar_codes(frames: int, side: int = 320) -> np.ndarray:
    """Frames that show their number as 8 vertical bars, the highest bit on the left, white for 1."""
    bits = np.arange(frames)[:, None] >> np.arange(7, -1, -1) & 1
    bars = np.repeat(bits * 255, side // 8, axis=1).astype(np.uint8)  # (T, side)
    return np.broadcast_to(bars[:, None, :, None], (frames, side, side, 3)).copy()


def quarters_flow(frames: int, side: int = 64) -> np.ndarray:
    """Optical flow (2, T, side, side): 4 px rightward, 4 px down, 2 px leftward, none, a quarter each."""
    flow = np.zeros((2, frames, side, side), np.float32)
    half = side // 2
    flow[0, :, :half, :half] = 4
    flow[1, :, :half, half:] = 4
    flow[0, :, half:, :half] = -2
    return flow


def moving_joints(frames: int, side: int = 320) -> np.ndarray:
    """Joints (T, 17, 3): two sure ones on one line, the left elbow at rest, the left wrist moving right."""
    joints = np.zeros((frames, 17, 3), np.float32)
    joints[:, 7] = (0.25 * side, 0.5 * side, 0.9)
    joints[:, 9] = (0.5 * side, 0.5 * side, 0.9)
    joints[:, 9, 0] += np.arange(frames)
    joints[:, 16] = (0.5 * side, 0.9 * side, 0.19)  # not sure enough to be drawn
    return joints


def part(whole: Trace, threshold: float) -> Trace:
    """A trace without the connections below a threshold, like that of a pruned network."""
    weights = {one.key: one.connection_weight for one in whole.connections}
    left = without(whole.structure, survey(whole.structure, weights, threshold))
    keys = {spec.key for spec in left.connections}
    return replace(
        whole,
        structure=left,
        blocks=tuple(one for one in whole.blocks if one.block in left.by_id),
        connections=tuple(one for one in whole.connections if one.key in keys),
    )
