"""Frames -> `Clip`: the square crop, and from it each modality that a network reads.

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
from peerattn.modalities.flow import SMALLEST, Pace, optical_flow, steadied, velocity
from peerattn.modalities.settings import ClipSettings
from peerattn.modalities.view import CENTRE, View, shown, square, square_ids, view_of
from peerattn.video.frames import Frames

DISPLAY_SIZE = 320  # px per side at most
SHAPE_TOLERANCE = 0.05  # by how much width / height of maps and frames may differ
AROUND = "the network sees the square around what the object maps show"
EMPTY = "there are no objects for the network to look at more closely: it sees the central square"

Images = NDArray[np.uint8]


@dataclass(frozen=True)
class Pictures:
    """What the modalities are made of, at network size."""

    images: Images  # (T, H, W, 3) RGB
    flow: NDArray[np.float32] | None  # (T, H, W, 2) px per nominal step, a velocity
    ids: Images | None  # (T, H, W) class ids

    def first(self, frames: int) -> Pictures:
        """The first `frames` frames of each."""
        return Pictures(
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
    """The clip (B = 1, all T frames) that a network with these modalities reads.

    A single frame is repeated to fill a window, so its flow is zero. Raises PeerattnError for a modality that
    cannot be made from what is there, and for object maps that do not fit the frames or the network.
    """
    if min(frames.images.shape[1:3]) < SMALLEST:
        raise PeerattnError(f"the frames are smaller than {SMALLEST} px a side: choose a larger video")
    remarks = list(frames.remarks)
    maps, held = fitting_maps(frames, objects, modalities, frame_rate=settings.frame_rate, hold=hold)
    images, times = frames.images, frames.times
    if len(images) == 1:
        images, times, maps = _repeated(images, times, maps, settings)
        remarks.append(f"the frame is repeated {settings.window} times and its optical flow is zero")
    remarks += held
    around = around_objects(maps, modalities, settings)
    if settings.view == "objects":
        remarks.append(AROUND if around else EMPTY)
    view = around or CENTRE
    display = min(*images.shape[1:3], DISPLAY_SIZE)
    pace = Pace(times, 1 / settings.frame_rate, frames.time_base)
    pictures = _pictures(images, maps, view, modalities, settings, pace=pace)
    return Clip(
        tensors=tensors(pictures, modalities),
        times=times,
        images=square(images, display, view),
        object_ids=None if maps is None else square_ids(maps, display, view),
        objects=None if objects is None else objects.origin,
        object_names=objects.names if objects else {},
        remarks=tuple(remarks),
    )


def fitting_maps(
    frames: Frames,
    objects: ObjectMaps | None,
    modalities: Sequence[Modality],
    *,
    frame_rate: float,
    hold: bool = False,
) -> tuple[Images | None, list[str]]:
    """(T, H, W) the class ids of each frame, and remarks; raises PeerattnError for maps that do not fit."""
    maps, remarks = None, []
    if objects is not None:
        _check_shape(objects, frames)
        index, held = map_of_each_frame(objects, frames, frame_rate=frame_rate, hold=hold)
        maps, remarks = objects.ids[index], list(held)
    for modality in modalities:
        remarks += _class_remarks(modality, objects)
    return maps, remarks


def around_objects(
    maps: Images | None, modalities: Sequence[Modality], settings: ClipSettings
) -> View | None:
    """The square that a network reads of a clip with these (T, H, W) maps; None: the central one."""
    if settings.view == "centre" or maps is None:
        return None
    return view_of(maps, class_ids_read(modalities))


def class_ids_read(modalities: Sequence[Modality]) -> tuple[int, ...]:
    """The class ids that a network distinguishes; none if it reads no object maps."""
    return next((one.class_ids for one in modalities if one.name == "object"), ())


def motion(
    images: Images,
    ids: Images | None,
    modalities: Sequence[Modality],
    settings: ClipSettings,
    *,
    pace: Pace,
) -> NDArray[np.float32] | None:
    """Optical flow (T, H, W, 2) of images at network size, or None if no modality is flow."""
    if not any(modality.name == "flow" for modality in modalities):
        return None
    flow = optical_flow(images, settings.flow)
    if settings.steady:
        flow = steadied(flow, None if ids is None else shown(ids, class_ids_read(modalities)))
    return velocity(flow, pace)


def _pictures(
    images: Images,
    maps: Images | None,
    view: View,
    modalities: Sequence[Modality],
    settings: ClipSettings,
    *,
    pace: Pace,
) -> Pictures:
    """The view's square of frames and maps."""
    small = square(images, settings.size, view)
    ids = None if maps is None else square_ids(maps, settings.size, view)
    return Pictures(small, motion(small, ids, modalities, settings, pace=pace), ids)


