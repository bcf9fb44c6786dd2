"""A checkpoint's card as readable Markdown: what it is, how well it does, how it was made, what it cannot do.

Any card can be shown, whatever wrote it: texts are escaped, and facts without a place of their own come last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeGuard

TEXTS = {"data": "Data", "licence": "Licence", "limits": "What it cannot do"}
"""Keys of a card whose texts have a section of their own."""
_APART = {"format", "kind", "description", "command", "structure", "class_names", "settings", "training"}
_APART |= {"metrics", "untrained", *TEXTS}
EARLIER = "by the earlier method, too narrow"
"""What is said of an interval that has no `interval_method` beside it: it was bootstrapped."""
_ANEW = {"network": "peerattn evaluate", "segmenter": "peerattn evaluate-objects"}
_SPECIAL = re.compile(r"([\\`*_\[\]<>|])")


def markdown(card: Mapping[str, Any]) -> str:
    """The card of a network or of a segmenter, as Markdown."""
    parts = [f"# {_text(card.get('description') or 'A ' + str(card.get('kind', 'checkpoint')))}"]
    if "untrained" in card:
        parts.append(f"**{_text(card['untrained'])}**")
    parts.append(_facts(_about(card)))
    parts += _metrics(card.get("metrics"), str(card.get("kind")))
    for key, title in TEXTS.items():
        if key in card:
            parts.append(f"## {title}\n\n{_said(card[key])}")
    if training := _flat(card.get("training")):
        parts.append(f"## Training\n\n{_facts(training)}")
    rest = {key: _with_method(value) for key, value in card.items() if key not in _APART}
    if rest := _flat(rest):
        parts.append(f"## Further facts\n\n{_facts(rest)}")
    return "\n\n".join(parts) + "\n"


def _about(card: Mapping[str, Any]) -> dict[str, Any]:
    """What a reader asks first."""
    structure = card.get("structure")
    structure = structure if isinstance(structure, Mapping) else {}
    about: dict[str, Any] = {"kind": card.get("kind", "unknown")}
    if command := card.get("command"):
        about["made by"] = f"`{str(command).replace('`', chr(39))}`"
    for name in ("blocks", "connections"):
        if isinstance(structure.get(name), list):
            about[name] = len(structure[name])
    modalities = structure.get("modalities")
    if isinstance(modalities, list):
        read = [str(one.get("name")) for one in modalities if isinstance(one, Mapping)]
        about["modalities"] = ", ".join(read)
    if asked := _asked(structure.get("outputs")):
        about["asked"] = ", ".join(sorted(asked))
    names = card.get("class_names")
    if isinstance(names, list):
        about[f"classes ({len(names)})"] = ", ".join(map(str, names))
    return {**about, **{f"clips: {name}": value for name, value in _flat(card.get("settings")).items()}}


def _asked(outputs: Any) -> set[str]:
    """What outputs are asked, of those that say it."""
    said = (
        [one.get("answer") for one in outputs if isinstance(one, Mapping)]
        if isinstance(outputs, list)
        else []
    )
    return {str(answer.get("kind")) for answer in said if isinstance(answer, Mapping)}


def _metrics(metrics: Any, kind: str) -> list[str]:
    """Tables of all numbers that have an interval, and of each class's."""
    rows = list(_measured(metrics, ""))
    if not rows:
        return []
    lines = ["| measured | clips | value | 95 % interval |", "|---|---:|---:|---:|"]
    lines += [f"| {_text(name)} | {n} | {value} | {interval} |" for name, n, value, interval in rows]
    parts = ["## How well it does", "\n".join(lines)]
    if any(EARLIER in interval for *_, interval in rows):
        command = f": `{_ANEW[kind]}` with this checkpoint gives them anew" if kind in _ANEW else ""
        parts.append(f"Intervals {EARLIER}, cover less than the 95 % that they promise{command}.")
    return parts


def _measured(metrics: Any, where: str, method: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Name, clips, value and interval of each number, class after class.

    `method` is that of the intervals, where what is around them says it.
    """
    if isinstance(metrics, list):
        for one in metrics:
            if isinstance(one, Mapping) and "name" in one:
                yield from _measured(_of_class(one), f"{where} {one['name']}", method)
    if not isinstance(metrics, Mapping):
        return
    method = metrics.get("interval_method", method)
    for name, value in metrics.items():
        key = f"{name}_interval" if name != "value" else "interval"
        interval, remark = metrics.get(key), metrics.get(f"{key}_remark")
        title = f"{where} {'' if name == 'value' else name}".strip().replace("_", " ")
        shown = _points if "difference" in name else _share
        if isinstance(value, Mapping | list) and not name.endswith("interval"):
            yield from _measured(value, title, method)
        elif _number(value) and _pair(interval):
            by = "" if method else f", {EARLIER}"
            yield title, _clips(metrics), shown(value), f"{shown(interval[0])} to {shown(interval[1])}{by}"
        elif _number(value) and remark:
            yield title, _clips(metrics), shown(value), _text(remark)
        elif _number(value) and name not in ("n", "groups") and not name.endswith("interval"):
            yield title, _clips(metrics), f"{value:.4g}", "–"


def _of_class(row: Mapping[str, Any]) -> dict[str, Any]:
    """The one score of a class or label."""
    value = row.get("accuracy", row.get("average_precision"))
    kept = {key: row.get(key) for key in ("n", "interval", "interval_remark")}
    return {**kept, "value": value}


def _with_method(facts: Any) -> Any:
    """Facts among which is an interval, with the method that it is by where they do not say it."""
    if not isinstance(facts, Mapping) or not any(
        _pair(facts[key]) for key in facts if key.endswith("_interval")
    ):
        return facts
    return {"interval_method": EARLIER, **facts}


def _clips(metrics: Mapping[str, Any]) -> str:
    """How many clips, and of how many source videos where these are fewer."""
    n, groups = metrics.get("n", ""), metrics.get("groups")
    return str(n) if groups in (None, n) else f"{n} of {groups} source videos"


def _share(value: float) -> str:
    return f"{value:.1%}"


def _points(value: float) -> str:
    """A difference of two shares."""
    return f"{100 * value:+.1f} points"


def _flat(value: Any, before: str = "") -> dict[str, Any]:
    """`part.field` → value, of nested objects."""
    flat: dict[str, Any] = {}
    for name, one in value.items() if isinstance(value, Mapping) else ():
        flat |= _flat(one, f"{before}{name}.") if isinstance(one, Mapping) else {f"{before}{name}": one}
    return flat


def _facts(facts: Mapping[str, Any]) -> str:
    lines = ["| fact | said |", "|---|---|"]
    for name, value in facts.items():
        shown = value if str(value).startswith("`") else _text(_plain(value))
        lines.append(f"| {_text(name)} | {str(shown).replace('|', '&#124;')} |")
    return "\n".join(lines)


def _said(value: Any) -> str:
    """A text, a list of them, or facts."""
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
    """A text on one line, in which nothing is Markdown."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(value).split()))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _pair(value: Any) -> TypeGuard[Sequence[float]]:
    return isinstance(value, Sequence) and len(value) == 2 and all(map(_number, value))
