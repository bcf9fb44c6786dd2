"""The training clips of a folder: prepared once, and augmented anew in every epoch.

B clips, C channels, T frames, H height, W width, K classes.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain

import torch
from torch import Tensor

from peerattn.data.augmentation import (
    Augmentation,
    Draw,
    frame_step,
    playback_speed,
    readable_length,
    replace_background,
    select_frames,
    warp_clip,
)
from peerattn.data.cache import Cache
from peerattn.data.colour import change_colours
from peerattn.data.degradation import degrade
from peerattn.data.examples import check_classes, class_targets
from peerattn.data.folder import LabelledFile
from peerattn.data.loading import Batch
from peerattn.data.prepared import Preparation, PreparedClip
from peerattn.errors import PeerattnError
from peerattn.graph.specs import Modality
from peerattn.modalities.preparation import ClipSources, build_tensors, compute_flow, object_class_ids
from peerattn.modalities.segmenter import Segmenter
from peerattn.modalities.settings import ClipSettings

NO_AUGMENTATION = Augmentation()


class Stopwatch:
    """Measures the seconds spent on each step of making a batch."""

    def __init__(self) -> None:
        self.seconds = {"decode": 0.0, "flow": 0.0, "augment": 0.0}

    @contextmanager
    def timing(self, step: str) -> Iterator[None]:
        """Add the duration of the `with` block to a step."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[step] += time.perf_counter() - started