def tensors(pictures: Pictures, modalities: Sequence[Modality]) -> dict[str, Tensor]:
    """Modality → (1, C, T, H, W), as networks read it."""
    return {modality.name: _tensor(modality, pictures) for modality in modalities}


def _repeated(
    images: Images, times: NDArray[np.float64], maps: Images | None, settings: ClipSettings
) -> tuple[Images, NDArray[np.float64], Images | None]:
    """One frame as a still window."""
    still = times[0] + np.arange(settings.window) / settings.frame_rate
    repeated_maps = None if maps is None else np.repeat(maps, settings.window, axis=0)
    return np.repeat(images, settings.window, axis=0), still, repeated_maps


def _check_shape(objects: ObjectMaps, frames: Frames) -> None:
    (map_height, map_width), (height, width) = objects.ids.shape[1:], frames.images.shape[1:3]
    if abs(map_width * height / (map_height * width) - 1) > SHAPE_TOLERANCE:
        sizes = f"the object maps are {map_width}x{map_height} but the frames {width}x{height}"
        raise PeerattnError(f"{sizes}: attach maps that cover whole upright frames")


def _class_remarks(modality: Modality, objects: ObjectMaps | None) -> list[str]:
    """Remarks on class ids that only one of the two knows; PeerattnError if they share none."""
    if modality.name != "object":
        return []
    if objects is None:
        raise PeerattnError(
            "this network reads object maps and there are none: attach a file or estimate them"
        )
    known, given = modality.class_ids, dict(zip(objects.class_ids, objects.class_names, strict=True))
    unknown = [f"{class_id} ({name})" for class_id, name in given.items() if class_id not in known]
    absent = [class_id for class_id in known if class_id not in given]
    if len(absent) == len(known):
        raise PeerattnError(
            f"the network knows none of the object maps' class ids {sorted(given)}: "
            f"it knows {sorted(known)}, renumber the maps"
        )
    remarks = []
    if unknown and objects.origin == "attached":  # generated and estimated maps may hold more classes
        remarks.append(
            f"the network does not know these object classes, they are ignored: {', '.join(unknown)}"
        )
    if absent:
        remarks.append(
            f"the object maps do not declare these class ids, their channels are empty: {_listed(absent)}"
        )
    return remarks


def _listed(class_ids: Sequence[int]) -> str:
    """Class ids in words, three or more in a row as `5 to 9`."""
    runs: list[list[int]] = []
    for class_id in sorted(class_ids):
        if runs and runs[-1][-1] == class_id - 1:
            runs[-1].append(class_id)
        else:
            runs.append([class_id])
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)


def _tensor(modality: Modality, pictures: Pictures) -> Tensor:
    """(1, C, T, H, W) float32, channels last in memory, so that networks need not copy it."""
    if modality.name not in _MAKERS:
        raise PeerattnError(
            f"modality {modality.name!r} cannot be made from a video: use {', '.join(_MAKERS)}"
        )
    channels_last = _MAKERS[modality.name](pictures, modality)  # (T, H, W, C)
    if channels_last.shape[-1] != modality.channels:
        raise PeerattnError(
            f"{modality.name} has {channels_last.shape[-1]} channels, not {modality.channels}"
        )
    return torch.from_numpy(np.ascontiguousarray(channels_last, np.float32))[None].permute(0, 4, 1, 2, 3)


def _rgb(pictures: Pictures, modality: Modality) -> NDArray[np.float32]:
    """Colours in [0, 1]."""
    return pictures.images.astype(np.float32) / np.float32(255)


def _flow(pictures: Pictures, modality: Modality) -> NDArray[np.float32]:
    """Px per nominal step at network size."""
    assert pictures.flow is not None  # made wherever a modality reads it
    return pictures.flow


def _object(pictures: Pictures, modality: Modality) -> NDArray[np.bool_]:
    """One channel a class id that the network knows, 1 where the map shows it."""
    assert pictures.ids is not None  # fitting_maps has refused clips without maps
    channels: NDArray[np.bool_] = pictures.ids[..., None] == np.array(modality.class_ids, np.uint8)
    return channels


_MAKERS: dict[str, Callable[[Pictures, Modality], NDArray[np.float32] | NDArray[np.bool_]]] = {
    "rgb": _rgb,
    "flow": _flow,
    "object": _object,
}
