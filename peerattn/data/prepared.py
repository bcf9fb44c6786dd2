"""A clip decoded once for training: its frames and maps a little larger than the network reads them.

Beside them lies what evaluation makes of the same frames, so that a clip that is not warped is read as it is
there, to the bit. N frames, H height, W width; h, w the size of the maps, S the network's, R phases.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from math import ceil, floor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import nn

from peerattn.data.cache import Arrays, Cache, digest, key_of
from peerattn.data.folder import LabelledFile
from peerattn.errors import PeerattnError
from peerattn.graph.specs import Modality
from peerattn.modalities.clip import ObjectMaps
from peerattn.modalities.flow import Pace
from peerattn.modalities.objects import read_objects
from peerattn.modalities.preparation import around_objects, class_ids_read, fitting_maps
from peerattn.modalities.segmenter import Segmenter, estimate_objects
from peerattn.modalities.settings import ClipSettings
from peerattn.modalities.view import CENTRE, View, square, square_ids
from peerattn.video.decoding import decode, probe
from peerattn.video.frames import Frames, Limits, VideoInfo

MARGIN = {"centre": 1.5, "objects": 2.5}
"""How many times larger than the network's input frames are kept, so that a crop of them is still sharp."""
MOST_PHASES = 4
_ROUNDING = 0.0005  # s; the coarsest time base of common containers, halved
_VERSIONS = (3, cv2.__version__, version("av"))
"""Of what is kept, and of what decodes and scales it."""


@dataclass(frozen=True)
class Seen:
    """The view's square of frames and maps at network size, as evaluation reads them."""

    images: NDArray[np.uint8]  # (N, S, S, 3) RGB
    ids: NDArray[np.uint8] | None  # (N, S, S) class ids

    def taken(self, numbers: NDArray[np.int64]) -> Seen:
        """These frames alone."""
        return Seen(self.images[numbers], None if self.ids is None else self.ids[numbers])


@dataclass(frozen=True)
class Prepared:
    """Upright frames at R times the network's frame rate: every R-th of them is what a network reads.

    R is 1 where the source is no faster, or not evenly spaced.
    """

    images: NDArray[np.uint8]  # (N, H, W, 3) RGB
    ids: NDArray[np.uint8] | None  # (N, h, w) class ids
    phases: int
    pace: Pace  # of the N frames; the step is that from one read frame to the next
    view: View = CENTRE  # the square of them that a network reads
    seen: Seen | None = None  # that square; none of a clip that is looked at elsewhere


@dataclass(frozen=True)
class Preparation:
    """How clips are prepared for a network, and what estimates the maps of those that have none."""

    modalities: Sequence[Modality]
    settings: ClipSettings
    segmenter: Segmenter | None = None

    def prepared(self, file: LabelledFile, cache: Cache | None = None) -> Prepared:
        """The clip, from the cache if it has it; raises PeerattnError when it or its maps cannot be read."""
        parts = self._made(file) if cache is None else self._cached(file, cache)
        frames, maps, seen = parts["frames"], parts.get("maps"), parts["seen"]
        seen_maps = parts.get("seen maps")
        if maps and not set(maps["class_ids"].tolist()) & set(class_ids_read(self.modalities)):
            raise PeerattnError("the network knows none of the classes of its object maps: renumber them")
        ids = maps["ids"] if maps else None
        phases = int(frames["phases"])
        return Prepared(
            frames["images"],
            ids,
            phases,
            self._pace(frames, phases),
            View(*map(float, seen["view"])),
            Seen(seen["images"], seen_maps["ids"] if seen_maps else None),
        )

    def _pace(self, frames: Arrays, phases: int) -> Pace:
        """The pace of the kept frames, its time base 0 where evaluation finds the clip uneven."""
        pace = Pace(frames["times"], 1 / self.settings.frame_rate, float(frames["time_base"]))
        read = replace(pace, times=pace.times[::phases])
        # Evaluation judges the clip as a whole: where it scales flow, so does every window of the clip.
        return pace if read.even else replace(pace, time_base=0.0)

    def is_cached(self, file: LabelledFile, cache: Cache) -> bool:
        """Whether `prepared` would find all of the clip in the cache."""
        return all(cache.has(key) for key in self._keys(file).values())

    def _cached(self, file: LabelledFile, cache: Cache) -> dict[str, Arrays]:
        """What `_made` gives, from the cache where it holds all of it."""
        keys = self._keys(file)
        found = {name: arrays for name, key in keys.items() if (arrays := cache.get(key)) is not None}
        if len(found) == len(keys):
            return found
        made = self._made(file)
        for name in keys.keys() - found.keys():
            cache.put(keys[name], made[name])
        return made

    @property
    def margin(self) -> float:
        """How many times larger than the network's input frames are kept."""
        return MARGIN[self.settings.view]

    def _keys(self, file: LabelledFile) -> dict[str, str]:
        """The cache's names of the frames and, where they are read, of the maps."""
        settings = self.settings
        shared: dict[str, Any] = {
            "video": digest(file.path),
            "read": [settings.size, settings.frame_rate, self.margin],
            "versions": _VERSIONS,
        }
        keys = {"frames": key_of(part="frames", **shared)}
        if class_ids_read(self.modalities):
            origin = _maps_digest(file.objects) if file.objects else self._segmenter_digest
            keys["maps"] = key_of(part="maps", origin=origin, **shared)
            if self.settings.view == "objects":
                shared |= {"around": [origin, class_ids_read(self.modalities)]}
            keys["seen maps"] = key_of(part="seen maps", origin=origin, **shared)
        keys["seen"] = key_of(part="seen", **shared)
        return keys

    @cached_property
    def _segmenter_digest(self) -> str:
        return segmenter_digest(self.segmenter) if self.segmenter else ""

    def _made(self, file: LabelledFile) -> dict[str, Arrays]:
        """Frames and, where they are read, maps, decoded and scaled down; and what evaluation sees."""
        frames, phases = _decoded(file.path, self.settings.frame_rate)
        found = self._maps(file, frames, phases)
        short = ceil(self.settings.size * self.margin)
        images = _scaled_down(frames.images, short, cv2.INTER_AREA)
        timing = {"phases": phases, "times": frames.times, "time_base": frames.time_base}
        kept = {name: np.asarray(one) for name, one in timing.items()}
        parts: dict[str, Arrays] = {"frames": {"images": images, **kept}}
        if found is not None:
            ids, class_ids = found
            small = _scaled_down(ids, short, cv2.INTER_NEAREST_EXACT)
            parts["maps"] = {"ids": small, "class_ids": np.array(class_ids)}
        # The frames that evaluation reads decide the view of all of them.
        read = found[0][::phases] if found else None
        view = around_objects(read, self.modalities, self.settings) or CENTRE
        seen = square(frames.images, self.settings.size, view)
        parts["seen"] = {"view": np.array(dataclasses.astuple(view)), "images": seen}
        if found is not None:
            parts["seen maps"] = {"ids": square_ids(found[0], self.settings.size, view)}
        return parts

    def _maps(
        self, file: LabelledFile, frames: Frames, phases: int
    ) -> tuple[NDArray[np.uint8], tuple[int, ...]] | None:
        """(N, h, w) the class ids of each frame, and those that there may be; None where none are read."""
        if not class_ids_read(self.modalities):
            return None
        if file.objects:
            maps = read_objects(file.objects)
            return self._fitting(frames, maps), maps.class_ids
        if self.segmenter is None:
            raise PeerattnError(
                "the network reads object maps and there are none: add mask_path, or estimate them"
            )
        starts = range(min(phases, len(frames.images)))
        each = [self._estimated(_taken(frames, slice(start, None, phases))) for start in starts]
        ids = np.empty((len(frames.images), *each[0].shape[1:]), np.uint8)
        for start, part in zip(starts, each, strict=True):
            ids[start::phases] = part
        return ids, self.segmenter.class_ids

    def _estimated(self, frames: Frames) -> NDArray[np.uint8]:
        """The maps of one phase: the segmenter sees what it would see of the clip at the network's rate."""
        assert self.segmenter is not None  # a clip without maps has been refused
        return self._fitting(frames, estimate_objects(frames, self.segmenter))

    def _fitting(self, frames: Frames, maps: ObjectMaps) -> NDArray[np.uint8]:
        ids, _ = fitting_maps(frames, maps, self.modalities, frame_rate=self.settings.frame_rate)
        assert ids is not None  # there are maps
        return ids


