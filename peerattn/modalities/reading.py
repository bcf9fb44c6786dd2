"""`Reader` turns frames or video files into the clips that a network reads; there is no other way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch

from peerattn.graph.specs import Modality
from peerattn.modalities.clip import Clip, ObjectMaps
from peerattn.modalities.objects import read_objects
from peerattn.modalities.person.clip import prepare_person
from peerattn.modalities.person.features import load_frozen_networks
from peerattn.modalities.preparation import prepare
from peerattn.modalities.segmenter import Segmenter, estimate_objects
from peerattn.modalities.settings import ClipSettings
from peerattn.video.decoding import decode
from peerattn.video.frames import Frames


@dataclass(frozen=True)
class Reader:
    """Reads clips for a network with these modalities and settings.

    `segmenter` estimates the object maps of clips without maps. If it is None, such clips are refused for a
    network that reads maps. Frozen networks, for a network that reads a person, run on `device`.
    """

    modalities: Sequence[Modality]
    settings: ClipSettings
    segmenter: Segmenter | None = None
    device: torch.device | str = "cpu"

    @property
    def as_keywords(self) -> dict[str, Any]:
        """The fields as keyword arguments."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def reads_objects(self) -> bool:
        """Whether the network reads object maps."""
        return any(modality.name == "object" for modality in self.modalities)

    @property
    def reads_person(self) -> bool:
        """Whether the network reads a person's joints and the like, rather than pictures."""
        return not any(modality.pixels for modality in self.modalities)

    def maps(self, frames: Frames, attached: ObjectMaps | None = None) -> ObjectMaps | None:
        """Return the frames' object maps, attached or else estimated; None if the network reads none."""
        if not self.reads_objects:
            return None
        if attached is not None or self.segmenter is None:
            return attached
        return estimate_objects(frames, self.segmenter)

    def clip(self, frames: Frames, attached: ObjectMaps | None = None, *, hold: bool = False) -> Clip:
        """Return a clip (B = 1) of all decoded frames.

        `hold` uses an object map until the next one where frames have none. Raises PeerattnError for frames
        or maps that do not fit.
        """
        if self.reads_person:
            return prepare_person(frames, self.modalities, self.settings, load_frozen_networks(self.device))
        maps = self.maps(frames, attached)
        return prepare(frames, self.modalities, self.settings, objects=maps, hold=hold)

    def file(
        self,
        path: Path,
        *,
        objects: Path | None = None,
        stretch: tuple[float, float | None] = (0.0, None),
        hold: bool = False,
    ) -> Clip:
        """Return the clip (B = 1) of a video file, with the object maps of the file `objects` if there is
        one.

        `stretch` is the interval (start, stop) in seconds; stop None is the end. `hold` is as in `clip`.
        Raises PeerattnError for files that cannot be read.
        """
        frames = decode(path, frame_rate=self.settings.frame_rate, start=stretch[0], stop=stretch[1])
        attached = read_objects(objects) if objects and self.reads_objects else None
        return self.clip(frames, attached, hold=hold)
