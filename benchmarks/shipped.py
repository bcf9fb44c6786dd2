"""Measure what ships with the app: the effects of components, and whether attention matters.

    python -m benchmarks.shipped                  # on generated clips, for the networks of those
    python -m benchmarks.shipped --data FOLDER    # actions21, on labelled clips with the split train
    python -m benchmarks.shipped --data FOLDER --checkpoint actions14    # on the splits val and train
    python -m benchmarks.shipped --cards          # writes what was found on the cards of the networks

For actions21, clips of the folder are answered by its five fold networks, each by the one that never saw its
source video. Donors, and the clips from which batch norm is estimated, are those of the same fold network.
What each modality and connection is worth, and what replaced attention factors cost, is printed.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from app.work import attention, effects, shipped
from app.work.attention import AttentionQuestion, attention_key
from app.work.effects import EffectQuestion, question_key
from benchmarks.dress import NETWORKS, fold_of_groups
from peerattn.checkpoints import checkpoint
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.resolving import resolve
from peerattn.cli import attention_run, effect_run
from peerattn.data.cache import Cache
from peerattn.data.cache_folder import default_folder
from peerattn.data.folder import LabelledFile, labelled_files
from peerattn.data.labelled_set import LabelledSet
from peerattn.data.person_clips import PersonExamples
from peerattn.data.readable import CachedExamples
from peerattn.files.cards import read_card, write_card
from peerattn.files.paths import checkpoint_folders
from peerattn.recording.attention_ablation import ablate_attention
from peerattn.recording.effects import answers_in_parts
from peerattn.scores.attention_ablation import card_metrics, summarise_ablation
from peerattn.scores.attention_answers import AblationAnswers
from peerattn.scores.effect_answers import EffectAnswers
from peerattn.scores.effect_weights import WeightComparison, compare_with_shares, compare_with_weights
from peerattn.scores.effects import Effects
from peerattn.scores.intervals import METHOD, interval_json
from peerattn.scores.kinds import headline

GENERATED = LabelledSet(count=shipped.SHIPPED_CLIPS)
ASKED = {
    "actionworld": (("modality", "swap"), ("connection", "remove"), "attention"),
    "actionworld-self": (("modality", "swap"), ("connection", "remove"), "attention"),
    "actionworld-none": (("modality", "swap"), ("connection", "remove")),
}
"""Network of generated clips → what is asked of it."""
REDRAWN = "source videos redrawn"
"""The method of the intervals of rank correlations."""
POOLED = "actions21"
POOLED_CLIPS = (
    "{clips} training clips of {videos} source videos of J-HMDB, each answered by one of five networks of "
    "the same recipe, the one that never saw its source video; connection weights are their means"
)
SINGLE = "actions14"
SINGLE_CLIPS = "{clips} validation clips of {videos} source videos of J-HMDB, with their true object maps"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="labelled clips with the split train")
    parser.add_argument("--checkpoint", choices=(POOLED, SINGLE), default=POOLED)
    parser.add_argument("--cards", action="store_true", help="only write the cards")
    given = parser.parse_args()
    if given.cards:
        for name in (*ASKED, SINGLE, POOLED):
            write_on_card(name)
        return
    if given.data and given.checkpoint == POOLED:
        measure_pooled(given.data)
        return
    if given.data:
        chosen = LabelledSet(given.data, "val")
        groups = [file.group for file in chosen.files()]
        about = shipped.Origin(SINGLE_CLIPS.format(clips=len(groups), videos=len(set(groups))))
        for asked in ASKED["actionworld"]:
            measure(SINGLE, asked, chosen, shipped.SHIPPED_SET, about)
        return
    for name, questions in ASKED.items():
        for asked in questions:
            measure(name, asked, GENERATED, GENERATED)


def measure(
    name: str,
    asked: tuple[str, str] | str,
    clips: LabelledSet,
    kept_as: LabelledSet,
    about: shipped.Origin | None = None,
) -> None:
    """Measure one question on clips, write the answers as those on the set `kept_as`, and print them."""
    loaded = resolve(name)
    if isinstance(asked, str):
        question = AttentionQuestion(name, clips)
        found = AblationAnswers.concatenated(list(attention.answers_to(question, loaded)))
        found = replace(found, about=replace(found.about, clips=base_names(found.about.clips)))
        question = AttentionQuestion(name, kept_as)
        shipped.write(name, question.file, attention_key(question, loaded), found.to_arrays(), about)
        report_attention(name, found)
        return
    effect = EffectQuestion(name, *asked, clips)
    answers = EffectAnswers.concatenated(list(effects.answers_to(effect, loaded)))
    answers = replace(answers, about=replace(answers.about, clips=base_names(answers.about.clips)))
    effect = EffectQuestion(name, *asked, kept_as)
    shipped.write(name, effect.file, question_key(effect, loaded), in_half(answers).to_arrays(), about)
    report_effects(name, answers, loaded.network.connection_weights())


def write_on_card(name: str) -> None:
    """Write on a network's card what its modalities are worth, and whether attention matters."""
    folder = checkpoint_folders()[0] / name
    card = read_card(folder, "network")
    card["metrics"] |= worth(name)
    write_card(folder, "network", {key: card[key] for key in card if key not in ("format", "kind")})


