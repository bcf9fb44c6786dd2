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
from peerattn.data.labelled_set import LabelledSet, file_examples, reader_for, with_map_origin
from peerattn.errors import PeerattnError
from peerattn.graph.answers import ANSWERS, DEFAULT_THRESHOLD
from peerattn.network.answers import PROBABILITIES
from peerattn.network.network import Network
from peerattn.recording.predictions import window_answers
from peerattn.scores.calibration import ERRORS, TEMPERATURES, THRESHOLDS, NoneOfThese, measure_rejection
from peerattn.scores.kinds import label_matrix

FOLDS = 5
"""Parts of the clips, by group: the error of each is measured with the temperature of the others."""


@dataclass(frozen=True)
class Answers:
    """What a network answers to N clips, and what it is asked: logits (W, K) of each one's windows.

    Beside them what the clips show, each any number of names, the group of each, and `objects`, which counts
    the clips by where their object maps come from.
    """

    kind: str
    logits: tuple[NDArray[np.float64], ...]
    labels: tuple[tuple[str, ...], ...]
    groups: tuple[str, ...]
    objects: Mapping[str, int] = field(default_factory=dict)

    def probabilities(self, temperature: float | NDArray[np.float64] = 1.0) -> NDArray[np.float32]:
        """(N, K) the mean over the windows, at one temperature or at one a clip (N,)."""
        each = np.broadcast_to(temperature, len(self.logits))
        rows = [
            PROBABILITIES[self.kind](torch.from_numpy(logits / by)).mean(dim=0).numpy()
            for logits, by in zip(self.logits, each, strict=True)
        ]
        return np.array(rows, np.float32)

    def truth(self, names: Sequence[str]) -> Truth:
        """What is true of each clip, by the network's names."""
        return TRUTHS[self.kind](self.labels, names)

    def temperature(self, names: Sequence[str], among: NDArray[np.bool_]) -> float:
        """The temperature of the windows of the clips `among` (N,) that the network can be asked about."""
        truth = self.truth(names)
        chosen = np.flatnonzero(among & truth.known)
        if not len(chosen):
            raise PeerattnError("none of the clips is of a class that the network knows: give others")
        counts = [len(self.logits[number]) for number in chosen]
        stacked = np.concatenate([self.logits[number] for number in chosen])
        return TEMPERATURES[self.kind](stacked, np.repeat(truth.values[chosen], counts, axis=0))


@dataclass(frozen=True)
class Truth:
    """True of N clips: class numbers (N,) or labels (N, K); `known` (N,), if the network can say it."""

    values: NDArray[Any]
    known: NDArray[np.bool_]


def _true_classes(labels: Sequence[Sequence[str]], names: Sequence[str]) -> Truth:
    """-1 for a clip of another class; raises PeerattnError for a clip of several."""
    for own in labels:
        if len(own) != 1:
            raise PeerattnError(f"a clip has {len(own)} classes where one is needed: {', '.join(own)}")
    numbers = np.array([names.index(own[0]) if own[0] in names else -1 for own in labels])
    return Truth(numbers, numbers >= 0)


def _true_labels(labels: Sequence[Sequence[str]], names: Sequence[str]) -> Truth:
    """A clip without any of the labels is one of which all answers are no."""
    table = label_matrix([[names.index(one) for one in own if one in names] for own in labels], len(names))
    return Truth(table, np.full(len(labels), table.any()))


TRUTHS: Mapping[str, Callable[[Sequence[Sequence[str]], Sequence[str]], Truth]] = {
    "classes": _true_classes,
    "labels": _true_labels,
}
"""Kind of answer → what is true of clips, from the names that each shows and those that the network has."""
ERROR = {
    "classes": "mean gap between probability and accuracy, 10 bins",
    "labels": "mean gap between the probability of a label and how often clips have it, 10 bins",
}
"""Kind of answer → what its calibration error is."""


