"""The cache: entries are read back, within the limit, even if files are damaged or processes are killed."""

import errno
import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peerattn.data.cache import Arrays, Cache, entry_key, file_digest
from peerattn.data.cache_folder import LIMIT, default_folder
from peerattn.errors import PeerattnError


def some_arrays(seed: int = 0, *, size: int = 1_000) -> Arrays:
    random = np.random.default_rng(seed)
    return {
        "images": random.integers(0, 256, size, dtype=np.uint8),
        "flow": random.normal(size=4).astype(np.float16),
    }


def same(one: Arrays | None, other: Arrays) -> bool:
    return one is not None and all(np.array_equal(one[name], array) for name, array in other.items())


def entries(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*"))


def test_a_stored_entry_is_read_back(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "made" / "for it")
    assert cache.get(entry_key(clip=1)) is None
    assert cache.put(entry_key(clip=1), some_arrays())
    assert same(cache.get(entry_key(clip=1)), some_arrays())
    assert cache.get(entry_key(clip=2)) is None
    assert cache.size() == sum(path.stat().st_size for path in entries(cache.folder))


def test_keys_depend_on_names_values_and_types_but_not_on_order() -> None:
    assert entry_key(size=64, rate=8.0) == entry_key(rate=8.0, size=64)
    assert len({entry_key(size=64), entry_key(size=65), entry_key(rate=64), entry_key(size="64")}) == 4


def test_the_digest_of_a_file_or_folder_changes_with_its_content(tmp_path: Path) -> None:
    file = tmp_path / "maps" / "a.png"
    file.parent.mkdir()
    file.write_bytes(b"one")
    before = file_digest(file), file_digest(file.parent)
    file.write_bytes(b"other")
    assert file_digest(file) != before[0]
    assert file_digest(file.parent) != before[1]


def test_an_entry_is_computed_only_once(tmp_path: Path) -> None:
    cache, calls = Cache(tmp_path), list[int]()

    def make() -> Arrays:
        calls.append(1)
        return some_arrays()

    for _ in range(3):
        assert same(cache.get_or_make("0" * 64, make), some_arrays())
    assert calls == [1]


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "text"])
def test_a_damaged_entry_is_deleted_and_computed_again(tmp_path: Path, damage: str) -> None:
    cache, key = Cache(tmp_path), entry_key(clip=1)
    cache.put(key, some_arrays())
    (path,) = entries(tmp_path)
    data = bytearray(path.read_bytes())
    place = data.index(some_arrays()["images"].tobytes()) + 500
    data[place] ^= 1
    path.write_bytes({"cut": data[:700], "flip": data, "empty": b"", "text": b"no zip at all"}[damage])
    assert cache.get(key) is None
    assert entries(tmp_path) == []
    assert same(cache.get_or_make(key, some_arrays), some_arrays())
    assert same(cache.get(key), some_arrays())


def refuse(*_: object) -> None:
    raise PermissionError(errno.EACCES, "Permission denied")


