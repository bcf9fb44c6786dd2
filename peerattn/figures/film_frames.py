"""The pictures of a film: one for each frame of a clip, showing the frame and the level graph.

Blocks and lines are where the explorer draws them. Only colours, the cursor and numbers change.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.figures.film_background import REACHED_LABEL, draw_background, draw_line_sample
from peerattn.figures.film_layout import HEAD, LEFT, LIGHT, PLOT, RIGHT, SIDE, SIZE, TOP, FilmLayout, Theme
from peerattn.figures.pyvis_graph import OPTIONS, edge_width
from peerattn.figures.raster import (
    Coverage,
    Picture,
    connection_curve,
    draw_mark,
    draw_text,
    line_coverage,
    parse_color,
    shorten_to_width,
    split_into_dashes,
    text_width,
    viridis_color,
)
from peerattn.tables.attention import attention_by
from peerattn.tables.clip import reached_frames, window_of_frame
from peerattn.traces.predicted import predicted_names
from peerattn.traces.trace import Array, Trace

MAX_BARS = 4  # classes
MAX_LABELLED_BLOCKS = 60
"""With more blocks than this, blocks are drawn small and without their names."""


@dataclass(frozen=True)
class _Line:
    """The pixels of a connection's line, and of the wider casing that sets it off from the background."""

    shade: Array  # (T,): the value that colours the line
    casing: Coverage
    line: Coverage


