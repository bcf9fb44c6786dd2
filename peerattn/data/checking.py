"""All that is wrong with a folder of labelled clips, found at once: every file is read to its end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from peerattn.data.cache import digest
from peerattn.data.listing import Listed, listing
from peerattn.data.report import ClipFacts, Fault, FolderReport
from peerattn.errors import PeerattnError, strip_subject
from peerattn.modalities.alignment import UncoveredError, map_of_each_frame
from peerattn.modalities.flow import SMALLEST
from peerattn.modalities.objects import read_objects
from peerattn.modalities.preparation import SHAPE_TOLERANCE
from peerattn.modalities.settings import ClipSettings
from peerattn.video.decoding import decode, probe
from peerattn.video.frames import Frames, Limits, VideoInfo

Progress = Callable[[int, int], None]

SHORTEST = 4  # frames
_SMALL = 16  # px a side: enough to count frames, and to see that there is a picture
_EVERY_FRAME = replace(Limits(), kept_frames=Limits().decoded_frames)
_USUAL_RATES = (ClipSettings.frame_rate, 15.0)  # frames/s that networks read
_FLAT = 1.0  # grey levels by which the pixels of a clip without a picture differ


def check_folder(
    folder: Path, *, workers: int | None = None, progress: Progress | None = None
) -> FolderReport:
    """What is in a folder and what is wrong with it; raises PeerattnError only when it is no folder.

    Files are decoded in `workers` processes at once (default: one a core). `progress(done, total)` counts
    clips and may raise to cancel.
    """
    found = listing(folder)
    faults, clips, places = list(found.faults), list[ClipFacts](), list[str]()
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        try:
            for done, (listed, (facts, wrong)) in enumerate(
                zip(found.clips, pool.map(_checked, found.clips), strict=True), start=1
            ):
                faults += [Fault(listed.place, what) for what in wrong]
                if facts:
                    clips.append(facts)
                    places.append(listed.place)
                if progress:
                    progress(done, len(found.clips))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    faults += _same_content(clips, places)
    faults += _shared_groups(clips)
    faults += _missing_classes(clips)
    remarks = (*found.remarks, *_long_clips(clips))
    return FolderReport(str(folder), tuple(clips), tuple(faults), remarks)


def _checked(listed: Listed) -> tuple[ClipFacts | None, list[str]]:
    """What a clip is, if it can be read, and what is wrong with it and its maps."""
    file = listed.file
    try:
        info = probe(file.path)
        frames = decode(file.path, max_side=_SMALL, limits=_EVERY_FRAME)
        sha256 = digest(file.path)
    except (PeerattnError, OSError) as error:
        return None, [strip_subject(error, file.path.name)]
    count = len(frames.images)
    wrong = [*_picture_faults(info, frames), *_map_faults(listed, info, frames)]
    if listed.sha256 not in ("", sha256):
        wrong.append("has other bytes than the manifest's sha256 says: copy it again, or correct the line")
    last = float(np.diff(frames.times).mean()) if count > 1 else 0.0  # how long the last frame is shown
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
    return facts, wrong


def _picture_faults(info: VideoInfo, frames: Frames) -> Iterator[str]:
    """What is wrong with a clip that can be read."""
    if len(frames.images) < SHORTEST:
        yield f"holds {len(frames.images)} frames, {SHORTEST} are needed to see motion: remove it"
    if min(info.width, info.height) < SMALLEST:
        yield f"is {info.width}x{info.height} px, {SMALLEST} a side are needed: remove it"
    if np.ptp(frames.images.reshape(-1, 3), axis=0).max() <= _FLAT:
        yield "shows one flat colour and no picture: look at it and remove it"


def _map_faults(listed: Listed, info: VideoInfo, frames: Frames) -> Iterator[str]:
    """What is wrong with the object maps of a clip with these frames."""
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
            yield f"has {count} frames but {maps_count} object maps in {path.name}: make one a frame"
    else:
        try:
            map_of_each_frame(maps, frames, frame_rate=ClipSettings.frame_rate, hold=False)
        except UncoveredError as error:
            yield f"{error.found} in {path.name}: make maps for all"
    if maps.frames is not None and maps.frames[-1] >= count:
        yield f"has {count} frames but {path.name} has a map for frame {maps.frames[-1]}: remove that"
    if abs(width * info.height / (height * info.width) - 1) > SHAPE_TOLERANCE:
        sizes = f"is {info.width}x{info.height} but its object maps are {width}x{height}"
        yield f"{sizes}: make maps that cover whole upright frames"


def _long_clips(clips: Sequence[ClipFacts]) -> Iterator[str]:
    """Clips that hold more frames than are read of one, at each of the usual frame rates."""
    most = Limits().kept_frames
    for rate in _USUAL_RATES:
        if long := [clip.name for clip in clips if min(clip.frames, clip.seconds * rate) > most]:
            yield (
                f"clips of more than {most / rate:.3g} s are not read at {rate:g} frames/s: "
                f"{len(long)} here, the first is {long[0]}: cut them"
            )


def _same_content(clips: Sequence[ClipFacts], places: Sequence[str]) -> list[Fault]:
    """Files with the same bytes under two names."""
    faults, first = list[Fault](), dict[str, ClipFacts]()
    for clip, place in zip(clips, places, strict=True):
        other = first.setdefault(clip.sha256, clip)
        if other.name == clip.name:
            continue
        what = f"is the same clip as {other.name}"
        if other.split != clip.split:
            faults.append(Fault(place, f"{what}, which is in split {other.split!r}: keep it in one split"))
        elif other.labels != clip.labels:
            faults.append(Fault(place, f"{what}, which has another class: keep the right one"))
        else:
            faults.append(Fault(place, f"{what}: remove one of the two"))
    return faults


def _shared_groups(clips: Sequence[ClipFacts]) -> list[Fault]:
    """Source videos that have clips in two splits."""
    splits: dict[str, dict[str, str]] = {}
    for clip in clips:
        splits.setdefault(clip.group, {}).setdefault(clip.split, clip.name)
    faults = []
    for group, found in splits.items():
        if len(found) > 1:
            where = ", ".join(f"{name} in {split!r}" for split, name in sorted(found.items()))
            what = f"is in several splits ({where}): keep it in one, as `peerattn data split` does"
            faults.append(Fault(f"group {group!r}", what))
    return faults


def _missing_classes(clips: Sequence[ClipFacts]) -> list[Fault]:
    """Classes that a split has no clip of."""
    classes = sorted({label for clip in clips for label in clip.labels})
    faults = []
    if len(classes) == 1:
        faults.append(Fault(f"class {classes[0]!r}", "is the only one: add clips of another to tell it from"))
    for split in sorted({clip.split for clip in clips}):
        present = {label for clip in clips if clip.split == split for label in clip.labels}
        for label in classes:
            if label not in present:
                what = f"has no clip in split {split!r}: add one, or leave the class out"
                faults.append(Fault(f"class {label!r}", what))
    return faults
