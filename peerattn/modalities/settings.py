"""How a video becomes what a network reads; needs neither torch nor numpy."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from peerattn.errors import PeerattnError

FLOW_PRESETS = ("ultrafast", "fast", "medium")
VIEWS = ("centre", "objects")


@dataclass(frozen=True)
class ClipSettings:
    """How a video becomes a network's input; saved on the checkpoint's card."""

    size: int = 64  # px per side of the network's square input
    window: int = 16  # frames a window
    frame_rate: float = 8.0  # frames/s sampled
    flow: str = "fast"  # preset of OpenCV's DIS
    steady: bool = False  # whether the camera's motion is taken out of the flow
    view: str = "centre"  # the square that is read: the central one, or "objects", the one around them
    baseline_colour: tuple[float, float, float] = (0.0, 0.0, 0.0)  # rgb where there is nothing, each 0 to 1

    def __post_init__(self) -> None:
        if not 16 <= self.size <= 512:
            raise PeerattnError(f"size {self.size} is not between 16 and 512 px")
        if not 1 <= self.window <= 256:
            raise PeerattnError(f"window {self.window} is not between 1 and 256 frames")
        if not 0.1 <= self.frame_rate <= 240:
            raise PeerattnError(f"frame_rate {self.frame_rate} is not between 0.1 and 240 frames/s")
        if self.flow not in FLOW_PRESETS:
            raise PeerattnError(f"flow preset {self.flow!r} is not one of {', '.join(FLOW_PRESETS)}")
        if not isinstance(self.steady, bool):
            raise PeerattnError(f"steady {self.steady!r} is not true or false")
        if self.view not in VIEWS:
            raise PeerattnError(f"view {self.view!r} is not one of {', '.join(VIEWS)}")
        colour = self.baseline_colour
        if not isinstance(colour, tuple | list) or len(colour) != 3 or not all(map(_is_share, colour)):
            raise PeerattnError(f"baseline_colour {colour!r} is not three numbers from 0 to 1")
        object.__setattr__(self, "baseline_colour", tuple(float(value) for value in colour))

    def to_json(self) -> dict[str, Any]:
        """Every field, as cards and recipes hold it; the colour of the baseline where it is not black."""
        black = {"baseline_colour"} if not any(self.baseline_colour) else set()
        return {name: value for name, value in dataclasses.asdict(self).items() if name not in black}

    @property
    def baselines(self) -> dict[str, tuple[float, ...]]:
        """What each modality holds where there is nothing: this colour; no motion, no objects: zeros."""
        return {"rgb": self.baseline_colour}


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
