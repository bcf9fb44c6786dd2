"""The reports of the commands: plain data for JSON, and the same as tables to read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
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
from peerattn.tables.moments import moment_in_words, moments_of, moments_remark
from peerattn.traces.predicted import no_label_text, predicted_names
from peerattn.traces.trace import Array, Trace


def predictions_table(trace: Trace, clip: str, verdict: Verdict | None = None) -> Table:
    """Return a table of the likeliest classes or the labels found, for the clip and for each window.

    The caption has the remarks of the trace and, where nothing is found, the reason.
    """
    maps = f", {trace.objects} object maps" if trace.objects else ""
    by = [f"computed on {trace.computed_by}"] if trace.computed_by else []
    reasons = [verdict.reason] if verdict and verdict.reason else []
    lines = (*reasons, *trace.remarks, *by, *_moments_in_words(trace))
    table = Table(
        title=Text(f"{clip}: {len(trace.times)} frames{maps}"),
        caption=Text("\n".join(lines)),
        caption_justify="left",
    )
    table.add_column("part of the clip")
    table.add_column("prediction")
    table.add_column("probability", justify="right")
    CLIP_ROWS[trace.structure.answer.kind](table, trace)
    for window in trace.windows:
        first, last = trace.times[window.start], trace.times[window.stop - 1]
        _add_found(table, f"window {first:.2f} to {last:.2f} s", trace, window.probabilities)
    return table


def _moments_in_words(trace: Trace) -> Iterator[str]:
    """Yield a line for each moment at which attention shifts most, or why there is none."""
    for number, moment in enumerate(moments_of(trace), start=1):
        yield f"moment {number}, {moment.time:.2f} s: {moment_in_words(trace, moment)}"
    if remark := moments_remark(trace):
        yield remark


def _add_found(table: Table, title: str, trace: Trace, probabilities: Array) -> None:
    """Add one row with everything that probabilities (K,) are high enough for."""
    names = predicted_names(trace, probabilities)
    text = ", ".join(name for name, _ in names) or no_label_text(trace)
    table.add_row(title, Text(text), ", ".join(f"{probability:.1%}" for _, probability in names))


def _add_likeliest_classes(table: Table, trace: Trace) -> None:
    """Add the five likeliest classes of the clip."""
    for number in trace.probabilities.argsort()[::-1][:5]:
        table.add_row("clip", Text(trace.class_names[number]), f"{trace.probabilities[number]:.1%}")


def _add_labels(table: Table, trace: Trace) -> None:
    """Add the labels found in the clip, then the five likeliest labels with their thresholds."""
    _add_found(table, "clip", trace, trace.probabilities)
    table.add_section()
    for number in trace.probabilities.argsort()[::-1][:5]:
        row = Text(trace.class_names[number]), f"{trace.probabilities[number]:.1%}"
        threshold = 100 * trace.structure.answer.threshold(number)
        table.add_row(f"label (threshold {threshold:g} %)", *row)
    table.add_section()


CLIP_ROWS: Mapping[str, Callable[[Table, Trace], None]] = {
    "classes": _add_likeliest_classes,
    "labels": _add_labels,
}
"""Kind of answer → the function that adds the rows about the whole clip."""


def comparison_json(measured: AnyEvaluation, other: AnyEvaluation, name: str) -> dict[str, Any]:
    """Compare an evaluation with another checkpoint's on the same clips, paired: the result as JSON."""
    score, score_name = headline(other), HEADLINES[other.kind].name
    return {
        "against": name,
        f"against_{score_name}": score.value,
        **interval_json(f"against_{score_name}_interval", score.interval, score.remark),
        **difference(other, measured).to_json(),
    }


def maps_used(objects: Mapping[str, int]) -> str:
    """Return a line that says where the object maps came from, and for how many clips each."""
    return "object maps: " + ", ".join(
        f"{'supplied with' if origin == 'true' else f'{origin} for'} {n} clip{'s' * (n != 1)}"
        for origin, n in objects.items()
    )


@dataclass(frozen=True)
class EvaluationLayout:
    """How an evaluation is shown: the metric's title, the overall scores, and a row per class or label.

    `metric` titles the column, `overall` are the evaluation's fields with scores over all clips, `rows` gets
    the results per class or label, and `field` is the field of each that is shown.
    """

    metric: str
    overall: tuple[str, ...]
    rows: Callable[[Any], Iterable[ClassResult | LabelResult]]
    field: str


SCORE_TITLES = {
    "top1": "top-1 accuracy",
    "top5": "top-5 accuracy",
    "macro": "macro accuracy (mean over classes)",
    "window_top1": "top-1 accuracy of the middle window",
    "map": "mean average precision",
    "map_micro": "average precision over all pairs of clip and label",
}
"""Name of a score over all clips → its title in a table."""
EVALUATION_LAYOUTS: Mapping[str, EvaluationLayout] = {
    "classes": EvaluationLayout(
        "accuracy",
        ("top1", "top5", "macro"),
        lambda evaluation: evaluation.classes,
        "accuracy",
    ),
    "labels": EvaluationLayout(
        "average precision",
        ("map", "map_micro"),
        lambda evaluation: evaluation.labels,
        "average_precision",
    ),
}
"""Kind of answer → how its evaluations are shown."""


