"""Turn frames into a `Clip`: crop a square, and derive from it each modality that a network reads.

B clips, C channels, T frames, H height, W width; h, w the display size of the square crop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from peerattn.errors import PeerattnError
from peerattn.graph.specs import Modality
from peerattn.modalities.alignment import map_of_each_frame
from peerattn.modalities.clip import Clip, ObjectMaps
from peerattn.modalities.flow import MIN_SIDE, FrameTiming, optical_flow, remove_camera_motion, velocity
from peerattn.modalities.objects import PERSON
from peerattn.modalities.settings import ClipSettings
from peerattn.modalities.stillness import moves
from peerattn.modalities.view import CENTRE, View, crop_ids, crop_images, object_mask, view_around
from peerattn.video.frames import Frames

DISPLAY_SIZE = 320  # px per side at most
SHAPE_TOLERANCE = 0.05  # relative difference in width / height that is allowed between maps and frames
CROP_REMARK = "the network sees the square around what the object maps show"
NO_OBJECTS_REMARK = "there are no objects for the network to look at more closely: it sees the central square"

Images = NDArray[np.uint8]


@dataclass(frozen=True)
class ClipSources:
    """The data from which the modalities are made, at the network's input size."""

    images: Images  # (T, H, W, 3) RGB
    flow: NDArray[np.float32] | None  # (T, H, W, 2) velocity in px per nominal step
    ids: Images | None  # (T, H, W) class ids

    def first(self, frames: int) -> ClipSources:
        """Return the first `frames` frames."""
        return ClipSources(
            self.images[:frames],
            None if self.flow is None else self.flow[:frames],
            None if self.ids is None else self.ids[:frames],
        )


def prepare(
    frames: Frames,
    modalities: Sequence[Modality],
    settings: ClipSettings,
    *,
    objects: ObjectMaps | None = None,
    hold: bool = False,
) -> Clip:
    """Return the clip (B = 1, all T frames) as a network with these modalities reads it.

    A single frame is repeated to fill a window, so its flow is zero. `hold` uses an object map until the next
    one where frames have none. Raises PeerattnError for frames that are too small, for a modality that cannot
    be made, and for object maps that do not fit the frames or the network.
    """
    if min(frames.images.shape[1:3]) < MIN_SIDE:
        raise PeerattnError(f"the frames are smaller than {MIN_SIDE} px a side: choose a larger video")
    remarks = list(frames.remarks)
    maps, held = align_maps(frames, objects, modalities, frame_rate=settings.frame_rate, hold=hold)
    images, times = frames.images, frames.times
    if len(images) == 1:
        images, times, maps = _repeated(images, times, maps, settings)
        remarks.append(f"the frame is repeated {settings.window} times and its optical flow is zero")
    remarks += held
    around = object_view(maps, modalities, settings)
    if settings.view == "objects":
        remarks.append(CROP_REMARK if around else NO_OBJECTS_REMARK)
    view = around or CENTRE
    display = min(*images.shape[1:3], DISPLAY_SIZE)
    timing = FrameTiming(times, 1 / settings.frame_rate, frames.time_base)
    sources = _crop(images, maps, view, modalities, settings, timing=timing)
    person_found = _finds_person(maps, modalities)
    return Clip(
        tensors=build_tensors(sources, modalities),
        times=times,
        images=crop_images(images, display, view),
        object_ids=None if maps is None else crop_ids(maps, display, view),
        origin=None if objects is None else objects.origin,
        object_names=objects.names if objects else {},
        remarks=tuple(remarks),
        person_found=person_found,
        moves=None if person_found is None else moves(images),
    )


def align_maps(
    frames: Frames,
    objects: ObjectMaps | None,
    modalities: Sequence[Modality],
    *,
    frame_rate: float,
    hold: bool = False,
) -> tuple[Images | None, list[str]]:
    """Return the class ids of each frame (T, H, W) and remarks.

    Raises PeerattnError if the maps do not fit the frames or the network.
    """
    maps, remarks = None, []
    if objects is not None:
        _check_shape(objects, frames)
        index, held = map_of_each_frame(objects, frames, frame_rate=frame_rate, hold=hold)
        maps, remarks = objects.ids[index], list(held)
    for modality in modalities:
        remarks += _class_remarks(modality, objects)
    return maps, remarks


def _finds_person(maps: Images | None, modalities: Sequence[Modality]) -> bool | None:
    """Whether maps (T, H, W) show a person; None unless people are all that the network reads there."""
    if maps is None or object_class_ids(modalities) != (PERSON,):
        return None
    return bool((maps == PERSON).any())


def object_view(maps: Images | None, modalities: Sequence[Modality], settings: ClipSettings) -> View | None:
    """Return the square around the objects of the maps (T, H, W), or None to read the central square."""
    if settings.view == "centre" or maps is None:
        return None
    return view_around(maps, object_class_ids(modalities))


def object_class_ids(modalities: Sequence[Modality]) -> tuple[int, ...]:
    """Return the class ids that the network distinguishes; empty if it reads no object maps."""
    return next((modality.class_ids for modality in modalities if modality.name == "object"), ())


