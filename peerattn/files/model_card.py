"""A checkpoint's card as Markdown: what the model is, what it cannot do, how well it does, how it was made.

Any card can be rendered, whichever program wrote it: text is escaped, and unknown keys are listed at the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeGuard

TEXTS = {"limits": "What it cannot do", "data": "Data", "licence": "Licence"}
"""Keys of a card whose text gets a section of its own → the section's title."""
_SHOWN_ELSEWHERE = {"format", "kind", "description", "command", "structure", "class_names", "settings"}
_SHOWN_ELSEWHERE |= {"training", "metrics", "untrained", *TEXTS}
EARLIER_METHOD = "by the earlier method, too narrow"
"""Remark on an interval without an `interval_method`: such an interval was bootstrapped."""
_EVALUATE_COMMANDS = {"network": "peerattn evaluate", "segmenter": "peerattn evaluate-objects"}
_SPECIAL = re.compile(r"([\\`*_\[\]<>|])")


def markdown(card: Mapping[str, Any]) -> str:
    """Return the card of a network or a segmenter as Markdown."""
    parts = [f"# {_text(card.get('description') or 'A ' + str(card.get('kind', 'checkpoint')))}"]
    if "untrained" in card:
        parts.append(f"**{_text(card['untrained'])}**")
    class_names = card.get("class_names")
    if isinstance(class_names, list) and class_names:
        listed = ", ".join(str(name).replace("_", " ") for name in class_names)
        parts.append(f"It knows {len(class_names)} classes: {_text(listed)}.")
    texts = {key: f"## {title}\n\n{_paragraph(card[key])}" for key, title in TEXTS.items() if key in card}
    parts += [texts.pop("limits")] if "limits" in texts else []
    parts += _metrics(card.get("metrics"), str(card.get("kind")))
    parts += texts.values()
    parts.append(f"## How it is built\n\n{_facts(_overview(card))}")
    if training := _flat(card.get("training")):
        parts.append(f"## Training\n\n{_facts(training)}")
    others = {key: _with_method(value) for key, value in card.items() if key not in _SHOWN_ELSEWHERE}
    if others := _flat(others):
        parts.append(f"## Further facts\n\n{_facts(others)}")
    return "\n\n".join(parts) + "\n"