def answers(
    network: Network,
    examples: Iterable[Example],
    class_names: Sequence[str],
    *,
    window: int,
    progress: Callable[[int, int], None],
) -> Answers:
    """The network's answers to examples labelled by number among `class_names`, which it need not know."""
    logits, labels, groups, objects = [], [], [], Counter[str]()
    for done, example in enumerate(examples, start=1):
        of_windows = window_answers(network, [example], window, Tensor.double)
        logits.append(of_windows[:, 0].cpu().numpy())
        labels.append(tuple(class_names[number] for number in example.labels))
        groups.append(example.group)
        objects.update([example.origin] if example.origin else [])
        progress(done, length_hint(examples))
    kind = network.structure.answer.kind
    return Answers(kind, tuple(logits), tuple(labels), tuple(groups), dict(objects))


def answers_of(loaded: Checkpoint, data: Path, split: str | None, objects: Objects) -> Answers:
    """The network's answers to the clips of a folder, of its classes and of others."""
    files = with_map_origin(LabelledSet(data, split).files(), objects.value)
    names = sorted({label for file in files for label in file.labels})
    examples = file_examples(files, names, reader_for(files, loaded), notify=partial(print, file=sys.stderr))
    with progress_bar(f"clips through {loaded.name}") as progress:
        return answers(loaded.network, examples, names, window=loaded.settings.window, progress=progress)


def calibration(own: Answers, names: Sequence[str], by: float) -> dict[str, Any]:
    """The temperature, and the calibration error without it and with one fitted on other groups' clips."""
    truth = own.truth(names)
    _, group = np.unique(own.groups, return_inverse=True)
    each = np.ones(len(own.groups))
    for fold in range(FOLDS):
        held = group % FOLDS == fold
        if (truth.known & ~held).any():
            each[held] = own.temperature(names, ~held)

    def error(temperature: float | NDArray[np.float64]) -> float:
        return ERRORS[own.kind](own.probabilities(temperature)[truth.known], truth.values[truth.known])

    return {
        "temperature": by,
        "n": int(truth.known.sum()),
        "objects": dict(own.objects),
        "error_before": error(1.0),
        "error_after": error(each),
        "error": f"{ERROR[own.kind]}; temperatures cross-fitted in {FOLDS} parts by group",
    }


def thresholds(own: Answers, names: Sequence[str], by: float) -> tuple[float, ...]:
    """The thresholds of the calibrated answer; none of classes."""
    truth = own.truth(names)
    shares = own.probabilities(by)[truth.known]
    return THRESHOLDS[own.kind](shares, truth.values[truth.known], DEFAULT_THRESHOLD)


def none_of_these(of: Answers, sister: Checkpoint) -> NoneOfThese:
    """How well the sister tells her classes from the others."""
    if ANSWERS[of.kind].several:
        raise PeerattnError(
            f"{sister.name} answers with {of.kind}, which may be none for any clip: leave out --sister"
        )
    known = of.truth(sister.class_names).known
    left_out = sorted({own[0] for own, one in zip(of.labels, known, strict=True) if not one})
    if not left_out:
        raise PeerattnError(f"{sister.name} knows all the classes of the folder: train it without some")
    by = of.temperature(sister.class_names, known)
    protocol = f"greatest probability of a network trained by the same recipe without {', '.join(left_out)}"
    return measure_rejection(of.probabilities(by).max(axis=1), known, of.groups, protocol)


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
    for label, threshold in result.get("thresholds", {}).items():
        table.add_row(Text(f"{label} found from"), f"{threshold:.1%}")
    if none := result.get("none_of_these"):
        interval = none["auroc_interval"]
        said = f"{interval[0]:.3f} to {interval[1]:.3f}" if interval else none["auroc_interval_remark"]
        counts = f"{none['n_known']} known, {none['n_unknown']} others"
        table.add_row("none of these, AUROC", f"{none['auroc']:.3f} ({said}; {counts})")
        table.add_row("none of these below", f"{none['threshold']:.1%}")
    return table
