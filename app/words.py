"""Text on the page: what comes from files is shown as text, and the terms are explained in one place."""

from __future__ import annotations

import re

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>$~:^&])")

OBJECTS = {
    "true": "true, from the generator",
    "attached": "attached by you",
    "estimated": "estimated by the segmentation network",
}

DEFINITIONS = {
    "dead": "No kept path leads from these blocks to an output block. Those that a living block reads as "
    "a peer, itself or through what they feed, are still computed.",
    "starved": "No kept path leads from an input block to these: their input is zero, their output constant.",
    "lost": "All input blocks of these modalities are dead: they are no longer an input of the prediction.",
}


def plain(text: object) -> str:
    """Any text so that markdown shows it as it is: on one line, and nothing in it formats, links or loads."""
    return _MARKDOWN.sub(r"\\\1", " ".join(str(text).split()))


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def interval(bounds: tuple[float, float], *, signed: bool = False) -> str:
    low, high = (f"{100 * bound:{'+' if signed else ''}.1f}" for bound in bounds)
    return f"{low} to {high}"


def thousands(count: int) -> str:
    """A count in thousands or millions, to the digit that still tells two networks apart."""
    return f"{count / 1e6:,.1f} million" if count >= 10_000_000 else f"{count:,}"
