"""What recording adds to a clip of three windows: `python -m benchmarks.recording [CHECKPOINT]`."""

from __future__ import annotations

import sys

import torch

from benchmarks.interleaved import interleaved, milliseconds, ratio
from peerattn import checkpoint
from peerattn.generated import GeneratedExamples
from peerattn.recorder import recording


def main(name: str = "actionworld") -> None:
    loaded = checkpoint.load(name)
    network, modalities = loaded.network, loaded.structure.read_modalities
    examples = GeneratedExamples(3, loaded.class_names, modalities=modalities, settings=loaded.settings)
    windows = [example.tensors for example in examples]

    def run() -> None:
        for window in windows:
            network(window)

    def recorded() -> None:
        with recording(network):
            run()

    with torch.inference_mode():
        taken = interleaved({"plain": run, "recorded": recorded}, rounds=41)
    print(f"3 windows: {milliseconds(taken['plain'])}, recorded {milliseconds(taken['recorded'])}")
    print(f"recorded / plain: {ratio(taken['recorded'], taken['plain'])}")


if __name__ == "__main__":
    main(*sys.argv[1:])
