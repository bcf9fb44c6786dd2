"""Which object map belongs to which frame.

T frames, N object maps.
"""

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import MissingError, PeerattnError
from peerattn.modalities.clip import ObjectMaps
from peerattn.video.frames import Frames

_ROUNDING = 0.001  # s; the coarsest time base of common containers


class UncoveredError(MissingError):
    """Some frames have no object map; `found` says how many."""

    def __init__(self, reason: str, subject: str = "", *, found: str = "") -> None:
        super().__init__(reason, subject)
        self.found = found


def map_of_each_frame(
    maps: ObjectMaps, frames: Frames, *, frame_rate: float, hold: bool
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """(T,) the index of each frame's map, and remarks on maps that are held.

    Maps with times serve the frames within half a sampling interval (1 / frame_rate). Frames without a map
    are an error, unless `hold`: then the last earlier map stands for them.
    """
    if maps.times is not None:
        index, missing = _by_time(maps.times, frames.times, 0.5 / frame_rate + _ROUNDING)
    else:
        numbers = np.arange(len(maps.ids)) if maps.frames is None else maps.frames
        index, missing = _by_number(numbers, frames.source_numbers)
    if not missing.any():
        return index, ()
    found = f"{missing.sum()} of {missing.size} frames have no object map"
    if not hold:
        found += f" (the first is frame {frames.source_numbers[missing][0]})"
        raise UncoveredError(f"{found}: attach maps for all, or hold the last earlier one", found=found)
    if (index < 0).any():
        raise PeerattnError(
            f"{(index < 0).sum()} frames come before the first object map: attach earlier maps"
        )
    return index, (f"{found}: the last earlier map is held",)


def _by_number(
    places: NDArray[np.int64], numbers: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The last map at or before each frame (-1: none), and which frames it does not belong to."""
    index = np.searchsorted(places, numbers, side="right") - 1
    return index, (index < 0) | (places[index] != numbers)


def _by_time(
    places: NDArray[np.float64], times: NDArray[np.float64], reach: float
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The nearest map, out of reach the last earlier one (-1: none), and for which frames it is so."""
    before = np.searchsorted(places, times, side="right") - 1
    after = np.minimum(before + 1, len(places) - 1)
    gap_after = np.abs(places[after] - times)
    gap_before = np.where(before < 0, np.inf, np.abs(places[before] - times))
    nearest = np.where(gap_after < gap_before, after, before)
    missing = np.minimum(gap_after, gap_before) > reach
    return np.where(missing, before, nearest), missing
