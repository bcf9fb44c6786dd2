"""What the commands report: plain results for JSON, and the same as tables for a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.structure_facts import removal_json
from peerattn.cli.console import percent
from peerattn.graph.connectivity import survey
from peerattn.network.latency import Latency, speed_up
from peerattn.network.size import count_parameters, multiply_adds
from peerattn.scores.evaluation import ClassResult
from peerattn.scores.intervals import METHOD, describe_clips, interval_json
from peerattn.scores.kinds import HEADLINES, AnyEvaluation, difference, headline
from peerattn.scores.labels import LabelResult
from peerattn.scores.verdict import Verdict
from peerattn.traces.predicted import no_label_text, predicted_names
from peerattn.traces.trace import Array, Trace


def predictions_table(trace: Trace, clip: str, said: Verdict | None = None) -> Table:
    """The five likeliest classes of the clip, and of each window the likeliest; of labels those found.

    Below it what the trace says of itself and, where nothing is found, why.
    """
    maps = f", {trace.objects} object maps" if trace.objects else ""
    by = [f"computed on {trace.computed_by}"] if trace.computed_by else []
    lines = (*([said.reason] if said and said.reason else []), *trace.remarks, *by)
    table = Table(title=Text(f"{clip}: {len(trace.times)} frames{maps}"), caption=Text("\n".join(lines)))
    table.add_column("of")
    table.add_column("prediction")
    table.add_column("probability", justify="right")
    CLIP_ROWS[trace.structure.answer.kind](table, trace)
    for window in trace.windows:
        first, last = trace.times[window.start], trace.times[window.stop - 1]
        of = f"window {first:.2f} to {last:.2f} s"
        _add_found(table, of, trace, window.probabilities)
    return table


def _add_found(table: Table, of: str, trace: Trace, probabilities: Array) -> None:
    """What probabilities (K,) stand for, all names in one row."""
    names = predicted_names(trace, probabilities)
    said = ", ".join(name for name, _ in names) or no_label_text(trace)
    table.add_row(of, Text(said), ", ".join(f"{probability:.1%}" for _, probability in names))


def _likeliest(table: Table, trace: Trace) -> None:
    for number in trace.probabilities.argsort()[::-1][:5]:
        table.add_row("clip", Text(trace.class_names[number]), f"{trace.probabilities[number]:.1%}")


def _found_labels(table: Table, trace: Trace) -> None:
    _add_found(table, "clip", trace, trace.probabilities)
    table.add_section()
    for number in trace.probabilities.argsort()[::-1][:5]:
        row = Text(trace.class_names[number]), f"{trace.probabilities[number]:.1%}"
        table.add_row(f"label (found from {100 * trace.structure.answer.threshold(number):g} %)", *row)
    table.add_section()


CLIP_ROWS: Mapping[str, Callable[[Table, Trace], None]] = {"classes": _likeliest, "labels": _found_labels}
"""Kind of answer → the rows of the clip: its likeliest classes, or the labels found, then the likeliest."""


def against(measured: AnyEvaluation, other: AnyEvaluation, name: str) -> dict[str, Any]:
    """By how much an evaluation is ahead of another checkpoint's of the same clips, paired."""
    score, score_name = headline(other), HEADLINES[other.kind].name
    return {
        "against": name,
        f"against_{score_name}": score.value,
        **interval_json(f"against_{score_name}_interval", score.interval, score.remark),
        **difference(other, measured).to_json(),
    }


def maps_used(objects: Mapping[str, int]) -> str:
    """Which object maps a network was given, and for how many clips."""
    return "object maps: " + ", ".join(f"{origin} for {n} clips" for origin, n in objects.items())


@dataclass(frozen=True)
class Sums:
    """How the command shows an evaluation: of what, which scores over all clips, and the rows below them."""

    of: str
    names: tuple[str, ...]
    rows: Callable[[Any], Iterable[ClassResult | LabelResult]]
    value: str


SUMS: Mapping[str, Sums] = {
    "classes": Sums(
        "accuracy",
        ("top1", "top5", "macro"),
        lambda found: found.classes,
        "accuracy",
    ),
    "labels": Sums(
        "average precision",
        ("map", "map_micro"),
        lambda found: found.labels,
        "average_precision",
    ),
}
"""Kind of answer → how its evaluations are shown."""