class FilmFrames:
    """The pictures of a film of a trace; `picture(t)` returns that of frame t, (720, 1280, 3) RGB.

    `images` are the frames of the clip, (T, h, w, 3). Raises PeerattnError unless there is one per frame of
    the trace.
    """

    def __init__(
        self, trace: Trace, images: NDArray[np.uint8], *, title: str, subtitle: str, theme: Theme = LIGHT
    ) -> None:
        if len(images) != len(trace.times):
            raise PeerattnError(
                f"{len(images)} images for {len(trace.times)} frames of the trace: give one per frame"
            )
        self.trace, self.images, self.theme = trace, images, theme
        self.title, self.subtitle = title, subtitle
        self.layout = FilmLayout(trace)
        self.windows, self.means = window_of_frame(trace), attention_by(trace)
        self.background = draw_background(trace, self.layout, theme)
        self.lines = self._lines()

    def picture(self, frame: int) -> Picture:
        """Return the picture of a frame, (720, 1280, 3) RGB; frames count from 0."""
        picture = self.background.copy()
        self._head(picture, frame)
        self._clip(picture, frame)
        self._prediction(picture, int(self.windows[frame]))
        for line in self.lines:
            line.casing.paint(picture, self.theme.casing)
            line.line.paint(picture, viridis_color(line.shade[frame]))
        self._blocks(picture)
        self._cursor(picture, frame)
        return picture

    def _lines(self) -> list[_Line]:
        positions, roundness = self.layout.block_positions, OPTIONS["edges"]["smooth"]["roundness"]
        lines = []
        for connection in self.trace.connections:
            points = connection_curve(positions[connection.source], positions[connection.target], roundness)
            pieces = split_into_dashes(points, self.layout.look(connection.source).pattern)
            width = edge_width(connection.connection_weight)
            casing, line = (line_coverage(pieces, width + extra, SIZE) for extra in (1.5, 0.0))
            lines.append(_Line(connection.mean_factor, casing, line))
        return lines

    def _head(self, picture: Picture, frame: int) -> None:
        trace, theme = self.trace, self.theme
        status = (
            f"frame {frame + 1} of {len(trace.times)} · {trace.times[frame]:.3f} s"
            f" · window {self.windows[frame]} of {len(trace.windows)}"
            + (f" · {REACHED_LABEL}" if self._reached(frame) else "")
        )
        draw_text(picture, status, (RIGHT, HEAD), theme.text, size=16, style=("right", 400))
        room = RIGHT - LEFT - text_width(status, size=16) - 40
        title = shorten_to_width(self.title, room * 0.7, size=20, weight=600)
        end = draw_text(picture, title, (LEFT, HEAD), theme.text, size=20, style=("left", 600))
        subtitle = shorten_to_width(self.subtitle, room - (end - LEFT), size=16)
        draw_text(picture, subtitle, (end + 16, HEAD), theme.muted, size=16)

    def _reached(self, frame: int) -> bool:
        """Return whether a frame is affected by padding beyond the clip's ends."""
        first, last = reached_frames(self.trace.connections) or (0, 0)
        return frame < first or frame >= len(self.trace.times) - last

    def _clip(self, picture: Picture, frame: int) -> None:
        image = self.images[frame]
        scale = SIDE / max(image.shape[:2])
        width, height = (max(1, round(side * scale)) for side in (image.shape[1], image.shape[0]))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        resized = cv2.resize(image, (width, height), interpolation=method)
        picture[TOP : TOP + height, LEFT : LEFT + width] = resized

    def _prediction(self, picture: Picture, window: int) -> None:
        """Draw the most probable classes or labels of a window; those that it predicts are in bold."""
        trace, theme, top = self.trace, self.theme, TOP + SIDE + 26
        title = f"prediction, window {window} of {len(trace.windows)}"
        draw_text(picture, title, (LEFT, top), theme.muted, size=14)
        probabilities = trace.windows[window - 1].probabilities
        names = {name for name, _ in predicted_names(trace, probabilities)}
        for row, index in enumerate(np.argsort(-probabilities, kind="stable")[:MAX_BARS]):
            y, weight = top + 26 + 24 * row, 600 if trace.class_names[index] in names else 400
            name = shorten_to_width(trace.class_names[index], 130, size=15, weight=weight)
            draw_text(picture, name, (LEFT, y), theme.text, size=15, style=("left", weight))
            _bar(picture, (LEFT + 140, y - 9), 148, float(probabilities[index]), theme)
            label = f"{probabilities[index]:.3f}"
            draw_text(picture, label, (LEFT + SIDE, y), theme.text, size=15, style=("right", weight))

    def _blocks(self, picture: Picture) -> None:
        few = len(self.layout.block_positions) <= MAX_LABELLED_BLOCKS
        for block, position in self.layout.block_positions.items():
            look = self.layout.look(block)
            draw_mark(picture, look.shape, position, size=9 if few else 5, color=parse_color(look.color))
            if few:
                self._label(picture, block, (position[0], position[1] + 24))

    def _label(self, picture: Picture, text: str, position: tuple[float, float]) -> None:
        """Draw the name of a block on a translucent background that fades the lines beneath it."""
        text = shorten_to_width(text, 90, size=12)
        half = text_width(text, size=12) / 2 + 2
        top, left = round(position[1] - 11), max(round(position[0] - half), 0)
        under = picture[top : top + 14, left : round(position[0] + half)]
        under[:] = (under * 0.25 + np.array(self.theme.background) * 0.75).astype(np.uint8)
        draw_text(picture, text, position, self.theme.text, size=12, style=("center", 400))

    def _cursor(self, picture: Picture, frame: int) -> None:
        """Draw the cursor on the plot, and the value of each line at the frame."""
        x, theme, y = self.layout.frame_x(frame), self.theme, PLOT[1] - 20
        cv2.line(picture, (round(x), PLOT[1] - 6), (round(x), PLOT[3]), theme.text, 1)
        text_x = draw_text(picture, "mean attention factor by source modality", (LEFT, y), theme.muted) + 20
        for name in self.means:
            look, value = self.layout.looks[str(name)], float(self.means[name].iloc[frame])
            draw_mark(
                picture, "dot", (x, self.layout.value_y(value)), size=3.5, color=parse_color(look.color)
            )
            draw_line_sample(picture, look, text_x, y - 5)
            text_x = draw_text(picture, f"{name} ", (text_x + 36, y), theme.text)
            text_x = draw_text(picture, f"{value:.3f}", (text_x, y), theme.text, style=("left", 600)) + 20


def _bar(picture: Picture, position: tuple[int, int], length: int, share: float, theme: Theme) -> None:
    x, y = position
    picture[y : y + 8, x : x + length] = theme.faint
    picture[y : y + 8, x : x + round(length * share)] = theme.muted
