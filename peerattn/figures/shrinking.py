"""A recording in fewer bytes: smaller pictures of its frames, then without what can be laid over them.

Every number of the trace stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from peerattn.figures.packing import Body, Header, pack, unpack
from peerattn.figures.pictures import decode_jpeg, encode_jpeg, shrink

FRAME_FORMATS = ((320, 70), (320, 50), (320, 30), (160, 50), (160, 20), (80, 30))
"""Longest side (px) and JPEG quality of the frames, tried one after another."""
EMPTY_OVERLAYS: dict[str, Header] = {
    "optical flow": {"flow": None},
    "object maps": {"overlays": [], "objects": []},
}
"""What the header of a recording says where these do not lie over the frames."""


@dataclass(frozen=True)
class ShrunkRecording:
    """A recording, how its frames were made smaller, and what lies over them no more."""

    recording: bytes
    frame_format: str = ""
    left_out: tuple[str, ...] = ()


def shrink_recording(recording: bytes, most: int) -> ShrunkRecording:
    """The recording in at most so many bytes; where pictures cannot give that, as light as they can."""
    found = ShrunkRecording(recording)
    steps = _steps(recording)
    while len(found.recording) > most and (step := next(steps, None)):
        found = step
    return found


def _steps(recording: bytes) -> Iterator[ShrunkRecording]:
    """Ever lighter. In the body object maps, flow and frames come last, in this order."""
    header, body = unpack(recording)
    images = [decode_jpeg(body[start : start + length]) for start, length in header["frames"]]
    start = header["frames"][0][0]
    for side, quality in FRAME_FORMATS:
        said = f"at most {side} px, JPEG quality {quality}"
        frames = [encode_jpeg(shrink(image, side), quality) for image in images]
        yield ShrunkRecording(_with_frames(header, body[:start], frames), said)
    left_out: list[str] = []
    overlays = {"optical flow": (header["flow"] or {}).get("pictures"), "object maps": header["overlays"]}
    for name, pictures in overlays.items():
        if pictures:
            start = pictures[0][0]
            header |= EMPTY_OVERLAYS[name]
            left_out.append(f"{name} over the frames")
            yield ShrunkRecording(_with_frames(header, body[:start], frames), said, tuple(left_out))


def _with_frames(header: Header, body: bytes, frames: list[bytes]) -> bytes:
    """The recording with other pictures of its frames, at the end of the body."""
    whole = Body(body)
    return pack({**header, "frames": whole.images(frames)}, whole)
