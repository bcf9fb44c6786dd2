"""What a network answers to labelled clips, and what `calibrate` finds in that."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import length_hint
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.table import Table
from rich.text import Text
from torch import Tensor

from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.cli.console import Objects, progress_bar
from peerattn.cli.reports import maps_used
from peerattn.data.examples import Example
from peerattn.data.labelled_set import LabelledSet, of_files, reader_for, with_maps
from peerattn.errors import PeerattnError
from peerattn.network.network import Network
from peerattn.recording.predictions import window_answers
from peerattn.scores.calibration import NoneOfThese, calibration_error, rejection, temperature

FOLDS = 5
"""Parts of the clips, by group: the error of each is measured with the temperature of the others."""


@dataclass(frozen=True)
class Answers:
    """What a network answers to N clips: logits (W, K) of each one's windows; its class, its group.

    `objects` counts them by where their object maps come from.
    """

    logits: tuple[NDArray[np.float64], ...]
    classes: tuple[str, ...]
    groups: tuple[str, ...]
    objects: Mapping[str, int] = field(default_factory=dict)

    def probabilities(self, temperature: float | NDArray[np.float64] = 1.0) -> NDArray[np.float32]:
        """(N, K) the mean over the windows, at one temperature or at one a clip (N,)."""
        each = np.broadcast_to(temperature, len(self.logits))
        rows = [
            torch.softmax(torch.from_numpy(logits / by), dim=1).mean(dim=0).numpy()
            for logits, by in zip(self.logits, each, strict=True)
        ]
        return np.array(rows, np.float32)

    def labels(self, names: Sequence[str]) -> NDArray[np.int64]:
        """(N,) each clip's class by its number among the names, -1 where it is none of them."""
        return np.array([names.index(one) if one in names else -1 for one in self.classes])

    def temperature(self, names: Sequence[str], among: NDArray[np.bool_]) -> float:
        """The temperature of the windows of the clips `among` (N,) whose class is one of the names."""
        labels = self.labels(names)
        chosen = [number for number in np.flatnonzero(among) if labels[number] >= 0]
        if not chosen:
            raise PeerattnError("none of the clips is of a class that the network knows: give others")
        counts = [len(self.logits[number]) for number in chosen]
        stacked = np.concatenate([self.logits[number] for number in chosen])
        return temperature(stacked, np.repeat(labels[chosen], counts))


def answers(
    network: Network,
    examples: Iterable[Example],
    class_names: Sequence[str],
    *,
    window: int,
    progress: Callable[[int, int], None],
) -> Answers:
    """The network's answers to examples labelled by number among `class_names`, which it need not know."""
    logits, classes, groups, objects = [], [], [], Counter[str]()
    for done, example in enumerate(examples, start=1):
        of_windows = window_answers(network, [example], window, Tensor.double)
        logits.append(of_windows[:, 0].cpu().numpy())
        classes.append(class_names[example.label])
        groups.append(example.group)
        objects.update([example.objects] if example.objects else [])
        progress(done, length_hint(examples))
    return Answers(tuple(logits), tuple(classes), tuple(groups), dict(objects))


def answers_of(loaded: Checkpoint, data: Path, split: str | None, objects: Objects) -> Answers:
    """The network's answers to the clips of a folder, of its classes and of others."""
    files = with_maps(LabelledSet(data, split).files(), objects.value)
    names = sorted({file.label for file in files})
    examples = of_files(files, names, reader_for(files, loaded), told=partial(print, file=sys.stderr))
    with progress_bar(f"clips through {loaded.name}") as progress:
        return answers(loaded.network, examples, names, window=loaded.settings.window, progress=progress)


def calibration(own: Answers, names: Sequence[str], by: float) -> dict[str, Any]:
    """The temperature, and the calibration error without it and with one fitted on other groups' clips."""
    labels = own.labels(names)
    known = labels >= 0
    _, group = np.unique(own.groups, return_inverse=True)
    each = np.ones(len(labels))
    for fold in range(FOLDS):
        held = group % FOLDS == fold
        if (known & ~held).any():
            each[held] = own.temperature(names, ~held)
    return {
        "temperature": by,
        "n": int(known.sum()),
        "objects": dict(own.objects),
        "error_before": calibration_error(own.probabilities()[known], labels[known]),
        "error_after": calibration_error(own.probabilities(each)[known], labels[known]),
        "error": f"mean gap between probability and accuracy, 10 bins; temperatures cross-fitted in {FOLDS} "
        "parts by group",
    }


def none_of_these(of: Answers, sister: Checkpoint) -> NoneOfThese:
    """How well the sister tells her classes from the others."""
    known = of.labels(sister.class_names) >= 0
    left_out = sorted({one for one, own in zip(of.classes, known, strict=True) if not own})
    if not left_out:
        raise PeerattnError(f"{sister.name} knows all the classes of the folder: train it without some")
    by = of.temperature(sister.class_names, known)
    protocol = f"greatest probability of a network trained by the same recipe without {', '.join(left_out)}"
    return rejection(of.probabilities(by).max(axis=1), known, of.groups, protocol)


def table(result: dict[str, Any], name: str) -> Table:
    """Temperature and errors, and how well "none of these" works."""
    table = Table(title=Text(name))
    table.add_column("")
    table.add_column("", justify="right")
    fitted = result["calibration"]
    table.add_row("temperature", f"{fitted['temperature']:.2f} (n = {fitted['n']})")
    table.add_row("calibration error before", f"{fitted['error_before']:.1%}")
    table.add_row("calibration error after", f"{fitted['error_after']:.1%}")
    if fitted["objects"]:
        table.caption = Text(maps_used(fitted["objects"]))
    if none := result.get("none_of_these"):
        low, high = none["auroc_interval"]
        counts = f"{none['n_known']} known, {none['n_unknown']} others"
        table.add_row("none of these, AUROC", f"{none['auroc']:.3f} ({low:.3f} to {high:.3f}; {counts})")
        table.add_row("none of these below", f"{none['threshold']:.1%}")
    return table
