"""What is left out in Explore, as the address and a session name it: parts, way, donor clip and span."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from app import keys

HOW = {
    "remove": "left out",
    "mean": "factors at their mean",
    "one": "factors at 1",
    "swap": "factors of another clip",
}
"""What can be done with a part → in words, which stand in addresses and sessions."""


def warnings(address: Mapping[str, str], clips: Collection[str]) -> Iterator[str]:
    """Yield a line for an unknown way of leaving out, and for a donor clip that is not found."""
    if (way := address.get(keys.LEFT_OUT_HOW)) and way not in HOW.values():
        yield f"The address says “{way}” of the parts without which the clip runs, which cannot be done."
    if (donor := address.get(keys.DONOR)) and donor not in clips:
        yield f"The address takes attention factors of the clip {donor}, which was not found."


def restore(view: Mapping[str, str]) -> None:
    """Leave out what the view of a session leaves out; several values of one name stand on lines."""
    ways = {words: way for way, words in HOW.items()}
    keys.LEFT_OUT.value = _lines(view, keys.LEFT_OUT)
    keys.LEFT_OUT_HOW.value = ways.get(view.get(keys.LEFT_OUT_HOW, ""), "remove")
    if donor := view.get(keys.DONOR):
        keys.DONOR.value = donor
    if span := parse_span(_lines(view, keys.LEFT_OUT_TIMES)):
        keys.LEFT_OUT_TIMES.value = span
    else:
        keys.LEFT_OUT_TIMES.pop()


def parse_span(texts: list[str]) -> tuple[float, float] | None:
    """Return the start and the end in seconds; None for anything else."""
    try:
        start, stop = map(float, texts)
    except ValueError:
        return None
    return (start, stop) if 0 <= start < stop else None


def _lines(view: Mapping[str, str], name: str) -> list[str]:
    return [line for line in view.get(name, "").split("\n") if line]
