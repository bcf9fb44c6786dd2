"""The palette of all figures: colour, dash and shape of each modality, and the colours of attention factors.

Modalities have the colours of Okabe and Ito ("Color Universal Design", 2008), which colour-blind readers can
tell apart; dash and shape carry the same information. Attention factors are in viridis, always from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from plotly.colors import get_colorscale

from peerattn.graph.connectivity import MIXED
from peerattn.tables.share import CHANGED_BY_PEERS


@dataclass(frozen=True)
class Look:
    """How a modality is drawn: CSS colour, plotly dash, the same dash in pixels (empty: solid), vis shape."""

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
"""Name of the area in frames whose shares are all 0."""
_NO_MODALITY = {
    CHANGED_BY_PEERS: Look("#5E6672", "longdashdot", (1, 3), "dot"),
    NOTHING_ARRIVES: Look("#949494", "dot", (1, 6), "dot"),
}
"""Looks of shares that belong to no modality: greys that no block has, legible on light and dark pages."""
LEVELS = ("#E69F00", "#CC79A7", "#56B4E9", "#8C6BB1", "#A6761D", "#66A61E")
"""Colours of the lines of levels: hues that no built-in modality uses. `DASHES` distinguishes them too."""
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
PATTERNS: tuple[tuple[int, ...], ...] = ((), (9, 5), (2, 4), (9, 4, 2, 4), (14, 5), (14, 4, 2, 4))
"""The dashes of `DASHES` in canvas pixels, on and off in turn; empty: solid."""
VIRIDIS: tuple[str, ...] = tuple(color for _, color in get_colorscale("Viridis"))
"""Ten colours at equal steps from 0 to 1; values in between are interpolated linearly in sRGB."""

SHIFT = {
    "light": ("#c9cfd8", "#b9a3d9", "#a566c4", "#9c2f9c", "#8a0f63", "#6b0030"),
    "dark": ("#434b58", "#67518f", "#9a5fc0", "#dc6cc0", "#ff9a9c", "#ffd9a0"),
}
"""Colours of a shift of attention at equal steps, on light and dark pages, from usual to the greatest shift.

Their contrast with the page rises throughout, so that they can be told apart without seeing hues.
"""


def looks(modalities: Sequence[str]) -> dict[str, Look]:
    """Map each modality, in the order of the structure, and `mixed` to its look.

    Modalities without a look of their own take the spare ones in turn.
    """
    unknown = [name for name in modalities if name not in _LOOKS]
    spare = {name: _SPARE_LOOKS[index % len(_SPARE_LOOKS)] for index, name in enumerate(unknown)}
    return {name: _LOOKS.get(name) or spare[name] for name in (*modalities, MIXED)}


def share_looks(modalities: Sequence[str]) -> dict[str, Look]:
    """Return `looks(modalities)` with the looks of the shares that belong to no modality."""
    return {**looks(modalities), **_NO_MODALITY}


def object_colors(count: int) -> tuple[str, ...]:
    """Return one colour per object class: hues a golden angle apart, so that neighbours differ most."""
    hues = (np.arange(count) * 0.618034 + 0.13) % 1.0
    return tuple(_hex(hue, 0.72 if index % 2 else 0.95) for index, hue in enumerate(hues))


def direction_colors(count: int) -> tuple[str, ...]:
    """Return one hue per direction, clockwise on the screen: right red, down lime, left cyan, up violet."""
    return tuple(_hex(step / count, 1.0, saturation=1.0) for step in range(count))


def _hex(hue: float, value: float, saturation: float = 0.72) -> str:
    """Return the CSS colour of a hue in [0, 1), by the HSV formula without its six cases."""
    turns = (np.array([5.0, 3.0, 1.0]) + hue * 6.0) % 6.0
    channels = value - value * saturation * np.clip(np.minimum(turns, 4.0 - turns), 0.0, 1.0)
    red, green, blue = (round(255 * channel) for channel in channels)
    return f"#{red:02x}{green:02x}{blue:02x}"


def short_label(text: object, max_length: int = 24) -> str:
    """Return an escaped tick label, cut off with an ellipsis after `max_length` characters."""
    name = str(text)
    return escape_label(name if len(name) <= max_length else f"{name[: max_length - 1]}…")


def escape_label(text: object) -> str:
    """Return a text so that plotly shows it literally: in labels and hovers it interprets HTML."""
    return escape(str(text), quote=False)
