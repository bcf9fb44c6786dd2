"""The positions and colours of everything on the pictures of a film."""

from __future__ import annotations

from dataclasses import dataclass

from peerattn.figures.palette import Look, looks
from peerattn.figures.pyvis_graph import lane, lanes, positions
from peerattn.figures.raster import Color, mix_colors, parse_color
from peerattn.traces.trace import Trace

SIZE = (1280, 720)
"""Width and height in pixels: even numbers, as video codecs require."""
SIDE = 340  # px, of the square that holds the clip's frame
LEFT, RIGHT, HEAD, TOP = 32, SIZE[0] - 32, 40, 64
GRAPH = (LEFT + SIDE + 28, 78, RIGHT, 552)  # left, top, right, bottom
PLOT = (LEFT + 36, 600, RIGHT, 690)
MARGIN = (56, 24, 16, 66)  # of the blocks inside the graph: left, top, right, bottom
MAX_SCALE = 1.3  # px per graph unit


@dataclass(frozen=True)
class Theme:
    """The colours of background and text, and mixtures of them."""

    background: Color
    text: Color

    @property
    def faint(self) -> Color:
        return mix_colors(self.background, self.text, 0.12)

    @property
    def muted(self) -> Color:
        return mix_colors(self.background, self.text, 0.62)

    @property
    def hatch(self) -> Color:
        """The colour of hatching: legible under lines without being mistaken for one."""
        return mix_colors(self.background, self.text, 0.3)

    @property
    def casing(self) -> Color:
        """The colour of the edge that sets a line off from the background."""
        return mix_colors(self.background, self.text, 0.55)


LIGHT = Theme(parse_color("#FFFFFF"), parse_color("#1B2330"))
DARK = Theme(parse_color("#12161C"), parse_color("#E6EAF0"))


class FilmLayout:
    """Pixel positions of blocks, lanes, frames and values.

    They depend only on the structure and the number of frames.
    """

    def __init__(self, trace: Trace) -> None:
        self.structure, self.frames = trace.structure, len(trace.times)
        self.looks = looks([modality.name for modality in self.structure.modalities])
        self.lanes = lanes(self.structure)
        placed = positions(self.structure)
        top = min(y for _, y in placed.values())
        low, high = GRAPH[3] - MARGIN[3], GRAPH[1] + MARGIN[1]
        self.block_positions = {
            block: (self.graph_x(x), low - (low - high) * (y / top if top else 0.0))
            for block, (x, y) in placed.items()
        }

    def graph_x(self, x: float) -> float:
        """Return the x in pixels of an x in graph units; the graph is centred in its area."""
        spans = list(self.lanes.values())
        left, right = spans[0][0], spans[-1][1]
        start, end = GRAPH[0] + MARGIN[0], GRAPH[2] - MARGIN[2]
        scale = min((end - start) / (right - left), MAX_SCALE)
        return (start + end) / 2 + scale * (x - (left + right) / 2)

    def frame_x(self, frame: float) -> float:
        """Return the x of a frame on the plot; fractions lie between two frames."""
        left, _, right, _ = PLOT
        return left + (right - left) * (frame / (self.frames - 1) if self.frames > 1 else 0.5)

    def value_y(self, value: float) -> float:
        """Return the y of a value from 0 to 1 on the plot."""
        return PLOT[3] - (PLOT[3] - PLOT[1]) * value

    def look(self, block: str) -> Look:
        return self.looks[lane(self.structure, block)]
