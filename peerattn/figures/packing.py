"""The binary format of recordings for the browser: a JSON header, and a body of arrays and images.

Layout: the length of the header (uint32, little-endian), the header (JSON, padded to a multiple of 4 bytes),
then the body. The header gives the offset and length of each array and image in the body.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

Header = dict[str, Any]


class Body:
    """The body of a recording while it is built; methods return where in the body they put the data."""

    def __init__(self, start: bytes = b"") -> None:
        self.parts, self.size = [start], len(start)

    def add(self, part: bytes) -> int:
        """Append a part and return its offset, a multiple of 4 as Float32Array in a browser requires."""
        offset = self.size
        part += b"\0" * (-len(part) % 4)
        self.parts.append(part)
        self.size += len(part)
        return offset

    def array(self, values: NDArray[Any]) -> dict[str, Any]:
        return {"offset": self.add(values.astype("<f4").tobytes()), "shape": list(values.shape)}

    def images(self, images: Sequence[bytes]) -> list[list[int]]:
        return [[self.add(image), len(image)] for image in images]


def encode_header(header: Mapping[str, Any]) -> bytes:
    return json.dumps(header, separators=(",", ":"), allow_nan=False).encode()


def pack(header: Mapping[str, Any], body: Body) -> bytes:
    text = encode_header(header)
    text += b" " * (-len(text) % 4)
    return b"".join([len(text).to_bytes(4, "little"), text, *body.parts])


def unpack(recording: bytes) -> tuple[Header, bytes]:
    """Return the header and the bytes of the body."""
    start = 4 + int.from_bytes(recording[:4], "little")
    return json.loads(recording[4:start]), recording[start:]
