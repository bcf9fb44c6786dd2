"""Make the checkpoint `actions21`: from a folder of labelled clips of people to weights and a card.

    python examples/make_actions21.py --data FOLDER --work WORK     # writes checkpoints/actions21

Nothing is chosen on the validation split. The training clips are split into five folds, with all clips of a
source video in one fold, and a network is trained without each fold; temperature, threshold and the figures
called out-of-fold come from the clips that a network never saw. Every step whose result is in WORK is passed
over, so that a run that was stopped goes on where it was; WORK/log.txt has the seconds of each step.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from peerattn.checkpoints import checkpoint
from peerattn.cli.calibration_run import Answers, calibration, collect_answers
from peerattn.cli.console import progress_bar
from peerattn.data.cache import Cache
from peerattn.data.cache_folder import default_folder
from peerattn.data.examples import Example
from peerattn.data.folder import LabelledFile, labelled_files
from peerattn.data.person_clips import PersonClips, PersonExamples
from peerattn.data.readable import CachedExamples
from peerattn.data.splitting import split_files
from peerattn.files.cards import CARD_FILE
from peerattn.files.paths import checkpoint_folders
from peerattn.files.weights import WEIGHTS_FILE, write_weights
from peerattn.files.writing import write_atomically
from peerattn.network.network import Network
from peerattn.network.state_arrays import as_arrays
from peerattn.network.temperature import divide_logits
from peerattn.recording.attention_ablation import ablate_attention
from peerattn.recording.evaluating import score_predictions
from peerattn.recording.predictions import Predictions, predict
from peerattn.scores.attention_ablation import card_metrics, summarise_ablation
from peerattn.scores.attention_answers import AblationAnswers
from peerattn.scores.calibration import NoneOfThese, measure_rejection, measure_unsure
from peerattn.scores.kinds import difference
from peerattn.training.callbacks import Callbacks
from peerattn.training.initialisation import new_network
from peerattn.training.loop import fit
from peerattn.training.person import RECIPE, person_structure

NAME = "actions21"
FOLDS = 5
SEEDS = (0, 1, 2)
TEXTS = {
    "description": "Actions of people in real clips; rgb, flow, joints; peer attention",
    "data": "504 training and 158 validation clips of the 21 classes of J-HMDB (Jhuang et al., ICCV 2013), "
    "split so that no source video is on both sides: a split of its own, not to be compared with published "
    "scores. Pooled figures count all 662 clips: each training clip is answered by one of five networks that "
    "never saw its source video, each validation clip by the network that ships.",
    "licence": "J-HMDB is a subset of HMDB51 (listed as CC BY 4.0); its footage is from films and the web. "
    "Only weights are here: no frame, no mask.",
    "limits": [
        "It names one of 21 actions of a person, or says that it is unsure or that it is none of these; it "
        "knows nothing else.",
        "Where the joints of a person are not found, or another person's are followed, it is often wrong.",
        "Several classes have clips of few source videos: see the intervals.",
    ],
}
ATTENTIONS = ("peer", "self", "none")
"""The contenders: networks that differ in nothing but their attention."""
CLIPS_FOR_BATCH_NORM = 208
LEFT_OUT_SEED = 21
"""Of the draw that assigns each class to one of five turns, in which no clip of it is trained on."""


@dataclass(frozen=True)
class Steps:
    """The clips, the folder for results, and the log of how long each step took."""

    files: tuple[LabelledFile, ...]
    folds: NDArray[np.int64]  # (N,) the fold of each clip
    work: Path

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted({file.label for file in self.files}))

    def members(self, fold: int, *, held_out: bool) -> tuple[LabelledFile, ...]:
        """Return the clips of a fold, or all others."""
        return tuple(
            file for file, own in zip(self.files, self.folds, strict=True) if (own == fold) == held_out
        )

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        began, used = time.perf_counter(), time.process_time()
        yield
        line = f"{step}: {time.perf_counter() - began:.0f} s, CPU {time.process_time() - used:.0f} s"
        with (self.work / "log.txt").open("a", encoding="utf-8") as log:
            print(line, file=log)
        print(line)


def folds_of(files: Sequence[LabelledFile], path: Path) -> NDArray[np.int64]:
    """Return the fold of each clip; the folds of source videos are in a file, which is made if missing."""
    if not path.is_file():
        split = split_files(files, {str(fold): 1 / FOLDS for fold in range(FOLDS)})
        lines = sorted({f"{file.group},{file.split}" for file in split})
        write_atomically(path, "\n".join(["group,fold", *lines, ""]).encode())
    with path.open(encoding="utf-8", newline="") as table:
        fold = {row["group"]: int(row["fold"]) for row in csv.DictReader(table)}
    return np.array([fold[file.group] for file in files])


def train(files: Sequence[LabelledFile], names: Sequence[str], *, attention: str, seed: int) -> Network:
    """Return a network trained on these clips by the recipe."""
    structure, config = person_structure(attention), replace(RECIPE.training, seed=seed)
    source = PersonClips(
        files,
        names,
        modalities=structure.read_modalities,
        settings=RECIPE.clip,
        seed=seed,
        cache=Cache(default_folder()),
    )
    with progress_bar("training clips") as bar:

        def progress(done: int, total: int, loss: float) -> None:
            bar(done, total)

        network = new_network(structure, names, seed=seed)
        return fit(network, source, config, callbacks=Callbacks(progress)).network


def examples_of(files: Sequence[LabelledFile], names: Sequence[str], network: Network) -> PersonExamples:
    """Return clips as a network reads them."""
    modalities = network.structure.read_modalities
    return PersonExamples(
        files, names, modalities=modalities, settings=RECIPE.clip, cache=Cache(default_folder())
    )


def answers_on(network: Network, files: Sequence[LabelledFile], names: Sequence[str]) -> Answers:
    """Return the network's answers on clips whose classes are among `names`, which it need not all know."""
    examples = examples_of(files, names, network)
    with progress_bar("clips measured") as bar:
        return collect_answers(network, examples, names, window=RECIPE.clip.window, progress=bar)


