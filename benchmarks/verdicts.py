"""Tables of `benchmarks.coverage` on the verdicts of comparisons, and on the time that intervals take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.resolving import resolve
from peerattn.data.labelled_set import LabelledSet
from peerattn.data.readable import SkipUnreadable
from peerattn.network.network import Network
from peerattn.pruning.threshold import prune
from peerattn.recording.evaluating import evaluate
from peerattn.scores.comparison import SAME, WORSE
from peerattn.scores.evaluation import Evaluation, class_weights, summarise
from peerattn.scores.intervals import MIN_CLASS_SIZE, group_numbers, paired_interval, share_interval
from peerattn.scores.kinds import difference
from tests.draws import Numbers, Random, draw_shared_outcomes

COIN_TOSSES = 2000
GENERATED = 320
THRESHOLDS = (0.3, 0.5)
"""The thresholds at which `actions14` is pruned."""
CLIPS, VIDEOS, CLASSES, CURVE, ROUNDS = 640, 160, 14, 50, 9
"""The sizes of the curve that is timed, and the number of rounds."""


def null(data: Path | None) -> Iterator[str]:
    """Verdicts on real comparisons in which a coin per source video swaps before and after."""
    for name, before, after in evaluation_pairs(data):
        rng, clip_groups = np.random.default_rng(7), group_numbers(before.n, before.groups)
        verdicts = [
            difference(*toss_coins(rng, before, after, clip_groups)).words for _ in range(COIN_TOSSES)
        ]
        share = sum(words.startswith(SAME) for words in verdicts) / COIN_TOSSES
        changed = before.correct != after.correct
        yield (
            f"{name}: {changed.sum()} answers of {before.n} clips, in {len(set(clip_groups[changed]))} of "
            f"{clip_groups.max() + 1} source videos, became right or wrong; {SAME} in {100 * share:.1f} %"
        )


def evaluation_pairs(data: Path | None) -> Iterator[tuple[str, Evaluation, Evaluation]]:
    """Yield a name, and two evaluations of the same clips."""
    peer, own = (resolve(name) for name in ("actionworld", "actionworld-self"))
    clips = LabelledSet(count=GENERATED).examples(peer, cached=True)
    before, after = (_evaluated(one.network, one, clips) for one in (peer, own))
    yield "actionworld against actionworld-self", before, after
    if not data:
        return
    loaded = resolve("actions14")
    clips = LabelledSet(data, "val").examples(loaded, cached=True)
    true = _evaluated(loaded.network, loaded, clips)
    estimated = LabelledSet(data, "val", origin="estimated").examples(loaded)
    yield "actions14, true against estimated maps", true, _evaluated(loaded.network, loaded, estimated)
    for threshold in THRESHOLDS:
        pruned = _evaluated(prune(loaded.network, threshold), loaded, clips)
        yield f"actions14 against itself pruned at {threshold}", true, pruned


def _evaluated(network: Network, loaded: Checkpoint, clips: SkipUnreadable) -> Evaluation:
    evaluation = evaluate(network, clips, window=loaded.settings.window)
    assert isinstance(evaluation, Evaluation)
    return evaluation


def toss_coins(
    rng: Random, before: Evaluation, after: Evaluation, clip_groups: Numbers
) -> tuple[Evaluation, Evaluation]:
    """Return the same answers, but a coin per source video decides if its better ones are before or after."""
    first = before.correct[:, None]
    better = np.where(first, before.probabilities, after.probabilities)
    worse = np.where(first, after.probabilities, before.probabilities)
    heads = (rng.random(int(clip_groups.max()) + 1) < 0.5)[clip_groups][:, None]
    names = [row.name for row in before.classes]
    one, other = (
        summarise(np.where(heads, *answers), before.labels, before.groups, names)
        for answers in ((better, worse), (worse, better))
    )
    return one, other


def power(trials: int) -> Iterator[str]:
    """A loss of 3 points (4 % lost, 1 % gained) on 600 clips, each from its own source video."""
    trials = max(trials // 5, 1)
    rng, detected = np.random.default_rng(7), 0
    for _ in range(trials):
        before, after = draw_evaluations(rng, 600, lost=0.04, gained=0.01)
        detected += difference(before, after).verdict == WORSE
    yield f"{WORSE} in {100 * detected / trials:.1f} % of {trials} trials"


def draw_evaluations(rng: Random, clips: int, *, lost: float, gained: float) -> tuple[Evaluation, Evaluation]:
    """Return two evaluations of independent clips of one class: some answers are lost and gained between."""
    change = draw_shared_outcomes(rng, np.arange(clips), (lost, gained, 1 - lost - gained), 0.0)
    names, labels = [str(clip) for clip in range(clips)], np.zeros(clips, np.int64)
    before, after = (
        summarise(np.eye(2, dtype=np.float32)[(change == wrong).astype(int)], labels, names, ("one", "other"))
        for wrong in (1, 0)
    )
    return before, after


def speed(_: int) -> Iterator[str]:
    """CPU time of the intervals of a curve: 50 evaluations of 640 clips, 160 source videos, 14 classes."""
    rng = np.random.default_rng(7)
    names = np.array([f"video {number}" for number in rng.integers(VIDEOS, size=CLIPS)])
    labels, clip_groups = rng.integers(CLASSES, size=CLIPS), group_numbers(CLIPS, names)
    before = rng.random(CLIPS) < 0.7
    curve = [before ^ (rng.random(CLIPS) < 0.002 * step) for step in range(CURVE)]
    tasks = {
        "paired differences, top-1": lambda hits: paired_interval(before, hits, names),
        "top-1, top-5, macro and middle window": lambda hits: [
            share_interval(hits, clip_groups, weights)
            for weights in (None, None, class_weights(labels), None)
        ],
        "accuracies of the classes": lambda hits: [
            share_interval(hits[labels == label], clip_groups[labels == label], least=MIN_CLASS_SIZE)
            for label in range(CLASSES)
        ],
    }
    total = 0.0
    for name, task in tasks.items():
        seconds = []
        for _ in range(ROUNDS):
            started = time.process_time()
            for hits in curve:
                task(hits)
            seconds.append(time.process_time() - started)
        total += float(np.median(seconds))
        yield f"{name}: {np.median(seconds):.4f} CPU seconds"
    yield f"altogether: {total:.4f} CPU seconds (medians of {ROUNDS} rounds)"
