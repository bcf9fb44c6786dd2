"""Labelled clips to measure on: read once while memory lasts, without those that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from peerattn.data.examples import Example
from peerattn.data.folder import LabelledFile
from peerattn.errors import PeerattnError, strip_subject

MOST_BYTES = 2_000_000_000


class Remembered(Sequence[Example]):
    """Examples that are made once, as many as fit in `most` bytes."""

    def __init__(self, examples: Sequence[Example], *, most: int = MOST_BYTES) -> None:
        self._examples, self._most = examples, most
        self._kept: dict[int, Example] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, index: int) -> Example:  # type: ignore[override]  # no slices
        if index in self._kept:
            return self._kept[index]
        example = self._examples[index]
        size = sum(tensor.nbytes for tensor in example.tensors.values())
        if self._bytes + size <= self._most:
            self._kept[index] = example
            self._bytes += size
        return example


class Readable:
    """The examples that can be read, one after another and as often as wanted; after a pass by number, too.

    A clip that cannot be read is kept in `skipped` with a line that says why, told of once, and passed over
    from then on. Raises PeerattnError at the end of a pass in which no clip could be read.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        files: Sequence[LabelledFile] = (),
        *,
        told: Callable[[str], None] | None = None,
    ) -> None:
        """`files` are those of the examples, in their order; generated clips have none, and can be read."""
        self._examples, self._files, self._told = examples, files, told
        self._skipped: dict[int, str] = {}

    @property
    def skipped(self) -> tuple[str, ...]:
        """A line for each clip that could not be read."""
        return tuple(self._skipped.values())

    @property
    def files(self) -> tuple[LabelledFile, ...]:
        """The clips of a pass that has ended, in its order."""
        return tuple(file for number, file in enumerate(self._files) if number not in self._skipped)

    def __getitem__(self, number: int) -> Example:
        """The clip of this number in a pass that has ended."""
        readable = (place for place in range(len(self._examples)) if place not in self._skipped)
        return self._examples[next(islice(readable, number, None))]

    def __length_hint__(self) -> int:
        return len(self._examples) - len(self._skipped)

    def __iter__(self) -> Iterator[Example]:
        for number in range(len(self._examples)):
            if number not in self._skipped and (example := self._read(number)) is not None:
                yield example
        if self._files and len(self._skipped) == len(self._files):
            raise PeerattnError(f"no clip could be read, the first: {self.skipped[0]}")

    def _read(self, number: int) -> Example | None:
        """One example; None, and a line in `skipped`, for a file that cannot be read."""
        if not self._files:
            return self._examples[number]
        name = self._files[number].path.name
        try:
            return self._examples[number]
        except (PeerattnError, OSError) as error:
            self._skipped[number] = f"{name}: {strip_subject(error, name)}"
            if self._told:
                self._told(f"skipped {self._skipped[number]}")
            return None
