"""Labelled clips that are made once and asked for often, as many as memory may take."""

from __future__ import annotations

from collections.abc import Sequence

from peerattn.data.examples import Example

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
