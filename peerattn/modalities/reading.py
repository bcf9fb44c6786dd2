"""How a network reads clips: the one way from frames, or a file, to what it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peerattn.graph.specs import Modality
from peerattn.modalities.clip import Clip, ObjectMaps
from peerattn.modalities.objects import read_objects
from peerattn.modalities.preparation import prepare
from peerattn.modalities.segmenter import Segmenter, estimate_objects
from peerattn.modalities.settings import ClipSettings
from peerattn.video.decoding import decode
from peerattn.video.frames import Frames


@dataclass(frozen=True)
class Reader:
    """Reads clips for a network of these modalities and settings.

    `segmenter` estimates the object maps of clips that have none; without one, such clips are refused where
    maps are read.
    """

    modalities: Sequence[Modality]
    settings: ClipSettings
    segmenter: Segmenter | None = None

    @property
    def settled(self) -> dict[str, Any]:
        """The same as keywords."""
        return {"modalities": self.modalities, "settings": self.settings, "segmenter": self.segmenter}

    @property
    def reads_objects(self) -> bool:
        """Whether the network reads object maps."""
        return any(modality.name == "object" for modality in self.modalities)

    def maps(self, frames: Frames, given: ObjectMaps | None = None) -> ObjectMaps | None:
        """The object maps of these frames: those that are given, else estimated; None where none are read."""
        if not self.reads_objects:
            return None
        if given is not None or self.segmenter is None:
            return given
        return estimate_objects(frames, self.segmenter)

    def clip(self, frames: Frames, given: ObjectMaps | None = None, *, hold: bool = False) -> Clip:
        """Decoded frames as the network reads them (B = 1), all of them.

        `hold` keeps a map until the next one where some frames have none. Raises PeerattnError for frames or
        maps that do not fit.
        """
        maps = self.maps(frames, given)
        return prepare(frames, self.modalities, self.settings, objects=maps, hold=hold)

    def file(
        self,
        path: Path,
        *,
        objects: Path | None = None,
        stretch: tuple[float, float | None] = (0.0, None),
        hold: bool = False,
    ) -> Clip:
        """A video file as the network reads it, with the object maps of a file if one is given.

        `stretch` is (start, stop) in seconds. Raises PeerattnError for files that cannot be read.
        """
        frames = decode(path, frame_rate=self.settings.frame_rate, start=stretch[0], stop=stretch[1])
        given = read_objects(objects) if objects and self.reads_objects else None
        return self.clip(frames, given, hold=hold)
