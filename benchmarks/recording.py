"""What recording adds to a forward pass: `python -m benchmarks.recording [CHECKPOINT]`."""

from __future__ import annotations

import sys

import torch

from benchmarks.interleaved import interleaved, milliseconds, ratio
from peerattn import checkpoint
from peerattn.generated import GeneratedExamples
from peerattn.recorder import recording


def main(name: str = "actionworld") -> None:
    loaded = checkpoint.load(name)
    network, modalities = loaded.network, loaded.structure.modalities
    examples = GeneratedExamples(1, loaded.class_names, modalities=modalities, settings=loaded.settings)
    clip = examples[0].tensors

    def recorded() -> None:
        with recording(network):
            network(clip)

    with torch.inference_mode():
        taken = interleaved({"plain": lambda: network(clip), "recorded": recorded}, rounds=41)
    print(f"forward pass {milliseconds(taken['plain'])}, recorded {milliseconds(taken['recorded'])}")
    print(f"recorded / plain: {ratio(taken['recorded'], taken['plain'])}")


if __name__ == "__main__":
    main(*sys.argv[1:])
