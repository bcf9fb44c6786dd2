"""Examples for evaluation: cached in memory as far as they fit, and without those that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from peerattn.data.examples import Example
from peerattn.data.folder import LabelledFile
from peerattn.errors import PeerattnError, strip_subject

MAX_BYTES = 2_000_000_000


class CachedExamples(Sequence[Example]):
    """Examples that are made only once, as far as they fit in `max_bytes` bytes of memory."""

    def __init__(self, examples: Sequence[Example], *, max_bytes: int = MAX_BYTES) -> None:
        self._examples, self._max_bytes = examples, max_bytes
        self._kept: dict[int, Example] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, index: int) -> Example:  # type: ignore[override]  # no slices
        if index in self._kept:
            return self._kept[index]
        example = self._examples[index]
        size = sum(tensor.nbytes for tensor in example.tensors.values())
        if self._bytes + size <= self._max_bytes:
            self._kept[index] = example
            self._bytes += size
        return example


class SkipUnreadable:
    """Examples without those that cannot be read; can be iterated repeatedly, and indexed after the first
    pass.

    A clip that cannot be read is reported once to `notify`, listed in `skipped` with the reason, and left out
    from then on. Raises PeerattnError at the end of a pass in which no clip could be read.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        files: Sequence[LabelledFile] = (),
        *,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        """Wrap examples; `files` are their files in the same order, or empty for generated clips."""
        self._examples, self._files, self._notify = examples, files, notify
        self._skipped: dict[int, str] = {}

    @property
    def skipped(self) -> tuple[str, ...]:
        """One line for each clip that could not be read."""
        return tuple(self._skipped.values())

    @property
    def files(self) -> tuple[LabelledFile, ...]:
        """The files of the clips that can be read, in the order of a pass; complete after the first pass."""
        return tuple(file for number, file in enumerate(self._files) if number not in self._skipped)

    def __getitem__(self, number: int) -> Example:
        """Return the example with this number in a pass; valid after the first pass."""
        readable = (index for index in range(len(self._examples)) if index not in self._skipped)
        return self._examples[next(islice(readable, number, None))]

    def __length_hint__(self) -> int:
        return len(self._examples) - len(self._skipped)

    def __iter__(self) -> Iterator[Example]:
        for number in range(len(self._examples)):
            if number not in self._skipped and (example := self._read(number)) is not None:
                yield example
        if self._files and len(self._skipped) == len(self._files):
            raise PeerattnError(f"no clip could be read; the first error is {self.skipped[0]}")

    def _read(self, number: int) -> Example | None:
        """Return an example, or None if its file cannot be read, which is then noted and reported."""
        if not self._files:
            return self._examples[number]
        name = self._files[number].path.name
        try:
            return self._examples[number]
        except (PeerattnError, OSError) as error:
            self._skipped[number] = f"{name}: {strip_subject(error, name)}"
            if self._notify:
                self._notify(f"skipped {self._skipped[number]}")
            return None
