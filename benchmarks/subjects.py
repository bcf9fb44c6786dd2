"""A network with a clip to run it on, the numbers that it computes, and differences between such numbers."""

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
    """A network with a clip to run it on, and the settings for recording it."""

    network: Network
    clip: Clip
    window: int
    baselines: Baselines

    def on(self, device: torch.device) -> Subject:
        """Copy network and clip to the device. Each network has its own baseline cache."""
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
    def nbytes(self) -> int:
        """Bytes of the weights and the clip together."""
        tensors = [*self.network.state_dict().values(), *self.clip.tensors.values()]
        return sum(tensor.nbytes for tensor in tensors)

    def forward(self) -> NDArray[np.float32]:
        """Run the network and return its logits."""
        with torch.inference_mode(), apply_precision(self.device):
            logits: NDArray[np.float32] = self.network(self.clip.tensors).float().cpu().numpy()
        return logits

    def record(self) -> Trace:
        """Record the clip."""
        return record(self.network, self.clip, window=self.window, baselines=self.baselines)


def numbers(logits: NDArray[np.float32], trace: Trace) -> Numbers:
    """Collect the numbers of a pass and a recording that are compared."""
    factors = [one.attention_factors.ravel() for one in trace.connections]
    contributions = [one.contribution for one in trace.connections if one.contribution is not None]
    return {
        "logits": logits,
        "factors": np.concatenate(factors),
        "contributions": np.concatenate(contributions),
    }


def differences(actual: Numbers, expected: Numbers) -> dict[str, NDArray[np.float32]]:
    """Return the absolute difference of every number."""
    return {name: np.abs(actual[name] - numbers) for name, numbers in expected.items()}


def shipped(name: str, *, seed: int = FIRST_SEED, frames: int | None = None) -> Subject:
    """A bundled checkpoint with a generated clip, one window long or with this number of frames."""
    loaded = checkpoint.load(name)
    settings = loaded.settings
    (example,) = generated(loaded, range(seed, seed + 1), frames or settings.window)
    clip = clip_of(example.tensors, settings.frame_rate)
    return Subject(loaded.network, clip, settings.window, settings.baselines)


def noise(name: str, *, frames: int, side: int) -> Subject:
    """A published network with random filters, with a clip of noise."""
    widths = {"clip_width": side} if name == "asnp_lite" else {}
    loaded = untrained(name, published.structure(name, **widths))
    random = torch.Generator().manual_seed(0)
    tensors = {
        modality.name: torch.rand(1, modality.channels, frames, side, side, generator=random)
        for modality in loaded.structure.read_modalities
    }
    return Subject(loaded.network, clip_of(tensors, loaded.settings.frame_rate), frames, {})
