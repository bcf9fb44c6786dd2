"""Splitting the frames of a clip into windows."""

from itertools import pairwise

from peerattn.errors import PeerattnError


def windows(frames: int, window: int) -> tuple[tuple[int, int], ...]:
    """Split frames into ceil(frames / window) windows (start, stop) of sizes that differ by at most 1."""
    if frames < 1 or window < 1:
        raise PeerattnError(f"{frames} frames cannot be split into windows of {window}")
    count = -(-frames // window)
    size, longer = divmod(frames, count)
    edges = [part * size + min(part, longer) for part in range(count + 1)]
    return tuple(pairwise(edges))