def evaluation_table(evaluation: AnyEvaluation, name: str, result: Mapping[str, Any] | None = None) -> Table:
    """Return a table of scores with intervals, overall and per class or label, and of any comparison."""
    layout, headline_name = EVALUATION_LAYOUTS[evaluation.kind], HEADLINES[evaluation.kind].name
    table = Table(title=Text(f"{name}: {describe_clips(evaluation.groups)}; 95 % intervals"))
    table.add_column("")
    table.add_column("clips", justify="right")
    table.add_column(layout.metric, justify="right")
    for score in layout.overall:
        share, interval = getattr(evaluation, score), getattr(evaluation, f"{score}_interval")
        table.add_row(SCORE_TITLES[score], str(evaluation.n), percent(share, interval, evaluation.remark))
    table.add_section()
    for row in layout.rows(evaluation):
        if row.n:
            share = percent(getattr(row, layout.field), row.interval, row.remark)
            table.add_row(Text(row.name), str(row.n), share)
    lines = [maps_used(evaluation.objects)] if evaluation.objects else []
    if result and result.get("skipped"):
        lines.append(f"clips left out because they could not be read: {len(result['skipped'])}")
    table.caption = Text("\n".join(lines)) if lines else None
    if result and "against" in result:
        table.add_section()
        other = score_text(result, f"against_{headline_name}")
        table.add_row(Text(f"{SCORE_TITLES[headline_name]} of {result['against']}"), str(evaluation.n), other)
        table.add_row("difference, in points", str(evaluation.n), difference_text(result))
        table.caption = Text("\n".join([f"difference: {result['in_words']}", *lines]))
    return table


def difference_text(result: Mapping[str, Any], key: str = "difference_interval") -> str:
    """Return a difference in points with its interval, or with the remark that says why there is none."""
    interval = result[key]
    if interval:
        detail = f"{100 * interval[0]:+.1f} to {100 * interval[1]:+.1f}"
    else:
        detail = result[f"{key}_remark"]
    return f"{100 * result['difference']:+.1f} ({detail})"


def score_text(result: Mapping[str, Any], name: str) -> str:
    """Return a score with its interval, or with the remark that says why there is none."""
    key = f"{name}_interval"
    return percent(result[name], result[key], result.get(f"{key}_remark", ""))


def headline_json(evaluation: AnyEvaluation) -> dict[str, Any]:
    """Return the headline score with its interval, as a card stores it."""
    score, name = headline(evaluation), HEADLINES[evaluation.kind].name
    interval = interval_json(f"{name}_interval", score.interval, score.remark)
    return {"n": score.n, "interval_method": METHOD, name: score.value, **interval}


def pruning_json(
    loaded: Checkpoint,
    smaller: Checkpoint,
    threshold: float,
    evaluations: tuple[AnyEvaluation, AnyEvaluation],
    times: list[Latency],
) -> dict[str, Any]:
    """Return what pruning removed, what it costs in accuracy and what it saves, before and after."""
    removal = survey(loaded.structure, loaded.network.connection_weights(), threshold)
    before, after = evaluations
    faster = speed_up(*times)
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
            **_both(latency.median for latency in times),
            "spread": _both(list(latency.quartiles) for latency in times),
            "passes": times[0].passes,
        },
        "speed_up": {"value": faster.value, **interval_json("interval", faster.interval, faster.remark)},
    }


def _both(values: Iterable[Any]) -> dict[str, Any]:
    """Return two values as `before` and `after`."""
    return dict(zip(("before", "after"), values, strict=True))


def pruning_table(result: Mapping[str, Any], name: str) -> Table:
    """Return a table of the network before and after pruning."""
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
    table.add_row(whole.short, *(score_text(one, whole.name) for one in (before, after)))
    table.add_row("difference, in points", "", difference_text(result))
    table.add_row("parameters", *(f"{count:,}" for count in result["parameters"].values()))
    table.add_row("multiply-adds, M", *(f"{count / 1e6:.1f}" for count in result["multiply_adds"].values()))
    latency = result["latency_ms"]
    spread = latency["spread"]
    table.add_row(
        f"latency, ms (median of {latency['passes']}, middle half)",
        *(f"{latency[when]:.1f} ({spread[when][0]:.1f} to {spread[when][1]:.1f})" for when in spread),
    )
    table.add_row("times as fast", "", _speed_up_text(result["speed_up"]))
    return table


def _speed_up_text(result: Mapping[str, Any]) -> str:
    """Return how many times as fast with its interval, saying "no speed-up" where the interval includes 1."""
    if not (interval := result["interval"]):
        return f"{result['value']:.2f} ({result['interval_remark']})"
    low, high = interval
    prefix = "no speed-up: " if low <= 1 <= high else ""
    return f"{prefix}{result['value']:.2f} ({low:.2f} to {high:.2f})"
