"""Frames → the `Clip` of a network that reads the person in them.

B clips, C channels, T frames.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from peerattn.errors import PeerattnError
from peerattn.graph.specs import Modality
from peerattn.modalities.clip import Clip
from peerattn.modalities.flow import FrameTiming
from peerattn.modalities.person.features import MODALITIES, FrozenNetworks, Person, find_person
from peerattn.modalities.person.joints import Values
from peerattn.modalities.pretrained.pose import SURE
from peerattn.modalities.settings import ClipSettings
from peerattn.modalities.stillness import moves
from peerattn.video.frames import Frames

BARS_REMARK = "black bars around the picture were cut away"
NO_PERSON_REMARK = "no person was found: joints and the flow at them say nothing here"


def prepare_person(
    frames: Frames, modalities: Sequence[Modality], settings: ClipSettings, networks: FrozenNetworks
) -> Clip:
    """Return the clip (B = 1, all T frames) as a network with these modalities reads it.

    A single frame is repeated to fill a window. Raises PeerattnError for a modality that is not made here.
    """
    check_modalities(modalities)
    person, remarks = read_person(frames, settings, networks), list(frames.remarks)
    if len(frames.images) == 1:
        remarks.append(f"the frame is repeated {settings.window} times and its optical flow is zero")
    if person.bars:
        remarks.append(BARS_REMARK)
    if not (person_found := shows_person(person)):
        remarks.append(NO_PERSON_REMARK)
    return Clip(
        tensors=as_tensors(person.numbers(networks), modalities),
        times=person.timing.times,
        images=person.images,
        object_ids=None,
        origin=None,
        remarks=tuple(remarks),
        joints=person.joints,
        person_found=person_found,
        moves=moves(person.images),
    )


def read_person(frames: Frames, settings: ClipSettings, networks: FrozenNetworks) -> Person:
    """Return the acting person in frames; a single frame is repeated to fill a window."""
    images, times = frames.images, frames.times
    if len(images) == 1:
        images = np.repeat(images, settings.window, axis=0)
        times = times[0] + np.arange(settings.window) / settings.frame_rate
    return find_person(images, FrameTiming(times, 1 / settings.frame_rate, frames.time_base), networks)


def shows_person(person: Person) -> bool:
    """Whether the joints are sure enough, on average, for a person to be there."""
    return bool(person.joints[..., 2].mean() >= SURE)


def as_tensors(numbers: Mapping[str, Values], modalities: Sequence[Modality]) -> dict[str, Tensor]:
    """Return modality → tensor (1, C, T, 1, 1) of modality → numbers (T, C)."""
    return {
        modality.name: torch.from_numpy(np.ascontiguousarray(numbers[modality.name].T))[None, ..., None, None]
        for modality in modalities
    }


def check_modalities(modalities: Sequence[Modality]) -> None:
    """Raise PeerattnError for modalities other than those that `Person.numbers` returns."""
    made = {modality.name: modality.channels for modality in MODALITIES}
    for modality in modalities:
        if made.get(modality.name) != modality.channels:
            listed = ", ".join(f"{name} ({channels})" for name, channels in made.items())
            raise PeerattnError(
                f"modality {modality.name!r} with {modality.channels} channels and without pixels cannot be "
                f"made from a video: use {listed}"
            )
