"""The colours that connections must have in the level graph, computed by numpy from the trace."""

from collections.abc import Collection, Sequence

import numpy as np
from playwright.sync_api import Locator

from peerattn.figures.palette import SHIFT, VIRIDIS
from peerattn.traces.shift import DEFAULT_SCALE, shift
from peerattn.traces.trace import ConnectionTrace
from tests.serving import GET_EXPLORER

HAIRLINE = 0.12
"""Connections of a lower weight are faint, unless they are adjacent to what is selected."""
Color = tuple[int, ...]


def channels(color: str) -> Color:
    return tuple(bytes.fromhex(color.removeprefix("#")))


def interpolated(palette: Sequence[str], value: float) -> Color:
    """The colour of a value from 0 to 1, interpolated in each channel."""
    stops = np.array([channels(color) for color in palette], float)
    steps = np.linspace(0, 1, len(stops))
    return tuple(round(np.interp(value, steps, stops[:, channel])) for channel in range(3))


def viridis(value: float) -> Color:
    return interpolated(VIRIDIS, value)


def faint_color(root: Locator) -> Color:
    """The colour of faint connections in an explorer, which depends on the page's theme."""
    return channels(root.evaluate(f"root => ({GET_EXPLORER})(root).theme.faint"))


def shift_color(
    connection: ConnectionTrace, frame: int, *, faint: Color, adjacent: Collection[str] = ()
) -> Color:
    """The colour of a connection in a frame with a shift, on a light page, with the default scale."""
    value = shift(connection)[frame]
    if (connection.connection_weight or 0) < HAIRLINE and connection.key not in adjacent:
        return faint
    known = connection.inner.start <= frame < connection.inner.stop
    return interpolated(SHIFT["light"], value / DEFAULT_SCALE if known else 0)
