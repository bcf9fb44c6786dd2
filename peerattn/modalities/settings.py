"""The settings with which a video is turned into a network's input.

Imports neither torch nor numpy, so that the command line starts quickly.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from peerattn.errors import PeerattnError
from peerattn.files.decoding import decode

# The names in `flow.PRESETS`, repeated here because that module imports numpy and OpenCV.
FLOW_PRESETS = ("ultrafast", "fast", "medium")
VIEWS = ("centre", "objects")


@dataclass(frozen=True)
class ClipSettings:
    """How a video is turned into a network's input; saved on the checkpoint's card.

    Raises PeerattnError for a value out of range.
    """

    size: int = 64  # px per side of the network's square input
    window: int = 16  # frames per window
    frame_rate: float = 8.0  # sampled frames per second
    flow: str = "fast"  # preset of OpenCV's DIS optical flow
    steady: bool = False  # whether camera motion is removed from the optical flow
    view: str = "centre"  # the square that is read: "centre", or "objects" for the one around the objects
    baseline_colour: tuple[float, float, float] = (0.0, 0.0, 0.0)  # rgb of an empty clip, each from 0 to 1

    def __post_init__(self) -> None:
        if not 16 <= self.size <= 512:
            raise PeerattnError(f"size {self.size} is not between 16 and 512 px")
        if not 1 <= self.window <= 256:
            raise PeerattnError(f"window {self.window} is not between 1 and 256 frames")
        if not 0.1 <= self.frame_rate <= 240:
            raise PeerattnError(f"frame rate {self.frame_rate} is not between 0.1 and 240 frames/s")
        if self.flow not in FLOW_PRESETS:
            raise PeerattnError(f"flow preset {self.flow!r} is not one of {', '.join(FLOW_PRESETS)}")
        if self.view not in VIEWS:
            raise PeerattnError(f"view {self.view!r} is not one of {', '.join(VIEWS)}")
        if not all(0 <= value <= 1 for value in self.baseline_colour):
            raise PeerattnError(f"baseline colour {self.baseline_colour} is not three numbers from 0 to 1")

    @classmethod
    def from_json(cls, data: Any) -> ClipSettings:
        """The inverse of `to_json`; raises PeerattnError on anything else."""
        return decode(data, cls, "the clip settings")

    def to_json(self) -> dict[str, Any]:
        """Return the fields as stored in cards and recipes.

        The default baseline colour is left out, so that files with it are the same as before the field
        existed.
        """
        fields = dataclasses.asdict(self)
        if not any(self.baseline_colour):
            del fields["baseline_colour"]
        return fields

    @property
    def baselines(self) -> dict[str, tuple[float, ...]]:
        """Modality → its values in an empty clip; those not listed (flow, object) are zero."""
        return {"rgb": self.baseline_colour}
