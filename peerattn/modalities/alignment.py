"""Assign object maps to frames.

T frames, N object maps.
"""

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import MissingError, PeerattnError
from peerattn.modalities.clip import ObjectMaps
from peerattn.video.frames import Frames

_ROUNDING = 0.001  # seconds: the coarsest time base of common containers


class UncoveredError(MissingError):
    """Some frames have no object map; `coverage` says how many, in words."""

    def __init__(self, reason: str, subject: str = "", *, coverage: str = "") -> None:
        super().__init__(reason, subject)
        self.coverage = coverage


def map_of_each_frame(
    maps: ObjectMaps, frames: Frames, *, frame_rate: float, hold: bool
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return the index (T,) of each frame's map, and remarks on frames that an earlier map was held for.

    A map with a time belongs to the frames within half a sampling interval (1 / frame_rate) of it. With
    `hold`, frames without a map use the last earlier one. Otherwise they raise UncoveredError; frames before
    the first map always raise PeerattnError.
    """
    if maps.times is not None:
        index, missing = _by_time(maps.times, frames.times, 0.5 / frame_rate + _ROUNDING)
    else:
        numbers = np.arange(len(maps.ids)) if maps.frames is None else maps.frames
        index, missing = _by_number(numbers, frames.source_numbers)
    if not missing.any():
        return index, ()
    coverage = f"{missing.sum()} of {missing.size} frames have no object map"
    if not hold:
        coverage += f" (the first is frame {frames.source_numbers[missing][0]})"
        raise UncoveredError(
            f"{coverage}: attach maps for all frames, or hold each map until the next", coverage=coverage
        )
    if (index < 0).any():
        raise PeerattnError(
            f"{(index < 0).sum()} frames come before the first object map: attach earlier maps"
        )
    return index, (f"{coverage}: the last earlier map is held",)


def _by_number(
    map_numbers: NDArray[np.int64], frame_numbers: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the index of the last map up to each frame (-1: none), and which frames have no own map."""
    index = np.searchsorted(map_numbers, frame_numbers, side="right") - 1
    return index, (index < 0) | (map_numbers[index] != frame_numbers)


def _by_time(
    map_times: NDArray[np.float64], frame_times: NDArray[np.float64], tolerance: float
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the index of each frame's nearest map, and which frames have none within the tolerance (s).

    Frames without a map have the index of the last earlier one (-1: none).
    """
    before = np.searchsorted(map_times, frame_times, side="right") - 1
    after = np.minimum(before + 1, len(map_times) - 1)
    gap_after = np.abs(map_times[after] - frame_times)
    gap_before = np.where(before < 0, np.inf, np.abs(map_times[before] - frame_times))
    nearest = np.where(gap_after < gap_before, after, before)
    missing = np.minimum(gap_after, gap_before) > tolerance
    return np.where(missing, before, nearest), missing
