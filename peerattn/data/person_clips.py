"""Training clips of a network that reads a person: what frozen networks see, computed once and kept on disk.

B clips, C channels, T frames, K classes.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version

import cv2
import numpy as np
import torch
from torch import Tensor

from peerattn.data.cache import Cache, entry_key, file_digest
from peerattn.data.examples import Example, check_classes, class_targets
from peerattn.data.folder import LabelledFile
from peerattn.data.loading import Batch
from peerattn.errors import PeerattnError
from peerattn.graph.specs import Modality
from peerattn.modalities.person.clip import as_tensors, check_modalities, read_person
from peerattn.modalities.person.features import load_frozen_networks
from peerattn.modalities.person.joints import Values
from peerattn.modalities.settings import ClipSettings
from peerattn.video.decoding import decode

Numbers = Mapping[str, Values]
"""Modality → what it is in each frame (T, C)."""

_VERSIONS = (2, cv2.__version__, version("av"))
"""The versions of the format of cached numbers, and of the libraries that decode and scale clips."""
_MIRRORED = "mirrored "
SHORTEST = 0.4
"""The shortest training clip, as a share of a window."""


def person_numbers(
    file: LabelledFile, settings: ClipSettings, cache: Cache | None, device: torch.device | str = "cpu"
) -> tuple[Numbers, Numbers]:
    """Return what the frozen networks see in a clip and in its mirror image, from the cache if possible.

    Raises PeerattnError if the clip cannot be read.
    """
    read = [settings.frame_rate, settings.window]  # the window: a single frame is repeated to fill one
    key = entry_key(part="person", video=file_digest(file.path), read=read, versions=_VERSIONS)
    arrays = cache.get(key) if cache else None
    if arrays is None:
        networks = load_frozen_networks(device)
        person = read_person(decode(file.path, frame_rate=settings.frame_rate), settings, networks)
        both = {"": person.numbers(networks), _MIRRORED: person.numbers(networks, mirror=True)}
        arrays = {side + name: values for side, all_of in both.items() for name, values in all_of.items()}
        if cache:
            cache.put(key, arrays)
    original = {name: arrays[name] for name in arrays if not name.startswith(_MIRRORED)}
    mirrored = {name: arrays[_MIRRORED + name] for name in original}
    return original, mirrored


class PersonExamples(Sequence[Example]):
    """Labelled files as a network reads the person in them, for evaluation, from the cache if possible."""

    def __init__(
        self,
        files: Sequence[LabelledFile],
        class_names: Sequence[str],
        *,
        modalities: Sequence[Modality],
        settings: ClipSettings,
        cache: Cache | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        """Raise PeerattnError if a clip's class is not among the names, or a modality is of another kind."""
        check_classes(files, class_names)
        check_modalities(modalities)
        self.files, self.class_names, self.modalities = files, tuple(class_names), modalities
        self.settings, self.cache, self.device = settings, cache, device

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Example:  # type: ignore[override]  # no slices
        file = self.files[index]
        numbers, _ = person_numbers(file, self.settings, self.cache, self.device)
        labels = tuple(self.class_names.index(label) for label in file.labels)
        return Example(labels, as_tensors(numbers, self.modalities), file.group)


class PersonClips:
    """A `ClipSource` of labelled files: a stretch of the clip at random, mirrored half of the time.

    All clips of a batch have the same length, drawn anew for each batch from 0.4 windows to a window; the
    edge frames of shorter clips are repeated.
    """

    def __init__(
        self,
        files: Sequence[LabelledFile],
        class_names: Sequence[str],
        *,
        modalities: Sequence[Modality],
        settings: ClipSettings,
        seed: int = 0,
        cache: Cache | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        """Raise PeerattnError if a clip's class is not among the names, or a modality is of another kind."""
        check_classes(files, class_names)
        check_modalities(modalities)
        self.files, self.class_names, self.modalities = tuple(files), tuple(class_names), modalities
        self.settings, self.seed, self.cache, self.device = settings, seed, cache, device
        self.shuffled, self.skipped = True, dict[str, str]()
        self._numbers: dict[int, tuple[Numbers, Numbers]] = {}

    def __len__(self) -> int:
        return len(self.files)

    @property
    def clips_of_classes(self) -> tuple[int, ...]:
        """The number of clips of each class, by class number."""
        counts = Counter(label for file in self.files for label in file.labels)
        return tuple(counts[name] for name in self.class_names)

    def numbers(self, member: int) -> tuple[Numbers, Numbers]:
        """Return what is seen in a clip and in its mirror image, kept in memory.

        Raises PeerattnError if the clip cannot be read.
        """
        if member not in self._numbers:
            self._numbers[member] = person_numbers(self.files[member], self.settings, self.cache, self.device)
        return self._numbers[member]

    def batch(self, epoch: int, members: Sequence[int]) -> Batch:
        """Return these clips as drawn for an epoch, without those that cannot be read.

        Raises PeerattnError if none of them can be read.
        """
        began, skipped = time.perf_counter(), dict[str, str]()
        read: dict[int, tuple[Numbers, Numbers]] = {}
        for member in members:
            try:
                read[member] = self.numbers(member)
            except (PeerattnError, OSError) as error:
                skipped[str(self.files[member].path)] = str(error)
        if not read:
            raise PeerattnError(
                f"no clip of this batch can be read ({next(iter(skipped.values()), 'empty')})"
            )
        generator = np.random.default_rng((self.seed, epoch, members[0]))
        window = self.settings.window
        frames = int(generator.integers(round(SHORTEST * window), window + 1))
        drawn = [self._stretch(clip[int(generator.integers(2))], frames, generator) for clip in read.values()]
        tensors = {name: torch.cat([clip[name] for clip in drawn]) for name in drawn[0]}
        names = tuple(str(self.files[member].path) for member in read)
        return Batch(
            tensors,
            class_targets(self.files, list(read), self.class_names),
            names,
            {"decode": time.perf_counter() - began},
            skipped,
        )

    def whole_clips(self) -> Iterator[tuple[Mapping[str, Tensor], Tensor]]:
        """Yield modality → (1, C, T, 1, 1) and targets, (1,) or (1, K), for each clip and its mirror image.

        Clips that cannot be read are left out, and listed in `skipped`.
        """
        for member, file in enumerate(self.files):
            try:
                both = self.numbers(member)
            except (PeerattnError, OSError) as error:
                self.skipped[str(file.path)] = str(error)
                continue
            targets = class_targets(self.files, [member], self.class_names)
            yield from ((as_tensors(numbers, self.modalities), targets) for numbers in both)

    def _stretch(self, clip: Numbers, frames: int, generator: np.random.Generator) -> dict[str, Tensor]:
        """Return modality → (1, C, frames, 1, 1), from a start at random."""
        length = len(next(iter(clip.values())))
        start = int(generator.integers(max(1, length - frames + 1)))
        index = np.clip(start + np.arange(frames), 0, length - 1)
        return as_tensors({name: values[index] for name, values in clip.items()}, self.modalities)
