"""What the commands report: plain results for JSON, and the same as tables for a person."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import torch
from rich.table import Table
from rich.text import Text

from peerattn import checkpoint as checkpoints
from peerattn.checkpoint import Checkpoint
from peerattn.connectivity import Pruning, survey
from peerattn.console import percent
from peerattn.errors import PeerattnError
from peerattn.evaluation import Evaluation, paired_difference
from peerattn.generated import TEST_SEED
from peerattn.latency import Latency
from peerattn.network import Network
from peerattn.segmentation_training import Segmentation
from peerattn.size import multiply_adds, parameters
from peerattn.structure import Structure
from peerattn.trace import Trace
from peerattn.training import TrainingConfig

AT_INITIALISATION = 0.01
"""A connection weight this close to 0.5, where all start, has learned nothing yet."""


MOST_PARAMETERS = 500_000_000
"""Two gigabytes: a structure's file may ask for more than there is memory."""


class Objects(StrEnum):
    true = "true"
    estimated = "estimated"


def network_of(name: str) -> Network:
    """The network of a checkpoint, or of a structure's JSON file (its filters then untrained)."""
    path = Path(name)
    if path.suffix != ".json":
        return checkpoints.load(name).network
    try:
        document = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PeerattnError(f"{name} is not a text file: give a structure's JSON file") from error
    structure = Structure.parse(document)
    with torch.device("meta"):
        size = parameters(Network(structure, ["class"]))
    if size > MOST_PARAMETERS:
        raise PeerattnError(f"{name} asks for {size:,} parameters: at most {MOST_PARAMETERS:,} are built")
    return Network(structure, ["class"])


def predictions_table(trace: Trace, clip: str) -> Table:
    """The five likeliest classes of the clip, and of each window the likeliest."""
    maps = f", {trace.objects} object maps" if trace.objects else ""
    table = Table(
        title=Text(f"{clip}: {len(trace.times)} frames{maps}"), caption=Text("\n".join(trace.remarks))
    )
    table.add_column("of")
    table.add_column("prediction")
    table.add_column("probability", justify="right")
    for number in trace.probabilities.argsort()[::-1][:5]:
        table.add_row("clip", Text(trace.class_names[number]), f"{trace.probabilities[number]:.1%}")
    for window in trace.windows:
        first, last = trace.times[window.start], trace.times[window.stop - 1]
        number = int(window.probabilities.argmax())
        of = f"window {first:.2f} to {last:.2f} s"
        table.add_row(of, Text(trace.class_names[number]), f"{window.probabilities[number]:.1%}")
    return table


def structure(network: Network, threshold: float, *, frames: int, size: int) -> dict[str, Any]:
    """The level graph with its weights, what the threshold removes, and what the whole costs."""
    weights = network.connection_weights()
    pruning = survey(network.structure, weights, threshold)
    kept, read = set(pruning.kept), {spec.source for spec in network.structure.connections}
    outputs = {output.block for output in network.structure.outputs}
    return {
        "connections": [
            {
                "source": spec.source,
                "target": spec.target,
                "connection_weight": weights.get(spec.key),
                "kept": spec.key in kept,
            }
            for spec in network.structure.connections
        ],
        **_removal(pruning),
        "output_connected": pruning.output_connected,
        "at_initialisation": [
            [spec.source, spec.target]
            for spec in network.structure.connections
            if spec.learned and abs(weights.get(spec.key, 1.0) - 0.5) <= AT_INITIALISATION
        ],
        "unused_blocks": [
            block.id for block in network.structure.blocks if block.id not in read and block.id not in outputs
        ],
        "parameters": parameters(network),
        "multiply_adds": multiply_adds(network, frames=frames, size=size),
    }


def _removal(pruning: Pruning) -> dict[str, Any]:
    """What a threshold removes and what dies of it."""
    return {
        "threshold": pruning.threshold,
        "kept": len(pruning.kept),
        "removed": len(pruning.removed),
        "dead_blocks": list(pruning.dead_blocks),
        "peer_only": list(pruning.peer_only),
        "starved": list(pruning.starved),
        "lost_modalities": list(pruning.lost_modalities),
    }


def structure_table(result: Mapping[str, Any], name: str) -> Table:
    """The connections by weight, and what the threshold does."""
    facts = [
        f"{result['kept']} connections kept, {result['removed']} removed (weight < {result['threshold']:g})",
        *(
            f"{title}: {', '.join(result[key])}"
            for title, key in (
                ("dead blocks", "dead_blocks"),
                ("of these still computed, as peers", "peer_only"),
                ("starved blocks", "starved"),
                ("lost modalities", "lost_modalities"),
                ("blocks nothing reads", "unused_blocks"),
            )
            if result[key]
        ),
        f"{len(result['at_initialisation'])} connections still at their initial weight",
        f"{result['parameters']:,} parameters, {result['multiply_adds'] / 1e6:.1f} M multiply-adds a clip",
    ]
    if not result["output_connected"]:
        facts.append("no path is left from an input block to an output block")
    table = Table(title=Text(name), caption=Text("\n".join(facts)), caption_justify="left")
    for column in ("source", "target", "connection weight", ""):
        table.add_column(column, justify="right" if column == "connection weight" else "left")
    for row in result["connections"]:
        weight = row["connection_weight"]
        shown = "none" if weight is None else f"{weight:.3f}"
        removed = "" if row["kept"] else "removed"
        table.add_row(Text(row["source"]), Text(row["target"]), shown, removed)
    return table


