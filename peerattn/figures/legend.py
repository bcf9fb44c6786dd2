"""The legend beneath a connectivity drawing, which explains its lines and marks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple
from xml.etree.ElementTree import Element

from peerattn.figures.pyvis_graph import lane
from peerattn.figures.scene import THICK, THIN, Scene, weight_width
from peerattn.figures.svg import add_element, add_text

SAMPLE_LENGTH = 30.0
GAP, ROW = 22.0, 22.0
WIDTH = 340.0
"""Maximum width of a row, px: it fits on a phone, where a wider drawing is scrolled sideways."""
CHARACTER_WIDTH = 6.6
"""Upper estimate of the width of a character, px."""


class LegendItem(NamedTuple):
    """A legend entry: its text, and a function that draws its sample from x, centred vertically on y."""

    meaning: str
    draw: Callable[[Element, float, float], object] | None = None

    @property
    def width(self) -> float:
        return (SAMPLE_LENGTH + 7 if self.draw else 0) + CHARACTER_WIDTH * len(self.meaning)


def draw_legend(root: Element, scene: Scene, *, left: float, right: float, top: float) -> float:
    """Draw the legend from `top` downwards in as many rows as it needs, and return the y where it ends."""
    group = add_element(root, "g", font_size=11.5)
    x, y, right = left, top, min(right, left + WIDTH)
    for item in _items(scene):
        if x > left and x + item.width > right:
            x, y = left, y + ROW
        if item.draw:
            item.draw(group, x, y)
        add_text(group, x + (SAMPLE_LENGTH + 7 if item.draw else 0), y + 4, item.meaning)
        x += item.width + GAP
    return y + ROW


def _items(scene: Scene) -> Iterator[LegendItem]:
    yield from _lines(scene)
    if scene.style.widths == "weight":
        yield LegendItem("width: connection weight, 0 to 1", _wedge)
    if scene.style.removed and scene.removed:
        yield LegendItem("removed", _line(scene.colors.text, 1.5, opacity=0.3))
    if scene.style.numbers and scene.at_initial_weight:
        yield LegendItem("° within 0.01 of its initial weight")
    if scene.dead:
        yield LegendItem("dead: no kept path to the output", partial(_dead, scene.colors.text))
    yield LegendItem("d: temporal dilation, in frames")


def _lines(scene: Scene) -> Iterator[LegendItem]:
    """Yield the entries for the colours of the modalities, or for the line widths of the style `PAPER`."""
    if scene.style.widths == "object":
        thick = sum(scene.from_object(spec) for spec in scene.visible_connections)
        if thick:
            look = scene.looks["object"]
            yield LegendItem(f"from an object input ({thick})", _line(look.color, THICK))
        yield LegendItem(
            f"other connections ({len(scene.visible_connections) - thick})", _line(scene.colors.text, THIN)
        )
        return
    for name in dict.fromkeys(lane(scene.structure, spec.source) for spec in scene.structure.connections):
        look, width = scene.looks[name], 2.5
        meaning = "from mixed blocks" if name == "mixed" else f"from {name}"
        yield LegendItem(meaning, _line(look.color, width, dashes=scene.dashes(look, width)))


def _line(
    color: str, width: float, *, dashes: str | None = None, opacity: float | None = None
) -> Callable[[Element, float, float], object]:
    """Return a function that draws a sample line in this colour and width."""

    def draw(group: Element, x: float, y: float) -> None:
        stroke = {"stroke": color, "stroke_width": width}
        path = f"M{x:.1f} {y:.1f}h{SAMPLE_LENGTH}"
        add_element(group, "path", d=path, **stroke, opacity=opacity, stroke_dasharray=dashes)

    return draw


def _wedge(group: Element, x: float, y: float) -> None:
    thin, thick = weight_width(0.0), weight_width(1.0)
    add_element(
        group,
        "path",
        d=f"M{x} {y - thin / 2}L{x + SAMPLE_LENGTH} {y - thick / 2}v{thick}L{x} {y + thin / 2}z",
    )


def _dead(ink: str, group: Element, x: float, y: float) -> None:
    box = {"x": x + 2, "y": y - 7, "width": SAMPLE_LENGTH - 4, "height": 14, "rx": 4}
    add_element(group, "rect", **box, fill="none", stroke=ink, stroke_dasharray="4 3", opacity=0.6)
