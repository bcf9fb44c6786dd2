"""Generated ActionWorld clips as a network reads them, prepared from images exactly like those of a file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.utils.data import Dataset

from peerattn.actionworld.clips import MAP_NAMES, OBJECT_CLASS_IDS, generate, version_of
from peerattn.data.examples import Example
from peerattn.errors import PeerattnError
from peerattn.graph.specs import Modality
from peerattn.modalities.clip import ObjectMaps
from peerattn.modalities.reading import Reader
from peerattn.modalities.segmenter import Segmenter
from peerattn.modalities.settings import ClipSettings
from peerattn.video.frames import Frames

GOLDEN = 0.6180339887498949
"""The fractional part of the golden ratio: its multiples modulo 1 fill the unit interval evenly."""

TEST_SEED = 1_000_000_000
"""The first seed of the clips that are reserved for testing and never trained on."""

# Flow's channels are named as on the cards of trained networks; frames of these clips are one step apart.
MODALITIES = (
    Modality("rgb", 3, ("red", "green", "blue")),
    Modality("flow", 2, ("rightward px per frame", "downward px per frame")),
    Modality(
        "object", len(OBJECT_CLASS_IDS), tuple(MAP_NAMES[i] for i in OBJECT_CLASS_IDS), OBJECT_CLASS_IDS
    ),
)


class GeneratedExamples(Dataset[Example], Sequence[Example]):
    """The clips of consecutive seeds, generated on access; the same seed always gives the same clip.

    Clips are from the version of the generator whose classes the network has, so that a network is measured
    on clips like those that it learned. Object maps are the true ones, or are estimated from the images if
    there is a `segmenter`. Each clip starts up to `latest_start` seconds into its scene, so that training
    also covers what later windows show. Clips have `frames` frames, or as many as a window.
    """

    def __init__(
        self,
        count: int,
        class_names: Sequence[str],
        *,
        modalities: Sequence[Modality],
        settings: ClipSettings,
        first_seed: int = TEST_SEED,
        segmenter: Segmenter | None = None,
        device: torch.device | str = "cpu",
        latest_start: float = 0.0,
        frames: int | None = None,
    ) -> None:
        """Raise PeerattnError if the network's classes are not ActionWorld's."""
        version = version_of(class_names)
        if version is None:
            raise PeerattnError(
                "this network's classes are not those of the generated clips: "
                "measure it on a folder of labelled clips"
            )
        self.clips, self.reader = count, Reader(modalities, settings, segmenter, device)
        self.first_seed, self.latest_start = first_seed, latest_start
        self.version, self.frames = version, frames or settings.window

    def __len__(self) -> int:
        return self.clips

    def __getitem__(self, index: int) -> Example:  # type: ignore[override]  # no slices
        if not 0 <= index < self.clips:
            raise IndexError(index)
        seed, settings = self.first_seed + index, self.reader.settings
        start = self.latest_start * (seed * GOLDEN % 1.0)
        world = generate(seed, frames=self.frames, size=settings.size, start=start, version=self.version)
        frames = Frames(world.images, np.arange(self.frames) / settings.frame_rate, ())
        true_maps = None
        if self.reader.segmenter is None:
            class_ids = tuple(range(1, len(MAP_NAMES)))
            true_maps = ObjectMaps(world.object_ids, None, class_ids, MAP_NAMES[1:], "true")
        clip = self.reader.clip(frames, true_maps)
        return Example((world.label,), clip.tensors, f"seed {seed}", clip.origin)


def collate(examples: Sequence[Example]) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Join examples of the same size into a batch: modality → (B, C, T, H, W), and labels (B,)."""
    tensors = {
        name: torch.cat([example.tensors[name] for example in examples]) for name in examples[0].tensors
    }
    return tensors, torch.tensor([example.label for example in examples])
