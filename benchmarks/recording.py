"""The time that recording adds to a pass over a clip: `python -m benchmarks.recording [CHECKPOINT]`.

Uses a generated clip of 48 frames with a cached baseline. The time includes making the trace.
"""

from __future__ import annotations

import sys
from functools import partial

import torch

from benchmarks.controls import generated
from benchmarks.interleaved import interleaved, milliseconds, ratio
from peerattn.checkpoints import checkpoint
from peerattn.modalities.clip import Clip
from peerattn.recording.recorder import record
from tests.moving import clip_of

FRAMES = 48


def main(name: str = "actionworld") -> None:
    loaded = checkpoint.load(name)
    (example,) = generated(loaded, range(8_000_000, 8_000_001), FRAMES)
    clip: Clip = clip_of(example.tensors, loaded.settings.frame_rate)
    recorded = partial(record, loaded.network, clip, window=loaded.settings.window)
    with torch.inference_mode():
        plain = partial(loaded.network, clip.tensors)
        taken = interleaved({"plain": plain, "recorded": recorded}, rounds=41)
    print(f"{FRAMES} frames: {milliseconds(taken['plain'])}, recorded {milliseconds(taken['recorded'])}")
    print(f"recorded / plain: {ratio(taken['recorded'], taken['plain'])}")


if __name__ == "__main__":
    main(*sys.argv[1:])
