"""Check a folder of labelled clips: every file is read to its end, and all faults are reported at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from peerattn.data.cache import file_digest
from peerattn.data.listing import ListedClip, list_clips
from peerattn.data.report import ClipFacts, Fault, FolderReport
from peerattn.errors import PeerattnError, strip_subject
from peerattn.modalities.alignment import UncoveredError, map_of_each_frame
from peerattn.modalities.flow import MIN_SIDE
from peerattn.modalities.objects import read_objects
from peerattn.modalities.preparation import SHAPE_TOLERANCE
from peerattn.modalities.settings import ClipSettings
from peerattn.video.decoding import decode, probe
from peerattn.video.frames import Frames, Limits, VideoInfo

Progress = Callable[[int, int], None]

MIN_FRAMES = 4
_DECODED_SIDE = 16  # px: enough to count frames and to see whether they show a picture
_EVERY_FRAME = replace(Limits(), kept_frames=Limits().decoded_frames)
_USUAL_RATES = (ClipSettings.frame_rate, 15.0)  # frames/s at which networks read clips
_FLAT = 1.0  # grey levels: a clip whose pixels differ by no more shows one flat colour


def check_folder(
    folder: Path, *, workers: int | None = None, progress: Progress | None = None
) -> FolderReport:
    """Return what is in a folder and what is wrong with it; raise PeerattnError only if it is not a folder.

    Files are decoded in `workers` processes at once (default: one per core). `progress(done, total)` counts
    clips and may raise to cancel.
    """
    listing = list_clips(folder)
    faults, clips, places = list(listing.faults), list[ClipFacts](), list[str]()
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        try:
            for done, (listed, (facts, clip_faults)) in enumerate(
                zip(listing.clips, pool.map(_check_clip, listing.clips), strict=True), start=1
            ):
                faults += [Fault(listed.place, what) for what in clip_faults]
                if facts:
                    clips.append(facts)
                    places.append(listed.place)
                if progress:
                    progress(done, len(listing.clips))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    faults += _same_content(clips, places)
    faults += _shared_groups(clips)
    faults += _missing_classes(clips)
    remarks = (*listing.remarks, *_long_clips(clips))
    return FolderReport(str(folder), tuple(clips), tuple(faults), remarks)


def _check_clip(listed: ListedClip) -> tuple[ClipFacts | None, list[str]]:
    """Return the facts of a clip, or None if it cannot be read, and what is wrong with it and its maps."""
    file = listed.file
    try:
        info = probe(file.path)
        frames = decode(file.path, max_side=_DECODED_SIDE, limits=_EVERY_FRAME)
        sha256 = file_digest(file.path)
    except (PeerattnError, OSError) as error:
        return None, [strip_subject(error, file.path.name)]
    count = len(frames.images)
    faults = [*_picture_faults(info, frames), *_map_faults(listed, info, frames)]
    if listed.sha256 not in ("", sha256):
        faults.append("does not match the sha256 in the manifest: copy it again, or correct the line")
    last = float(np.diff(frames.times).mean()) if count > 1 else 0.0  # duration of the last frame
    facts = ClipFacts(
        name=listed.name,
        labels=file.labels,
        group=listed.name if file.group == str(file.path) else file.group,
        split=file.split,
        frames=count,
        width=info.width,
        height=info.height,
        seconds=float(frames.times[-1]) + last,
        sha256=sha256,
    )
    return facts, faults


def _picture_faults(info: VideoInfo, frames: Frames) -> Iterator[str]:
    """Yield what is wrong with the frames of a clip that can be read."""
    if len(frames.images) < MIN_FRAMES:
        yield f"has {len(frames.images)} frames, but {MIN_FRAMES} are needed to see motion: remove it"
    if min(info.width, info.height) < MIN_SIDE:
        yield f"is {info.width}x{info.height} px, but {MIN_SIDE} px a side are needed: remove it"
    if np.ptp(frames.images.reshape(-1, 3), axis=0).max() <= _FLAT:
        yield "shows only one flat colour: look at it and remove it"


def _map_faults(listed: ListedClip, info: VideoInfo, frames: Frames) -> Iterator[str]:
    """Yield what is wrong with a clip's object maps."""
    path = listed.file.objects
    if path is None:
        return
    if not path.exists():
        yield f"its object maps {path.name} are missing: correct mask_path or leave it empty"
        return
    try:
        maps = read_objects(path)
    except (PeerattnError, OSError) as error:
        yield str(error)
        return
    maps_count, height, width = maps.ids.shape
    count = len(frames.images)
    if maps.frames is None and maps.times is None:
        if maps_count != count:
            yield f"has {count} frames but {maps_count} object maps in {path.name}: make one per frame"
    else:
        try:
            map_of_each_frame(maps, frames, frame_rate=ClipSettings.frame_rate, hold=False)
        except UncoveredError as error:
            yield f"{error.coverage} in {path.name}: make maps for all frames"
    if maps.frames is not None and maps.frames[-1] >= count:
        yield f"has {count} frames but {path.name} has a map for frame {maps.frames[-1]}: remove that map"
    if abs(width * info.height / (height * info.width) - 1) > SHAPE_TOLERANCE:
        sizes = f"is {info.width}x{info.height} px but its object maps are {width}x{height}"
        yield f"{sizes}: make maps that cover whole upright frames"


