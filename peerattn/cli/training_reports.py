"""What training reports: the result as JSON and as a table, and the card of the network it made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.cli.console import percent
from peerattn.cli.reports import accuracy, evaluation_table
from peerattn.recording.evaluating import evaluate, evaluate_labels
from peerattn.scores.metrics import Score
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
    if material.several_labels:
        scores = evaluate_labels(loaded.network, material.examples, window=window)
        found = {name: score.to_json() for name, score in scores.items()}
        return Result(found, found, _scores_table(scores, loaded.name))
    evaluation = evaluate(loaded.network, material.examples, window=window, progress=progress)
    if material.validate is None:
        metrics = {"true_maps": accuracy(evaluation)}
    else:
        metrics = {name: value for name, value in evaluation.to_json().items() if name != "confusion"}
    return Result(evaluation.to_json(), metrics, evaluation_table(evaluation, loaded.name))


def _scores_table(scores: dict[str, Score], name: str) -> Table:
    """Average precision with its interval, over all classes and of each."""
    n = next(iter(scores.values())).n
    table = Table(title=Text(f"{name}: {n} clips, 95 % intervals"))
    table.add_column("")
    table.add_column("average precision", justify="right")
    for title, score in scores.items():
        table.add_row(Text(title), percent(score.value, score.interval))
    return table


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