class FolderClips:
    """A `ClipSource` of labelled files, with one draw of `augmentation` per clip and epoch.

    All clips of a batch have the same length: the window, or the length of the shortest clip if that is less.
    Where several processes share a batch, it is the shortest clip in the share of each.
    """

    def __init__(
        self,
        files: Sequence[LabelledFile],
        class_names: Sequence[str],
        *,
        modalities: Sequence[Modality],
        settings: ClipSettings,
        augmentation: Augmentation = NO_AUGMENTATION,
        seed: int = 0,
        cache: Cache | None = None,
        segmenter: Segmenter | None = None,
    ) -> None:
        """Raise PeerattnError if a clip's class is not among the names, or object maps are missing."""
        check_classes(files, class_names)
        if not object_class_ids(modalities) and (augmentation.elsewhere or settings.view == "objects"):
            raise PeerattnError(
                "without object maps, backgrounds cannot be replaced and objects cannot be viewed closely: "
                "read the modality object, or set elsewhere to 0 and view to centre"
            )
        self.files, self.class_names = tuple(files), tuple(class_names)
        self.preparation = Preparation(modalities, settings, segmenter)
        self.augmentation, self.seed, self.cache = augmentation, seed, cache
        self.shuffled, self.skipped = True, dict[str, str]()

    def __len__(self) -> int:
        return len(self.files)

    @property
    def clips_of_classes(self) -> tuple[int, ...]:
        """The number of clips of each class, by class number."""
        counts = Counter(label for file in self.files for label in file.labels)
        return tuple(counts[name] for name in self.class_names)

    def prepared(self, member: int, *, others: bool = False) -> PreparedClip:
        """Prepare a clip, if `others` with its alternative maps; raise PeerattnError if it cannot be read."""
        file = self.files[member]
        if others and file.others:
            file = replace(file, objects=file.others)
        return self.preparation.prepare(file, self.cache)

    def batch(self, epoch: int, members: Sequence[int]) -> Batch:
        """Return these clips as augmented for an epoch, without those that cannot be read.

        If none of them can be read, the next readable clip of the folder is used instead, so that every
        process has a share of each batch. Raises PeerattnError if no clip of the folder can be read.
        """
        watch, skipped = Stopwatch(), dict[str, str]()
        read: dict[int, PreparedClip] = {}
        draws: dict[int, Draw] = {}
        following = (number % len(self) for number in range(max(members, default=0) + 1, 2 * len(self)))
        for member in chain(members, following):
            if len(draws) >= len(members) and read:
                break
            draws[member] = self.augmentation.draw(self.seed, epoch, member)
            with watch.timing("decode"):
                try:
                    read[member] = self.prepared(member, others=draws[member].others)
                except (PeerattnError, OSError) as error:
                    skipped[str(self.files[member].path)] = str(error)
        if not read:
            raise PeerattnError(
                f"no clip of the folder can be read ({next(iter(skipped.values()), 'empty')})"
            )
        clips = self._clips(read, draws, watch)
        tensors = {name: torch.cat([clip[name] for clip in clips]) for name in clips[0]}
        targets = class_targets(self.files, list(read), self.class_names)
        if self.augmentation.mixup:
            tensors, targets = _mix(
                tensors, targets, [draws[member].share for member in read], len(self.class_names)
            )
        names = tuple(str(self.files[member].path) for member in read)
        return Batch(tensors, targets, names, watch.seconds, skipped)

    def _clips(
        self, read: dict[int, PreparedClip], draws: dict[int, Draw], watch: Stopwatch
    ) -> list[dict[str, Tensor]]:
        """Return modality → (1, C, T, H, W) for each clip, all of the same length."""
        window, timing = self.preparation.settings.window, self.augmentation.timing
        steps = {member: frame_step(clip, draws[member], window, timing) for member, clip in read.items()}
        frames = min(readable_length(clip, steps[member], window) for member, clip in read.items())
        with watch.timing("augment"):
            selected = {
                member: select_frames(
                    clip,
                    read=frames,
                    step=steps[member],
                    start=draws[member].start,
                    speed=playback_speed(clip, draws[member], steps[member]),
                )
                for member, clip in read.items()
            }
        clips = list(selected.values())
        backgrounds = dict(zip(selected, clips[1:] + clips[:1], strict=True))
        return [
            self._clip(
                clip,
                backgrounds[member] if self._has_new_background(member, draws[member]) else None,
                draws[member],
                frames,
                watch,
            )
            for member, clip in selected.items()
        ]

    def _has_new_background(self, member: int, draw: Draw) -> bool:
        """Whether a clip's objects are put in front of another clip."""
        return draw.elsewhere and not (draw.others and self.files[member].others)

    def _clip(
        self, clip: PreparedClip, background: PreparedClip | None, draw: Draw, frames: int, watch: Stopwatch
    ) -> dict[str, Tensor]:
        """Return modality → (1, C, T, H, W) of a clip, its objects in front of any `background`."""
        modalities = self.preparation.modalities
        sources = self._sources(clip, draw, frames, watch)
        if background is not None:
            if background.view != clip.view:
                background = replace(background, view=clip.view, crop=None)
            around = self._sources(background, draw, frames, watch)
            sources = replace_background(sources, around, object_class_ids(modalities))
        with watch.timing("augment"):
            images, ids = sources.images, sources.ids
            if draw.colour is not None:
                images = change_colours(images, self.augmentation.colour, draw.colour)
            if draw.maps is not None and ids is not None:
                ids = degrade(ids, draw.maps)
            tensors = build_tensors(ClipSources(images, sources.flow, ids), modalities)
            if draw.dropped in tensors:
                tensors[draw.dropped].zero_()
        return tensors

    def _sources(self, clip: PreparedClip, draw: Draw, frames: int, watch: Stopwatch) -> ClipSources:
        """Return the warped first frames of a clip at network size, with their maps and optical flow."""
        modalities, settings = self.preparation.modalities, self.preparation.settings
        with watch.timing("augment"):
            images, ids = warp_clip(clip, draw, settings.size)
        with watch.timing("flow"):
            flow = compute_flow(images, ids, modalities, settings, timing=clip.frame_timing)
        return ClipSources(images, flow, ids).first(frames)


def _mix(
    tensors: dict[str, Tensor], targets: Tensor, shares: Sequence[float], classes: int
) -> tuple[dict[str, Tensor], Tensor]:
    """Mix each clip with the next one of the batch by its share, and the targets (B, K) in the same way."""
    if targets.ndim == 1:
        targets = torch.nn.functional.one_hot(targets, classes).float()
    share = torch.tensor(shares, dtype=torch.float32)
    mixed = {
        name: torch.lerp(tensor.roll(-1, dims=0), tensor, share.view(-1, 1, 1, 1, 1))
        for name, tensor in tensors.items()
    }
    return mixed, torch.lerp(targets.roll(-1, dims=0), targets, share.view(-1, 1))
