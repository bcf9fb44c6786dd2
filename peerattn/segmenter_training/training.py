"""Training a segmentation network on generated clips and on real clips with person masks."""

from collections.abc import Callable, Sequence
from itertools import repeat

import torch
from torch import Tensor

from peerattn.actionworld.clips import MAP_NAMES
from peerattn.errors import PeerattnError
from peerattn.modalities.segmentation_network import SegmentationNetwork
from peerattn.segmenter_training.averaging import running_average
from peerattn.segmenter_training.batches import generated_batches, people_batches, prefetch
from peerattn.segmenter_training.config import FRAMES_A_CLIP, SegmenterConfig
from peerattn.segmenter_training.losses import map_loss, person_loss
from peerattn.segmenter_training.videos import PersonVideo

Progress = Callable[[int, int, float], None]


def train_segmenter(
    config: SegmenterConfig,
    videos: Sequence[PersonVideo] = (),
    *,
    start: SegmentationNetwork | None = None,
    device: torch.device | str = "cpu",
    progress: Progress | None = None,
) -> SegmentationNetwork:
    """Train a segmentation network on generated clips and, if `config.people` is set, on these videos.

    It starts with the weights of `start`, a network with the same layers, or with random weights.
    `progress(done, total, loss)` counts generated clips and may raise to cancel. Raises PeerattnError if
    the loss is no longer finite.
    """
    if config.people and not videos:
        raise PeerattnError("there are no clips with person masks to learn people from: give some")
    torch.manual_seed(config.seed)
    segmenter = _segmenter(config).train().to(device)
    if start:
        segmenter.load_state_dict(start.state_dict())
    average = running_average(segmenter, config.averaging)
    optimiser = torch.optim.AdamW(segmenter.parameters(), weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.rate, config.steps + 1, pct_start=0.1)
    people = people_batches(videos, config) if config.people else repeat(None)
    pairs = zip(generated_batches(config), people, strict=False)
    for step, (generated, real) in enumerate(prefetch(pairs), start=1):
        loss = _loss(segmenter, _to_device(device, generated), _to_device(device, real) if real else None)
        if not torch.isfinite(loss):
            raise PeerattnError(f"the loss is {loss.item()} after step {step}: lower the rate")
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        average.update_parameters(segmenter)
        if progress:
            progress(step * config.batch // FRAMES_A_CLIP, config.clips, loss.item())
    segmenter.load_state_dict(average.module.state_dict())
    return segmenter.eval()


def _segmenter(config: SegmenterConfig) -> SegmentationNetwork:
    return SegmentationNetwork(
        tuple(range(1, len(MAP_NAMES))),
        MAP_NAMES[1:],
        size=config.size,
        widths=config.widths,
        reduction=config.reduction,
        motion=config.motion,
    )


def _to_device(device: torch.device | str, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    images, targets = batch
    return images.to(device, non_blocking=True), targets.to(device, non_blocking=True)


def _loss(
    segmenter: SegmentationNetwork, generated: tuple[Tensor, Tensor], real: tuple[Tensor, Tensor] | None
) -> Tensor:
    """Return the loss, in which generated and real frames count by their number.

    Both run in one pass, so that batch norm sees both.
    """
    images, ids = generated
    if real is None:
        return map_loss(segmenter(images), ids)
    both = torch.cat((images, real[0])).contiguous(memory_format=torch.channels_last)
    logits = segmenter(both)
    share = len(images) / len(both)
    generated_logits, real_logits = logits.split((len(images), len(real[0])))
    return share * map_loss(generated_logits, ids) + (1 - share) * person_loss(real_logits, real[1])
