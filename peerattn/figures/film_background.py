"""The background shared by all pictures of a film: legend, lanes, levels, and the plot with its curves."""

from __future__ import annotations

import cv2
import numpy as np

from peerattn.figures.film_layout import GRAPH, PLOT, SIZE, FilmLayout, Theme
from peerattn.figures.palette import Look
from peerattn.figures.raster import (
    Picture,
    draw_text,
    line_coverage,
    mix_colors,
    parse_color,
    shorten_to_width,
    split_into_dashes,
    viridis_color,
)
from peerattn.tables.attention import attention_by
from peerattn.tables.clip import reached_frames
from peerattn.traces.trace import Trace

REACHED_LABEL = "affected by padding beyond the clip's ends"
HATCH_SPACING = 7  # px between two strokes


def draw_background(trace: Trace, layout: FilmLayout, theme: Theme) -> Picture:
    """Return the background, (H, W, 3) RGB, on which every picture of the film is drawn."""
    picture: Picture = np.full((SIZE[1], SIZE[0], 3), theme.background, np.uint8)
    _legend(picture, theme)
    _lanes(picture, layout, theme)
    _levels(picture, layout, theme)
    _ends(picture, trace, layout, theme)
    _axes(picture, layout, theme)
    _windows(picture, trace, layout, theme)
    _curves(picture, trace, layout)
    return picture


def draw_line_sample(picture: Picture, look: Look, x: float, y: float) -> None:
    """Draw a short horizontal line in the look of a modality."""
    points = np.array([(x, y), (x + 28, y)], float)
    line_coverage(split_into_dashes(points, look.pattern), 2.5, SIZE).paint(picture, parse_color(look.color))


def _legend(picture: Picture, theme: Theme) -> None:
    left, y = GRAPH[0], GRAPH[1] - 8
    end = draw_text(picture, "attention factor  0", (left, y), theme.muted, size=14)
    ramp = np.array([viridis_color(value) for value in np.linspace(0, 1, 100)], np.uint8)
    start = round(end) + 8
    picture[y - 10 : y, start : start + 100] = ramp
    draw_text(picture, "1      width: connection weight", (start + 108, y), theme.muted, size=14)


def _ends(picture: Picture, trace: Trace, layout: FilmLayout, theme: Theme) -> None:
    """Hatch the plot at the frames affected by padding beyond the clip's ends, and explain the hatching."""
    left, top, right, bottom = PLOT
    first, last = reached_frames(trace.connections) or (0, 0)
    if not first and not last:
        return
    draw_text(
        picture, f"hatched: {REACHED_LABEL}", (right, top - 20), theme.muted, size=12, style=("right", 400)
    )
    columns, rows = np.meshgrid(np.arange(left, right), np.arange(top, bottom))
    if first + last >= layout.frames:
        hatched = np.ones_like(columns, bool)
    else:
        hatched = (columns < layout.frame_x(first - 0.5)) & (first > 0)
        hatched |= (columns > layout.frame_x(layout.frames - last - 0.5)) & (last > 0)
    picture[rows, columns] = np.where(
        (hatched & ((columns - rows) % HATCH_SPACING == 0))[..., None], theme.hatch, picture[rows, columns]
    )


def _lanes(picture: Picture, layout: FilmLayout, theme: Theme) -> None:
    """Draw a tinted column for each lane, with its name underneath."""
    for name, (left, right) in layout.lanes.items():
        x0, x1 = layout.graph_x(left), layout.graph_x(right)
        tint = mix_colors(theme.background, parse_color(layout.looks[name].color), 0.08)
        cv2.rectangle(picture, (round(x0), GRAPH[1] + 4), (round(x1), GRAPH[3] - 22), tint, -1)
        label = shorten_to_width(name, max(x1 - x0, 70), weight=600)
        draw_text(picture, label, ((x0 + x1) / 2, GRAPH[3] - 4), theme.text, style=("center", 600))


def _levels(picture: Picture, layout: FilmLayout, theme: Theme) -> None:
    for level, blocks in layout.structure.levels.items():
        if blocks:
            position = (GRAPH[0], layout.block_positions[blocks[0].id][1] + 5)
            draw_text(picture, f"level {level}", position, theme.muted, size=13)


def _axes(picture: Picture, layout: FilmLayout, theme: Theme) -> None:
    left, _, right, _ = PLOT
    for value in (0.0, 0.5, 1.0):
        y = round(layout.value_y(value))
        cv2.line(picture, (left, y), (right, y), theme.faint, 1)
        draw_text(picture, f"{value:.1f}", (left - 8, y + 4), theme.muted, size=12, style=("right", 400))


def _windows(picture: Picture, trace: Trace, layout: FilmLayout, theme: Theme) -> None:
    """Draw a dotted line where each window starts, and its time unless it would overlap another."""
    free = 0.0
    for window in trace.windows:
        x = layout.frame_x(window.start)
        points = np.array([(x, PLOT[1]), (x, PLOT[3])], float)
        line_coverage(split_into_dashes(points, (2, 4)), 1.0, SIZE).paint(picture, theme.muted)
        if x >= free and x + 50 < PLOT[2]:
            start = f"{trace.times[window.start]:.3f} s"
            free = draw_text(picture, start, (x, PLOT[3] + 18), theme.muted, size=12) + 12


def _curves(picture: Picture, trace: Trace, layout: FilmLayout) -> None:
    """Draw the mean attention factor of each modality over the frames."""
    means = attention_by(trace)
    moments = [layout.frame_x(frame) for frame in range(layout.frames)]
    for name in means if len(moments) > 1 else ():
        look, heights = layout.looks[str(name)], [layout.value_y(value) for value in means[name]]
        pieces = split_into_dashes(np.stack([moments, heights], axis=1), look.pattern)
        line_coverage(pieces, 2.0, SIZE).paint(picture, parse_color(look.color))