def fold_network(steps: Steps, fold: int, *, attention: str = "peer", seed: int = 0) -> Network:
    """Return the network trained without a fold, from WORK if it is there."""
    return _trained(
        steps,
        f"{attention}-{seed}-without-fold-{fold}",
        lambda: train(steps.members(fold, held_out=False), steps.names, attention=attention, seed=seed),
    )


def _trained(steps: Steps, name: str, make: Callable[[], Network]) -> Network:
    folder = steps.work / name
    if not (folder / CARD_FILE).is_file():
        with steps.timed(name):
            save(folder, make(), {"command": command(), "metrics": {}})
    return checkpoint.load(folder).network


def save(folder: Path, network: Network, card: dict[str, Any]) -> None:
    """Write a checkpoint in half precision."""
    checkpoint.save(folder, network, RECIPE.clip, card)
    halves = {
        name: array.astype(np.float16) if array.dtype == np.float32 else array
        for name, array in as_arrays(network.state_dict()).items()
    }
    write_weights(folder / WEIGHTS_FILE, halves)


def out_of_fold(steps: Steps, *, attention: str, seed: int) -> Answers:
    """Return the answers on every training clip of a network that never saw its source video."""
    parts = [
        answers_on(
            fold_network(steps, fold, attention=attention, seed=seed),
            steps.members(fold, held_out=True),
            steps.names,
        )
        for fold in range(FOLDS)
    ]
    return joined(parts)


def joined(parts: Sequence[Answers]) -> Answers:
    """Return the answers of several parts as one."""
    return Answers(
        parts[0].kind,
        tuple(logits for part in parts for logits in part.logits),
        tuple(labels for part in parts for labels in part.labels),
        tuple(group for part in parts for group in part.groups),
    )


