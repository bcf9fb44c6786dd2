"""The questions by which one finds out whether attention matters in a network, as plain data."""

from __future__ import annotations

from typing import NamedTuple


class Question(NamedTuple):
    """What is asked about the attention factors, what is done to all of them, and what that takes away.

    `apart` says why its answer is not drawn beside the others, if it is not.
    """

    key: str
    title: str
    asks: str
    does: str
    takes_away: str
    apart: str = ""


QUESTIONS = (
    Question(
        "movement",
        "mean over time",
        "Does it matter that the factors move in time?",
        "each clip’s factors at their mean over its frames",
        "the movement of the factors in time",
    ),
    Question(
        "clip",
        "same for all clips",
        "Does it matter which clip it is?",
        "the same factors for all clips, which deliver as much as the factors did over training clips",
        "factors that differ from clip to clip",
    ),
    Question(
        "level",
        "all 1",
        "Does the learned level of the factors matter?",
        "all factors 1",
        "the learned level of the factors",
        "factors of 1 change the size of what every block receives far more than the other ways, and so does "
        "its control, which can hide what the level is worth",
    ),
    Question(
        "match",
        "another clip's",
        "Does it matter that factors and clip belong together?",
        "the factors of another clip, of another class",
        "the match of factors and clip",
    ),
)
BATCH_NORMS = {"kept": "as trained", "estimated": "re-estimated"}
"""Which statistics batch norm uses → in words."""
