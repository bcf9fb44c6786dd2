"""Training the decoder of a `BackboneSegmenter` on what the frozen network sees in clips with masks.

B views, H height, W width.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.modalities.backbone_segmenter import LEVEL, Decoder, enlarge
from peerattn.segmenter_training.averaging import running_average
from peerattn.segmenter_training.config import DecoderConfig
from peerattn.segmenter_training.features import Views
from peerattn.segmenter_training.losses import presence_loss

Progress = Callable[[int, int, float], None]
_BATCH = 32  # views per pass


def train_decoder(
    views: Views,
    chosen: NDArray[np.int64],
    config: DecoderConfig,
    *,
    device: torch.device | str = "cpu",
    progress: Progress | None = None,
) -> Decoder:
    """Train a decoder on the views with these numbers.

    `progress(done, total, loss)` counts steps and may raise to cancel. Raises PeerattnError if the loss is no
    longer finite.
    """
    torch.manual_seed(config.seed)
    random = np.random.default_rng(config.seed)
    decoder = Decoder(config.widths, dropout=config.dropout).train().to(device)
    average = running_average(decoder, config.averaging)
    optimiser = torch.optim.AdamW(decoder.parameters(), weight_decay=config.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.rate, config.steps + 1, pct_start=0.1)
    for step in range(1, config.steps + 1):
        maps, persons = views.batch(np.sort(random.choice(chosen, config.batch)), device)
        loss = presence_loss(enlarge(decoder(maps)), persons)
        if not torch.isfinite(loss):
            raise PeerattnError(f"the loss is {loss.item()} after step {step}: lower the rate")
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        average.update_parameters(decoder)
        if progress:
            progress(step, config.steps, loss.item())
    decoder.load_state_dict(average.module.state_dict())
    return decoder.eval().requires_grad_(False)


def rounded_to_half(decoder: Decoder) -> Decoder:
    """Return a copy of the decoder with the weights that are left after storing it in half precision."""
    return copy.deepcopy(decoder).half().float()


@torch.inference_mode()
def iou_on_views(decoder: Decoder, views: Views, chosen: NDArray[np.int64]) -> float:
    """Return the intersection over union of estimated and true persons, over all pixels of these views."""
    device = next(decoder.parameters()).device
    both = either = 0
    for first in range(0, len(chosen), _BATCH):
        maps, persons = views.batch(chosen[first : first + _BATCH], device)
        found, true = enlarge(decoder(maps)) > LEVEL, persons > 0.5
        both += int((found & true).sum())
        either += int((found | true).sum())
    return both / either if either else 1.0
