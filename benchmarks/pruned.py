"""What pruning saves, at thresholds up to the greatest that leaves the output connected.

python -m benchmarks.pruned [CHECKPOINT]
"""

from __future__ import annotations

import sys
from functools import partial

import torch

from benchmarks.interleaved import interleaved, ratio
from peerattn.checkpoints import checkpoint
from peerattn.data.generated import GeneratedExamples
from peerattn.graph.connectivity import survey
from peerattn.network.size import count_parameters, multiply_adds
from peerattn.pruning.threshold import greatest_connected_threshold, prune


def main(name: str = "actionworld") -> None:
    loaded = checkpoint.load(name)
    full, modalities = loaded.network, loaded.structure.read_modalities
    examples = GeneratedExamples(1, loaded.class_names, modalities=modalities, settings=loaded.settings)
    clip = examples[0].tensors
    shape = {"frames": loaded.settings.window, "size": loaded.settings.size}
    last = greatest_connected_threshold(full)
    for threshold in sorted({value for value in (0.2, 0.4, 0.6, 0.8) if value < last} | {last}):
        smaller = prune(full, threshold)
        with torch.inference_mode():
            taken = interleaved({"full": partial(full, clip), "pruned": partial(smaller, clip)}, rounds=21)
        dead = survey(loaded.structure, full.connection_weights(), threshold).dead_blocks
        print(
            f"threshold {threshold:.3f}: {len(smaller.structure.connections)} of "
            f"{len(full.structure.connections)} connections, {len(dead)} dead blocks; pruned / full: "
            f"time {ratio(taken['pruned'], taken['full'])}, "
            f"multiply-adds {multiply_adds(smaller, **shape) / multiply_adds(full, **shape):.3f}, "
            f"parameters {count_parameters(smaller) / count_parameters(full):.3f}"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