def worth(name: str) -> dict[str, Any]:
    """Return the entries of a card's metrics that follow from the answers that ship."""
    loaded, clips = resolve(name), GENERATED if name in ASKED else shipped.SHIPPED_SET
    swaps = EffectQuestion(name, "modality", "swap", clips)
    answers = effects.kept_answers(swaps, question_key(swaps, loaded))
    assert answers
    found = {"swapped": swapped_metrics(answers.effects(), answers.about.groups)}
    removals = EffectQuestion(name, "connection", "remove", clips)
    removed = effects.kept_answers(removals, question_key(removals, loaded))
    assert removed
    weights = shipped.origin(name, removals.file).weights or loaded.network.connection_weights()
    found["connections_removed"] = correlation_metrics(removed, weights)
    factors = AttentionQuestion(name, clips)
    replaced = attention.kept_attention(factors, attention_key(factors, loaded))
    return found | ({"attention": card_metrics(summarise_ablation(replaced).to_json())} if replaced else {})


def swapped_metrics(measured: Effects, groups: Sequence[str]) -> dict[str, Any]:
    """Return the change of accuracy for each modality that comes from another clip, with joint intervals."""
    before = headline(measured.before)
    metrics = {"n": before.n, "groups": len(set(groups)), "interval_method": METHOD}
    metrics |= {"before_top1": before.value, "before_top1_interval": before.interval}
    for effect in measured.effects:
        metrics[f"{effect.name}_difference"] = effect.difference.value
        metrics[f"{effect.name}_difference_interval"] = effect.adjusted.interval
    return metrics


def correlation_metrics(removed: EffectAnswers, weights: Mapping[str, float]) -> dict[str, Any]:
    """Return how far the effects of removed connections follow their weights, and what they deliver."""
    metrics = {"n": len(removed.before), "groups": len(set(removed.about.groups)), "interval_method": REDRAWN}
    for value, compared in (
        ("weight", compare_with_weights(removed, weights)),
        ("delivered_share", compare_with_shares(removed)),
    ):
        name = f"rank_correlation_of_effect_and_{value}"
        metrics |= {
            name: compared.rho,
            **interval_json(f"{name}_interval", compared.interval, compared.remark),
        }
    return metrics


def base_names(clips: Sequence[str]) -> tuple[str, ...]:
    """Return the names of clips without the folders that contain them."""
    return tuple(Path(clip).name for clip in clips)


