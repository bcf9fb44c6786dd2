"""The clips of a folder to train on: prepared once, varied anew in every epoch.

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

from peerattn.data.augmentation import Augmentation, Draw, elsewhere, length, speed, step, taken, warped
from peerattn.data.cache import Cache
from peerattn.data.colour import recoloured
from peerattn.data.degradation import degraded
from peerattn.data.examples import check_classes
from peerattn.data.folder import LabelledFile
from peerattn.data.loading import Batch
from peerattn.data.prepared import Preparation, Prepared
from peerattn.errors import PeerattnError
from peerattn.graph.specs import Modality
from peerattn.modalities.preparation import Pictures, class_ids_read, motion, tensors
from peerattn.modalities.segmenter import Segmenter
from peerattn.modalities.settings import ClipSettings

PLAIN = Augmentation()


class Stopwatch:
    """Seconds by what they were spent on."""

    def __init__(self) -> None:
        self.seconds = {"decode": 0.0, "flow": 0.0, "augment": 0.0}

    @contextmanager
    def timing(self, what: str) -> Iterator[None]:
        """Adds the time that the block takes."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[what] += time.perf_counter() - began


class FolderClips:
    """A `ClipSource` of labelled files: one draw of `augmentation` a clip and epoch.

    All clips of a batch have one length: the window, or that of the shortest clip where it is less (of the
    shortest in each process's share, where several share a batch).
    """

    def __init__(
        self,
        files: Sequence[LabelledFile],
        class_names: Sequence[str],
        *,
        modalities: Sequence[Modality],
        settings: ClipSettings,
        augmentation: Augmentation = PLAIN,
        seed: int = 0,
        cache: Cache | None = None,
        segmenter: Segmenter | None = None,
    ) -> None:
        """Raises PeerattnError when a clip's class is not among the names, or object maps are wanting."""
        check_classes(files, class_names)
        if not class_ids_read(modalities) and (augmentation.elsewhere or settings.view == "objects"):
            raise PeerattnError(
                "without object maps clips cannot be put elsewhere, nor objects be looked at more closely: "
                "read the modality object, or set elsewhere to 0 and view to centre"
            )
        self.files, self.class_names = tuple(files), tuple(class_names)
        self.preparation = Preparation(modalities, settings, segmenter)
        self.augmentation, self.seed, self.cache = augmentation, seed, cache
        self.shuffled, self.skipped = True, dict[str, str]()
        self.one_class_each = all(len(file.labels) == 1 for file in files)

    def __len__(self) -> int:
        return len(self.files)

    @property
    def clips_of_classes(self) -> tuple[int, ...]:
        """How many clips there are of each class."""
        counts = Counter(label for file in self.files for label in file.labels)
        return tuple(counts[name] for name in self.class_names)

    def prepared(self, member: int, *, others: bool = False) -> Prepared:
        """One clip as it is kept, if asked with its other maps; PeerattnError when it cannot be read."""
        file = self.files[member]
        if others and file.others:
            file = replace(file, objects=file.others)
        return self.preparation.prepared(file, self.cache)

    def batch(self, epoch: int, members: Sequence[int]) -> Batch:
        """These clips as they look in this epoch, without those that cannot be read.

        Where none of them can be, the next clip of the folder that can stands in for them, so that every
        process has its share of each batch; raises PeerattnError when there is none.
        """
        watch, skipped = Stopwatch(), dict[str, str]()
        read: dict[int, Prepared] = {}
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
        made = {name: torch.cat([clip[name] for clip in clips]) for name in clips[0]}
        targets = self._targets(list(read))
        if self.augmentation.mixup:
            made, targets = _mixed(
                made, targets, [draws[member].share for member in read], len(self.class_names)
            )
        names = tuple(str(self.files[member].path) for member in read)
        return Batch(made, targets, names, watch.seconds, skipped)

    def _clips(
        self, read: dict[int, Prepared], draws: dict[int, Draw], watch: Stopwatch
    ) -> list[dict[str, Tensor]]:
        """Modality → (1, C, T, H, W) of each clip, all of one length."""
        window, timing = self.preparation.settings.window, self.augmentation.timing
        steps = {member: step(clip, draws[member], window, timing) for member, clip in read.items()}
        frames = min(length(clip, steps[member], window) for member, clip in read.items())
        with watch.timing("augment"):
            looks = {
                member: taken(
                    clip,
                    read=frames,
                    step=steps[member],
                    start=draws[member].start,
                    speed=speed(clip, draws[member], steps[member]),
                )
                for member, clip in read.items()
            }
        behind = dict(zip(looks, [*looks.values()][1:] + [*looks.values()][:1], strict=True))
        return [
            self._clip(
                look,
                behind[member] if self._moved(member, draws[member]) else None,
                draws[member],
                frames,
                watch,
            )
            for member, look in looks.items()
        ]

    def _moved(self, member: int, draw: Draw) -> bool:
        """Whether a clip's objects are put before another clip."""
        return draw.elsewhere and not (draw.others and self.files[member].others)

    def _clip(
        self, clip: Prepared, behind: Prepared | None, draw: Draw, frames: int, watch: Stopwatch
    ) -> dict[str, Tensor]:
        """Modality → (1, C, T, H, W) of one clip, its objects before the one behind if there is one."""
        modalities = self.preparation.modalities
        pictures = self._pictures(clip, draw, frames, watch)
        if behind is not None:
            looked_at = behind if behind.view == clip.view else replace(behind, view=clip.view, seen=None)
            around = self._pictures(looked_at, draw, frames, watch)
            pictures = elsewhere(pictures, around, class_ids_read(modalities))
        with watch.timing("augment"):
            images, ids = pictures.images, pictures.ids
            if draw.colour is not None:
                images = recoloured(images, self.augmentation.colour, draw.colour)
            if draw.maps is not None and ids is not None:
                ids = degraded(ids, draw.maps)
            made = tensors(Pictures(images, pictures.flow, ids), modalities)
            if draw.dropped in made:
                made[draw.dropped].zero_()
        return made

    def _pictures(self, clip: Prepared, draw: Draw, frames: int, watch: Stopwatch) -> Pictures:
        """The first frames of a clip at network size, with the motion from each to the next."""
        modalities, settings = self.preparation.modalities, self.preparation.settings
        with watch.timing("augment"):
            images, ids = warped(clip, draw, settings.size)
        with watch.timing("flow"):
            flow = motion(images, ids, modalities, settings, pace=clip.pace)
        return Pictures(images, flow, ids).first(frames)

    def _targets(self, members: Sequence[int]) -> Tensor:
        """(B,) class numbers, or (B, K) zeros and ones where clips of the folder have several classes."""
        numbers = [[self.class_names.index(label) for label in self.files[one].labels] for one in members]
        if self.one_class_each:
            return torch.tensor([number for (number,) in numbers])
        targets = torch.zeros(len(members), len(self.class_names))
        for row, own in zip(targets, numbers, strict=True):
            row[own] = 1.0
        return targets


def _mixed(
    made: dict[str, Tensor], targets: Tensor, shares: Sequence[float], classes: int
) -> tuple[dict[str, Tensor], Tensor]:
    """Each clip mixed with the next one of the batch in its share, and (B, K) targets mixed alike."""
    if targets.ndim == 1:
        targets = torch.nn.functional.one_hot(targets, classes).float()
    share = torch.tensor(shares, dtype=torch.float32)
    mixed = {
        name: torch.lerp(tensor.roll(-1, dims=0), tensor, share.view(-1, 1, 1, 1, 1))
        for name, tensor in made.items()
    }
    return mixed, torch.lerp(targets.roll(-1, dims=0), targets, share.view(-1, 1))
