"""Generated test clips as files: a lossless video and its object maps, so that they open like an upload."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
from numpy.typing import NDArray

from peerattn.actionworld.clips import CLASS_NAMES_OF, MAP_NAMES, WorldClip, generate, version_of
from peerattn.errors import PeerattnError
from peerattn.modalities.clip import ObjectMaps
from peerattn.modalities.objects import write_objects
from peerattn.modalities.settings import ClipSettings


def write_clip(
    seed: int, class_names: Sequence[str], settings: ClipSettings
) -> tuple[bytes, tuple[str, bytes], str]:
    """Return the video of a seed as a network with these settings reads it, its object maps, and its class.

    Raises PeerattnError if the class names are not those of the generated clips.
    """
    version = version_of(class_names)
    if version is None:
        raise PeerattnError("this network's classes are not those of the generated clips")
    world = generate(seed, frames=settings.window, size=settings.size, version=version)
    video = _video(world.images, settings.frame_rate)
    return video, (f"seed-{seed}.npz", _maps(world)), CLASS_NAMES_OF[version][world.label]


def _video(images: NDArray[np.uint8], frame_rate: float) -> bytes:
    """Return images (T, H, W, 3) as a Matroska file, from which exactly these images are decoded."""
    file = io.BytesIO()
    rate = Fraction(frame_rate).limit_denominator(1000)
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream("ffv1", rate=rate)
        stream.height, stream.width, stream.pix_fmt = *images.shape[1:3], "bgr0"
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return file.getvalue()


def _maps(world: WorldClip) -> bytes:
    maps = ObjectMaps(world.object_ids, None, tuple(range(1, len(MAP_NAMES))), MAP_NAMES[1:], "true")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "maps.npz"
        write_objects(path, maps)
        return path.read_bytes()
