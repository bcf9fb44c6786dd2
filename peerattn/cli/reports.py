"""What the commands report: plain results for JSON, and the same as tables for a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.structure_facts import removal_json
from peerattn.cli.console import percent
from peerattn.graph.connectivity import survey
from peerattn.network.latency import Latency
from peerattn.network.size import multiply_adds, parameters
from peerattn.scores.evaluation import Evaluation, paired_difference
from peerattn.scores.verdict import Verdict
from peerattn.traces.trace import Trace


def predictions_table(trace: Trace, clip: str, said: Verdict | None = None) -> Table:
    """The five likeliest classes of the clip, and of each window the likeliest.

    Below it what the trace says of itself and, where the clip is of none of the classes, why.
    """
    maps = f", {trace.objects} object maps" if trace.objects else ""
    by = [f"computed on {trace.computed_by}"] if trace.computed_by else []
    lines = (*([said.why] if said and said.why else []), *trace.remarks, *by)
    table = Table(title=Text(f"{clip}: {len(trace.times)} frames{maps}"), caption=Text("\n".join(lines)))
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


def against(measured: Evaluation, other: Evaluation, name: str) -> dict[str, Any]:
    """By how much an evaluation is ahead of another checkpoint's of the same clips, paired."""
    difference, interval = paired_difference(other, measured)
    return {
        "against": name,
        "against_top1": other.top1,
        "against_top1_interval": list(other.top1_interval),
        "difference": difference,
        "difference_interval": list(interval),
    }


def maps_used(objects: Mapping[str, int]) -> str:
    """Which object maps a network was given, and for how many clips."""
    return "object maps: " + ", ".join(f"{origin} for {n} clips" for origin, n in objects.items())


def evaluation_table(evaluation: Evaluation, name: str, result: Mapping[str, Any] | None = None) -> Table:
    """Accuracies with their intervals, over all clips and per class, and what `against` found."""
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
    lines = [maps_used(evaluation.objects)] if evaluation.objects else []
    if result and result.get("skipped"):
        lines.append(f"not among these, as they could not be read: {len(result['skipped'])} of the clips")
    table.caption = Text("\n".join(lines)) if lines else None
    if result and "against" in result:
        table.add_section()
        other = percent(result["against_top1"], result["against_top1_interval"])
        table.add_row(Text(f"top1 of {result['against']}"), str(evaluation.n), other)
        table.add_row("difference, in points", str(evaluation.n), points(result))
    return table


def points(result: Mapping[str, Any]) -> str:
    """A difference in points with its interval."""
    low, high = result["difference_interval"]
    return f"{100 * result['difference']:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"


def accuracy(evaluation: Evaluation) -> dict[str, Any]:
    """The short form that a card keeps."""
    return {"n": evaluation.n, "top1": evaluation.top1, "top1_interval": list(evaluation.top1_interval)}


def pruned(
    loaded: Checkpoint,
    smaller: Checkpoint,
    threshold: float,
    evaluations: tuple[Evaluation, Evaluation],
    timed: list[Latency],
) -> dict[str, Any]:
    """What pruning removed, what it costs in accuracy and what it saves, before and after."""
    removal = survey(loaded.structure, loaded.network.connection_weights(), threshold)
    before, after = evaluations
    difference, interval = paired_difference(before, after)
    shape = {"frames": loaded.settings.window, "size": loaded.settings.size}
    networks = (loaded.network, smaller.network)
    return {
        **removal_json(removal),
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
            + (f"; {maps_used(before['objects'])}" if before["objects"] else "")
        ),
    )
    for column in ("", "before", "after"):
        table.add_column(column, justify="left" if not column else "right")
    table.add_row("top-1", *(percent(one["top1"], one["top1_interval"]) for one in (before, after)))
    table.add_row("difference, in points", "", points(result))
    table.add_row("parameters", *(f"{count:,}" for count in result["parameters"].values()))
    table.add_row("multiply-adds, M", *(f"{count / 1e6:.1f}" for count in result["multiply_adds"].values()))
    table.add_row(
        "latency, ms (median)", *(f"{result['latency_ms'][when]:.1f}" for when in ("before", "after"))
    )
    return table
