"""Training on generated clips: the structure, the clips and the settings of the shipped checkpoints."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from peerattn.actionworld.clips import CLASS_NAMES
from peerattn.data.generated import MODALITIES, TEST_SEED, GeneratedExamples, collate
from peerattn.data.loading import Batch
from peerattn.errors import PeerattnError
from peerattn.graph.specs import BlockSpec, Modality
from peerattn.graph.structure import Structure
from peerattn.modalities.segmenter import Segmenter
from peerattn.modalities.settings import ClipSettings
from peerattn.network.network import Network
from peerattn.training.callbacks import Callbacks
from peerattn.training.config import CLIPS, TrainingConfig
from peerattn.training.initialisation import new_network
from peerattn.training.loop import fit

SETTINGS = ClipSettings(size=64, window=16, frame_rate=8.0, flow="ultrafast")
"""How the shipped checkpoints read clips."""

LATEST_START = 4.0
"""The latest start of a training clip in its scene, in seconds: an action repeats about every three."""
LENGTHS = (8, 12, 16, 20, 24)
"""The frames of training clips, the same for all of a batch, so that a network learns clips of any length."""


def actionworld_structure(
    attention: str = "peer", modalities: Sequence[str] = ("rgb", "flow", "object")
) -> Structure:
    """Return the level graph of the shipped checkpoints: up to 5 input blocks, 2 inner levels, one output.

    Each block is connected to all blocks of lower levels. Raises PeerattnError for a modality that generated
    clips do not have.
    """
    if unknown := set(modalities) - set(INPUT_DILATIONS):
        raise PeerattnError(f"there is no modality {sorted(unknown)}: choose among {sorted(INPUT_DILATIONS)}")
    blocks = [
        BlockSpec(f"{name}{number}", 1, "video_input", 16, dilation, spatial_stride=4, modality=name)
        for name in modalities
        for number, dilation in enumerate(INPUT_DILATIONS[name], start=1)
    ]
    blocks += [
        BlockSpec(f"a{d}", 2, "bottleneck", 32, temporal_dilation=d, spatial_stride=2) for d in (1, 2, 4)
    ]
    blocks += [
        BlockSpec(f"b{d}", 3, "bottleneck", 64, temporal_dilation=d, spatial_stride=2) for d in (1, 2, 4)
    ]
    blocks += [BlockSpec("top", 4, "bottleneck", 96, temporal_dilation=2)]
    read = [modality for modality in MODALITIES if modality.name in modalities]
    return Structure.complete(blocks, modalities=read, attention=attention)


INPUT_DILATIONS = {"rgb": (1, 4), "flow": (1, 2), "object": (1,)}
"""Modality → the temporal dilation of each of its input blocks."""


class GeneratedSource:
    """A source of generated training clips: no clip is used twice, and seeds share no clips.

    The clips begin at random times in their scenes. The number of frames is drawn anew for every batch.
    """

    class_names = CLASS_NAMES
    shuffled = False  # clips are generated independently, so their order carries no information

    def __init__(
        self,
        clips: int,
        modalities: Sequence[Modality],
        *,
        settings: ClipSettings = SETTINGS,
        seed: int = 0,
        epochs: int = 1,
        segmenter: Segmenter | None = None,
    ) -> None:
        """Generate `clips` clips per epoch. Raises PeerattnError if that would reach the test clips."""
        if clips < 1 or seed < 0 or (seed + 1) * clips * epochs > TEST_SEED:
            raise PeerattnError(
                f"seed {seed} with {clips} clips in {epochs} epochs: (seed + 1) × clips × epochs must be "
                f"from 1 to {TEST_SEED}, because the clips above are for testing: choose smaller numbers"
            )
        self.clips, self.first_seed = clips, seed * clips * epochs
        self.reading: dict[str, Any] = {
            "modalities": modalities,
            "settings": settings,
            "segmenter": segmenter,
            "latest_start": LATEST_START,
        }
        self.clips_of_classes = [1] * len(CLASS_NAMES)  # all classes are equally frequent
        self.skipped: dict[str, str] = {}

    def __len__(self) -> int:
        return self.clips

    def batch(self, epoch: int, members: Sequence[int]) -> Batch:
        """Return the clips with these numbers in this epoch."""
        began = time.perf_counter()
        first = self.first_seed + epoch * self.clips
        frames = LENGTHS[np.random.default_rng(first + members[0]).integers(len(LENGTHS))]
        examples = GeneratedExamples(self.clips, CLASS_NAMES, first_seed=first, frames=frames, **self.reading)
        made = [examples[member] for member in members]
        tensors, labels = collate(made)
        names = tuple(example.group for example in made)
        return Batch(tensors, labels, names, {"decode": time.perf_counter() - began})


def train(
    structure: Structure,
    config: TrainingConfig | None = None,
    *,
    clips: int = CLIPS,
    settings: ClipSettings = SETTINGS,
    device: torch.device | str = "cpu",
    progress: Callable[[int, int, float], None] | None = None,
) -> Network:
    """Train a network on `clips` generated clips per epoch, each seen once, as the shipped checkpoints were.

    `progress(done, total, loss)` counts clips and may raise to cancel. Raises PeerattnError if the loss
    is no longer finite, or if training would reach the clips that are set aside for testing.
    """
    config = config or TrainingConfig()
    source = GeneratedSource(
        clips, structure.read_modalities, settings=settings, seed=config.seed, epochs=config.epochs
    )
    network = new_network(structure, CLASS_NAMES, seed=config.seed).to(device)
    return fit(network, source, config, callbacks=Callbacks(progress=progress)).network
