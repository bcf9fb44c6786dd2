"""What a connectivity drawing shows, and in which widths, dashes and colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from peerattn.figures.connectivity_layout import ConnectivityLayout, lay_out
from peerattn.figures.palette import Look, looks
from peerattn.figures.pyvis_graph import lane
from peerattn.figures.svg import blend
from peerattn.graph.connectivity import Removal, at_initialisation
from peerattn.graph.specs import ConnectionSpec
from peerattn.graph.structure import Structure

THIN, THICK = 1.1, 4.5
"""Line widths in the style `PAPER`, in pixels."""
OBJECT = "object"


@dataclass(frozen=True)
class Colors:
    """CSS colours of text and background. Modalities have the colours of the palette."""

    text: str
    background: str

    def legible(self, color: str) -> str:
        """Return the colour of a modality for small text, blended with the text colour for contrast."""
        return blend(color, self.text, 0.6)


LIGHT = Colors("#1B2330", "#FFFFFF")


@dataclass(frozen=True)
class Style:
    """What line widths show, and whether weights are written and removed connections drawn faintly."""

    widths: Literal["weight", "object"] = "weight"
    numbers: bool = True
    removed: bool = True


EXPLORER = Style()
PAPER = Style("object", numbers=False, removed=False)


@dataclass(frozen=True)
class Scene:
    """A structure, its connection weights and what a threshold removes, in a style and colours."""

    structure: Structure
    weights: Mapping[str, float]
    removal: Removal
    style: Style
    colors: Colors

    @cached_property
    def layout(self) -> ConnectivityLayout:
        return lay_out(self.structure)

    @cached_property
    def looks(self) -> dict[str, Look]:
        return looks([modality.name for modality in self.structure.modalities])

    def look(self, block_id: str) -> Look:
        """Return the look of a block: that of its lane."""
        return self.looks[lane(self.structure, block_id)]

    @cached_property
    def removed(self) -> frozenset[str]:
        return frozenset(self.removal.removed)

    @cached_property
    def dead(self) -> frozenset[str]:
        return frozenset(self.removal.dead_blocks)

    @cached_property
    def at_initial_weight(self) -> frozenset[str]:
        """Keys of the connections that still have their initial weight."""
        return frozenset(at_initialisation(self.structure, self.weights))

    @cached_property
    def visible_connections(self) -> list[ConnectionSpec]:
        """The connections in drawing order: removed ones first, then wide before narrow ones."""
        specs = self.structure.connections
        visible = [spec for spec in specs if self.style.removed or spec.key not in self.removed]
        return sorted(visible, key=lambda spec: (spec.key not in self.removed, -self.width(spec)))

    def from_object(self, spec: ConnectionSpec) -> bool:
        return self.structure.block(spec.source).modality == OBJECT

    def width(self, spec: ConnectionSpec) -> float:
        """Return the line width of a connection in pixels."""
        if self.style.widths == "object":
            return THICK if self.from_object(spec) else THIN
        return weight_width(self.weights.get(spec.key))

    def dashes(self, look: Look, width: float) -> str | None:
        """Return the dash pattern of a modality, scaled with the line width; None in the style `PAPER`."""
        if self.style.widths == "object":
            return None
        return " ".join(f"{length * max(0.6, width / 2.5):.1f}" for length in look.pattern) or None


def weight_width(weight: float | None) -> float:
    """Return the line width in pixels: 0.6 at weight 0, 5.6 at weight 1 or without a weight."""
    return 0.6 + 5 * (1.0 if weight is None else weight)
