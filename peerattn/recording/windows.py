"""How the frames of a long clip are split into windows."""

from itertools import pairwise

from peerattn.errors import PeerattnError


def windows(frames: int, window: int) -> tuple[tuple[int, int], ...]:
    """(start, stop) of ceil(frames / window) windows, as equal as possible: every frame is in exactly one."""
    if frames < 1 or window < 1:
        raise PeerattnError(f"{frames} frames cannot be split into windows of {window}")
    count = -(-frames // window)
    size, longer = divmod(frames, count)
    edges = [part * size + min(part, longer) for part in range(count + 1)]
    return tuple(pairwise(edges))
