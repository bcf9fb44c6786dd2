"""Text on the page: escaping of text from files, number formats, and definitions of terms."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping

from peerattn.files.model_card import EARLIER_METHOD
from peerattn.graph.connectivity import Removal
from peerattn.scores.calibration import NoneOfThese
from peerattn.scores.intervals import Interval

_LINKED = re.compile(r":(?=[^\s\d|])|@(?=\w)|\bwww(?=\.)", re.IGNORECASE)
"""Characters that begin or continue an address, icon or emoji, which Markdown finds even if escaped."""
JOINER = "\u2060"  # WORD JOINER, which has no width
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>$~:^&])")

MAP_ORIGINS = {
    "true": "ground truth, from the generator",
    "attached": "read from a file",
    "estimated": "estimated by the segmentation network",
}
"""Origin of object maps → in words."""
MEASURED_MAPS = {"true": "supplied with"}
"""Origin of the object maps of labelled clips → how it is worded before a number of clips."""

DEFINITIONS = {
    "dead": "No kept path leads from these blocks to an output block. They are still computed if a block "
    "that is alive reads them, or a block that they feed, as a peer.",
    "starved": "No kept path leads from an input block to these blocks, so their input is zero and their "
    "output constant.",
    "lost": "All input blocks of these modalities are dead, so the prediction no longer depends on them.",
    "near initial weight": "Connections whose weight is within 0.01 of its initial weight, 0.5.",
    "unused": "Blocks without outgoing connections that are not output blocks. They may still be peers.",
    "attention": "One attention weight for each candidate peer of each connection.",
    "multiply-adds": "Those of convolutions, fully connected layers, attention and the scaling of "
    "connections, counted and not measured.",
    "weights": "The size of all parameters in float32.",
    "activations": "Peak memory in a forward pass on one clip in float32, including the clip itself.",
}


def maps_summary(objects: Mapping[str, int]) -> str:
    """Say where the object maps of the measured clips come from, with the number of clips."""
    return "Object maps: " + ", ".join(
        f"{MEASURED_MAPS.get(origin, f'{origin} for')} {clips(n)}" for origin, n in objects.items()
    )


def clips(count: int) -> str:
    return f"{count} clip{'s' * (count != 1)}"


def name_blocks(ids: Collection[str]) -> str:
    """Return `block 9` or `blocks 9, 12`, since a number alone could be a count; empty for no block."""
    return f"{'block' if len(ids) == 1 else 'blocks'} {', '.join(ids)}" if ids else ""


def dead_block_notes(removal: Removal) -> list[str]:
    """Say which blocks have no path to the output, and which of them are still used as peers."""
    dead, peers = removal.dead_blocks, removal.peer_only
    notes = [f"no path to the output: {name_blocks(dead)}"] if dead else []
    used_as = "a peer" if len(peers) == 1 else "peers"
    return [*notes, f"still used as {used_as}: {name_blocks(peers)}"] if peers else notes


def plain(text: object) -> str:
    """Return text, on one line, that Markdown shows literally: nothing in it formats, links or loads."""
    return _MARKDOWN.sub(r"\\\1", without_links(" ".join(str(text).split())))


def without_links(text: str) -> str:
    """Return text in which Markdown finds no address and no icon."""
    return _LINKED.sub(lambda match: match[0] + JOINER, text)


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def points(difference: float) -> str:
    """Format a difference of shares in percentage points, with its sign."""
    return f"{100 * difference:+.1f}".replace("-", "−")


def interval(bounds: Interval | None, remark: str) -> str:
    """Format the 95 % interval of a share in percent, or say why there is none."""
    if bounds is None:
        return f"no interval: {remark}"
    return f"95 % interval {100 * bounds[0]:.1f} to {100 * bounds[1]:.1f} %"


def points_interval(bounds: Interval | None, remark: str = "") -> str:
    """Format the 95 % interval of a difference of shares in percentage points, or say why there is none."""
    if bounds is None:
        return f"no interval: {remark}"
    return f"95 % interval {between(*bounds)}"


def between(low: float, high: float) -> str:
    """Format the ends of an interval of a difference of shares, in percentage points."""
    return f"{points(low)} to {points(high)}"


def none_of_these(rule: NoneOfThese) -> str:
    """Explain the answer "none of these", with the threshold and how well it was measured to work."""
    interval = f"no interval: {rule.auroc_interval_remark}"
    if rule.auroc_interval:
        by = "" if rule.interval_method else f", {EARLIER_METHOD}"
        interval = "95 % interval {:.2f} to {:.2f}".format(*rule.auroc_interval) + by
    return (
        f"If no class has a probability of {percent(rule.threshold)} or more, the answer is “none of these”: "
        "the clip probably shows something that the network was not trained on. Measured on "
        f"{rule.n_known} clips of known and {rule.n_unknown} of unknown classes: area under the ROC curve "
        f"{rule.auroc:.2f} ({interval}); 0.5 is chance. {plain(rule.protocol)}"
    )


def thousands(count: int) -> str:
    """Format a count with separators, or in millions from ten million on."""
    return f"{count / 1e6:,.1f} M" if count >= 10_000_000 else f"{count:,}"


def multiples(count: int) -> str:
    """Format a large count in millions or billions."""
    return f"{count / 1e9:,.2f} G" if count >= 1e9 else f"{count / 1e6:,.1f} M"


def duration(seconds: float) -> str:
    """Format a length of time, rounded up, in seconds or minutes."""
    return f"{math.ceil(seconds / 60)} min" if seconds > 90 else f"{math.ceil(seconds)} s"


def memory(size: int) -> str:
    """Format a number of bytes in MiB or GiB."""
    return f"{size / 2**30:,.2f} GiB" if size >= 2**30 else f"{size / 2**20:,.1f} MiB"