def measure_pooled(folder: Path) -> None:
    """Measure every question out of fold, write and print the answers."""
    loaded, folds = resolve(POOLED), list(folds_of(folder))
    weights = [fold.network.connection_weights() for fold, _, _ in folds]
    means = {key: float(np.mean([one[key] for one in weights])) for key in weights[0]}
    groups = [file.group for _, own, _ in folds for file in own]
    words = POOLED_CLIPS.format(clips=len(groups), videos=len(set(groups)))
    about = shipped.Origin(words, means)
    for asked in (("modality", "swap"), ("connection", "remove")):
        effect = EffectQuestion(POOLED, *asked, shipped.SHIPPED_SET)
        answers = EffectAnswers.concatenated(
            [
                part
                for fold, own, _ in folds
                for part in answers_in_parts(
                    fold.network,
                    examples_of(fold, own),
                    of=asked[0],
                    how=asked[1],
                    window=fold.settings.window,
                    baselines=fold.settings.baselines,
                    clip_name=clip_names(own),
                )
            ]
        )
        answers = replace(answers, about=replace(answers.about, total=len(groups)))
        shipped.write(POOLED, effect.file, question_key(effect, loaded), in_half(answers).to_arrays(), about)
        report_effects(POOLED, answers, means)
    question = AttentionQuestion(POOLED, shipped.SHIPPED_SET)
    found = AblationAnswers.concatenated(
        [
            part
            for fold, own, others in folds
            for part in ablate_attention(
                fold.network,
                examples_of(fold, own),
                examples_of(fold, others),
                window=fold.settings.window,
                clip_name=clip_names(own),
            )
        ]
    )
    found = replace(found, about=replace(found.about, total=len(groups)))
    shipped.write(POOLED, question.file, attention_key(question, loaded), found.to_arrays(), about)
    report_attention(POOLED, found)


def folds_of(folder: Path) -> Iterator[tuple[Checkpoint, list[LabelledFile], list[LabelledFile]]]:
    """Yield each fold network, the clips that it never saw, and some of those that it learned from."""
    fold, files = fold_of_groups(), labelled_files(folder, split="train")
    for name in sorted(set(fold.values())):
        own = [file for file in files if fold[file.group] == name]
        others = [file for file in files if fold[file.group] != name]
        order = np.random.default_rng(0).permutation(len(others))[: attention.TRAINING_CLIPS]
        yield checkpoint.load(NETWORKS / name), own, [others[number] for number in order]


def examples_of(loaded: Checkpoint, files: Sequence[LabelledFile]) -> CachedExamples:
    return CachedExamples(
        PersonExamples(
            files,
            loaded.class_names,
            modalities=loaded.structure.read_modalities,
            settings=loaded.settings,
            cache=Cache(default_folder()),
        )
    )


def clip_names(files: Sequence[LabelledFile]) -> Callable[[int], str]:
    return lambda number: files[number].path.name


def in_half(answers: EffectAnswers) -> EffectAnswers:
    """Return the answers rounded to half precision, which is enough for every figure that is shown."""
    half = {name: one.astype(np.float16).astype(np.float32) for name, one in answers.after.items()}
    before = answers.before.astype(np.float16).astype(np.float32)
    return replace(answers, before=before, after=half)


def report_effects(name: str, answers: EffectAnswers, weights: Mapping[str, float]) -> None:
    """Print the effects, and for connections how far they follow the weights."""
    result = effect_run.to_json(answers.effects(), ())
    Console().print(effect_run.table(result, name, answers.about.of, answers.about.how))
    if answers.about.of == "connection":
        print(correlation(name, "weight", compare_with_weights(answers, weights)))
        print(correlation(name, "delivered share", compare_with_shares(answers)))


def correlation(name: str, value: str, found: WeightComparison) -> str:
    """Return the rank correlation of effects and weights or shares in one line."""
    if found.rho is None or found.interval is None:
        return f"{name}: {found.sentence}"
    low, high = found.interval
    halves = "" if found.halves is None else f", two halves {found.halves:.2f}"
    return (
        f"{name}, {value}: ρ {found.rho:.2f} ({low:.2f} to {high:.2f}), {len(found.rises)} connections, "
        f"{found.n} clips{halves}: {found.sentence}"
    )


def report_attention(name: str, found: AblationAnswers) -> None:
    result = summarise_ablation(found).to_json()
    about = found.about
    result |= {"training_clips": about.training_clips, "skipped": list(about.left_out)}
    Console().print(attention_run.table(result, name))


if __name__ == "__main__":
    main()
