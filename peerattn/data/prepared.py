"""A clip decoded once for training, with frames and maps somewhat larger than the network reads them.

The crop that evaluation reads is kept with them, so that a clip that is not warped is the same in training
and evaluation, to the bit. N frames, H height, W width; h, w size of the maps, S size of the network's input,
R phases.
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

from peerattn.data.cache import Arrays, Cache, entry_key, file_digest
from peerattn.data.folder import LabelledFile
from peerattn.errors import PeerattnError
from peerattn.graph.specs import Modality
from peerattn.modalities.clip import ObjectMaps
from peerattn.modalities.flow import FrameTiming
from peerattn.modalities.objects import read_objects
from peerattn.modalities.preparation import align_maps, object_class_ids, object_view
from peerattn.modalities.segmenter import Segmenter, estimate_objects
from peerattn.modalities.settings import ClipSettings
from peerattn.modalities.view import CENTRE, View, crop_ids, crop_images
from peerattn.video.decoding import decode, probe
from peerattn.video.frames import Frames, Limits, VideoInfo

MARGIN = {"centre": 1.5, "objects": 2.5}
"""View → size of the kept frames relative to the network's input, so that a crop of them is still sharp."""
MAX_PHASES = 4
_ROUNDING = 0.0005  # s: half of the coarsest time base of common containers
_VERSIONS = (3, cv2.__version__, version("av"))
"""The versions of the format of cached clips, and of the libraries that decode and scale them."""


@dataclass(frozen=True)
class EvaluationCrop:
    """The view's square of frames and maps, at network size, exactly as evaluation reads them."""

    images: NDArray[np.uint8]  # (N, S, S, 3) RGB
    ids: NDArray[np.uint8] | None  # (N, S, S) class ids

    def select(self, numbers: NDArray[np.int64]) -> EvaluationCrop:
        """Return the frames with these numbers."""
        return EvaluationCrop(self.images[numbers], None if self.ids is None else self.ids[numbers])


@dataclass(frozen=True)
class PreparedClip:
    """Upright frames at R times the network's frame rate, so that a network reads every R-th of them.

    R is 1 if the frame rate of the video is not higher, or if its frames are not evenly spaced.
    """

    images: NDArray[np.uint8]  # (N, H, W, 3) RGB
    ids: NDArray[np.uint8] | None  # (N, h, w) class ids
    phases: int
    frame_timing: FrameTiming  # times of the N frames; `step` is the time from one read frame to the next
    view: View = CENTRE  # the square that a network reads
    crop: EvaluationCrop | None = None  # that square; None if the clip is read with another view


@dataclass(frozen=True)
class Preparation:
    """Prepares clips for a network; `segmenter` estimates the maps of clips that have none."""

    modalities: Sequence[Modality]
    settings: ClipSettings
    segmenter: Segmenter | None = None

    def prepare(self, file: LabelledFile, cache: Cache | None = None) -> PreparedClip:
        """Return the prepared clip, from the cache if possible.

        Raises PeerattnError if the clip or its maps cannot be read, or the network knows none of the maps'
        classes.
        """
        parts = self._make(file) if cache is None else self._cached(file, cache)
        frames, maps, crop = parts["frames"], parts.get("maps"), parts["seen"]
        crop_maps = parts.get("seen maps")
        if maps and not set(maps["class_ids"].tolist()) & set(object_class_ids(self.modalities)):
            raise PeerattnError(
                "the network knows none of the classes of the clip's object maps: renumber the maps"
            )
        ids = maps["ids"] if maps else None
        phases = int(frames["phases"])
        return PreparedClip(
            frames["images"],
            ids,
            phases,
            self._frame_timing(frames, phases),
            View(*map(float, crop["view"])),
            EvaluationCrop(crop["images"], crop_maps["ids"] if crop_maps else None),
        )

    def _frame_timing(self, frames: Arrays, phases: int) -> FrameTiming:
        """Return the times of the kept frames; the time base is 0 if they are uneven for evaluation."""
        timing = FrameTiming(frames["times"], 1 / self.settings.frame_rate, float(frames["time_base"]))
        read = replace(timing, times=timing.times[::phases])
        # Evaluation decides for the whole clip whether flow is scaled, so all its windows must do the same.
        return timing if read.even else replace(timing, time_base=0.0)

    def is_cached(self, file: LabelledFile, cache: Cache) -> bool:
        """Whether `prepare` would find all parts of the clip in the cache."""
        return all(cache.has(key) for key in self._keys(file).values())

    def _cached(self, file: LabelledFile, cache: Cache) -> dict[str, Arrays]:
        """Return the clip's parts from the cache, or make all of them and store those that were missing."""
        keys = self._keys(file)
        cached = {name: arrays for name, key in keys.items() if (arrays := cache.get(key)) is not None}
        if len(cached) == len(keys):
            return cached
        parts = self._make(file)
        for name in keys.keys() - cached.keys():
            cache.put(keys[name], parts[name])
        return parts

    @property
    def margin(self) -> float:
        """The size of the kept frames relative to the network's input."""
        return MARGIN[self.settings.view]

    def _keys(self, file: LabelledFile) -> dict[str, str]:
        """Return the cache keys of a clip's parts: frames, evaluation crop and, if they are read, maps."""
        settings = self.settings
        shared: dict[str, Any] = {
            "video": file_digest(file.path),
            "read": [settings.size, settings.frame_rate, self.margin],
            "versions": _VERSIONS,
        }
        keys = {"frames": entry_key(part="frames", **shared)}
        if object_class_ids(self.modalities):
            origin = _maps_digest(file.objects) if file.objects else self._segmenter_digest
            keys["maps"] = entry_key(part="maps", origin=origin, **shared)
            if self.settings.view == "objects":
                shared |= {"around": [origin, object_class_ids(self.modalities)]}
            keys["seen maps"] = entry_key(part="seen maps", origin=origin, **shared)
        keys["seen"] = entry_key(part="seen", **shared)
        return keys

    @cached_property
    def _segmenter_digest(self) -> str:
        return segmenter_digest(self.segmenter) if self.segmenter else ""

    def _make(self, file: LabelledFile) -> dict[str, Arrays]:
        """Decode and scale a clip; return its parts by the names under which they are cached."""
        frames, phases = _decode(file.path, self.settings.frame_rate)
        maps = self._maps(file, frames, phases)
        short = ceil(self.settings.size * self.margin)
        images = _scale_down(frames.images, short, cv2.INTER_AREA)
        timing = {"phases": phases, "times": frames.times, "time_base": frames.time_base}
        timing_arrays = {name: np.asarray(value) for name, value in timing.items()}
        parts: dict[str, Arrays] = {"frames": {"images": images, **timing_arrays}}
        if maps is not None:
            ids, class_ids = maps
            small = _scale_down(ids, short, cv2.INTER_NEAREST_EXACT)
            parts["maps"] = {"ids": small, "class_ids": np.array(class_ids)}
        # The frames that evaluation reads determine the view of all frames.
        read = maps[0][::phases] if maps else None
        view = object_view(read, self.modalities, self.settings) or CENTRE
        crop = crop_images(frames.images, self.settings.size, view)
        parts["seen"] = {"view": np.array(dataclasses.astuple(view)), "images": crop}
        if maps is not None:
            parts["seen maps"] = {"ids": crop_ids(maps[0], self.settings.size, view)}
        return parts

    def _maps(
        self, file: LabelledFile, frames: Frames, phases: int
    ) -> tuple[NDArray[np.uint8], tuple[int, ...]] | None:
        """Return the class ids of each frame (N, h, w) and those that may occur; None if no maps are read."""
        if not object_class_ids(self.modalities):
            return None
        if file.objects:
            maps = read_objects(file.objects)
            return self._aligned(frames, maps), maps.class_ids
        if self.segmenter is None:
            raise PeerattnError(
                "the network reads object maps, but the clip has none: add a mask_path, or estimate the maps"
            )
        starts = range(min(phases, len(frames.images)))
        maps_of_phases = [self._estimated(_select(frames, slice(start, None, phases))) for start in starts]
        ids = np.empty((len(frames.images), *maps_of_phases[0].shape[1:]), np.uint8)
        for start, part in zip(starts, maps_of_phases, strict=True):
            ids[start::phases] = part
        return ids, self.segmenter.class_ids

    def _estimated(self, frames: Frames) -> NDArray[np.uint8]:
        """Estimate the maps of one phase, which has the frame rate that the network reads."""
        assert self.segmenter is not None  # a clip without maps has been refused
        return self._aligned(frames, estimate_objects(frames, self.segmenter))

    def _aligned(self, frames: Frames, maps: ObjectMaps) -> NDArray[np.uint8]:
        """Return the class ids of each frame (N, h, w)."""
        ids, _ = align_maps(frames, maps, self.modalities, frame_rate=self.settings.frame_rate)
        assert ids is not None  # since there are maps
        return ids


