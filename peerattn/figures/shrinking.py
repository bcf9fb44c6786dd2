"""Making a recording fit into fewer bytes: smaller pictures of its frames, then no overlays.

All numbers of the trace are kept exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from peerattn.figures.packing import Body, Header, pack, unpack
from peerattn.figures.pictures import decode_jpeg, encode_jpeg, shrink

FRAME_FORMATS = ((320, 70), (320, 50), (320, 30), (160, 50), (160, 20), (80, 30))
"""Longest side (px) and JPEG quality of the frames, tried in this order."""
EMPTY_OVERLAYS: dict[str, Header] = {
    "optical flow": {"flow": None},
    "object maps": {"overlays": [], "objects": []},
}
"""Overlay → the header entries of a recording without it."""


@dataclass(frozen=True)
class ShrunkRecording:
    """A recording, in words the format of its frames if they were shrunk, and the overlays it lacks."""

    recording: bytes
    frame_format: str = ""
    left_out: tuple[str, ...] = ()


def shrink_recording(recording: bytes, max_bytes: int) -> ShrunkRecording:
    """Shrink a recording to at most `max_bytes`, or as far as smaller pictures allow."""
    shrunk = ShrunkRecording(recording)
    steps = _steps(recording)
    while len(shrunk.recording) > max_bytes and (step := next(steps, None)):
        shrunk = step
    return shrunk


def _steps(recording: bytes) -> Iterator[ShrunkRecording]:
    """Yield smaller and smaller versions; the body ends with object maps, flow and frames, in this order."""
    header, body = unpack(recording)
    images = [decode_jpeg(body[start : start + length]) for start, length in header["frames"]]
    start = header["frames"][0][0]
    for side, quality in FRAME_FORMATS:
        frame_format = f"at most {side} px, JPEG quality {quality}"
        frames = [encode_jpeg(shrink(image, side), quality) for image in images]
        yield ShrunkRecording(_with_frames(header, body[:start], frames), frame_format)
    left_out: list[str] = []
    overlays = {"optical flow": (header["flow"] or {}).get("pictures"), "object maps": header["overlays"]}
    for name, pictures in overlays.items():
        if pictures:
            start = pictures[0][0]
            header |= EMPTY_OVERLAYS[name]
            left_out.append(f"{name} over the frames")
            smaller = _with_frames(header, body[:start], frames)
            yield ShrunkRecording(smaller, frame_format, tuple(left_out))


def _with_frames(header: Header, body: bytes, frames: list[bytes]) -> bytes:
    """Return the recording with these pictures of its frames at the end of the body."""
    new_body = Body(body)
    return pack({**header, "frames": new_body.images(frames)}, new_body)
