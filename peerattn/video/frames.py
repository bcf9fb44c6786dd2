"""The data read from a video file, `Frames` and `VideoInfo`, and the `Limits` on reading one.

T frames, H height, W width.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError


@dataclass(frozen=True)
class Limits:
    """Limits on the cost of reading one file; a file that exceeds them is refused."""

    file_bytes: int = 512 * 2**20
    pixels: int = 4096 * 2304  # width x height of one frame: 4K passes, 8K does not
    frame_rate: float = 1000.0  # declared frames/s
    duration: float = 900.0  # s of video read, up to the end of the chosen stretch
    decoded_frames: int = 30_000  # frames decoded, up to the end of the chosen stretch
    kept_frames: int = 1_024  # frames returned; 128 s at 8 frames/s
    id_pixels: int = 2**29  # pixels of all maps of class ids together; 580 maps of 720p
    address_space: int = 2 * 2**30  # bytes the decoding process may map (where the system can limit it)
    seconds: float = 120.0  # longest time to read one file


@dataclass(frozen=True)
class VideoInfo:
    """What a video file declares; duration, frame rate and frame count are None if it does not state them."""

    container: str  # "mov" (also mp4), "matroska" (also webm), "avi", "gif"
    codec: str
    width: int  # px, upright
    height: int  # px, upright
    duration: float | None  # s
    frame_rate: float | None  # mean frames/s
    frame_count: int | None


@dataclass(frozen=True)
class Frames:
    """Upright frames of a video, in order of time.

    `numbers` are the positions of these frames in the source, counted from 0 as decoded; None means 0 … T-1.
    `time_base` (s) is the unit to which the container rounds times, so a time may be off by half of it; 0
    means that times are not rounded.
    """

    images: NDArray[np.uint8]  # (T, H, W, 3) RGB
    times: NDArray[np.float64]  # (T,) s from the first frame of the file
    remarks: tuple[str, ...] = ()
    numbers: NDArray[np.int64] | None = None  # (T,)
    time_base: float = 0.0  # s

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or self.images.shape[-1] != 3 or self.images.dtype != np.uint8:
            actual = f"{self.images.shape} {self.images.dtype}"
            raise PeerattnError(f"frames must be (T, H, W, 3) uint8, not {actual}")
        if not 0 < len(self.images) == len(self.times):
            raise PeerattnError(f"{len(self.images)} frames need as many times, not {len(self.times)}")
        if np.any(np.diff(self.times) <= 0):
            raise PeerattnError("the times of the frames must increase from frame to frame")

    @property
    def source_numbers(self) -> NDArray[np.int64]:
        """The positions of these frames in the source (T,)."""
        return np.arange(len(self.images), dtype=np.int64) if self.numbers is None else self.numbers