def segmenter_digest(segmenter: Segmenter) -> str:
    """Return the sha256 of all that determines a segmenter's maps: its settings, layers and weights."""
    fields = vars(segmenter).items()
    plain = {name: value for name, value in fields if isinstance(value, bool | int | float | str | tuple)}
    digest = hashlib.sha256(f"{type(segmenter).__qualname__} {plain}".encode())
    for module in (segmenter, *vars(segmenter).values()):
        if isinstance(module, nn.Module):
            digest.update(repr(module).encode())
            for name, tensor in sorted(module.state_dict().items()):
                digest.update(name.encode() + tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _maps_digest(path: Path) -> str:
    """Return the sha256 of a file or folder of object maps, including any separate declaration file."""
    declaration = path.with_suffix(".json")
    return entry_key(maps=[file_digest(file) for file in (path, declaration) if file.exists()])


def _decode(path: Path, frame_rate: float) -> tuple[Frames, int]:
    """Decode the frames of all phases; return them and the number of phases."""
    phases = _phases(probe(path), frame_rate)
    frames = decode(path, frame_rate=frame_rate * phases)
    slots = np.floor((frames.times + _ROUNDING) * frame_rate * phases).astype(np.int64)
    if np.array_equal(slots, np.arange(len(slots))):
        return frames, phases
    # Not evenly spaced: keep the frames that the network itself reads, the first of each of its time steps.
    read = np.diff(slots // phases, prepend=-1) > 0
    return _select(frames, read), 1


def _phases(info: VideoInfo, frame_rate: float) -> int:
    """Return the ratio of the video's frame rate to the network's, limited by what can be decoded."""
    if not info.frame_rate or not info.duration:
        return 1
    decodable = Limits().kept_frames / (info.duration * frame_rate)
    return max(1, min(MAX_PHASES, floor(info.frame_rate / frame_rate + 0.01), floor(decodable - 0.1)))


def _select(frames: Frames, selection: slice | NDArray[np.bool_]) -> Frames:
    numbers = frames.source_numbers[selection]
    return replace(frames, images=frames.images[selection], times=frames.times[selection], numbers=numbers)


def _scale_down(images: NDArray[np.uint8], short: int, method: int) -> NDArray[np.uint8]:
    """Scale images or maps down to a short side of `short` px; smaller ones are returned unchanged."""
    height, width = images.shape[1:3]
    scale = short / min(height, width)
    if scale >= 1:
        return images
    shape = (max(short, round(width * scale)), max(short, round(height * scale)))
    return np.stack([cv2.resize(image, shape, interpolation=method) for image in images])
