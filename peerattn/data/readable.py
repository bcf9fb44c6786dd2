"""Labelled clips to measure on, without those that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from peerattn.data.examples import Example
from peerattn.data.folder import LabelledFile
from peerattn.errors import PeerattnError


class Readable:
    """The examples that can be read, one after another and as often as wanted; after a pass by number, too.

    A clip that cannot be read is kept in `skipped` with a line that says why, told of once, and passed over
    from then on. Raises PeerattnError at the end of a pass in which no clip could be read.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        files: Sequence[LabelledFile],
        *,
        told: Callable[[str], None] | None = None,
    ) -> None:
        """`files` are those of the examples, in their order."""
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
        readable = (place for place in range(len(self._files)) if place not in self._skipped)
        return self._examples[next(islice(readable, number, None))]

    def __length_hint__(self) -> int:
        return len(self._files) - len(self._skipped)

    def __iter__(self) -> Iterator[Example]:
        for number, file in enumerate(self._files):
            if number in self._skipped:
                continue
            try:
                example = self._examples[number]
            except (PeerattnError, OSError) as error:
                reason = str(error).removeprefix(f"{file.path.name}: ")
                self._skipped[number] = f"{file.path.name}: {reason}"
                if self._told:
                    self._told(f"skipped {self._skipped[number]}")
                continue
            yield example
        if self._files and len(self._skipped) == len(self._files):
            raise PeerattnError(f"no clip could be read, the first: {self.skipped[0]}")