def test_an_intact_entry_of_a_read_only_folder_is_read_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There its time of last use cannot be set."""
    cache, key = Cache(tmp_path), entry_key(clip=1)
    cache.put(key, some_arrays())
    monkeypatch.setattr(os, "utime", refuse)
    assert same(cache.get(key), some_arrays())
    assert same(cache.get(key), some_arrays())


def test_an_entry_that_cannot_be_read_is_not_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, key = Cache(tmp_path), entry_key(clip=1)
    cache.put(key, some_arrays())
    with monkeypatch.context() as unreadable:
        unreadable.setattr(Path, "read_bytes", refuse)
        assert cache.get(key) is None
    assert same(cache.get(key), some_arrays())


def test_a_limit_that_cannot_be_enforced_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(tmp_path)
    cache.put(entry_key(clip=1), some_arrays())
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: refuse())
    with pytest.raises(PeerattnError, match=r"cannot be deleted \(Permission denied\)"):
        cache.set_limit(100)


def test_the_least_recently_used_entry_is_deleted_first(tmp_path: Path) -> None:
    keys = [entry_key(clip=number) for number in range(5)]
    Cache(tmp_path).put(keys[0], some_arrays())
    cache = Cache(tmp_path)
    cache.set_limit(9 * cache.size() // 2)
    for age, key in enumerate(keys[:4]):
        cache.put(key, some_arrays())
        os.utime(cache.folder / key[:2] / f"{key}.npz", (time.time() - 100 + age,) * 2)
    assert cache.get(keys[0])  # used now
    cache.put(keys[4], some_arrays())
    assert [cache.has(key) for key in keys] == [True, False, True, True, True]
    assert cache.size() <= cache.limit


def test_an_entry_larger_than_the_limit_is_not_kept(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.set_limit(100)
    assert not cache.put(entry_key(clip=1), some_arrays())
    assert cache.size() == 0
    with pytest.raises(PeerattnError, match="must be at least 1"):
        cache.set_limit(0)


def test_the_limit_belongs_to_the_folder_and_applies_to_all_its_users(tmp_path: Path) -> None:
    """Also for one that was there before, and lowering it makes room at once."""
    cache, other = Cache(tmp_path), Cache(tmp_path)
    assert cache.limit == other.limit == LIMIT
    for number in range(8):
        cache.put(entry_key(clip=number), some_arrays())
    other.set_limit(cache.size() // 2)
    assert cache.limit == Cache(tmp_path).limit == other.limit
    assert 0 < cache.size() <= cache.limit
    (tmp_path / "limit").write_text("much")
    with pytest.raises(PeerattnError, match="delete it"):
        Cache(tmp_path)


@settings(max_examples=10)
@given(st.lists(st.integers(1, 4_000), min_size=1, max_size=30), st.integers(1, 30_000))
def test_a_single_process_never_exceeds_the_limit(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], limit: int
) -> None:
    cache = Cache(tmp_path_factory.mktemp("cache"))
    cache.set_limit(limit)
    for number, size in enumerate(sizes):
        cache.put(entry_key(clip=number), some_arrays(size=size))
        assert cache.size() <= limit


def test_filling_the_cache_measures_the_folder_only_a_few_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many entries there are: 256 times until the limit is reached, here never after the first."""
    cache, measured = Cache(tmp_path), list[int]()
    files = Cache._files
    monkeypatch.setattr(Cache, "_files", lambda self: measured.append(1) or files(self))
    for number in range(100):
        cache.put(entry_key(clip=number), some_arrays())
    assert len(measured) == 1
    cache.set_limit(2_560 * entries(tmp_path)[0].stat().st_size)  # measures too
    for number in range(100, 200):
        cache.put(entry_key(clip=number), some_arrays())
    assert len(measured) <= 2 + 100 // 10


def test_leftovers_of_a_killed_process_are_deleted(tmp_path: Path) -> None:
    cache, old = Cache(tmp_path), time.time() - 10_000
    (tmp_path / "ab").mkdir()
    left, fresh = tmp_path / "ab" / "left.part", tmp_path / "ab" / "fresh.part"
    for path in (left, fresh):
        path.write_bytes(b"half an ent")
    os.utime(left, (old, old))
    cache.put(entry_key(clip=1), some_arrays())
    assert not left.exists()
    assert fresh.exists()


def test_an_unwritable_cache_folder_is_not_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    cache = Cache(tmp_path / "file")
    assert not cache.put(entry_key(clip=1), some_arrays())
    assert same(cache.get_or_make(entry_key(clip=1), some_arrays), some_arrays())


def writing(folder: Path) -> None:
    """Put entries until killed."""
    while True:
        for number in range(20):
            Cache(folder).put(entry_key(clip=number), some_arrays(number, size=200_000))


def test_killed_writers_leave_only_complete_entries(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    for pause in np.linspace(0.01, 0.12, 8):
        writers = [context.Process(target=writing, args=(tmp_path,)) for _ in range(2)]
        for writer in writers:
            writer.start()
        while not any(tmp_path.glob("*/*.npz")):
            time.sleep(0.01)
        time.sleep(pause)
        for writer in writers:
            assert writer.pid
            os.kill(writer.pid, signal.SIGKILL)
            writer.join()
        for number in range(20):
            kept = Cache(tmp_path).get(entry_key(clip=number))
            assert kept is None or same(kept, some_arrays(number, size=200_000))


def test_the_folder_is_chosen_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("PEERATTN_CACHE", raising=False)
    assert default_folder() == tmp_path / "peerattn"
    monkeypatch.setenv("PEERATTN_CACHE", str(tmp_path / "here"))
    assert default_folder() == tmp_path / "here"
