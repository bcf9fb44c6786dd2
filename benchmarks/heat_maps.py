"""Do heat maps show the clip, or the padding? Their averages over many scenes, as recorded and as drawn.

    python -m benchmarks.heat_maps [--clips 200]

Averaged over many different scenes, a map that shows the clip is flat: the edges of the picture are as bright
as the inside. Reported is the ratio of edges to inside, for each block whose map has an inside, of the mean
absolute output, of what the clips add, and of what is drawn; and the greatest level drawn for a black clip.
The clips are not among those over which it was measured what is usual. Networks of real clips are run on
generated ones.
"""

from __future__ import annotations

import argparse
from collections import defaultdict

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.controls import generated
from peerattn import api
from peerattn.checkpoints import checkpoint
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.figures.overlays import unusual_levels
from peerattn.traces.trace import Trace
from peerattn.traces.usual import Usual, load_usual
from tests.moving import clip_of

NETWORKS = ("actionworld", "actionworld-self", "actionworld-none")
FIRST_SEED = 7_500_000
FRAMES = 24
Map = NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--clips", type=int, default=200)
    count = parser.parse_args().clips
    for name in NETWORKS:
        loaded = checkpoint.load(name)
        usual = load_usual(loaded.folder, loaded.structure)
        assert usual, f"run `peerattn usual {name}` first"
        print(f"{name}, {count} clips: edges against inside")
        for block, maps in averages(loaded, usual, count).items():
            ratios = ", ".join(f"{title} {edges_against_inside(each):.2f}" for title, each in maps.items())
            print(f"  {block}: {ratios}")
        print(f"  the greatest level of a black clip: {black_level(loaded, usual)} of 255")


def averages(loaded: Checkpoint, usual: Usual, count: int) -> dict[str, dict[str, Map]]:
    """Return block → the averages (h, w), over frames and clips, of output, what is added, what is drawn."""
    sums: dict[str, dict[str, Map]] = defaultdict(dict)
    for example in generated(loaded, range(FIRST_SEED, FIRST_SEED + count), FRAMES):
        for block, maps in drawn(
            api.record(loaded, clip_of(example.tensors, loaded.settings.frame_rate)), usual
        ):
            for title, each in maps.items():
                sums[block][title] = sums[block].get(title, np.zeros(())) + each.mean(axis=0) / count
    return sums


def drawn(trace: Trace, usual: Usual) -> list[tuple[str, dict[str, Map]]]:
    """Return the maps (T, h, w) of each block of a trace that has an inside."""
    found = []
    for block in trace.blocks:
        assert block.added is not None
        if min(block.heatmap.shape[1:]) > 2:
            levels = unusual_levels(usual.heatmaps[block.block].share_below(block.added))
            maps = {"output": block.heatmap, "added": block.added, "drawn": levels}
            found.append((block.block, {title: each.astype(np.float64) for title, each in maps.items()}))
    return found


def edges_against_inside(average: Map) -> float:
    inside = np.zeros(average.shape, bool)
    inside[1:-1, 1:-1] = True
    return float(average[~inside].mean() / average[inside].mean())


def black_level(loaded: Checkpoint, usual: Usual) -> int:
    [example] = generated(loaded, range(FIRST_SEED, FIRST_SEED + 1), FRAMES)
    black = {name: torch.zeros_like(tensor) for name, tensor in example.tensors.items()}
    trace = api.record(loaded, clip_of(black, loaded.settings.frame_rate))
    return int(max(maps["drawn"].max() for _, maps in drawn(trace, usual)))


if __name__ == "__main__":
    main()
