"""What training reports: the result as JSON and as a table, and the card of the network it made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.cli.reports import accuracy, evaluation_table
from peerattn.recording.evaluating import evaluate
from peerattn.scores.kinds import SCORES
from peerattn.training.material import Material
from peerattn.training.recipe import Recipe


@dataclass(frozen=True)
class Result:
    """What a network scored: all of it for JSON, the card's part, and a table for a person."""

    json: dict[str, Any]
    metrics: dict[str, Any]
    table: Table


def measured(loaded: Checkpoint, material: Material, progress: Callable[[int, int], None]) -> Result:
    """How well a network does on the clips that are kept to measure it."""
    window = loaded.settings.window
    evaluation = evaluate(loaded.network, material.examples, window=window, progress=progress)
    table = evaluation_table(evaluation, loaded.name)
    if material.validate is None:
        return Result(evaluation.to_json(), {"true_maps": accuracy(evaluation)}, table)
    json, metrics = NUMBERS[evaluation.kind](evaluation)
    return Result(json, metrics, table)


def _of_classes(evaluation: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    whole = evaluation.to_json()
    return whole, {name: value for name, value in whole.items() if name != "confusion"}


def _of_labels(evaluation: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    scores = {name: score.to_json() for name, score in SCORES[evaluation.kind](evaluation).items()}
    return scores, scores


NUMBERS: Mapping[str, Callable[[Any], tuple[dict[str, Any], dict[str, Any]]]] = {
    "classes": _of_classes,
    "labels": _of_labels,
}
"""Kind of answer → what `train` reports of an evaluation, and what the card keeps of that."""


def training_card(
    loaded: Checkpoint, material: Material, result: Result, *, recipe: Recipe, command: str
) -> dict[str, Any]:
    """What a card says of a network that was trained: of which clips, how, and how well it does."""
    weights = loaded.network.connection_weights().values()
    moved = [weight for weight in weights if not 0.45 <= weight <= 0.55]
    read = ", ".join(modality.name for modality in loaded.structure.modalities)
    facts = dict(material.facts)
    return {
        "description": f"{facts['data']} clips; {read}; {loaded.structure.attention_mode} attention",
        "command": command,
        "training": {"clips": facts.pop("clips"), **recipe.to_json()},
        "metrics": result.metrics,
        "learned_connectivity": {"outside_0.45_to_0.55": len(moved), "connections": len(weights)},
        **facts,
        **({"unread": material.unread} if material.unread else {}),
    }
