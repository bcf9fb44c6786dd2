"""Segmenters, which estimate the object maps of frames that have none, and how they are loaded by name.

T frames, H height, W width.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.files.cards import read_card
from peerattn.files.paths import find_checkpoint
from peerattn.graph.specs import Modality
from peerattn.modalities import segformer
from peerattn.modalities.backbone_segmenter import build_segmenter
from peerattn.modalities.clip import ObjectMaps
from peerattn.modalities.segmentation_network import load_network
from peerattn.threads import threads_for
from peerattn.video.frames import Frames

SEGMENTER = "people-objects"
"""The segmenter that is used unless a network's card names another one."""
GENERATED_SEGMENTER = "actionworld-objects"
"""The segmenter for generated clips: it knows their figure and objects only."""


class Segmenter(Protocol):
    """Estimates the class of every pixel: a `SegmentationNetwork`, a `BackboneSegmenter` or a
    `SegFormer`."""

    @property
    def class_ids(self) -> tuple[int, ...]: ...

    @property
    def class_names(self) -> tuple[str, ...]: ...

    def estimate(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the class ids (T, h, w) of consecutive frames (T, H, W, 3); 0 is the background."""
        ...


def load_segmenter(name: str, device: torch.device | str = "cpu") -> Segmenter:
    """Load the segmenter of a checkpoint, or a SegFormer as `segformer:NAME` or `segformer:FOLDER`.

    Raises PeerattnError if it is missing, is damaged, or cannot be downloaded.
    """
    if name.startswith(segformer.PREFIX):
        return segformer.load(name.removeprefix(segformer.PREFIX), device)
    folder = find_checkpoint(name)
    card = read_card(folder, "segmenter")
    settings = card.get("settings")
    if isinstance(settings, Mapping) and "backbone" in settings:
        return build_segmenter(folder, card, device)
    return load_network(name, device)


def segmenter_for(
    name: str, modalities: Sequence[Modality], device: torch.device | str = "cpu"
) -> Segmenter | None:
    """Load the segmenter of this name for a network with these modalities; None if it reads no object maps.

    Raises PeerattnError if it cannot be loaded, or if its class ids have other meanings than the network's.
    """
    if not any(modality.name == "object" for modality in modalities):
        return None
    segmenter = load_segmenter(name, device)
    check_meanings(segmenter, name, modalities)
    return segmenter


def check_meanings(segmenter: Segmenter, name: str, modalities: Sequence[Modality]) -> None:
    """Raise PeerattnError if a class id has another meaning for the segmenter `name` than for the network."""
    objects = next(modality for modality in modalities if modality.name == "object")
    names = dict(zip(segmenter.class_ids, segmenter.class_names, strict=True))
    for class_id, meaning in zip(objects.class_ids, objects.meanings, strict=False):
        if names.get(class_id, meaning) != meaning:
            raise PeerattnError(
                f"class {class_id} of {name} is {names[class_id]!r}, which the network reads as {meaning!r}: "
                "choose another segmenter, or a network with its classes"
            )


def segmenter_name(card: Mapping[str, Any]) -> str:
    """Return the name of the segmenter that a checkpoint with this card uses by default."""
    return str(card.get("segmenter") or SEGMENTER)


def estimate_objects(frames: Frames, segmenter: Segmenter) -> ObjectMaps:
    """Return the segmenter's object maps of these frames."""
    with threads_for(math.inf):
        ids = segmenter.estimate(frames.images)
    return ObjectMaps(ids, frames.source_numbers, segmenter.class_ids, segmenter.class_names, "estimated")
