"""A network with a clip to run it on, what it gives there, and how far that is from what it gave before."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.controls import FIRST_SEED, generated
from peerattn.checkpoints import checkpoint
from peerattn.checkpoints.untrained import untrained
from peerattn.graph import published
from peerattn.modalities.clip import Clip
from peerattn.network.network import Network
from peerattn.network.precision import apply_precision
from peerattn.recording.baseline import Baselines
from peerattn.recording.recorder import record
from peerattn.traces.trace import Trace
from tests.moving import clip_of

Numbers = Mapping[str, NDArray[np.float32]]
"""`logits`, the attention `factors` and the `contributions` of all connections."""


@dataclass(frozen=True)
class Subject:
    network: Network
    clip: Clip
    window: int
    baselines: Baselines

    def on(self, device: torch.device) -> Subject:
        """A copy on the device. Each network keeps its own baseline, so copies do not disturb each other."""
        network = copy.deepcopy(self.network).to(device)
        tensors = {name: tensor.to(device) for name, tensor in self.clip.tensors.items()}
        return replace(self, network=network, clip=replace(self.clip, tensors=tensors))

    @property
    def device(self) -> torch.device:
        return next(self.network.parameters()).device

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Frames, height and width of the clip."""
        frames, height, width = next(iter(self.clip.tensors.values())).shape[2:]
        return frames, height, width

    @property
    def held(self) -> int:
        """Bytes of the weights and the clip."""
        tensors = [*self.network.state_dict().values(), *self.clip.tensors.values()]
        return sum(tensor.nbytes for tensor in tensors)

    def forward(self) -> NDArray[np.float32]:
        """The logits of a pass."""
        with torch.inference_mode(), apply_precision(self.device):
            logits: NDArray[np.float32] = self.network(self.clip.tensors).float().cpu().numpy()
        return logits

    def record(self) -> Trace:
        return record(self.network, self.clip, window=self.window, baselines=self.baselines)


def numbers(logits: NDArray[np.float32], trace: Trace) -> Numbers:
    """All that is compared of a pass and a recording."""
    factors = [one.attention_factors.ravel() for one in trace.connections]
    contributions = [one.contribution for one in trace.connections if one.contribution is not None]
    return {
        "logits": logits,
        "factors": np.concatenate(factors),
        "contributions": np.concatenate(contributions),
    }


def differences(found: Numbers, expected: Numbers) -> dict[str, NDArray[np.float32]]:
    """Absolute differences, number by number."""
    return {name: np.abs(found[name] - numbers) for name, numbers in expected.items()}


def shipped(name: str, *, seed: int = FIRST_SEED, frames: int | None = None) -> Subject:
    """A checkpoint, and a generated clip as it reads it: of one window, or of so many frames."""
    loaded = checkpoint.load(name)
    settings = loaded.settings
    (example,) = generated(loaded, range(seed, seed + 1), frames or settings.window)
    clip = clip_of(example.tensors, settings.frame_rate)
    return Subject(loaded.network, clip, settings.window, settings.baselines)


def noise(name: str, *, frames: int, side: int) -> Subject:
    """A published network with random filters, and a clip of noise."""
    widths = {"clip_width": side} if name == "asnp_lite" else {}
    loaded = untrained(name, published.structure(name, **widths))
    random = torch.Generator().manual_seed(0)
    tensors = {
        modality.name: torch.rand(1, modality.channels, frames, side, side, generator=random)
        for modality in loaded.structure.read_modalities
    }
    return Subject(loaded.network, clip_of(tensors, loaded.settings.frame_rate), frames, {})
