"""The report of a training run: the result as JSON and as a table, and the card of the trained network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.cli.reports import evaluation_table, headline_json
from peerattn.recording.evaluating import evaluate
from peerattn.scores.kinds import SCORES
from peerattn.training.recipe import Recipe
from peerattn.training.training_data import TrainingData


@dataclass(frozen=True)
class TrainingResult:
    """How well a trained network does: the full result as JSON, the card's metrics, and a table."""

    json: dict[str, Any]
    metrics: dict[str, Any]
    table: Table


def measure(loaded: Checkpoint, data: TrainingData, progress: Callable[[int, int], None]) -> TrainingResult:
    """Evaluate a trained network on the clips set aside for measuring."""
    window = loaded.settings.window
    evaluation = evaluate(loaded.network, data.examples, window=window, progress=progress)
    table = evaluation_table(evaluation, loaded.name)
    if data.validate is None:
        return TrainingResult(evaluation.to_json(), {"true_maps": headline_json(evaluation)}, table)
    json, metrics = REPORTED_SCORES[evaluation.kind](evaluation)
    return TrainingResult(json, metrics, table)


def _class_scores(evaluation: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    whole = evaluation.to_json()
    return whole, {name: value for name, value in whole.items() if name != "confusion"}


def _label_scores(evaluation: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    scores = {name: score.to_json() for name, score in SCORES[evaluation.kind](evaluation).items()}
    return scores, scores


REPORTED_SCORES: Mapping[str, Callable[[Any], tuple[dict[str, Any], dict[str, Any]]]] = {
    "classes": _class_scores,
    "labels": _label_scores,
}
"""Kind of answer → what `train` reports of an evaluation, and the part of it that the card stores."""


def training_card(
    loaded: Checkpoint, data: TrainingData, result: TrainingResult, *, recipe: Recipe, command: str
) -> dict[str, Any]:
    """Return the card of a trained network: its training clips, its recipe and how well it does."""
    weights = loaded.network.connection_weights().values()
    moved_weights = [weight for weight in weights if not 0.45 <= weight <= 0.55]
    modalities = ", ".join(modality.name for modality in loaded.structure.modalities)
    facts = dict(data.facts)
    return {
        "description": f"{facts['data']} clips; {modalities}; {loaded.structure.attention_mode} attention",
        "command": command,
        "training": {"clips": facts.pop("clips"), **recipe.to_json()},
        "metrics": result.metrics,
        "learned_connectivity": {
            "outside_0.45_to_0.55": len(moved_weights),
            "connections": len(weights),
        },
        **facts,
        **({"unread": data.unread} if data.unread else {}),
    }
