"""What a network reads: `ClipSettings`, `ObjectMaps` and `Clip`.

B clips, C channels, T frames, H height, W width; N object maps; h, w the display size of the square crop.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from peerattn.errors import PeerattnError

Origin = Literal["true", "attached", "estimated"]
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


@dataclass(frozen=True)
class ObjectMaps:
    """Class ids of pixels, 0 the background; each map covers a whole upright frame of the source video.

    Map n belongs to source frame `frames[n]` (counted from 0), or to the moment `times[n]`; with neither, to
    source frame n. `class_ids` are the ids that the maps may hold, whether or not they occur.
    """

    ids: NDArray[np.uint8]  # (N, H, W)
    frames: NDArray[np.int64] | None  # (N,) rising
    class_ids: tuple[int, ...]
    class_names: tuple[str, ...]
    origin: Origin
    times: NDArray[np.float64] | None = None  # (N,) s, rising

    def __post_init__(self) -> None:
        if self.ids.ndim != 3 or self.ids.dtype != np.uint8 or 0 in self.ids.shape:
            raise PeerattnError(f"object maps must be (N, H, W) uint8, not {self.ids.shape} {self.ids.dtype}")
        self._check_classes()
        if self.frames is not None and self.times is not None:
            raise PeerattnError("object maps go by frame numbers or by times: keep one of the two")
        for name, places in (("frames", self.frames), ("times", self.times)):
            if places is not None:
                self._check_places(name, places)

    def _check_classes(self) -> None:
        if not self.class_ids or len(self.class_ids) != len(set(self.class_ids)):
            raise PeerattnError("object maps must declare their class_ids, each once")
        if not all(1 <= class_id <= 255 for class_id in self.class_ids):
            raise PeerattnError(f"class_ids {list(self.class_ids)} must be 1 to 255 (0 is background)")
        if len(self.class_names) != len(self.class_ids):
            raise PeerattnError(
                f"{len(self.class_ids)} class_ids cannot have {len(self.class_names)} class_names"
            )
        occurring = np.flatnonzero(np.bincount(self.ids.ravel(), minlength=256)).tolist()
        undeclared = set(occurring) - {0, *self.class_ids}
        if undeclared:
            raise PeerattnError(
                f"the object maps hold class ids {sorted(undeclared)} not declared in class_ids"
            )

    def _check_places(self, name: str, places: NDArray[np.int64] | NDArray[np.float64]) -> None:
        if places.shape != (len(self.ids),):
            raise PeerattnError(f"{len(self.ids)} object maps need as many {name}, not {places.size}")
        if not np.all(np.isfinite(places)) or np.any(places < 0) or np.any(np.diff(places) <= 0):
            raise PeerattnError(f"the {name} of the object maps must be 0 or more and rise from map to map")


@dataclass(frozen=True)
class Clip:
    """One clip as a network reads it, and as a person is shown it."""

    tensors: Mapping[str, Tensor]  # modality name -> (B, C, T, H, W) float32
    times: NDArray[np.float64]  # (T,) s
    images: NDArray[np.uint8]  # (T, h, w, 3) RGB: the square crop that the network saw, at display size
    object_ids: NDArray[np.uint8] | None  # (T, h, w)
    objects: Origin | None  # where the object maps come from
    remarks: tuple[str, ...] = ()