def _overview(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the checkpoint is made of: kind, command, size, modalities and clip settings."""
    structure = card.get("structure")
    structure = structure if isinstance(structure, Mapping) else {}
    overview: dict[str, Any] = {"kind": card.get("kind", "unknown")}
    if command := card.get("command"):
        overview["made by"] = f"`{str(command).replace('`', chr(39))}`"
    for name in ("blocks", "connections"):
        if isinstance(structure.get(name), list):
            overview[name] = len(structure[name])
    modalities = structure.get("modalities")
    if isinstance(modalities, list):
        names = [str(one.get("name")) for one in modalities if isinstance(one, Mapping)]
        overview["modalities"] = ", ".join(names)
    if kinds := _answer_kinds(structure.get("outputs")):
        overview["answers with"] = ", ".join(sorted(kinds))
    return {**overview, **{f"clips: {name}": value for name, value in _flat(card.get("settings")).items()}}


def _answer_kinds(outputs: Any) -> set[str]:
    """Return the answer kinds (`classes`, `labels`) of the outputs that state one."""
    answers = (
        [one.get("answer") for one in outputs if isinstance(one, Mapping)]
        if isinstance(outputs, list)
        else []
    )
    return {str(answer.get("kind")) for answer in answers if isinstance(answer, Mapping)}


def _metrics(metrics: Any, kind: str) -> list[str]:
    """Return a table of the measured numbers, overall and for each class, with their intervals."""
    rows = list(_measured(metrics, ""))
    if not rows:
        return []
    lines = ["| measured | clips | value | 95 % interval |", "|---|---:|---:|---:|"]
    lines += [f"| {_text(name)} | {n} | {value} | {interval} |" for name, n, value, interval in rows]
    parts = ["## How well it does", "\n".join(lines)]
    attention = metrics.get("attention") if isinstance(metrics, Mapping) else None
    if isinstance(attention, Mapping) and isinstance(words := attention.get("in_words"), str) and words:
        parts.append(
            f"{_text(words[0].upper() + words[1:])}. Beyond random: that much more is lost with replaced "
            "attention factors than with random deviations that change the input of every block as much."
        )
    if any(EARLIER_METHOD in interval for *_, interval in rows):
        command = _EVALUATE_COMMANDS.get(kind)
        again = f": run `{command}` with this checkpoint to measure them again" if command else ""
        parts.append(f"Intervals marked “{EARLIER_METHOD}” cover less than 95 %{again}.")
    return parts


def _measured(metrics: Any, prefix: str, method: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Yield name, clips, value and interval of each measured number, class by class.

    `method` is the interval method that an enclosing mapping states, or empty.
    """
    if isinstance(metrics, list):
        for one in metrics:
            if isinstance(one, Mapping) and "name" in one:
                yield from _measured(_class_score(one), f"{prefix} {one['name']}", method)
    if not isinstance(metrics, Mapping):
        return
    method = metrics.get("interval_method", method)
    for name, value in metrics.items():
        key = f"{name}_interval" if name != "value" else "interval"
        interval, remark = metrics.get(key), metrics.get(f"{key}_remark")
        title = f"{prefix} {'' if name == 'value' else name}".strip().replace("_", " ")
        formatted = _points if "difference" in name else _correlation if "correlation" in name else _percent
        if isinstance(value, Mapping | list) and not name.endswith("interval"):
            yield from _measured(value, title, method)
        elif _number(value) and _pair(interval):
            low, high = map(formatted, interval)
            marked = "" if method else f", {EARLIER_METHOD}"
            yield title, _clips(metrics), formatted(value), f"{low} to {high}{marked}"
        elif _number(value) and remark:
            yield title, _clips(metrics), formatted(value), _text(remark)
        elif _number(value) and name not in ("n", "groups") and not name.endswith("interval"):
            yield title, _clips(metrics), f"{value:.4g}", "–"


def _class_score(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the one score of a class or label, under the name `value`."""
    value = row.get("accuracy", row.get("average_precision"))
    kept = {key: row.get(key) for key in ("n", "interval", "interval_remark")}
    return {**kept, "value": value}


def _with_method(facts: Any) -> Any:
    """Return the facts; those with an interval but no interval method get the earlier method."""
    if not isinstance(facts, Mapping) or not any(
        _pair(facts[key]) for key in facts if key.endswith("_interval")
    ):
        return facts
    return {"interval_method": EARLIER_METHOD, **facts}


def _clips(metrics: Mapping[str, Any]) -> str:
    """Return the number of clips, and the number of source videos if there are fewer of these."""
    n, groups = metrics.get("n", ""), metrics.get("groups")
    return str(n) if groups in (None, n) else f"{n} of {groups} source videos"


def _percent(value: float) -> str:
    return f"{value:.1%}"


def _correlation(value: float) -> str:
    return f"{value:.2f}"


def _points(value: float) -> str:
    """Format the difference of two shares in percentage points."""
    return f"{100 * value:+.1f} points"


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """Flatten nested mappings to `part.field` → value."""
    flat: dict[str, Any] = {}
    for name, one in value.items() if isinstance(value, Mapping) else ():
        flat |= _flat(one, f"{prefix}{name}.") if isinstance(one, Mapping) else {f"{prefix}{name}": one}
    return flat


def _facts(facts: Mapping[str, Any]) -> str:
    """Return a Markdown table with one row per fact."""
    lines = ["| fact | value |", "|---|---|"]
    for name, value in facts.items():
        shown = value if str(value).startswith("`") else _text(_plain(value))
        lines.append(f"| {_text(name)} | {str(shown).replace('|', '&#124;')} |")
    return "\n".join(lines)


def _paragraph(value: Any) -> str:
    """Return a string as text, a list as bullet points and a mapping as a table of facts."""
    if isinstance(value, Mapping):
        return _facts(_flat(value))
    if isinstance(value, list):
        return "\n".join(f"- {_text(one)}" for one in value)
    return _text(value)


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value) or "none"
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _text(value: Any) -> str:
    """Return the value as one line of text, with Markdown's special characters escaped."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(value).split()))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _pair(value: Any) -> TypeGuard[Sequence[float]]:
    return isinstance(value, Sequence) and len(value) == 2 and all(map(_number, value))
