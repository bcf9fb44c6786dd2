"""Batches: every clip once per epoch, the same with any number of workers, shared among processes."""

from collections.abc import Sequence
from itertools import chain

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from peerattn.data.loading import Batch, batches, order
from peerattn.errors import PeerattnError


class Numbers:
    """A source whose clips hold nothing but epoch and number; some cannot be read."""

    class_names = ("even", "odd")

    def __init__(self, count: int, *, shuffled: bool = True, unreadable: Sequence[int] = ()) -> None:
        self.count, self.shuffled, self.unreadable = count, shuffled, unreadable
        self.skipped: dict[str, str] = {}

    def __len__(self) -> int:
        return self.count

    def batch(self, epoch: int, members: Sequence[int]) -> Batch:
        read = [member for member in members if member not in self.unreadable]
        skipped = {str(member): "it is damaged" for member in members if member in self.unreadable}
        tensors = {"rgb": torch.tensor([[epoch, member] for member in read])}
        return Batch(tensors, torch.tensor(read) % 2, tuple(map(str, read)), {}, skipped)


def seen(source: Numbers, *, epoch: int = 0, first: int = 0, **options: int) -> list[list[str]]:
    """The clips of each batch of an epoch, without those before the first."""
    arguments = {"seed": 0, "batch": 4, **options}
    steps = len(source) // 4
    updates = range(epoch * steps + first, (epoch + 1) * steps)
    return [list(batch.names) for batch in batches(source, updates, **arguments)]


@given(
    count=st.integers(1, 40), batch=st.integers(1, 12), seed=st.integers(0, 2**32), epoch=st.integers(0, 99)
)
def test_an_epoch_has_each_clip_at_most_once_in_full_batches(
    count: int, batch: int, seed: int, epoch: int
) -> None:
    made = order(Numbers(count), seed=seed, epoch=epoch, batch=batch)
    members = [member for one in made for member in one]
    assert len(set(members)) == len(members)
    assert {len(one) for one in made} == {min(batch, count)}
    assert len(made) == max(count // batch, 1)


def test_the_order_of_clips_depends_on_epoch_and_seed() -> None:
    first = seen(Numbers(64))
    assert first == seen(Numbers(64))
    assert first != seen(Numbers(64), epoch=1) != seen(Numbers(64), seed=1) != first


def test_without_shuffling_clips_keep_their_order() -> None:
    assert seen(Numbers(9, shuffled=False)) == [["0", "1", "2", "3"], ["4", "5", "6", "7"]]


@pytest.mark.parametrize("world", [1, 2, 4])
def test_several_processes_share_the_batches_of_one_process(world: int) -> None:
    shares = [seen(Numbers(21), rank=rank, world=world) for rank in range(world)]
    together = [sorted(chain(*parts)) for parts in zip(*shares, strict=True)]
    assert together == [sorted(batch) for batch in seen(Numbers(21))]
    assert {len(batch) for share in shares for batch in share} == {4 // world}


@pytest.mark.parametrize("workers", [0, 2])
def test_an_epoch_can_be_resumed_at_any_batch(workers: int) -> None:
    assert seen(Numbers(17), first=2, workers=workers) == seen(Numbers(17))[2:]
    assert seen(Numbers(17), first=4, workers=workers) == []


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_continue_across_epochs(workers: int) -> None:
    source = Numbers(9)  # the ninth clip of an epoch fills no batch
    made = list(batches(source, range(1, 6), seed=3, batch=4, workers=workers))
    epochs = [order(source, seed=3, epoch=epoch, batch=4) for epoch in range(3)]
    assert [batch.tensors["rgb"][:, 1].tolist() for batch in made] == list(chain(*epochs))[1:]
    assert [batch.tensors["rgb"][0, 0].item() for batch in made] == [0, 1, 1, 2, 2]


def test_an_unreadable_clip_is_named_once_and_counted(capfd: pytest.CaptureFixture[str]) -> None:
    source = Numbers(8, unreadable=(5,))
    for epoch in range(2):
        names = [name for batch in seen(source, epoch=epoch, workers=1) for name in batch]
        assert sorted(names) == ["0", "1", "2", "3", "4", "6", "7"]
    assert source.skipped == {"5": "it is damaged"}
    assert capfd.readouterr().err == "skipped 5: it is damaged\n"


@pytest.mark.parametrize(("count", "batch", "world"), [(8, 3, 2), (3, 4, 2), (0, 4, 1), (8, 0, 1)])
def test_batches_that_processes_cannot_share_evenly_are_refused(count: int, batch: int, world: int) -> None:
    with pytest.raises(PeerattnError, match=r"batch of \d"):
        list(batches(Numbers(count), range(1), seed=0, batch=batch, world=world))
