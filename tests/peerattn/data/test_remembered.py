"""Cached examples: each is read only once, as long as memory suffices."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from peerattn.data.examples import Example
from peerattn.data.readable import CachedExamples


class Made(list[Example]):
    """Examples of the given bytes that know how often they were asked for."""

    def __init__(self, sizes: list[int]) -> None:
        super().__init__(
            Example((n,), {"rgb": torch.zeros(size, dtype=torch.uint8)}, "") for n, size in enumerate(sizes)
        )
        self.asked = list[int]()

    def __getitem__(self, number):  # type: ignore[no-untyped-def,override]
        self.asked.append(number)
        return super().__getitem__(number)


@given(st.lists(st.integers(0, 9), max_size=8), st.integers(0, 30))
def test_examples_are_cached_as_far_as_memory_allows(sizes: list[int], most: int) -> None:
    made = Made(sizes)
    remembered = CachedExamples(made, max_bytes=most)
    for _ in range(3):
        assert [remembered[number].label for number in range(len(remembered))] == list(range(len(sizes)))
    once = [number for number in range(len(sizes)) if made.asked.count(number) == 1]
    assert sum(sizes[number] for number in once) <= most
    assert all(made.asked.count(number) == 3 for number in range(len(sizes)) if number not in once)
    if sum(sizes) <= most:
        assert len(once) == len(sizes)