def segmenter_digest(segmenter: Segmenter) -> str:
    """The sha256 of what decides a segmenter's maps: its settings, layers and weights."""
    fields = vars(segmenter).items()
    plain = {name: value for name, value in fields if isinstance(value, bool | int | float | str | tuple)}
    known = hashlib.sha256(f"{type(segmenter).__qualname__} {plain}".encode())
    for module in (segmenter, *vars(segmenter).values()):
        if isinstance(module, nn.Module):
            known.update(repr(module).encode())
            for name, tensor in sorted(module.state_dict().items()):
                known.update(name.encode() + tensor.cpu().contiguous().numpy().tobytes())
    return known.hexdigest()


def _maps_digest(path: Path) -> str:
    """The sha256 of object maps, whatever form they have."""
    declared = path.with_suffix(".json")
    return key_of(maps=[digest(one) for one in (path, declared) if one.exists()])


def _decoded(path: Path, frame_rate: float) -> tuple[Frames, int]:
    """The frames of all phases, and how many phases they are."""
    phases = _phases(probe(path), frame_rate)
    frames = decode(path, frame_rate=frame_rate * phases)
    slots = np.floor((frames.times + _ROUNDING) * frame_rate * phases).astype(np.int64)
    if np.array_equal(slots, np.arange(len(slots))):
        return frames, phases
    # Uneven: the frames that the network itself reads, each the first at or after a moment of its grid.
    read = np.diff(slots // phases, prepend=-1) > 0
    return _taken(frames, read), 1


def _phases(info: VideoInfo, frame_rate: float) -> int:
    """How many times faster than the network the source shows frames, within what can be decoded."""
    if not info.frame_rate or not info.duration:
        return 1
    fitting = Limits().kept_frames / (info.duration * frame_rate)
    return max(1, min(MOST_PHASES, floor(info.frame_rate / frame_rate + 0.01), floor(fitting - 0.1)))


def _taken(frames: Frames, which: slice | NDArray[np.bool_]) -> Frames:
    numbers = frames.source_numbers[which]
    return replace(frames, images=frames.images[which], times=frames.times[which], numbers=numbers)


def _scaled_down(images: NDArray[np.uint8], short: int, method: int) -> NDArray[np.uint8]:
    """Images or maps with a short side of `short` px, those that are smaller as they are."""
    height, width = images.shape[1:3]
    scale = short / min(height, width)
    if scale >= 1:
        return images
    shape = (max(short, round(width * scale)), max(short, round(height * scale)))
    return np.stack([cv2.resize(image, shape, interpolation=method) for image in images])