def evaluation_table(evaluation: Evaluation, name: str) -> Table:
    """Accuracies with their intervals, over all clips and per class."""
    table = Table(title=Text(f"{name}: {evaluation.n} clips, 95 % intervals"))
    table.add_column("")
    table.add_column("clips", justify="right")
    table.add_column("accuracy", justify="right")
    for title in ("top1", "top5", "macro"):
        share, interval = getattr(evaluation, title), getattr(evaluation, f"{title}_interval")
        table.add_row(title, str(evaluation.n), percent(share, interval))
    table.add_section()
    for row in evaluation.classes:
        if row.n:
            table.add_row(Text(row.name), str(row.n), percent(row.accuracy, row.interval))
    return table


def accuracy(evaluation: Evaluation) -> dict[str, Any]:
    """The short form that a card keeps."""
    return {"n": evaluation.n, "top1": evaluation.top1, "top1_interval": list(evaluation.top1_interval)}


def training_card(
    loaded: Checkpoint, evaluation: Evaluation, config: TrainingConfig, command: str
) -> dict[str, Any]:
    """What a card says of a network that was trained on generated clips."""
    weights = loaded.network.connection_weights().values()
    moved = [weight for weight in weights if not 0.45 <= weight <= 0.55]
    read = ", ".join(modality.name for modality in loaded.structure.modalities)
    return {
        "description": f"ActionWorld clips; {read}; {loaded.structure.attention_mode} attention",
        "command": command,
        "training": dataclasses.asdict(config),
        "metrics": {"true_maps": accuracy(evaluation)},
        "learned_connectivity": {"outside_0.45_to_0.55": len(moved), "connections": len(weights)},
        "test_seeds": [TEST_SEED, TEST_SEED + evaluation.n],
    }


def segmentation_table(result: Segmentation, name: str) -> Table:
    """Mean intersection over union with its interval, and each class's."""
    table = Table(title=Text(f"{name}: {result.n} clips, 95 % interval of the mean"))
    table.add_column("")
    table.add_column("intersection over union", justify="right")
    low, high = result.mean_iou_interval
    table.add_row("mean", f"{result.mean_iou:.3f} ({low:.3f} to {high:.3f})")
    for class_name, iou in result.classes.items():
        table.add_row(Text(class_name), f"{iou:.3f}")
    return table


def pruned(
    loaded: Checkpoint,
    smaller: Checkpoint,
    threshold: float,
    evaluations: tuple[Evaluation, Evaluation],
    timed: list[Latency],
) -> dict[str, Any]:
    """What pruning removed, what it costs in accuracy and what it saves, before and after."""
    pruning = survey(loaded.structure, loaded.network.connection_weights(), threshold)
    before, after = evaluations
    difference, interval = paired_difference(before, after)
    shape = {"frames": loaded.settings.window, "size": loaded.settings.size}
    networks = (loaded.network, smaller.network)
    return {
        **_removal(pruning),
        "before": before.to_json(),
        "after": after.to_json(),
        "difference": difference,
        "difference_interval": list(interval),
        "parameters": _both(parameters(network) for network in networks),
        "multiply_adds": _both(multiply_adds(network, **shape) for network in networks),
        "latency_ms": {
            **_both(one.median for one in timed),
            "spread": _both(list(one.quartiles) for one in timed),
            "passes": timed[0].passes,
        },
    }


def _both(values: Iterable[Any]) -> dict[str, Any]:
    return dict(zip(("before", "after"), values, strict=True))


def pruned_table(result: Mapping[str, Any], name: str) -> Table:
    """Before and after, side by side."""
    before, after = result["before"], result["after"]
    table = Table(
        title=Text(f"{name} at threshold {result['threshold']:g}"),
        caption=Text(
            f"{result['removed']} connections removed, {result['kept']} kept; dead blocks: "
            f"{', '.join(result['dead_blocks']) or 'none'}; {before['n']} clips, 95 % intervals"
        ),
    )
    for column in ("", "before", "after"):
        table.add_column(column, justify="left" if not column else "right")
    table.add_row("top-1", *(percent(one["top1"], one["top1_interval"]) for one in (before, after)))
    low, high = result["difference_interval"]
    table.add_row(
        "difference, in points",
        "",
        f"{100 * result['difference']:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})",
    )
    table.add_row("parameters", *(f"{count:,}" for count in result["parameters"].values()))
    table.add_row("multiply-adds, M", *(f"{count / 1e6:.1f}" for count in result["multiply_adds"].values()))
    table.add_row(
        "latency, ms (median)", *(f"{result['latency_ms'][when]:.1f}" for when in ("before", "after"))
    )
    return table
