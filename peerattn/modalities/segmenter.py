"""Object maps of frames that have none: what estimates them, by its name.

T frames, H height, W width.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.graph.specs import Modality
from peerattn.modalities import segformer
from peerattn.modalities.clip import ObjectMaps
from peerattn.modalities.segmentation_network import load_network
from peerattn.threads import threads_for
from peerattn.video.frames import Frames

SEGMENTER = "people-objects"
"""The checkpoint that estimates object maps, where an action network's card names no other."""
GENERATED_SEGMENTER = "actionworld-objects"
"""The one for generated clips, whose figure and objects are all that it knows."""


class Segmenter(Protocol):
    """What tells the class of every pixel: a network of ours, or SegFormer."""

    @property
    def class_ids(self) -> tuple[int, ...]: ...

    @property
    def class_names(self) -> tuple[str, ...]: ...

    def estimate(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(T, h, w) class ids of (T, H, W, 3) neighbouring frames, 0 the background."""
        ...


def load_segmenter(name: str, device: torch.device | str = "cpu") -> Segmenter:
    """A checkpoint's segmentation network, or SegFormer as `segformer:NAME` or `segformer:FOLDER`.

    Raises PeerattnError when it is missing, does not fit, or cannot be fetched.
    """
    if name.startswith(segformer.PREFIX):
        return segformer.load(name.removeprefix(segformer.PREFIX), device)
    return load_network(name, device)


def segmenter_for(
    name: str, modalities: Sequence[Modality], device: torch.device | str = "cpu"
) -> Segmenter | None:
    """The segmenter of this name, where object maps are among what is read.

    Raises PeerattnError when it cannot be loaded, or means another thing by a class id that is read.
    """
    if not any(modality.name == "object" for modality in modalities):
        return None
    segmenter = load_segmenter(name, device)
    check_meanings(segmenter, name, modalities)
    return segmenter


def check_meanings(segmenter: Segmenter, name: str, modalities: Sequence[Modality]) -> None:
    """Raises PeerattnError when a segmenter of this name means another thing by a class id that is read."""
    read = next(one for one in modalities if one.name == "object")
    told = dict(zip(segmenter.class_ids, segmenter.class_names, strict=True))
    for number, meaning in zip(read.class_ids, read.meanings, strict=False):
        if told.get(number, meaning) != meaning:
            raise PeerattnError(
                f"class {number} of {name} is {told[number]!r}, which the network reads as {meaning!r}: "
                "choose another segmenter, or a network with its classes"
            )


def segmenter_name(card: Mapping[str, Any]) -> str:
    """Which segmenter makes the maps that a checkpoint with this card is measured with."""
    return str(card.get("segmenter") or SEGMENTER)


def estimate_objects(frames: Frames, segmenter: Segmenter) -> ObjectMaps:
    """Object maps of these frames, as the segmenter sees them."""
    with threads_for(math.inf):
        ids = segmenter.estimate(frames.images)
    return ObjectMaps(ids, frames.source_numbers, segmenter.class_ids, segmenter.class_names, "estimated")
