"""Options that the published list format does not specify, such as family, depth and attention.

The format is the published Python list of a structure's nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from peerattn.errors import PeerattnError
from peerattn.graph.list_format.nodes import Node, is_whole, preview

FAMILIES = ("assemblenet", "assemblenet_plus", "assemblenet_plus_lite")
DEPTHS = {
    26: (2, 2, 2, 2),
    38: (2, 4, 4, 2),
    50: (3, 4, 6, 3),
    68: (3, 4, 12, 3),
    77: (3, 4, 15, 3),
    101: (3, 4, 23, 3),
}
"""Depth → numbers of residual blocks in the nodes of levels 0 to 3, as the publication numbers levels."""
_LEVELS = 4


@dataclass(frozen=True)
class Options:
    """Options that the published list format does not specify.

    `family` defaults to assemblenet_plus_lite if filters are triples, else to assemblenet_plus. `clip_width`
    (px) reproduces a bug in the official code, where the channel counts of AssembleNet++lite depend on the
    width of the clip; without it, they follow the rule of the other families. `softmax_over_time` weights the
    scores of each class by their softmax over time instead of averaging them (the official flag
    max_pool_preditions, sic).
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
            raise PeerattnError(f"family {preview(self.family)} must be one of {', '.join(FAMILIES)}")
        # The type is checked first, because 26.0 equals the key 26 and a list is not hashable.
        if not is_whole(self.depth, 1, max(DEPTHS)) or self.depth not in DEPTHS:
            depths = ", ".join(map(str, DEPTHS))
            raise PeerattnError(f"depth {preview(self.depth)} must be one of {depths}")
        if self.family == "assemblenet" and self.attention not in (None, "none"):
            raise PeerattnError("AssembleNet has no attention: choose the family assemblenet_plus")
        if not is_whole(self.object_classes, 1, 8192):
            raise PeerattnError(
                f"object_classes is {preview(self.object_classes)}, but must be a whole number from 1 to 8192"
            )
        if self.clip_width is not None and not is_whole(self.clip_width, 1, 8192):
            raise PeerattnError(
                f"clip_width is {preview(self.clip_width)}, but must be a whole number of pixels from 1 to "
                "8192, or none"
            )
        repeats = self.lite_repeats if isinstance(self.lite_repeats, list | tuple) else ()
        if len(repeats) != _LEVELS or not all(is_whole(count, 1, 64) for count in repeats):
            raise PeerattnError(
                f"lite_repeats is {preview(self.lite_repeats)}, but must be 4 whole numbers from 1 to 64: "
                "the number of residual blocks at each level"
            )

    def with_defaults(self, nodes: Sequence[Node]) -> Options:
        """Return the options with family and attention filled in; the family is inferred from the nodes."""
        lite = any(isinstance(node.filters, tuple) for node in nodes)
        family = self.family or ("assemblenet_plus_lite" if lite else "assemblenet_plus")
        attention = "none" if family == "assemblenet" else self.attention or "peer"
        return replace(self, family=family, attention=attention)

    @property
    def lite(self) -> bool:
        return self.family == "assemblenet_plus_lite"
