"""What a list leaves open: the family, the depth, attention, classes and the head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from peerattn.errors import PeerattnError
from peerattn.graph.list_format.nodes import Node, short, whole

FAMILIES = ("assemblenet", "assemblenet_plus", "assemblenet_plus_lite")
DEPTHS = {
    26: (2, 2, 2, 2),
    38: (2, 4, 4, 2),
    50: (3, 4, 6, 3),
    68: (3, 4, 12, 3),
    77: (3, 4, 15, 3),
    101: (3, 4, 23, 3),
}
"""Depth → residual blocks of a node at published levels 0 to 3."""


@dataclass(frozen=True)
class Options:
    """What a published list leaves open.

    `family` is assemblenet_plus_lite where filters are triples, else assemblenet_plus. `clip_width` in
    pixels is lite's official width rule, by mistake bound to the width of the clip; without it lite has the
    rule of the others. `softmax_over_time` is the official flag max_pool_preditions.
    """

    family: str | None = None
    depth: int = 50
    attention: str | None = None
    object_classes: int = 151
    clip_width: int | None = None
    lite_repeats: tuple[int, int, int, int] = (3, 5, 11, 7)
    softmax_over_time: bool = False

    def __post_init__(self) -> None:
        if self.family not in (None, *FAMILIES):
            raise PeerattnError(f"family {short(self.family)} must be one of {', '.join(FAMILIES)}")
        if not whole(self.depth, 1, max(DEPTHS)) or self.depth not in DEPTHS:
            depths = ", ".join(map(str, DEPTHS))
            raise PeerattnError(f"depth {short(self.depth)} must be one of {depths}")
        if self.family == "assemblenet" and self.attention not in (None, "none"):
            raise PeerattnError("AssembleNet has no attention: choose the family assemblenet_plus")
        if not whole(self.object_classes, 1, 8192):
            raise PeerattnError(f"object_classes is {short(self.object_classes)}: give 1 to 8192")
        if self.clip_width is not None and not whole(self.clip_width, 1, 8192):
            raise PeerattnError(f"clip_width is {short(self.clip_width)}: give 1 to 8192 pixels, or none")
        repeats = self.lite_repeats if isinstance(self.lite_repeats, list | tuple) else ()
        if len(repeats) != len(DEPTHS[50]) or not all(whole(count, 1, 64) for count in repeats):
            raise PeerattnError(
                f"lite_repeats is {short(self.lite_repeats)}: give 4 numbers of blocks, each from 1 to 64"
            )

    def filled(self, nodes: Sequence[Node]) -> Options:
        """With the family that the nodes show, and its attention."""
        lite = any(isinstance(node.filters, tuple) for node in nodes)
        family = self.family or FAMILIES[2 if lite else 1]
        attention = "none" if family == "assemblenet" else self.attention or "peer"
        return replace(self, family=family, attention=attention)

    @property
    def lite(self) -> bool:
        return self.family == "assemblenet_plus_lite"