def turns(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the classes that are left out in each of five turns; every class is left out once."""
    order = np.random.default_rng(LEFT_OUT_SEED).permutation(len(names))
    return [tuple(sorted(names[n] for n in order[turn::FOLDS])) for turn in range(FOLDS)]


def rejection(steps: Steps) -> NoneOfThese:
    """Return how well "none of these" works, with the threshold of the networks that it was measured on.

    In each turn a network is trained without a fold and without a fifth of the classes, and measured on that
    fold: its greatest probability should be smaller for clips of the classes that it never saw.
    """
    scores, known, groups = [], [], list[str]()
    for turn, left_out in enumerate(turns(steps.names)):
        kept = tuple(name for name in steps.names if name not in left_out)
        files = tuple(file for file in steps.members(turn, held_out=False) if file.label in kept)
        network = _trained(steps, f"turn-{turn}", partial(train, files, kept, attention="peer", seed=0))
        answers = answers_on(network, steps.members(turn, held_out=True), steps.names)
        own = np.array([labels[0] in kept for labels in answers.labels])
        temperature = answers.fit_temperature(kept, own)
        scores.append(answers.probabilities(temperature).max(axis=1))
        known.append(own)
        groups += answers.groups
    protocol = (
        "greatest probability, out of fold, of networks trained without a fifth of the classes; each class "
        "was left out once"
    )
    return measure_rejection(np.concatenate(scores), np.concatenate(known), groups, protocol)


def command() -> str:
    """Return the command that makes the checkpoint."""
    return f"python examples/{Path(__file__).name} --data FOLDER --work WORK"


def contenders(steps: Steps) -> None:
    """Write the out-of-fold accuracy of each attention and seed, clip by clip, to WORK/contenders.json."""
    right: dict[str, list[list[int]]] = {}
    for attention in ATTENTIONS:
        for seed in SEEDS:
            answers = out_of_fold(steps, attention=attention, seed=seed)
            best = answers.probabilities().argmax(axis=1)
            truth = answers.truth(steps.names).values
            right.setdefault(attention, []).append((best == truth).astype(int).tolist())
            print(f"{attention}, seed {seed}: {np.mean(best == truth):.1%} of {len(best)} clips out of fold")
    groups = answers.groups  # the same for all, fold after fold
    write_atomically(steps.work / "contenders.json", json.dumps({"groups": groups, "right": right}).encode())


@dataclass(frozen=True)
class WithoutModality(Sequence[Example]):
    """Examples in which one modality says nothing: it is at its mean over the training clips."""

    examples: Sequence[Example]
    name: str
    mean: Tensor  # (C,)

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> Example:  # type: ignore[override]  # no slices
        example = self.examples[index]
        own = example.tensors[self.name]
        nothing = self.mean.view(1, -1, 1, 1, 1).expand_as(own)
        return replace(example, tensors={**example.tensors, self.name: nothing})


def pooled(steps: Steps, last: Network, others: Sequence[LabelledFile], *, without: str = "") -> Predictions:
    """Return predictions on all training clips, out of fold, and on other clips by the last network.

    With `without`, this modality says nothing.
    """
    parts = [(fold_network(steps, fold), steps.members(fold, held_out=True)) for fold in range(FOLDS)]
    predictions = []
    for network, files in [*parts, (last, others)]:
        examples: Sequence[Example] = examples_of(files, steps.names, network)
        if without:
            mean = network.mean_of(network.structure.modality(without))
            examples = WithoutModality(examples, without, mean)
        predictions.append(predict(network, examples, window=RECIPE.clip.window))
    return Predictions.concatenated(predictions)


def worth(steps: Steps, network: Network, others: Sequence[LabelledFile]) -> dict[str, Any]:
    """Return the card's entry on what each modality is worth: how accuracy changes without it, pooled."""
    before = score_predictions(pooled(steps, network, others), network)
    losses = {}
    for modality in network.structure.read_modalities:
        after = score_predictions(pooled(steps, network, others, without=modality.name), network)
        losses[modality.name] = difference(before, after).to_json()
    return {"pooled": _headline(before), "without": losses}


def attention(steps: Steps) -> dict[str, Any]:
    """Return the card's entry on whether attention matters, asked of every training clip out of fold."""
    parts = []
    for fold in range(FOLDS):
        network, others = fold_network(steps, fold), steps.members(fold, held_out=False)
        order = np.random.default_rng(0).permutation(len(others))[:CLIPS_FOR_BATCH_NORM]
        training = examples_of([others[number] for number in order], steps.names, network)
        own = CachedExamples(examples_of(steps.members(fold, held_out=True), steps.names, network))
        parts += ablate_attention(network, own, training, window=RECIPE.clip.window)
    return card_metrics(summarise_ablation(AblationAnswers.concatenated(parts)).to_json())


def _headline(evaluation: Any) -> dict[str, Any]:
    return {key: value for key, value in evaluation.to_json().items() if key != "confusion"}


def main(data: Path, work: Path, *, only_contenders: bool) -> None:
    """Run every step whose result is not there yet."""
    work.mkdir(parents=True, exist_ok=True)
    files = labelled_files(data, split="train")
    steps = Steps(files, folds_of(files, Path(__file__).with_name(f"{NAME}_folds.csv")), work)
    if only_contenders:
        contenders(steps)
        return
    answers = out_of_fold(steps, attention="peer", seed=0)
    temperature = answers.fit_temperature(steps.names, np.ones(len(answers.labels), np.bool_))
    calibrated, truth = answers.probabilities(temperature), answers.truth(steps.names).values
    none = rejection(steps).at(calibrated.max(axis=1))
    network = _trained(steps, "all", partial(train, files, steps.names, attention="peer", seed=0))
    val = labelled_files(data, split="val")
    held_out = score_predictions(
        predict(network, examples_of(val, steps.names, network), window=RECIPE.clip.window), network
    )
    card = {
        **TEXTS,
        "command": command(),
        "metrics": {
            "val": _headline(held_out),
            **worth(steps, network, val),
            "attention": attention(steps),
        },
        "calibration": calibration(answers, steps.names, temperature),
        "none_of_these": none.to_json(),
        "unsure": measure_unsure(calibrated, truth, answers.groups).to_json(),
        "training": {"clips": len(files), **RECIPE.to_json()},
    }
    divide_logits(network, temperature)
    folder = checkpoint_folders()[0] / NAME
    save(folder, network, card)
    for fold in range(FOLDS):
        own = fold_network(steps, fold)
        divide_logits(own, temperature)
        save(folder / "folds" / str(fold), own, {"command": command(), "metrics": {}})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="labelled clips with train and val splits")
    parser.add_argument("--work", type=Path, required=True, help="a folder for networks and answers")
    parser.add_argument("--contenders", action="store_true", help="only compare kinds of attention")
    given = parser.parse_args()
    main(given.data, given.work, only_contenders=given.contenders)
