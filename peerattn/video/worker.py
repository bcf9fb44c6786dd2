"""The decoding process: reads one request per line on stdin and answers on stdout. Does not import torch.

A message is a JSON line {"kind": "frame" | "info" | "end" | "error", …}; a "frame" is followed by its pixels.
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

_GRACE = 5  # s beyond the time limit after which this process ends itself if the parent has not killed it


def serve() -> None:
    """Answer requests until stdin closes."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library's prints must not mix with the messages
    for line in sys.stdin.buffer:
        request = json.loads(line)
        limits = Limits(**request["limits"])
        _limit_resources(limits)
        try:
            _answer(request, limits, output)
        except BrokenPipeError:
            return
        except (
            Exception
        ) as error:  # damaged files can raise nearly anything, and none of it may end this process
            _send(output, kind="error", message=describe_error(error, limits))
        finally:
            _set_alarm(0)


def _limit_resources(limits: Limits) -> None:
    """Limit the memory of this process, and its lifetime in case the parent process disappears."""
    if "resource" in globals():
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        soft = limits.address_space if hard == resource.RLIM_INFINITY else min(limits.address_space, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    _set_alarm(int(limits.seconds) + _GRACE)


def _set_alarm(seconds: int) -> None:
    """End this process after `seconds`; 0 cancels the alarm."""
    if hasattr(signal, "alarm"):  # not on Windows
        signal.alarm(seconds)


def _answer(request: dict[str, Any], limits: Limits, output: BinaryIO) -> None:
    """Send the frames or the declared info that a request asks for, then an end message."""
    stretch = checks.Stretch(**request["stretch"]) if request["stretch"] else None
    ids = stretch is not None and stretch.ids
    with reader.open_video(request["path"], limits, ids=ids) as (container, stream, kind):
        info = checks.declared_info(container, stream, kind)
        checks.check_frame_size_and_rate(info, limits)
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
            if request["decoding"]:
                for picture in reader.sample_pictures(container, stream, stretch, limits):
                    _send_picture(output, picture, rounding)
    _send(output, kind="end")


def _send_picture(output: BinaryIO, picture: reader.Picture, time_base: float) -> None:
    timing = {"number": picture.number, "time": picture.time, "time_base": time_base}
    _send(output, picture.image.data, kind="frame", shape=list(picture.image.shape), **timing)


def _send(output: BinaryIO, pixels: memoryview | bytes = b"", **message: Any) -> None:
    output.write(json.dumps(message).encode() + b"\n")
    output.write(pixels)
    output.flush()


def describe_error(error: Exception, limits: Limits) -> str:
    """Return one plain line that says what is wrong with the file and what to do."""
    if isinstance(error, PeerattnError):
        return str(error)
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        memory = limits.address_space / 2**30
        return f"reading it takes more than {memory:.1f} GiB of memory: scale the video down"
    if isinstance(error, PermissionError):
        return "permission to read the file was denied: change its permissions"
    if isinstance(error, av.error.FFmpegError | StopIteration | UnicodeDecodeError):
        return "the file is damaged and cannot be read as a video: copy or download it again"
    return f"the file cannot be read as a video ({type(error).__name__}): convert it to H.264 in an mp4"
