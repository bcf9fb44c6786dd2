"""What a frozen network sees in clips with masks: what a decoder learns from.

The frozen network never changes, so each clip is shown to it once, in a fixed number of views, and the maps
are kept in the cache. N views, C channels, H height, W width.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from peerattn.data.cache import Arrays, Cache, entry_key, file_digest
from peerattn.data.folder import LabelledFile
from peerattn.errors import PeerattnError
from peerattn.modalities.backbone_segmenter import SHAPE, see
from peerattn.modalities.pretrained.efficientnet import PYRAMID, EfficientNetLite0
from peerattn.network.failures import translate_device_errors
from peerattn.network.precision import apply_precision
from peerattn.network.state_arrays import as_arrays
from peerattn.segmenter_training.augmentation import Images, Random, Shot, jitter_colours, random_view
from peerattn.segmenter_training.config import ViewPlan
from peerattn.segmenter_training.videos import PersonVideo, Skip, read_person_video, skip_unreadable

MASK_SHAPE = (SHAPE[0] // 2, SHAPE[1] // 2)
"""Height and width of the masks that a decoder learns from, px."""
_SIZE = 240  # px: short side of the frames of which views are taken
_BATCH = 8  # views per pass
_VERSION = 1  # of the views, in the cache
_NAMES = (*(f"maps {stride}" for stride in PYRAMID), "persons")

Progress = Callable[[int, int], None]


def draw_shots(video: PersonVideo, plan: ViewPlan, random: Random) -> Shot:
    """Return the views of a clip, with the shape of `SHAPE`, as one shot."""
    count = len(video.persons)
    chosen = np.linspace(0, count - 1, plan.frames + 2)[1:-1].round().astype(int)
    persons = video.persons.astype(np.uint8) * 255
    whole = _fitted(Shot(video.frames.images[chosen], persons[chosen]))
    mirrored = Shot(whole.images[:, :, ::-1], whole.persons[:, :, ::-1])
    shots = [whole, mirrored]
    for _ in range(plan.varied):
        frame = [int(random.integers(count))]
        view = random_view(Shot(video.frames.images[frame], persons[frame]), SHAPE, random)
        shots.append(Shot(jitter_colours(view.images, random), view.persons))
    return Shot(
        np.concatenate([shot.images for shot in shots]), np.concatenate([shot.persons for shot in shots])
    )


def _fitted(shot: Shot) -> Shot:
    """Scale whole frames to fit into `SHAPE`; what is missing repeats the edges, without a person."""
    height, width = shot.images.shape[1:3]
    scale = min(SHAPE[0] / height, SHAPE[1] / width)
    inner = (max(1, round(height * scale)), max(1, round(width * scale)))
    top, left = ((side - part) // 2 for side, part in zip(SHAPE, inner, strict=True))
    margins = (top, SHAPE[0] - inner[0] - top, left, SHAPE[1] - inner[1] - left)

    def fit(images: Images, border: int) -> Images:
        scaled = [cv2.resize(image, inner[::-1], interpolation=cv2.INTER_AREA) for image in images]
        return np.stack([cv2.copyMakeBorder(image, *margins, border) for image in scaled])

    return Shot(fit(shot.images, cv2.BORDER_REPLICATE), fit(shot.persons, cv2.BORDER_CONSTANT))


@dataclass(frozen=True, eq=False)
class Views:
    """What the frozen network sees in N views, and where the person is in them."""

    maps: tuple[NDArray[np.float16], ...]  # (N, C, H / 4, W / 4), … (N, C, H / 32, W / 32)
    persons: NDArray[np.uint8]  # (N, H / 2, W / 2): 255 where the person is

    def __len__(self) -> int:
        return len(self.persons)

    def batch(self, numbers: NDArray[np.int64], device: torch.device | str) -> tuple[list[Tensor], Tensor]:
        """Return the maps of these views as float tensors, and where the person is (B, H / 2, W / 2): 0 to
        1."""
        maps = [
            torch.from_numpy(one[numbers]).to(device).float().contiguous(memory_format=torch.channels_last)
            for one in self.maps
        ]
        return maps, torch.from_numpy(self.persons[numbers]).to(device).float() / 255


@contextmanager
def views_of_clips(
    files: Sequence[LabelledFile],
    backbone: EfficientNetLite0,
    plan: ViewPlan,
    *,
    skip: Skip,
    cache: Cache | None = None,
    progress: Progress | None = None,
) -> Iterator[tuple[Views, list[LabelledFile]]]:
    """Yield the views of all readable clips, `plan.count` of each, and these clips.

    The views lie in temporary files, which are deleted after the `with` block. `skip` is called for clips
    that cannot be read. Raises PeerattnError if none can be read.
    """
    readable: list[LabelledFile] = []
    digest = _digest(backbone)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        views = _empty_views(Path(folder), len(files) * plan.count)
        targets: tuple[NDArray[Any], ...] = (*views.maps, views.persons)
        for done, file in enumerate(files, start=1):
            with skip_unreadable(file, skip):
                arrays = _arrays_of(file, backbone, plan, cache, digest)
                place = slice(len(readable) * plan.count, (len(readable) + 1) * plan.count)
                for target, name in zip(targets, _NAMES, strict=True):
                    target[place] = arrays[name]
                readable.append(file)
            if progress:
                progress(done, len(files))
        if not readable:
            raise PeerattnError("none of the clips can be read: repair them, or choose another folder")
        count = len(readable) * plan.count
        yield Views(tuple(one[:count] for one in views.maps), views.persons[:count]), readable


def _empty_views(folder: Path, count: int) -> Views:
    """Return room for views, in files of the folder: there may be several gigabytes."""
    maps = tuple(
        np.memmap(folder / str(stride), np.float16, "w+", shape=(count, channels, *_shape(stride)))
        for stride, (_, channels) in PYRAMID.items()
    )
    return Views(maps, np.memmap(folder / "persons", np.uint8, "w+", shape=(count, *MASK_SHAPE)))


def _shape(stride: int) -> tuple[int, int]:
    return SHAPE[0] // stride, SHAPE[1] // stride


def _arrays_of(
    file: LabelledFile, backbone: EfficientNetLite0, plan: ViewPlan, cache: Cache | None, digest: str
) -> Arrays:
    """Return the arrays of a clip's views, from the cache if possible; `digest` is the frozen network's."""
    if file.objects is None:
        raise PeerattnError(f"{file.path.name} has no person masks: name them in the manifest, as mask_path")

    def make() -> Arrays:
        random = np.random.default_rng(int(clip[:8], 16))
        views = views_of(draw_shots(read_person_video(file, size=_SIZE), plan, random), backbone)
        return dict(zip(_NAMES, (*views.maps, views.persons), strict=True))

    clip, masks = file_digest(file.path), file_digest(file.objects)
    plans = [_VERSION, plan.frames, plan.varied]
    key = entry_key(views=plans, clip=clip, masks=masks, backbone=digest)
    return cache.get_or_make(key, make) if cache else make()


def _digest(network: nn.Module) -> str:
    """Return the sha256 of a network's weights."""
    digest = hashlib.sha256()
    for name, array in as_arrays(network.state_dict()).items():
        digest.update(name.encode() + array.tobytes())
    return digest.hexdigest()


@torch.inference_mode()
def views_of(shot: Shot, backbone: EfficientNetLite0) -> Views:
    """Return what the frozen network sees in the images of a shot, which have the shape of `SHAPE`."""
    device = next(backbone.parameters()).device
    with translate_device_errors(), apply_precision(device):
        parts = [
            [maps.half().cpu().numpy() for maps in see(shot.images[first : first + _BATCH], backbone)]
            for first in range(0, len(shot.images), _BATCH)
        ]
    persons = [cv2.resize(one, MASK_SHAPE[::-1], interpolation=cv2.INTER_AREA) for one in shot.persons]
    return Views(tuple(np.concatenate(maps) for maps in zip(*parts, strict=True)), np.stack(persons))