def _long_clips(clips: Sequence[ClipFacts]) -> Iterator[str]:
    """Yield a remark for each of the usual frame rates at which clips have more frames than can be read."""
    max_frames = Limits().kept_frames
    for rate in _USUAL_RATES:
        if long := [clip.name for clip in clips if min(clip.frames, clip.seconds * rate) > max_frames]:
            yield (
                f"clips of more than {max_frames / rate:.3g} s are not read at {rate:g} frames/s: "
                f"cut them ({len(long)} here, the first is {long[0]})"
            )


def _same_content(clips: Sequence[ClipFacts], places: Sequence[str]) -> list[Fault]:
    """Return a fault for each file that has the same bytes as another one."""
    faults, first = list[Fault](), dict[str, ClipFacts]()
    for clip, place in zip(clips, places, strict=True):
        other = first.setdefault(clip.sha256, clip)
        if other.name == clip.name:
            continue
        what = f"is the same clip as {other.name}"
        if other.split != clip.split:
            faults.append(Fault(place, f"{what}, which is in split {other.split!r}: keep it in one split"))
        elif other.labels != clip.labels:
            faults.append(Fault(place, f"{what}, which has another class: keep the one with the right class"))
        else:
            faults.append(Fault(place, f"{what}: remove one of the two"))
    return faults


def _shared_groups(clips: Sequence[ClipFacts]) -> list[Fault]:
    """Return a fault for each source video that has clips in more than one split."""
    splits_of_groups: dict[str, dict[str, str]] = {}
    for clip in clips:
        splits_of_groups.setdefault(clip.group, {}).setdefault(clip.split, clip.name)
    faults = []
    for group, splits in splits_of_groups.items():
        if len(splits) > 1:
            listed = ", ".join(f"{name} in {split!r}" for split, name in sorted(splits.items()))
            what = f"is in several splits ({listed}): keep it in one, as `peerattn data split` does"
            faults.append(Fault(f"group {group!r}", what))
    return faults


def _missing_classes(clips: Sequence[ClipFacts]) -> list[Fault]:
    """Return a fault for each class that is missing from a split, or is the only one."""
    classes = sorted({label for clip in clips for label in clip.labels})
    faults = []
    if len(classes) == 1:
        faults.append(Fault(f"class {classes[0]!r}", "is the only class: add clips of another one"))
    for split in sorted({clip.split for clip in clips}):
        present = {label for clip in clips if clip.split == split for label in clip.labels}
        for label in classes:
            if label not in present:
                what = f"has no clip in split {split!r}: add one, or leave the class out"
                faults.append(Fault(f"class {label!r}", what))
    return faults
