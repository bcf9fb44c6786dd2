"""One look everywhere: colour, dash and shape of each modality, one palette for attention factors.

Modalities have the colours of Okabe and Ito ("Color Universal Design", 2008), which colour-blind readers can
tell apart; dash and shape say the same a second time. Attention factors are viridis, always from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from plotly.colors import get_colorscale

from peerattn.graph.connectivity import MIXED
from peerattn.moved import moved
from peerattn.tables.share import CHANGED_BY_PEERS

__getattr__ = moved(__name__)


@dataclass(frozen=True)
class Look:
    """Colour, plotly's name of the dash, the same in canvas pixels (none = solid), vis-network's shape."""

    color: str
    dash: str
    pattern: tuple[int, ...]
    shape: str


_LOOKS = {
    "rgb": Look("#0072B2", "solid", (), "dot"),
    "flow": Look("#D55E00", "dash", (9, 5), "diamond"),
    "object": Look("#009E73", "dot", (2, 4), "square"),
    MIXED: Look("#7F7F7F", "dashdot", (9, 4, 2, 4), "hexagon"),
}
_SPARE_LOOKS = (
    Look("#CC79A7", "longdash", (14, 5), "triangle"),
    Look("#56B4E9", "longdashdot", (14, 4, 2, 4), "triangleDown"),
    Look("#E69F00", "dash", (6, 3), "star"),
)
NOTHING_ARRIVES = "nothing arrives"
"""What is drawn in frames whose shares are all 0."""
_NO_MODALITY = {
    CHANGED_BY_PEERS: Look("#5E6672", "longdashdot", (1, 3), "dot"),
    NOTHING_ARRIVES: Look("#949494", "dot", (1, 6), "dot"),
}
"""Greys that no block has, legible on light and dark pages."""
LEVELS = ("#E69F00", "#CC79A7", "#56B4E9", "#8C6BB1", "#A6761D", "#66A61E")
"""Lines per level: hues that no shipped modality uses, told apart by `DASHES` too."""
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
PATTERNS: tuple[tuple[int, ...], ...] = ((), (9, 5), (2, 4), (9, 4, 2, 4), (14, 5), (14, 4, 2, 4))
"""The same dashes in canvas pixels."""
VIRIDIS: tuple[str, ...] = tuple(color for _, color in get_colorscale("Viridis"))
"""Ten stops from 0 to 1 at equal steps; what lies between is interpolated linearly in sRGB."""


def looks(modalities: Sequence[str]) -> dict[str, Look]:
    """Modality (in the order of the structure), and `mixed` → its look; unknown ones take the spare looks."""
    unknown = [name for name in modalities if name not in _LOOKS]
    spare = {name: _SPARE_LOOKS[index % len(_SPARE_LOOKS)] for index, name in enumerate(unknown)}
    return {name: _LOOKS.get(name) or spare[name] for name in (*modalities, MIXED)}


def share_looks(modalities: Sequence[str]) -> dict[str, Look]:
    """The same, and what belongs to no modality among shares."""
    return {**looks(modalities), **_NO_MODALITY}


def object_colors(count: int) -> tuple[str, ...]:
    """A colour for each object class: hues a golden angle apart, so that neighbours differ most."""
    hues = (np.arange(count) * 0.618034 + 0.13) % 1.0
    return tuple(_hex(hue, 0.72 if index % 2 else 0.95) for index, hue in enumerate(hues))


def direction_colors(count: int) -> tuple[str, ...]:
    """A hue for each direction, clockwise on the screen: right red, down lime, left cyan, up violet."""
    return tuple(_hex(step / count, 1.0, saturation=1.0) for step in range(count))


def _hex(hue: float, value: float, saturation: float = 0.72) -> str:
    """CSS colour of a hue in [0, 1): the HSV formula without its six cases."""
    turns = (np.array([5.0, 3.0, 1.0]) + hue * 6.0) % 6.0
    channels = value - value * saturation * np.clip(np.minimum(turns, 4.0 - turns), 0.0, 1.0)
    red, green, blue = (round(255 * channel) for channel in channels)
    return f"#{red:02x}{green:02x}{blue:02x}"


def short_label(text: object, most: int = 24) -> str:
    """A name for the ticks of an axis: the end of a long one is left out; plain."""
    name = str(text)
    return escape_label(name if len(name) <= most else f"{name[: most - 1]}…")


def escape_label(text: object) -> str:
    """The text as plotly shows it literally: it reads `<b>` and `&amp;` in labels and hovers as HTML."""
    return escape(str(text), quote=False)
