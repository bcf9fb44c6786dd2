"""Evaluating clips: an unreadable clip is named once, and skipped in every pass."""

from operator import length_hint
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerattn.data.examples import Example
from peerattn.data.folder import LabelledFile
from peerattn.data.readable import SkipUnreadable
from peerattn.errors import PeerattnError


class Examples(list[Example]):
    """Examples of which some cannot be read, for the package or for the system."""

    def __init__(self, count: int, bad: set[int]) -> None:
        super().__init__(Example((number,), {}, "") for number in range(count))
        self.bad, self.asked = bad, list[int]()

    def __getitem__(self, number):  # type: ignore[no-untyped-def,override]
        self.asked.append(number)
        if number in self.bad:
            raise PeerattnError("it is damaged", f"{number}.mp4") if number % 2 else OSError("it is damaged")
        return super().__getitem__(number)


def files(count: int) -> list[LabelledFile]:
    return [LabelledFile(Path(f"clips/{number}.mp4"), ("push",), "") for number in range(count)]


@given(count=st.integers(1, 12), bad=st.sets(st.integers(0, 11)))
def test_each_pass_yields_the_readable_examples_in_order(count: int, bad: set[int]) -> None:
    bad = {number for number in bad if number < count}
    examples, told = Examples(count, bad), list[str]()
    readable = SkipUnreadable(examples, files(count), notify=told.append)
    good = [number for number in range(count) if number not in bad]
    if not good:
        with pytest.raises(
            PeerattnError, match=r"no clip could be read; the first error is 0\.mp4: it is damaged"
        ):
            list(readable)
        return
    for _ in range(2):
        assert [example.label for example in readable] == good
        assert [readable[place].label for place in range(len(good))] == good
    assert list(readable.files) == [files(count)[number] for number in good]
    assert told == [f"skipped {number}.mp4: it is damaged" for number in sorted(bad)]
    assert list(readable.skipped) == [f"{number}.mp4: it is damaged" for number in sorted(bad)]
    assert length_hint(readable) == len(good)
    assert all(examples.asked.count(number) == 1 for number in bad)
