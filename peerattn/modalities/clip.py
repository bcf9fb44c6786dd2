"""What a network reads: `ObjectMaps` and `Clip`.

B clips, C channels, T frames, H height, W width; N object maps; h, w the display size of the square crop.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from peerattn.errors import PeerattnError
from peerattn.moved import moved

__getattr__ = moved(__name__)

Origin = Literal["true", "attached", "estimated"]


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

    @property
    def names(self) -> dict[int, str]:
        """Class id → its name."""
        return dict(zip(self.class_ids, self.class_names, strict=True))

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
        occurring = np.zeros(256, np.bool_)
        for one in self.ids:  # one by one: counting turns ids into integers of eight times their size
            occurring |= np.bincount(one.ravel(), minlength=256) > 0
        undeclared = set(np.flatnonzero(occurring).tolist()) - {0, *self.class_ids}
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
    object_names: Mapping[int, str] = field(default_factory=dict)  # class id -> its name, of the maps
