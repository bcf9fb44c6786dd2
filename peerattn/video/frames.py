"""What travels out of a video file: `Frames`, `VideoInfo`, and the `Limits` on what may be asked of one.

T frames, H height, W width.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError


@dataclass(frozen=True)
class Limits:
    """What reading one file may cost; a file that asks for more is refused."""

    file_bytes: int = 512 * 2**20
    pixels: int = 4096 * 2304  # width x height of one frame: 4K passes, 8K does not
    frame_rate: float = 1000.0  # declared frames/s
    duration: float = 900.0  # s of video read, up to the end of the chosen stretch
    decoded_frames: int = 30_000  # frames decoded, up to the end of the chosen stretch
    kept_frames: int = 1_024  # frames returned; 128 s at 8 frames/s
    id_pixels: int = 2**29  # pixels of all maps of class ids; 580 maps of 720p
    address_space: int = 2 * 2**30  # bytes the decoding process may map (where the system can limit it)
    seconds: float = 120.0  # of waiting for one answer


@dataclass(frozen=True)
class VideoInfo:
    """What a video file declares; duration, rate and frame count are None where it does not say."""

    container: str  # "mov" (also mp4), "matroska" (also webm), "avi", "gif"
    codec: str
    width: int  # px, upright
    height: int  # px, upright
    duration: float | None  # s
    frame_rate: float | None  # mean frames/s
    frame_count: int | None


@dataclass(frozen=True)
class Frames:
    """Upright frames of a video in order of time.

    `numbers` says which frames of the source these are (counted from 0 as decoded); None: every one, 0 … T-1.
    `time_base` is what the container rounds times to: true ones lie up to half of it (s) off; 0: nowhere.
    """

    images: NDArray[np.uint8]  # (T, H, W, 3) RGB
    times: NDArray[np.float64]  # (T,) s from the first frame of the file
    remarks: tuple[str, ...] = ()
    numbers: NDArray[np.int64] | None = None  # (T,)
    time_base: float = 0.0  # s

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or self.images.shape[-1] != 3 or self.images.dtype != np.uint8:
            found = f"{self.images.shape} {self.images.dtype}"
            raise PeerattnError(f"frames must be (T, H, W, 3) uint8, not {found}")
        if not 0 < len(self.images) == len(self.times):
            raise PeerattnError(f"{len(self.images)} frames cannot go with {len(self.times)} times")
        if np.any(np.diff(self.times) <= 0):
            raise PeerattnError("the times of the frames must rise from frame to frame")

    @property
    def source_numbers(self) -> NDArray[np.int64]:
        """(T,) which frames of the source these are."""
        return np.arange(len(self.images), dtype=np.int64) if self.numbers is None else self.numbers
