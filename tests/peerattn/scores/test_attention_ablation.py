"""What is said about attention: only a loss beyond the control counts as need."""

import numpy as np
import pytest

from peerattn.errors import PeerattnError
from peerattn.scores.attention_ablation import (
    LESS,
    MATTERS,
    NOT_SHOWN,
    UNMATCHED,
    AblationSummary,
    summarise_ablation,
)
from peerattn.scores.attention_answers import AblationAbout, AblationAnswers, Array
from peerattn.scores.attention_questions import BATCH_NORMS, QUESTIONS
from peerattn.scores.labels import paired_precision, summarise_labels

KEYS = [f"{question.key} {name}" for question in QUESTIONS for name in BATCH_NORMS]
CLIPS = 100


def shares(right: np.ndarray) -> Array:
    """Probabilities (…, N, 2) of networks that are right, with class 0, or wrong."""
    return np.stack([np.where(right, 0.75, 0.25), np.where(right, 0.25, 0.75)], axis=-1).astype(np.float16)


def answers(
    replaced: float,
    deviating: float,
    *,
    clips: int = CLIPS,
    seed: int = 0,
    ratio: float = 1.0,
    draws: int = 5,
) -> AblationAnswers:
    """Answers that are right, after a change of either kind, in this share of the clips."""
    rng = np.random.default_rng(seed)

    def drawn(share: float) -> Array:
        # The first clips are right whatever is drawn, so that draws of one clip agree as real ones do.
        chance = np.concatenate([np.full(clips // 2, 0.0), rng.random(clips - clips // 2)])
        return shares(np.broadcast_to(chance < 2 * share - 1, (draws, clips)) | (chance == 0.0))

    about = AblationAbout(
        kind="classes",
        class_names=("yes", "no"),
        clips=tuple(map(str, range(clips))),
        labels=((0,),) * clips,
        groups=tuple(map(str, range(clips))),
        total=clips,
        left_out=(),
        training_clips=200,
    )
    whole = {name: shares(np.ones(clips, bool)) for name in BATCH_NORMS}
    ratios = {key: np.full((draws, clips, 3), ratio, np.float16) for key in KEYS}
    return AblationAnswers(
        about, whole, {key: drawn(replaced) for key in KEYS}, {key: drawn(deviating) for key in KEYS}, ratios
    )


def verdicts(summary: AblationSummary) -> set[str]:
    return {one.verdict for one in summary.findings}


def test_a_loss_beyond_the_control_matters_and_the_same_loss_does_not() -> None:
    found = summarise_ablation(answers(0.6, 0.95))
    assert verdicts(found) == {MATTERS}
    first = found.findings[0]
    assert first.by_replacing.value == pytest.approx(first.beyond.value + first.by_deviating.value)
    assert first.words("").startswith("matters: ")
    assert found.sentence.startswith("attention matters in this network: it needs the movement")

    alike = summarise_ablation(answers(0.8, 0.8))
    assert verdicts(alike) == {NOT_SHOWN}
    assert "points beyond the control is not excluded" in alike.findings[0].words("")
    assert alike.sentence == "attention is not shown to matter in this network"
    assert verdicts(summarise_ablation(answers(0.95, 0.6))) == {LESS}


def test_deviations_that_are_too_small_are_no_control() -> None:
    found = summarise_ablation(answers(0.6, 0.95, ratio=0.9))
    assert verdicts(found) == {UNMATCHED}
    assert "no control" in found.findings[0].words("")
    assert "matters in this network:" not in found.sentence
    assert verdicts(summarise_ablation(answers(0.6, 0.95, ratio=1.1))) == {MATTERS}


def test_what_only_batch_norm_makes_matter_is_said_to_depend_on_it() -> None:
    found = answers(0.6, 0.95)
    same = {**found.replaced, "match estimated": found.deviating["match estimated"]}
    changed = AblationAnswers(found.about, found.unchanged, same, found.deviating, found.ratios)
    sentence = summarise_ablation(changed).sentence
    assert sentence.endswith("; for the match of factors and clip, the answer depends on batch norm")


def test_too_few_clips_have_no_verdict() -> None:
    found = summarise_ablation(answers(0.5, 1.0, clips=12))
    assert verdicts(found) == {UNMATCHED}
    assert found.findings[0].beyond.interval is None
    assert found.sentence.startswith("whether attention matters is unknown: ")
    document = found.to_json()
    assert document["findings"][0]["beyond_interval"] is None
    assert document["findings"][0]["beyond_interval_remark"]


def test_the_intervals_of_all_findings_hold_at_once() -> None:
    """Without any effect, few of many screens of eight findings call anything needed."""
    wrong = sum(
        MATTERS in verdicts(summarise_ablation(answers(0.85, 0.85, seed=seed))) for seed in range(200)
    )
    assert wrong <= 200 * 0.05


def test_draws_are_averaged_clip_by_clip() -> None:
    found = answers(0.8, 0.8)
    half = found.replaced["level kept"].copy()
    half[:2] = shares(np.zeros(CLIPS, bool))
    changed = AblationAnswers(
        found.about, found.unchanged, {**found.replaced, "level kept": half}, found.deviating, found.ratios
    )
    before, after = (
        next(one for one in summarise_ablation(some).findings if one.question.key == "level")
        for some in (found, changed)
    )
    right = float((found.replaced["level kept"][0, :, 0] > 0.5).mean())
    assert before.by_replacing.value == pytest.approx(right - 1)
    assert after.by_replacing.value == pytest.approx(0.6 * right - 1)


def test_labels_are_compared_in_mean_average_precision() -> None:
    rng = np.random.default_rng(0)
    labels = tuple(tuple(np.flatnonzero(row).tolist()) for row in rng.random((60, 4)) < 0.4)
    groups = tuple(str(number // 2) for number in range(60))
    about = AblationAbout("labels", tuple("abcd"), tuple(map(str, range(60))), labels, groups, 60, (), 200)
    kept, changed = (rng.random((60, 4)).astype(np.float16) for _ in range(2))
    every = dict.fromkeys(KEYS, changed[None])
    ratios = {key: np.ones((1, 60, 2), np.float16) for key in KEYS}
    unchanged = dict.fromkeys(BATCH_NORMS, kept)
    found = summarise_ablation(AblationAnswers(about, unchanged, every, every, ratios)).findings[0]
    truth = np.array([[number in own for number in range(4)] for own in labels])
    before, after = (
        summarise_labels(one.astype(np.float32), truth, groups, "abcd") for one in (kept, changed)
    )
    expected = paired_precision(before, after)
    assert found.by_replacing.value == pytest.approx(expected.value)
    assert found.by_replacing.interval == pytest.approx(expected.interval)
    assert found.beyond.value == 0


def test_answers_are_stored_and_read_back() -> None:
    found = answers(0.6, 0.9, clips=40)
    again = AblationAnswers.from_arrays(found.to_arrays())
    assert again.about == found.about
    assert summarise_ablation(again) == summarise_ablation(found)
    arrays = found.to_arrays()
    with pytest.raises(PeerattnError, match="measure them again"):
        AblationAnswers.from_arrays({name: value for name, value in arrays.items() if name != "about"})
    with pytest.raises(PeerattnError, match="do not fit"):
        AblationAnswers.from_arrays({**arrays, "unchanged kept": arrays["unchanged kept"][:-1]})
    with pytest.raises(PeerattnError, match="do not fit"):
        AblationAnswers.from_arrays({n: v for n, v in arrays.items() if n != "replaced match kept"})
