"""Video files made for tests: ordinary, unusual and damaged ones.

T frames, H height, W width.
"""

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

FINE = Fraction(1, 12_800)  # s, a time base fine enough for any frame rate used here


def moving_square(frames: int, *, height: int = 48, width: int = 64, step: int = 2) -> NDArray[np.uint8]:
    """(T, H, W, 3): a bright square that moves right by `step` px per frame over a smooth texture."""
    rows, columns = np.mgrid[:height, :width]
    texture = 90 + 40 * np.sin(rows / 3.0) * np.cos(columns / 4.0)
    images = np.repeat(texture[None, :, :, None], 3, axis=-1).repeat(frames, axis=0)
    for frame in range(frames):
        left = 4 + step * frame % max(1, width - 24)
        images[frame, height // 3 : height // 3 + 14, left : left + 14] = (230, 60, 40)
    return images.astype(np.uint8)


def write_video(
    path: Path,
    images: NDArray[np.uint8],
    *,
    codec: str = "libx264",
    times: list[float] | None = None,
    rotation: int = 0,
    options: dict[str, str] | None = None,
    quality: int | None = None,
) -> Path:
    """Write (T, H, W, 3) RGB or (T, H, W) grey as a video of 25 frames/s, or with these times (s).

    `quality` is the encoder's constant rate factor: the greater, the stronger the compression.
    """
    times = [frame / 25 for frame in range(len(images))] if times is None else times
    grey = images.ndim == 3
    with av.open(str(path), "w", options=options or {}) as container:
        # One frame per tick, so that AVI, whose time base is its frame rate, has the right times too.
        stream = container.add_stream(
            codec, rate=25, options={} if quality is None else {"crf": str(quality)}
        )
        stream.height, stream.width = images.shape[1:3]
        stream.pix_fmt = _pixel_format(codec, grey=grey)
        stream.time_base = stream.codec_context.time_base = Fraction(1, 25) if path.suffix == ".avi" else FINE
        if rotation:
            stream.set_display_rotation(rotation)
        for image, time in zip(images, times, strict=True):
            frame = av.VideoFrame.from_ndarray(image, format="gray" if grey else "rgb24")
            frame.time_base = stream.codec_context.time_base
            frame.pts = round(time / frame.time_base)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _pixel_format(codec: str, *, grey: bool) -> str:
    if grey:
        return "gray"
    return {"gif": "rgb8", "ffv1": "bgr0", "png": "rgb24", "mjpeg": "yuvj420p"}.get(codec, "yuv420p")


def without_duration(path: Path, images: NDArray[np.uint8]) -> Path:
    """A webm written to a pipe, so its header has no duration."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.parts: list[bytes] = []

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.parts.append(bytes(data))
            return len(data)

    pipe = Pipe()
    with av.open(pipe, "w", format="webm") as container:
        stream = container.add_stream("libvpx-vp9", rate=25, options={"deadline": "realtime"})
        stream.height, stream.width = images.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    path.write_bytes(b"".join(pipe.parts))
    return path


def audio_only(path: Path) -> Path:
    """An mp4 with one second of a tone and no video."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16_000, layout="mono")
        tone = np.sin(np.arange(16_000) / 16_000 * 2 * np.pi * 440).astype(np.float32)[None]
        frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def broken_off(path: Path, source: Path, *, share: float = 0.6) -> Path:
    """The first part of a file, as after an interrupted copy."""
    data = source.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def bit_rotten(path: Path, source: Path) -> Path:
    """A copy of a file with random bytes in the middle."""
    data = bytearray(source.read_bytes())
    middle, noise = len(data) // 2, np.random.default_rng(1)
    data[middle : middle + len(data) // 5] = noise.integers(0, 256, len(data) // 5, dtype=np.uint8).tobytes()
    path.write_bytes(bytes(data))
    return path


def concat_script(path: Path, target: Path) -> Path:
    """A text file that would make a trusting demuxer open another file."""
    path.write_text(f"ffconcat version 1.0\nfile {target}\n")
    return path


def playlist(path: Path, target: str) -> Path:
    """An HLS playlist, which would make a trusting demuxer open an address."""
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5.0,\n{target}\n#EXT-X-ENDLIST\n")
    return path
