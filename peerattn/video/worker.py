"""The decoding process: reads one request a line on stdin, answers on stdout. Imports no torch.

An answer is a JSON line {"kind": "frame" | "info" | "end" | "error", …}; after a "frame" come its pixels.
"""

import contextlib
import errno
import json
import os
import signal
import sys
from dataclasses import asdict, replace
from typing import Any, BinaryIO

import av

from peerattn.errors import PeerattnError
from peerattn.video import checks, reader
from peerattn.video.frames import Limits

with contextlib.suppress(ImportError):
    import resource  # not on Windows

_GRACE = 5  # s that the asking process has to stop this one before it stops itself


def serve() -> None:
    """Answer requests until stdin closes."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints must not mix with the answers
    for line in sys.stdin.buffer:
        request = json.loads(line)
        limits = Limits(**request["limits"])
        _confine(limits)
        try:
            _answer(request, limits, output)
        except BrokenPipeError:
            return
        except Exception as error:  # mutated files raise nearly anything: nothing may pass this edge
            _send(output, kind="error", message=plain(error, limits))
        finally:
            _set_alarm(0)


def _confine(limits: Limits) -> None:
    """Limit the memory of this process, and its life if the asking process should vanish."""
    if "resource" in globals():
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        soft = limits.address_space if hard == resource.RLIM_INFINITY else min(limits.address_space, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    _set_alarm(int(limits.seconds) + _GRACE)


def _set_alarm(seconds: int) -> None:
    """End this process after so many seconds; 0: never."""
    if hasattr(signal, "alarm"):  # not on Windows
        signal.alarm(seconds)


def _answer(request: dict[str, Any], limits: Limits, output: BinaryIO) -> None:
    stretch = checks.Stretch(**request["stretch"]) if request["stretch"] else None
    ids = stretch is not None and stretch.ids
    with reader.open_video(request["path"], limits, ids=ids) as (container, stream, kind):
        info = checks.declared(container, stream, kind)
        checks.check_picture(info, limits)
        if ids:
            checks.check_lossless(info)
        if stretch is None:
            _, _, frame = next(reader.timed_frames(container, stream, limits))
            if reader.quarter_turns(frame) % 2:
                info = replace(info, width=info.height, height=info.width)
            _send(output, kind="info", info=asdict(info))
        else:
            checks.check_stretch(info, stretch, limits)
            rounding = reader.time_base(stream)
            wanted = reader.pictures(container, stream, stretch, limits) if request["decoding"] else ()
            for picture in wanted:
                _send_picture(output, picture, rounding)
    _send(output, kind="end")


def _send_picture(output: BinaryIO, picture: reader.Picture, time_base: float) -> None:
    place = {"number": picture.number, "time": picture.time, "time_base": time_base}
    _send(output, picture.image.data, kind="frame", shape=list(picture.image.shape), **place)


def _send(output: BinaryIO, pixels: memoryview | bytes = b"", **message: Any) -> None:
    output.write(json.dumps(message).encode() + b"\n")
    output.write(pixels)
    output.flush()


def plain(error: Exception, limits: Limits) -> str:
    """One line for a person."""
    if isinstance(error, PeerattnError):
        return str(error)
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        memory = limits.address_space / 2**30
        return f"reading it takes more than {memory:.1f} GiB of memory: scale it down"
    if isinstance(error, PermissionError):
        return "the file may not be read: change its permissions"
    if isinstance(error, av.error.FFmpegError | StopIteration | UnicodeDecodeError):
        return "it is damaged and cannot be read as a video: copy or download it again"
    return f"it cannot be read as a video ({type(error).__name__}): convert it to H.264 in an mp4"