def evaluation_table(evaluation: AnyEvaluation, name: str, result: Mapping[str, Any] | None = None) -> Table:
    """Scores with their intervals, over all clips and per class or label, and what `against` found."""
    sums, whole = SUMS[evaluation.kind], HEADLINES[evaluation.kind].name
    table = Table(title=Text(f"{name}: {describe_clips(evaluation.groups)}; 95 % intervals"))
    table.add_column("")
    table.add_column("clips", justify="right")
    table.add_column(sums.of, justify="right")
    for title in sums.names:
        share, interval = getattr(evaluation, title), getattr(evaluation, f"{title}_interval")
        table.add_row(title, str(evaluation.n), percent(share, interval, evaluation.remark))
    table.add_section()
    for row in sums.rows(evaluation):
        if row.n:
            share = percent(getattr(row, sums.value), row.interval, row.remark)
            table.add_row(Text(row.name), str(row.n), share)
    lines = [maps_used(evaluation.objects)] if evaluation.objects else []
    if result and result.get("skipped"):
        lines.append(f"not among these, as they could not be read: {len(result['skipped'])} of the clips")
    table.caption = Text("\n".join(lines)) if lines else None
    if result and "against" in result:
        table.add_section()
        other = share_said(result, f"against_{whole}")
        table.add_row(Text(f"{whole} of {result['against']}"), str(evaluation.n), other)
        table.add_row("difference, in points", str(evaluation.n), points(result))
        table.caption = Text("\n".join([f"difference: {result['in_words']}", *lines]))
    return table


def points(result: Mapping[str, Any], key: str = "difference_interval") -> str:
    """A difference in points with its interval, or with why it has none."""
    interval = result[key]
    said = f"{100 * interval[0]:+.1f} to {100 * interval[1]:+.1f}" if interval else result[f"{key}_remark"]
    return f"{100 * result['difference']:+.1f} ({said})"


def share_said(result: Mapping[str, Any], name: str) -> str:
    """A score of a result with its interval, or with why it has none."""
    key = f"{name}_interval"
    return percent(result[name], result[key], result.get(f"{key}_remark", ""))


def accuracy(evaluation: AnyEvaluation) -> dict[str, Any]:
    """The short form that a card keeps: the headline score."""
    score, name = headline(evaluation), HEADLINES[evaluation.kind].name
    interval = interval_json(f"{name}_interval", score.interval, score.remark)
    return {"n": score.n, "interval_method": METHOD, name: score.value, **interval}


def pruned(
    loaded: Checkpoint,
    smaller: Checkpoint,
    threshold: float,
    evaluations: tuple[AnyEvaluation, AnyEvaluation],
    timed: list[Latency],
) -> dict[str, Any]:
    """What pruning removed, what it costs in accuracy and what it saves, before and after."""
    removal = survey(loaded.structure, loaded.network.connection_weights(), threshold)
    before, after = evaluations
    faster = speed_up(*timed)
    shape = {"frames": loaded.settings.window, "size": loaded.settings.size}
    networks = (loaded.network, smaller.network)
    return {
        **removal_json(removal),
        "before": before.to_json(),
        "after": after.to_json(),
        **difference(before, after).to_json(),
        "parameters": _both(count_parameters(network) for network in networks),
        "multiply_adds": _both(multiply_adds(network, **shape) for network in networks),
        "latency_ms": {
            **_both(one.median for one in timed),
            "spread": _both(list(one.quartiles) for one in timed),
            "passes": timed[0].passes,
        },
        "speed_up": {"value": faster.value, **interval_json("interval", faster.interval, faster.remark)},
    }


def _both(values: Iterable[Any]) -> dict[str, Any]:
    return dict(zip(("before", "after"), values, strict=True))


def pruned_table(result: Mapping[str, Any], name: str) -> Table:
    """Before and after, side by side."""
    before, after = result["before"], result["after"]
    whole = next(known for known in HEADLINES.values() if known.name in before)
    table = Table(
        title=Text(f"{name} at threshold {result['threshold']:g}"),
        caption=Text(
            f"{result['removed']} connections removed, {result['kept']} kept; dead blocks: "
            f"{', '.join(result['dead_blocks']) or 'none'}; {before['n']} clips, 95 % intervals; "
            f"{result['in_words']}" + (f"; {maps_used(before['objects'])}" if before["objects"] else "")
        ),
    )
    for column in ("", "before", "after"):
        table.add_column(column, justify="left" if not column else "right")
    table.add_row(whole.short, *(share_said(one, whole.name) for one in (before, after)))
    table.add_row("difference, in points", "", points(result))
    table.add_row("parameters", *(f"{count:,}" for count in result["parameters"].values()))
    table.add_row("multiply-adds, M", *(f"{count / 1e6:.1f}" for count in result["multiply_adds"].values()))
    timed = result["latency_ms"]
    spread = timed["spread"]
    table.add_row(
        f"latency, ms (median of {timed['passes']}, middle half)",
        *(f"{timed[when]:.1f} ({spread[when][0]:.1f} to {spread[when][1]:.1f})" for when in spread),
    )
    table.add_row("times as fast", "", _faster(result["speed_up"]))
    return table


def _faster(result: Mapping[str, Any]) -> str:
    """How many times as fast, with its interval; whether it is faster at all."""
    if not (interval := result["interval"]):
        return f"{result['value']:.2f} ({result['interval_remark']})"
    low, high = interval
    said = "no speed-up: " if low <= 1 <= high else ""
    return f"{said}{result['value']:.2f} ({low:.2f} to {high:.2f})"