def compute_flow(
    images: Images,
    ids: Images | None,
    modalities: Sequence[Modality],
    settings: ClipSettings,
    *,
    timing: FrameTiming,
) -> NDArray[np.float32] | None:
    """Return the optical flow (T, H, W, 2) of images at network size, or None if no modality is flow."""
    if not any(modality.name == "flow" for modality in modalities):
        return None
    flow = optical_flow(images, settings.flow)
    if settings.steady:
        flow = remove_camera_motion(
            flow, None if ids is None else object_mask(ids, object_class_ids(modalities))
        )
    return velocity(flow, timing)


def _crop(
    images: Images,
    maps: Images | None,
    view: View,
    modalities: Sequence[Modality],
    settings: ClipSettings,
    *,
    timing: FrameTiming,
) -> ClipSources:
    """Crop frames and maps to the view's square at network size, and compute the flow."""
    cropped = crop_images(images, settings.size, view)
    ids = None if maps is None else crop_ids(maps, settings.size, view)
    return ClipSources(cropped, compute_flow(cropped, ids, modalities, settings, timing=timing), ids)


def build_tensors(sources: ClipSources, modalities: Sequence[Modality]) -> dict[str, Tensor]:
    """Return modality → tensor (1, C, T, H, W); raise PeerattnError for an unknown modality."""
    return {modality.name: _tensor(modality, sources) for modality in modalities}


def _repeated(
    images: Images, times: NDArray[np.float64], maps: Images | None, settings: ClipSettings
) -> tuple[Images, NDArray[np.float64], Images | None]:
    """Repeat a single frame to fill a window."""
    still = times[0] + np.arange(settings.window) / settings.frame_rate
    repeated_maps = None if maps is None else np.repeat(maps, settings.window, axis=0)
    return np.repeat(images, settings.window, axis=0), still, repeated_maps


def _check_shape(objects: ObjectMaps, frames: Frames) -> None:
    (map_height, map_width), (height, width) = objects.ids.shape[1:], frames.images.shape[1:3]
    if abs(map_width * height / (map_height * width) - 1) > SHAPE_TOLERANCE:
        sizes = f"the object maps are {map_width}x{map_height} but the frames are {width}x{height}"
        raise PeerattnError(f"{sizes}: attach maps that cover whole upright frames")


def _class_remarks(modality: Modality, objects: ObjectMaps | None) -> list[str]:
    """Return remarks on class ids that are not shared; raise PeerattnError if none is shared."""
    if modality.name != "object":
        return []
    if objects is None:
        raise PeerattnError(
            "this network reads object maps, but the clip has none: attach a file or estimate them"
        )
    known, declared = modality.class_ids, objects.names
    unknown = [f"{class_id} ({name})" for class_id, name in declared.items() if class_id not in known]
    absent = [class_id for class_id in known if class_id not in declared]
    if len(absent) == len(known):
        raise PeerattnError(
            f"the network knows none of the object maps' class ids {sorted(declared)}: "
            f"renumber the maps to the ids that it knows, {sorted(known)}"
        )
    remarks = []
    if unknown and objects.origin == "attached":  # generated and estimated maps may hold more classes
        remarks.append(
            f"the network does not know these object classes, so they are ignored: {', '.join(unknown)}"
        )
    if absent:
        remarks.append(
            f"the object maps do not have these class ids, so their channels are empty: {_in_words(absent)}"
        )
    return remarks


def _in_words(class_ids: Sequence[int]) -> str:
    """List class ids, with three or more consecutive ones as `5 to 9`."""
    runs: list[list[int]] = []
    for class_id in sorted(class_ids):
        if runs and runs[-1][-1] == class_id - 1:
            runs[-1].append(class_id)
        else:
            runs.append([class_id])
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)


def _tensor(modality: Modality, sources: ClipSources) -> Tensor:
    """Return a modality (1, C, T, H, W) as float32, channels-last so that networks need not copy it."""
    if modality.name not in _MAKERS:
        raise PeerattnError(
            f"modality {modality.name!r} cannot be made from a video: use {', '.join(_MAKERS)}"
        )
    channels_last = _MAKERS[modality.name](sources, modality)  # (T, H, W, C)
    if channels_last.shape[-1] != modality.channels:
        raise PeerattnError(
            f"{modality.name} has {channels_last.shape[-1]} channels, not {modality.channels}"
        )
    return torch.from_numpy(np.ascontiguousarray(channels_last, np.float32))[None].permute(0, 4, 1, 2, 3)


def _rgb(sources: ClipSources, modality: Modality) -> NDArray[np.float32]:
    """Return the colours in [0, 1]."""
    return sources.images.astype(np.float32) / np.float32(255)


def _flow(sources: ClipSources, modality: Modality) -> NDArray[np.float32]:
    """Return the optical flow in px per nominal step, at network size."""
    assert sources.flow is not None  # computed whenever a modality reads it
    return sources.flow


def _object(sources: ClipSources, modality: Modality) -> NDArray[np.bool_]:
    """Return one channel per class id that the network knows: 1 where the map has this id."""
    assert sources.ids is not None  # align_maps has refused clips without maps
    channels: NDArray[np.bool_] = sources.ids[..., None] == np.array(modality.class_ids, np.uint8)
    return channels


_MAKERS: dict[str, Callable[[ClipSources, Modality], NDArray[np.float32] | NDArray[np.bool_]]] = {
    "rgb": _rgb,
    "flow": _flow,
    "object": _object,
}
