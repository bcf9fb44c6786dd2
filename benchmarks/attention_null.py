"""How often attention is said to matter where it does not, and where it does.

    python -m benchmarks.attention_null

Simulated: answers of a network to clips, some of which share a source video. By random deviations each clip
becomes wrong with a probability of its own, by replaced factors with the same one, or with a greater one for
the questions that are planted. Draws on the same clip are alike as in real measurements, and so are clips of
one video.
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray

from peerattn.scores.attention_ablation import MATTERS, summarise_ablation
from peerattn.scores.attention_answers import AblationAbout, AblationAnswers
from peerattn.scores.attention_questions import BATCH_NORMS, QUESTIONS

KEYS = [f"{question.key} {name}" for question in QUESTIONS for name in BATCH_NORMS]
DRAWS, BEFORE, LOSS = 5, 0.95, 0.15
"""Draws, the accuracy before, and the mean loss by random deviations."""
SIZES = ((192, 192), (504, 154))
"""Numbers of clips and of source videos."""


def simulate(
    rng: np.random.Generator, clips: int, videos: int, planted: tuple[str, ...], points: float
) -> AblationAnswers:
    """Return answers in which the planted questions cost `points` more than random deviations."""
    video = np.arange(clips) % videos
    right = rng.random(clips) < BEFORE
    shared = rng.beta(1, 1 / LOSS - 1, videos)[video]  # how easily clips of a video are upset

    def answers(more: float) -> NDArray[np.float16]:
        own = np.clip(shared + rng.normal(0, 0.05, clips) + more * shared / LOSS, 0, 1)
        lost = rng.random((DRAWS, clips)) < own
        return as_answers(right & ~lost)

    def as_answers(hits: NDArray[np.bool_]) -> NDArray[np.float16]:
        return np.stack([np.where(hits, 0.75, 0.25), np.where(hits, 0.25, 0.75)], -1).astype(np.float16)

    about = AblationAbout(
        kind="classes",
        class_names=("yes", "no"),
        clips=tuple(map(str, range(clips))),
        labels=((0,),) * clips,
        groups=tuple(map(str, video.tolist())),
        total=clips,
        left_out=(),
        training_clips=200,
    )
    replaced = {key: answers(points / 100 if key.split()[0] in planted else 0.0) for key in KEYS}
    ratios = {key: np.ones((DRAWS, clips, 1), np.float16) for key in KEYS}
    unchanged = {name: as_answers(right) for name in BATCH_NORMS}
    return AblationAnswers(about, unchanged, replaced, {key: answers(0.0) for key in KEYS}, ratios)


def count(rounds: int, clips: int, videos: int, planted: tuple[str, ...], points: float) -> tuple[int, int]:
    """Return in how many rounds a question that is not planted is said to matter, and the planted one is."""
    wrong = found = 0
    for seed in range(rounds):
        rng = np.random.default_rng((seed, clips, round(10 * points)))
        summary = summarise_ablation(simulate(rng, clips, videos, planted, points))
        matters = {one.question.key for one in summary.findings if one.verdict == MATTERS}
        wrong += bool(matters - set(planted))
        found += bool(matters & set(planted))
    return wrong, found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=1000)
    rounds = parser.parse_args().rounds
    for clips, videos in SIZES:
        wrong, _ = count(rounds, clips, videos, (), 0.0)
        print(
            f"{clips} clips of {videos} videos, nothing matters: said to in {wrong / rounds:.1%} of {rounds}"
        )
        for points in (5.0, 10.0, 15.0):
            wrong, found = count(rounds, clips, videos, ("match",), points)
            print(
                f"  the match costs about {points:g} points beyond it: found in {found / rounds:.1%}, "
                f"another question in {wrong / rounds:.1%}"
            )


if __name__ == "__main__":
    main()
