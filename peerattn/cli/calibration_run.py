"""The answers of a network on labelled clips, and what `calibrate` computes from them."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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

from peerattn.checkpoints.checkpoint import Checkpoint, save
from peerattn.cli.console import MapOrigin, percent, progress_bar
from peerattn.cli.reports import maps_used
from peerattn.data.examples import Example
from peerattn.data.labelled_set import LabelledSet, file_examples, reader_for, with_map_origin
from peerattn.errors import PeerattnError
from peerattn.graph.answers import ANSWERS, DEFAULT_THRESHOLD
from peerattn.network.answers import PROBABILITIES
from peerattn.network.network import Network
from peerattn.network.temperature import divide_logits
from peerattn.recording.predictions import window_answers
from peerattn.scores.calibration import (
    ERRORS,
    TEMPERATURES,
    THRESHOLDS,
    NoneOfThese,
    measure_rejection,
    measure_unsure,
)
from peerattn.scores.kinds import label_matrix

FOLDS = 5
"""Clips are split into this many folds by group; the error on each is measured at a temperature
that is fitted to the others."""


@dataclass(frozen=True)
class Answers:
    """The answers of a network of one kind (`classes` or `labels`) on N clips.

    `logits` has one array (W, K) per clip, with a row for each of its windows. `labels` are the names of the
    classes or labels that each clip shows, `groups` are the clips' groups, and `origins` counts the clips by
    where their object maps come from.
    """

    kind: str
    logits: tuple[NDArray[np.float64], ...]
    labels: tuple[tuple[str, ...], ...]
    groups: tuple[str, ...]
    origins: Mapping[str, int] = field(default_factory=dict)

    def probabilities(self, temperature: float | NDArray[np.float64] = 1.0) -> NDArray[np.float32]:
        """Return (N, K) probabilities, the mean over windows, at one temperature or at one per clip (N,)."""
        temperatures = np.broadcast_to(temperature, len(self.logits))
        rows = [
            PROBABILITIES[self.kind](torch.from_numpy(logits / divisor)).mean(dim=0).numpy()
            for logits, divisor in zip(self.logits, temperatures, strict=True)
        ]
        return np.array(rows, np.float32)

    def truth(self, names: Sequence[str]) -> Truth:
        """Return the true answer for each clip, given the names that the network knows."""
        return TRUTHS[self.kind](self.labels, names)

    def fit_temperature(self, names: Sequence[str], selected: NDArray[np.bool_]) -> float:
        """Fit one temperature on the windows of the `selected` (N,) clips.

        Raises PeerattnError if none of these clips has a class or label that the network knows.
        """
        truth = self.truth(names)
        chosen = np.flatnonzero(selected & truth.known)
        if not len(chosen):
            raise PeerattnError(
                f"none of the clips has {self.kind} that the network knows: choose other clips"
            )
        counts = [len(self.logits[number]) for number in chosen]
        stacked = np.concatenate([self.logits[number] for number in chosen])
        return TEMPERATURES[self.kind](stacked, np.repeat(truth.values[chosen], counts, axis=0))


@dataclass(frozen=True)
class Truth:
    """The true answers for N clips: class numbers (N,) or labels (N, K).

    `known` (N,) is true where the network can give the true answer at all.
    """

    values: NDArray[Any]
    known: NDArray[np.bool_]


def _true_classes(labels: Sequence[Sequence[str]], names: Sequence[str]) -> Truth:
    """Return class numbers, -1 for a class not in `names`. Raises PeerattnError for several classes."""
    for clip_labels in labels:
        if len(clip_labels) != 1:
            raise PeerattnError(
                f"a clip has {len(clip_labels)} classes ({', '.join(clip_labels)}), but the network answers "
                "with one: give each clip exactly one"
            )
    numbers = np.array([names.index(label) if label in names else -1 for (label,) in labels])
    return Truth(numbers, numbers >= 0)


def _true_labels(labels: Sequence[Sequence[str]], names: Sequence[str]) -> Truth:
    """Return which of the labels `names` each clip has; a clip with none of them is a negative for all."""
    table = label_matrix(
        [[names.index(label) for label in clip_labels if label in names] for clip_labels in labels],
        len(names),
    )
    return Truth(table, np.full(len(labels), table.any()))


TRUTHS: Mapping[str, Callable[[Sequence[Sequence[str]], Sequence[str]], Truth]] = {
    "classes": _true_classes,
    "labels": _true_labels,
}
"""Kind of answer → the function that computes the truth from the clips' labels and the network's names."""
ERROR_MEASURES = {
    "classes": "mean gap between probability and accuracy, 10 bins",
    "labels": "mean gap between the probability of a label and how often clips have it, 10 bins",
}
"""Kind of answer → how its calibration error is measured."""


def collect_answers(
    network: Network,
    examples: Iterable[Example],
    class_names: Sequence[str],
    *,
    window: int,
    progress: Callable[[int, int], None],
) -> Answers:
    """Run the network on examples whose labels are numbers in `class_names`; it need not know them all."""
    logits, labels, groups, origins = [], [], [], Counter[str]()
    for done, example in enumerate(examples, start=1):
        per_window = window_answers(network, [example], window, Tensor.double)
        logits.append(per_window[:, 0].cpu().numpy())
        labels.append(tuple(class_names[number] for number in example.labels))
        groups.append(example.group)
        origins.update([example.origin] if example.origin else [])
        progress(done, length_hint(examples))
    kind = network.structure.answer.kind
    return Answers(kind, tuple(logits), tuple(labels), tuple(groups), dict(origins))


def answers_on_folder(loaded: Checkpoint, data: Path, split: str | None, origin: MapOrigin) -> Answers:
    """Run the network on the clips of a folder, including those of classes that it does not know."""
    files = with_map_origin(LabelledSet(data, split).files(), origin.value)
    names = sorted({label for file in files for label in file.labels})
    examples = file_examples(files, names, reader_for(files, loaded), notify=partial(print, file=sys.stderr))
    with progress_bar(f"clips through {loaded.name}") as progress:
        return collect_answers(
            loaded.network, examples, names, window=loaded.settings.window, progress=progress
        )


def calibration(answers: Answers, names: Sequence[str], temperature: float) -> dict[str, Any]:
    """Return the card's entry: the temperature, and the calibration error before and after.

    The error after calibration is cross-fitted: each clip's temperature comes from clips of other groups.
    """
    truth = answers.truth(names)
    _, group = np.unique(answers.groups, return_inverse=True)
    cross_fitted = np.ones(len(answers.groups))
    for fold in range(FOLDS):
        held_out = group % FOLDS == fold
        if (truth.known & ~held_out).any():
            cross_fitted[held_out] = answers.fit_temperature(names, ~held_out)

    def error(temperature: float | NDArray[np.float64]) -> float:
        probabilities = answers.probabilities(temperature)[truth.known]
        return ERRORS[answers.kind](probabilities, truth.values[truth.known])

    return {
        "temperature": temperature,
        "n": int(truth.known.sum()),
        "objects": dict(answers.origins),
        "error_before": error(1.0),
        "error_after": error(cross_fitted),
        "error": f"{ERROR_MEASURES[answers.kind]}; temperatures cross-fitted in {FOLDS} parts by group",
    }


def calibrate(loaded: Checkpoint, answers: Answers, measured: NoneOfThese | None) -> dict[str, Any]:
    """Calibrate a checkpoint, save it in its folder, and return what `calibrate` reports.

    `measured` replaces the rule for "none of these" on the card; if it is None, the card's own rule stays.
    Either gets a new threshold, because thresholds depend on the temperature. How often the network is right
    where it is sure and unsure is measured anew. A network that answers with labels has no such rules, so
    those on its card are removed.
    """
    names, answer = loaded.class_names, loaded.structure.answer
    several = ANSWERS[answer.kind].several
    known = answers.truth(names).known
    temperature = answers.fit_temperature(names, known)
    card = {**loaded.card, "calibration": calibration(answers, names, temperature)}
    calibrated_probabilities = answers.probabilities(temperature)[known]
    if several:
        for name in ("none_of_these", "unsure"):
            card.pop(name, None)
    else:
        true, groups = answers.truth(names).values[known], np.array(answers.groups)[known].tolist()
        card["unsure"] = measure_unsure(calibrated_probabilities, true, groups).to_json()
        if rule := measured or NoneOfThese.from_card(loaded.card):
            card["none_of_these"] = rule.at(calibrated_probabilities.max(axis=1)).to_json()
    label_thresholds = thresholds(answers, names, temperature)
    if label_thresholds != answer.thresholds:
        calibrated = replace(answer, thresholds=label_thresholds)
        loaded.network.structure = loaded.structure.with_answer(calibrated)
    divide_logits(loaded.network, temperature)
    assert loaded.folder is not None  # `calibrate_command` refuses an untrained network
    save(loaded.folder, loaded.network, loaded.settings, card)
    reported = ("calibration", "none_of_these", "unsure")
    result: dict[str, Any] = {name: card[name] for name in reported if name in card}
    if label_thresholds:
        result["thresholds"] = dict(zip(names, label_thresholds, strict=True))
    return result


def thresholds(answers: Answers, names: Sequence[str], temperature: float) -> tuple[float, ...]:
    """Return a threshold per label for the calibrated probabilities; empty for a network of classes."""
    truth = answers.truth(names)
    shares = answers.probabilities(temperature)[truth.known]
    return THRESHOLDS[answers.kind](shares, truth.values[truth.known], DEFAULT_THRESHOLD)


def none_of_these(answers: Answers, sister: Checkpoint) -> NoneOfThese:
    """Measure how well the sister network's probabilities separate its classes from those it never saw.

    Raises PeerattnError if the sister answers with labels, or if it knows all the classes.
    """
    if ANSWERS[answers.kind].several:
        raise PeerattnError(
            f'{sister.name} answers with {answers.kind}, so "none of these" needs no rule: leave out --sister'
        )
    known = answers.truth(sister.class_names).known
    left_out = sorted(
        {labels[0] for labels, is_known in zip(answers.labels, known, strict=True) if not is_known}
    )
    if not left_out:
        raise PeerattnError(
            f"{sister.name} knows all the classes of the folder: train it without some of them"
        )
    temperature = answers.fit_temperature(sister.class_names, known)
    protocol = f"greatest probability of a network trained by the same recipe without {', '.join(left_out)}"
    greatest = answers.probabilities(temperature).max(axis=1)
    return measure_rejection(greatest, known, answers.groups, protocol)


def table(result: dict[str, Any], name: str) -> Table:
    """Return a table of the temperature, the calibration errors, thresholds and "none of these"."""
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
        table.add_row(Text(f"{label}: threshold"), f"{threshold:.1%}")
    if unsure := result.get("unsure"):
        for name in ("below", "above"):
            if part := unsure[name]:
                share = percent(part["value"], part["interval"], part.get("interval_remark", ""))
                table.add_row(f"accuracy {name} {unsure['threshold']:.0%}", f"{share} (n = {part['n']})")
    if none := result.get("none_of_these"):
        interval = none["auroc_interval"]
        interval_text = (
            f"{interval[0]:.3f} to {interval[1]:.3f}" if interval else none["auroc_interval_remark"]
        )
        counts = f"{none['n_known']} known, {none['n_unknown']} others"
        table.add_row('"none of these", AUROC', f"{none['auroc']:.3f} ({interval_text}; {counts})")
        table.add_row('"none of these" below', f"{none['threshold']:.1%}")
    return table
