"""Make the sample clips of the page: generated scenes as small H.264 files, each with its true object maps.

    python examples/make_samples.py            # writes app/samples and app/samples/earlier

They are files like any other, so that opening a sample takes the same path as opening an upload. The earlier
samples are from the first version of the generator. The app no longer lists them, but links and sessions that
name one still open it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from peerattn.actionworld.casting import LATEST_VERSION
from peerattn.actionworld.clips import CLASS_NAMES_OF, MAP_NAMES, WorldClip, generate
from peerattn.data.generated import TEST_SEED
from peerattn.modalities.clip import ObjectMaps
from peerattn.modalities.objects import write_objects

FRAME_RATE = 8  # frames/s, as the networks that ship read them
SIZE = 256  # px a side
LENGTHS = {20_021: 48, 20_050: 40, 20_033: 32, 20_059: 48, 20_022: 40, 20_027: 32}
"""Seed, counted from the first that training never sees, → frames.

The first two show the same action on the same object, in different lights.
"""
EARLIER_LENGTHS = {20_002: 48, 20_005: 40, 20_008: 32, 20_011: 48, 20_014: 40, 20_001: 32}
"""The same for the earlier samples."""


def main(folder: Path) -> None:
    """Write every sample, and in each folder `samples.json`, which lists them with what they truly show."""
    write_samples(folder, LENGTHS, LATEST_VERSION)
    write_samples(folder / "earlier", EARLIER_LENGTHS, 1)


def write_samples(folder: Path, lengths: Mapping[int, int], version: int) -> None:
    """Write the samples of one version of the generator, and `samples.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = [write_sample(folder, TEST_SEED + seed, frames, version) for seed, frames in lengths.items()]
    text = json.dumps(listed, indent=2) + "\n"
    (folder / "samples.json").write_text(text, encoding="utf-8")


def write_sample(folder: Path, seed: int, frames: int, version: int = LATEST_VERSION) -> dict[str, str]:
    """Write one clip and its object maps, and return its entry in `samples.json`."""
    world = generate(seed, frames=frames, size=SIZE, version=version)
    label = CLASS_NAMES_OF[version][world.label]
    stem = f"{label.replace(' ', '-')}-{frames / FRAME_RATE:.0f}s"
    write_video(folder / f"{stem}.mp4", world.images)
    write_objects(folder / f"{stem}.npz", true_maps(world))
    return {"clip": f"{stem}.mp4", "objects": f"{stem}.npz", "label": label}


def true_maps(world: WorldClip) -> ObjectMaps:
    """The generator's own maps, one a frame."""
    return ObjectMaps(world.object_ids, None, tuple(range(1, len(MAP_NAMES))), MAP_NAMES[1:], "true")


def write_video(path: Path, images: NDArray[np.uint8]) -> None:
    """(T, H, W, 3) as H.264 at 8 frames/s, good enough that flow and colours survive."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FRAME_RATE, options={"crf": "20", "preset": "slow"})
        stream.height, stream.width, stream.pix_fmt = *images.shape[1:3], "yuv420p"
        stream.time_base = Fraction(1, FRAME_RATE)
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("app/samples"))
    main(parser.parse_args().folder)
