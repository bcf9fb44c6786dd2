"""Text on the page: what comes from files is shown as text, and the terms are explained in one place."""

from __future__ import annotations

import re
from collections.abc import Mapping

from peerattn.files.model_card import EARLIER_METHOD
from peerattn.scores.calibration import NoneOfThese
from peerattn.scores.intervals import Interval

_LINKED = re.compile(r":(?=[^\s\d|])|@(?=\w)|\bwww(?=\.)", re.IGNORECASE)
"""Where addresses, icons and emoji begin or go on: the page finds them even behind backslashes."""
JOINER = "\u2060"  # has no width
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>$~:^&])")

OBJECTS = {
    "true": "true, from the generator",
    "attached": "read from a file",
    "estimated": "estimated by the segmentation network",
}

DEFINITIONS = {
    "dead": "No kept path leads from these blocks to an output block. Those that a living block reads as "
    "a peer, itself or through what they feed, are still computed.",
    "starved": "No kept path leads from an input block to these: their input is zero, their output constant.",
    "lost": "All input blocks of these modalities are dead: they are no longer an input of the prediction.",
    "fresh": "Connections whose weight is within 0.01 of 0.5, where all weights start.",
    "unused": "No connection leaves these blocks, and they are no outputs. They may still be read as peers.",
    "attention": "One attention weight for each connection and each of its attention candidates (peers).",
    "multiply-adds": "Of convolutions, fully connected layers, attention and the scaling of connections, "
    "counted and not measured.",
    "activations": "The most that is alive at once in a forward pass of one clip, in float32, with the clip.",
}


def maps_used(objects: Mapping[str, int]) -> str:
    """Where the object maps of measured clips come from, and of how many."""
    return "Object maps: " + ", ".join(f"{origin} for {n} clips" for origin, n in objects.items())


def plain(text: object) -> str:
    """Any text so that markdown shows it as it is: on one line, and nothing in it formats, links or loads."""
    return _MARKDOWN.sub(r"\\\1", inert(" ".join(str(text).split())))


def inert(text: str) -> str:
    """Text in which the page finds no address and no icon."""
    return _LINKED.sub(lambda found: found[0] + JOINER, text)


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def points(difference: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    return f"{100 * difference:+.1f}".replace("-", "−")


def interval(bounds: Interval | None, remark: str) -> str:
    """The 95 % interval of a share, in percent, or why there is none."""
    if bounds is None:
        return f"no interval: {remark}"
    return f"95 % interval {100 * bounds[0]:.1f} to {100 * bounds[1]:.1f} %"


def points_interval(bounds: Interval | None, remark: str = "") -> str:
    """The 95 % interval of a difference of shares, in percentage points, or why there is none."""
    if bounds is None:
        return f"no interval: {remark}"
    return f"95 % interval {points(bounds[0])} to {points(bounds[1])}"


def none_of_these(rule: NoneOfThese) -> str:
    """What it means that a clip is of none of the classes."""
    interval = f"no interval: {rule.auroc_interval_remark}"
    if rule.auroc_interval:
        by = "" if rule.interval_method else f", {EARLIER_METHOD}"
        interval = "95 % interval {:.2f} to {:.2f}".format(*rule.auroc_interval) + by
    return (
        f"Where no class has a probability of {percent(rule.threshold)} or more, the answer is “none of "
        "these”: the clip probably shows something that the network was not trained on. Measured on "
        f"{rule.n_known} clips of known and {rule.n_unknown} of unknown classes: area under the ROC curve "
        f"{rule.auroc:.2f} ({interval}); 0.5 is chance. {plain(rule.protocol)}"
    )


def thousands(count: int) -> str:
    """A count in thousands or millions, to the digit that still tells two networks apart."""
    return f"{count / 1e6:,.1f} M" if count >= 10_000_000 else f"{count:,}"


def multiples(count: int) -> str:
    """A great count in millions or billions."""
    return f"{count / 1e9:,.2f} G" if count >= 1e9 else f"{count / 1e6:,.1f} M"


def memory(size: int) -> str:
    """Bytes in MiB or GiB."""
    return f"{size / 2**30:,.2f} GiB" if size >= 2**30 else f"{size / 2**20:,.1f} MiB"
