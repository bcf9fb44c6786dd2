"""Kill a training run at random moments, and resume it: `python -m benchmarks.resume`.

A trial starts a run in a separate process, kills it with SIGKILL, starts it again, and compares every weight
of the result with those of an uninterrupted run. Every second trial waits for a save to begin and kills the
run then. The run is tiny and saves after each update; it averages weights and prunes during training.
"""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file

from peerattn.data.loading import Batch
from peerattn.files.weights import write_weights
from peerattn.graph.specs import BlockSpec, Modality
from peerattn.graph.structure import Structure
from peerattn.network.network import Network
from peerattn.network.state_arrays import as_arrays
from peerattn.training.callbacks import Callbacks, StateSaving
from peerattn.training.config import Averaging, PruningSchedule, TrainingConfig
from peerattn.training.initialisation import new_network
from peerattn.training.loop import FitResult, fit

CLASSES = ("lift", "push", "pull")
ROOT = Path(__file__).parents[1]
CONFIG = TrainingConfig(
    epochs=3,
    batch=4,
    workers=0,
    log_every=2,
    averaging=Averaging("ema", decay=0.9),
    pruning=PruningSchedule((1,), keep=6),
)


class Noise:
    """Clips of noise around a different grey for each class; they depend on epoch and member only."""

    class_names = CLASSES
    shuffled = True

    def __init__(self, clips: int = 12) -> None:
        self.clips, self.skipped = clips, dict[str, str]()

    def __len__(self) -> int:
        return self.clips

    def batch(self, epoch: int, members: Sequence[int]) -> Batch:
        """Return these clips, (B, 3, 3, 8, 8), with their targets."""
        clips = []
        for member in members:
            generator = torch.Generator().manual_seed(epoch * 1000 + member)
            clips.append(torch.randn(3, 3, 8, 8, generator=generator) + member % len(CLASSES))
        targets = torch.tensor([member % len(CLASSES) for member in members])
        return Batch({"rgb": torch.stack(clips)}, targets, tuple(f"clip {m}" for m in members), {})


def tiny() -> Network:
    """A network of two input blocks, two inner blocks and one output block, with 7 connections."""
    blocks = [BlockSpec(f"rgb{d}", 1, "video_input", 4, d, modality="rgb") for d in (1, 2)]
    blocks += [BlockSpec(f"mid{d}", 2, "bottleneck", 4, d) for d in (1, 2)]
    blocks += [BlockSpec("top", 3, "bottleneck", 6)]
    return new_network(Structure.complete(blocks, modalities=[Modality("rgb", 3)]), CLASSES, seed=0)


def run(folder: Path, callbacks: Callbacks | None = None) -> FitResult:
    """Train, or resume from the state in the folder; writes the final weights to the same folder."""
    torch.set_num_threads(1)
    trained = fit(
        tiny(), Noise(), CONFIG, saving=StateSaving(folder / "training.safetensors", 0), callbacks=callbacks
    )
    write_weights(folder / "weights.safetensors", as_arrays(trained.network.state_dict()))
    return trained


def start(folder: Path) -> subprocess.Popen[str]:
    """Start a training process, and wait until it has begun."""
    command = [sys.executable, "-m", "benchmarks.resume", "run", str(folder)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    if not process.stdout.readline():
        raise RuntimeError(f"the training process ended at once, with {process.wait()}")
    return process


def wait(process: subprocess.Popen[str]) -> None:
    """Wait until the process ends."""
    process.communicate()


def kill_run(folder: Path, after: float, *, saving: bool = False) -> str:
    """Kill a run some seconds after it began, or in the next save; return the phase that it was in."""
    process = start(folder)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(after)
    while saving and process.poll() is None and not _saves(folder):
        pass  # a save takes only a few milliseconds, so do not sleep
    process.kill()
    wait(process)
    if process.returncode == 0:
        return "finished"
    return "saving" if _saves(folder) else "training"


def _saves(folder: Path) -> bool:
    """Whether a state is being written, or writing it was interrupted."""
    return any(folder.glob(".*.partial"))


def same_weights(folder: Path, whole: Path) -> bool:
    """Whether both runs ended with the same weights, bit for bit."""
    ours, theirs = (load_file(one / "weights.safetensors") for one in (folder, whole))
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


def main(trials: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        whole = Path(place) / "whole"
        whole.mkdir()
        process, begun_at = start(whole), time.monotonic()
        wait(process)
        duration = time.monotonic() - begun_at
        seconds, phases, same = random.Random(0), Counter[str](), 0
        while phases.total() < trials:
            folder = Path(tempfile.mkdtemp(dir=place))
            phase = kill_run(folder, seconds.uniform(0, duration), saving=phases.total() % 2 == 1)
            if phase == "finished":
                continue
            phases[phase] += 1
            wait(start(folder))
            same += same_weights(folder, whole)
            counts = ", ".join(f"{count} while {name}" for name, count in phases.items())
            print(
                f"{same} of {phases.total()} resumed and ended with the uninterrupted run's weights; "
                f"{counts}",
                flush=True,
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["run"]:
        print("started", flush=True)
        run(Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
