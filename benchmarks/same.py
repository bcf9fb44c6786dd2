"""Compare every number of this tree with those of another commit.

    python -m benchmarks.same COMMIT [--clips 96]

Evaluates every bundled network on generated clips, and records every sample with each of them, with the
sample's own object maps and with estimated ones, both in a worktree of that commit and here, with the same
number of threads (`--threads`, 1). Numbers must be equal to the bit; `computed_by` and keys that only exist
here are ignored. A command that both trees reject counts as equal. Exits with 1 if anything differs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SAMPLES = Path("app/samples")
IGNORED_KEY = "computed_by"
"""The key that describes the machine: it may differ even if the numbers do not."""
REJECTED = 2
"""The exit code of a command that rejects its input."""
SHOWN = 5
RUN = """
import json, runpy, sys, traceback
import peerattn
_, folder, commands = sys.argv
ends = []
for number, words in enumerate(json.loads(commands)):
    sys.argv = ["peerattn", *words, "--json", f"{folder}/{number}.json"]
    try:
        runpy.run_module("peerattn", run_name="__main__", alter_sys=True)
        ends.append(0)
    except SystemExit as end:
        ends.append(end.code or 0)
    except Exception:
        traceback.print_exc()
        ends.append(1)
with open(f"{folder}/ends.json", "w") as file:
    json.dump([peerattn.__file__, *ends], file)
"""
"""Runs all commands in one process, because a short command spends most of its time on starting."""


@dataclass(frozen=True)
class Result:
    """The exit code of a command, and the JSON that it wrote."""

    end: int
    json: Any


def differences(here: Any, there: Any, path: str = "") -> Iterator[str]:
    """Yield a line for each place at which two JSON documents differ; numbers must be equal to the bit."""
    if isinstance(here, dict) and isinstance(there, dict):
        for key in sorted(there.keys() - {IGNORED_KEY}):
            place = f"{path}.{key}".lstrip(".")
            if key in here:
                yield from differences(here[key], there[key], place)
            else:
                yield f"{place}: only there"
    elif isinstance(here, list) and isinstance(there, list):
        if len(here) != len(there):
            yield f"{path}: {len(there)} there, {len(here)} here"
        for place, pair in enumerate(zip(here, there, strict=False)):
            yield from differences(*pair, f"{path}[{place}]")
    elif repr(here) != repr(there):  # as text, 0.0 is not -0.0, and 1 not 1.0
        yield f"{path}: {there!r} there, {here!r} here"


def differences_of_runs(here: Result, there: Result) -> list[str]:
    """Describe how two runs of a command differ, one line per place; a failed run equals no other."""
    if here.end == there.end and here.end not in (0, REJECTED):
        return [f"end: {here.end} both here and there"]
    return list(differences(asdict(here), asdict(there)))


@contextmanager
def worktree(commit: str) -> Iterator[Path]:
    """A worktree of that commit, removed when the `with` block ends."""
    git = ["git", "-C", str(ROOT), "worktree"]
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), commit], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def commands(trees: tuple[Path, Path], clips: int) -> Iterator[list[str]]:
    """The commands to run in both trees, with the networks and samples that both contain."""
    networks, samples = (
        sorted(set.intersection(*found)) for found in zip(*map(_contents, trees), strict=True)
    )
    for network in networks:
        yield ["evaluate", "--checkpoint", network, "--clips", str(clips)]
    for network in networks:
        for sample in samples:
            maps = SAMPLES / f"{sample}.npz"
            record = ["record", str(SAMPLES / f"{sample}.mp4"), "--checkpoint", network]
            yield record
            yield [*record, "--objects", str(maps)]


def _contents(tree: Path) -> tuple[set[str], set[str]]:
    """The names of the networks and of the samples that a tree contains."""
    cards = {card.parent.name: json.loads(card.read_text()) for card in tree.glob("checkpoints/*/card.json")}
    networks = {name for name, card in cards.items() if card["kind"] == "network"}
    return networks, {file.stem for file in (tree / SAMPLES).glob("*.mp4")}


def results(tree: Path, commands: list[list[str]], threads: int) -> list[Result]:
    """Run the commands with the tree's own package, regardless of which peerattn is installed."""
    environment = {name: text for name, text in os.environ.items() if name != "PEERATTN_CHECKPOINTS"}
    environment |= {"PYTHONPATH": str(tree), "OMP_NUM_THREADS": str(threads)}
    environment |= {"PEERATTN_THREADS": str(threads)}
    with tempfile.TemporaryDirectory() as folder:
        run = [sys.executable, "-P", "-c", RUN, folder, json.dumps(commands)]
        subprocess.run(run, cwd=tree, env=environment, stdout=subprocess.DEVNULL, check=True)
        package, *ends = json.loads((Path(folder) / "ends.json").read_text())
        if Path(package) != tree / "peerattn" / "__init__.py":
            raise SystemExit(f"{package} was run instead of {tree}")
        files = [Path(folder) / f"{number}.json" for number in range(len(ends))]
        return [
            Result(end, json.loads(file.read_text()) if file.exists() else None)
            for end, file in zip(ends, files, strict=True)
        ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("commit")
    parser.add_argument("--clips", type=int, default=96)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    differing = 0
    with worktree(options.commit) as tree, ThreadPoolExecutor(2) as pool:
        words = list(commands((ROOT, tree), options.clips))
        here, there = pool.map(lambda one: results(one, words, options.threads), (ROOT, tree))
    for command, one, other in zip(words, here, there, strict=True):
        lines = differences_of_runs(one, other)
        same = "rejected by both" if one.end else "equal"
        print(f"{' '.join(command)}: {f'{len(lines)} differ' if lines else same}")
        for line in lines[:SHOWN]:
            print(f"  {line}")
        differing += bool(lines)
    print(
        f"{differing} of {len(words)} commands give different numbers"
        if differing
        else "every number is equal"
    )
    sys.exit(bool(differing))


if __name__ == "__main__":
    main()
