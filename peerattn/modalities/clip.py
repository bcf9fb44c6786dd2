"""The types `Clip`, which is what a network reads, and `ObjectMaps`.

B clips, C channels, T frames, H height, W width; N object maps; h, w the display size of the square crop.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from peerattn.errors import PeerattnError

Origin = Literal["true", "attached", "estimated"]
"""Where object maps come from: generated with the clip, read from a file, or estimated by a segmenter."""


@dataclass(frozen=True)
class ObjectMaps:
    """Object maps: the class id of every pixel, where 0 is the background.

    Each map covers a whole upright frame of the source video. Map n belongs to source frame `frames[n]`
    (counted from 0) or to the time `times[n]`; if both are None, to source frame n. `class_ids` are all ids
    that the maps may contain, whether they occur or not. Raises PeerattnError if the arrays and the
    declaration do not fit together.
    """

    ids: NDArray[np.uint8]  # (N, H, W)
    frames: NDArray[np.int64] | None  # (N,) increasing
    class_ids: tuple[int, ...]
    class_names: tuple[str, ...]
    origin: Origin
    times: NDArray[np.float64] | None = None  # (N,) s, increasing

    @property
    def names(self) -> dict[int, str]:
        """Class id → class name."""
        return dict(zip(self.class_ids, self.class_names, strict=True))

    def __post_init__(self) -> None:
        if self.ids.ndim != 3 or self.ids.dtype != np.uint8 or 0 in self.ids.shape:
            raise PeerattnError(f"object maps must be (N, H, W) uint8, not {self.ids.shape} {self.ids.dtype}")
        self._check_classes()
        if self.frames is not None and self.times is not None:
            raise PeerattnError("object maps have frame numbers or times, not both: remove one of the two")
        for name, positions in (("frames", self.frames), ("times", self.times)):
            if positions is not None:
                self._check_positions(name, positions)

    def _check_classes(self) -> None:
        if not self.class_ids or len(self.class_ids) != len(set(self.class_ids)):
            raise PeerattnError("object maps must declare their class_ids, each one once")
        if not all(1 <= class_id <= 255 for class_id in self.class_ids):
            raise PeerattnError(f"class_ids {list(self.class_ids)} must be 1 to 255 (0 is background)")
        if len(self.class_names) != len(self.class_ids):
            raise PeerattnError(
                f"{len(self.class_ids)} class_ids cannot have {len(self.class_names)} class_names"
            )
        occurring = np.zeros(256, np.bool_)
        for ids in self.ids:  # map by map: bincount converts ids to integers of eight times their size
            occurring |= np.bincount(ids.ravel(), minlength=256) > 0
        undeclared = set(np.flatnonzero(occurring).tolist()) - {0, *self.class_ids}
        if undeclared:
            raise PeerattnError(
                f"the object maps contain class ids {sorted(undeclared)} that are not declared in class_ids"
            )

    def _check_positions(self, name: str, positions: NDArray[np.int64] | NDArray[np.float64]) -> None:
        if positions.shape != (len(self.ids),):
            raise PeerattnError(f"{len(self.ids)} object maps need as many {name}, not {positions.size}")
        if not np.all(np.isfinite(positions)) or np.any(positions < 0) or np.any(np.diff(positions) <= 0):
            raise PeerattnError(
                f"the {name} of the object maps must be 0 or more and increase from map to map"
            )


@dataclass(frozen=True)
class Clip:
    """One clip: the tensors that a network reads, and the images that are displayed."""

    tensors: Mapping[str, Tensor]  # modality name -> (B, C, T, H, W) float32
    times: NDArray[np.float64]  # (T,) s
    images: NDArray[np.uint8]  # (T, h, w, 3) RGB: the square crop that the network saw, at display size
    object_ids: NDArray[np.uint8] | None  # (T, h, w)
    origin: Origin | None  # of the object maps; None without maps
    remarks: tuple[str, ...] = ()
    object_names: Mapping[int, str] = field(default_factory=dict)  # class id -> class name in the object maps
    joints: NDArray[np.float32] | None = (
        None  # (T, 17, 3) x, y in px of `images`, and score; None if not read
    )
    person_found: bool | None = None  # None if the network does not look for a person
    moves: bool | None = None  # whether anything moves; None likewise

    @property
    def flow(self) -> NDArray[np.float32] | None:
        """The optical flow of each pixel (2, T, H, W), or None if the network does not read it."""
        flow = self.tensors.get("flow")
        return None if flow is None or flow.shape[-1] == 1 else flow[0].cpu().numpy()
