"""Detecting a file's container format from its first bytes, and whether the file is complete."""

from collections.abc import Callable
from typing import BinaryIO

from peerattn.errors import PeerattnError

_MOV_BOXES = {b"ftyp", b"moov", b"mdat", b"moof", b"free", b"skip", b"wide", b"pnot"}
_SEGMENT, _CLUSTER = 0x18538067, 0x1F43B675  # Matroska element ids


def sniff(file: BinaryIO, *, pictures: bool = False) -> str:
    """Return the demuxer for a file: "mov" (also mp4), "matroska" (also webm), "avi" or "gif".

    With `pictures`, also "png_pipe", which reads a PNG as a video of one frame. Raises PeerattnError for any
    other file. The file's name is ignored: a text file named .mp4 can make a demuxer open other files or
    URLs.
    """
    file.seek(0)
    head = file.read(12)
    if head[4:8] in _MOV_BOXES:
        return "mov"
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if pictures and head[:8] == b"\x89PNG\r\n\x1a\n":
        return "png_pipe"
    raise PeerattnError("this is not a video file: choose an mp4, mov, mkv, webm, avi or gif")


def check_complete(file: BinaryIO, container: str) -> None:
    """Raise PeerattnError if the file is truncated: shorter than its container declares."""
    size = file.seek(0, 2)
    if not _COMPLETE[container](file, size):
        raise PeerattnError("the file is incomplete, its end is missing: copy or download it again")


def _mov_complete(file: BinaryIO, size: int) -> bool:
    """Walk the boxes: 4 bytes of size (1: 8 more bytes follow; 0: up to the end of the file), 4 of type."""
    position = 0
    while position + 8 <= size:
        file.seek(position)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length < 8:
            return True
        position += length
        # Phones append their own data after the last box, so only the boxes with content are checked.
        if position > size and head[4:8] in (b"mdat", b"moov", b"moof"):
            return False
    return True


def _matroska_complete(file: BinaryIO, size: int) -> bool:
    """Walk the elements: id, length, content. A segment of unknown length (a live recording) is entered."""
    position = 0
    while position < size:
        file.seek(position)
        identity, length = _element_id(file), _element_length(file)
        if length is None:
            if identity != _SEGMENT:
                return True  # a cluster of unknown length: its end cannot be determined
            position = file.tell()
            continue
        position = file.tell() + length
        if position > size and identity in (_SEGMENT, _CLUSTER):
            return False
    return True


def _element_id(file: BinaryIO) -> int:
    """Read an EBML id; the number of zeros before its first set bit is the number of bytes that follow."""
    first = file.read(1)
    return int.from_bytes(first + file.read(8 - first[0].bit_length() if first and first[0] else 0), "big")


def _element_length(file: BinaryIO) -> int | None:
    """Read an EBML length, coded like an id but without the leading bit; None (all ones) means unknown."""
    first = file.read(1)
    if not first or not first[0]:
        return 0
    more = 8 - first[0].bit_length()
    value = int.from_bytes(first + file.read(more), "big") - (1 << 7 * (more + 1))
    return None if value == (1 << 7 * (more + 1)) - 1 else value


def _avi_complete(file: BinaryIO, size: int) -> bool:
    """Walk the RIFF chunks: type, 4 bytes of length, content padded to an even size."""
    position = 0
    while position + 8 <= size:
        file.seek(position)
        head = file.read(8)
        if head[:4] != b"RIFF":
            return True
        position += 8 + int.from_bytes(head[4:8], "little")
    return position <= size + 1


def _gif_complete(file: BinaryIO, size: int) -> bool:
    """Walk the extensions (0x21) and images (0x2C), which consist of sub-blocks, up to the trailer (0x3B)."""
    file.seek(10)
    _skip_colours(file)
    file.seek(2, 1)
    while file.tell() < size:
        kind = file.read(1)
        if kind == b"\x21":
            file.seek(1, 1)
        elif kind == b"\x2c":
            file.seek(8, 1)
            _skip_colours(file)
            file.seek(1, 1)
        else:
            return True
        while (length := file.read(1)) != b"\0":
            if not length:
                return False
            file.seek(length[0], 1)
    return file.tell() == size


def _png_complete(file: BinaryIO, size: int) -> bool:
    """Check that the last chunk is an empty IEND."""
    file.seek(max(0, size - 12))
    return file.read(8) == b"\0\0\0\0IEND"


def _skip_colours(file: BinaryIO) -> None:
    """Read a packed field and skip the colour table that it announces."""
    packed = (file.read(1) or b"\0")[0]
    if packed & 0x80:
        file.seek(3 << (packed & 7) + 1, 1)


_COMPLETE: dict[str, Callable[[BinaryIO, int], bool]] = {
    "mov": _mov_complete,
    "matroska": _matroska_complete,
    "avi": _avi_complete,
    "gif": _gif_complete,
    "png_pipe": _png_complete,
}
