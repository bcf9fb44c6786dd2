"""Small trained networks for `benchmarks.health`, brought to half of every limit of the health report.

The limits are repeated here, so that the benchmark would notice if those of the report moved. Nothing here
imports the report. Shapes: B clips, T frames, C channels, P peers.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from functools import partial

import torch
from torch import Tensor, nn

from peerattn.actionworld.clips import CLASS_NAMES
from peerattn.data.examples import Example
from peerattn.data.generated import MODALITIES, TEST_SEED, GeneratedExamples
from peerattn.graph.specs import BlockSpec
from peerattn.graph.structure import Structure
from peerattn.modalities.settings import ClipSettings
from peerattn.network.network import Network
from peerattn.training.actionworld import train
from peerattn.training.config import TrainingConfig

LIMITS = {
    "at_initialisation": 0.01,
    "dead_block": 0.01,
    "starved_block": 0.01,
    "uniform_attention": 0.05,
    "one_hot_attention": 0.01,
    "saturated_factors": 0.05,
    "constant_factors": 0.001,
    "still_factors": 0.001,
    "dead_channels": 0.1,
    "modality_without_effect": 0.05,
}
SILENT_CHANNEL = 0.001
SETTINGS = ClipSettings(size=32, window=8, frame_rate=8.0, flow="ultrafast")
TRAINING_CLIPS = 800
FEW = 24
"""The fewest clips on which factors and channels are judged."""
MIDDLE = ("mid1", "mid2")


def structure() -> Structure:
    """Return three input blocks, two middle ones and an output, each connected to all blocks below it."""
    inputs = [
        BlockSpec(f"{one.name}1", 1, "video_input", 16, spatial_stride=4, modality=one.name)
        for one in MODALITIES
    ]
    middle = [BlockSpec(name, 2, "bottleneck", 20, dilation) for dilation, name in enumerate(MIDDLE, start=1)]
    top = BlockSpec("top", 3, "bottleneck", 32, input_width=24)
    return Structure.complete([*inputs, *middle, top], modalities=MODALITIES)


def clips(count: int, first: int = 0) -> list[Example]:
    """Return generated test clips."""
    seeds = {"first_seed": TEST_SEED + first}
    return list(
        GeneratedExamples(count, CLASS_NAMES, modalities=structure().modalities, settings=SETTINGS, **seeds)
    )


def trained(seed: int) -> Network:
    """Return a network after a short training."""
    return train(structure(), TrainingConfig(seed=seed), clips=TRAINING_CLIPS, settings=SETTINGS).eval()


def joined(examples: Sequence[Example]) -> dict[str, Tensor]:
    """Return the clips as one batch, modality → (B, C, T, H, W)."""
    return {name: torch.cat([one.tensors[name] for one in examples]) for name in examples[0].tensors}


def factors(network: Network, examples: Sequence[Example]) -> dict[str, Tensor]:
    """Return connection → its attention factors (B, T, C)."""
    found: dict[str, Tensor] = {}

    def keep(key: str, module: object, inputs: object, output: object) -> None:
        found[key] = output.factors.detach()  # type: ignore[attr-defined]

    handles = [each.register_forward_hook(partial(keep, key)) for key, each in network.connections.items()]
    with torch.no_grad():
        network.eval()(joined(examples))
    for handle in handles:
        handle.remove()
    return found


def overall(values: Tensor) -> float:
    """Return the standard deviation of factors (B, T, C) over clips and frames."""
    return float(values.double().flatten(0, 1).var(0, correction=0).mean() ** 0.5)


def within(values: Tensor) -> float:
    """Return the standard deviation of factors (B, T, C) over the frames of each clip."""
    return float(values.double().var(1, correction=0).mean() ** 0.5)


def set_weight(network: Network, key: str, value: float) -> None:
    """Set a connection weight σ(w)."""
    network.connection(key).weight.data.fill_(float(torch.logit(torch.tensor(value, dtype=torch.float64))))


def set_strongest(network: Network, key: str, share: float, peer: int) -> None:
    """Give one peer of a connection this attention weight, and the others equal shares of the rest."""
    shares = torch.full_like(network.connection(key).attention.weights.data, 1.0)
    shares *= (1 - share) / (len(shares) - 1)
    shares[peer] = share
    network.connection(key).attention.weights.data = shares.log()


def set_movement(
    network: Network, key: str, target: float, examples: Sequence[Example], *, inside: bool = False
) -> None:
    """Scale the deviations of a connection's factors, over all frames or `inside` clips, to a target."""
    measure = within if inside else overall
    for _ in range(4):  # the sigmoid is not quite linear
        now = measure(factors(network, examples)[key])
        network.connection(key).attention.dense.weight.data *= target / now


def set_slope(network: Network, key: str, slope: float, examples: Sequence[Example], *, low: bool) -> None:
    """Move the factors of a connection to where the sigmoid has this slope, near 0 or near 1."""
    dense = network.connection(key).attention.dense
    values = factors(network, examples)[key]
    middle = torch.logit(values.clamp(1e-6, 1 - 1e-6)).mean(dim=(0, 1)) - dense.bias.data
    root = (1 - slope) ** 0.5
    goal = torch.logit(torch.tensor((1 - root) / 2 if low else (1 + root) / 2))
    dense.bias.data = goal - middle


def scale_channels(network: Network, block: str, channels: Sequence[int], scale: float) -> None:
    """Scale channels of a middle block: both norms before its last ReLU."""
    inner = network.blocks[block][0]
    for norm in (inner.shortcut[1], inner.residual[3][1]):
        norm.weight.data[list(channels)] *= scale
        norm.bias.data[list(channels)] *= scale


def channel_deviations(network: Network, block: str, examples: Sequence[Example]) -> Tensor:
    """Return the standard deviation (C,) of each channel's spatial mean, over all frames of all clips."""
    with torch.no_grad():
        outputs = network.eval().run(joined(examples))[block]
    return outputs.double().mean(dim=(3, 4)).transpose(1, 2).flatten(0, 1).std(0, correction=0)


def at_half(network: Network, examples: Sequence[Example]) -> Network:
    """Return a copy with something of each kind at half of its limit, and nothing nearer to it."""
    network = deepcopy(network)
    _weights_at_half(network)
    _attention_at_half(network)
    _estimate_norms(network)
    scale_channels(network, "mid1", [3], 0.0)  # 5 % of its channels
    _factors_at_half(network, examples)
    return network


def _estimate_norms(network: Network) -> None:
    """Estimate the statistics of batch norm anew, as training with these weights would.

    Otherwise a block whose connections have become fifty times weaker would have channels that are truly
    dead.
    """
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean over all passes
    with torch.no_grad():
        network.train()(joined(clips(4 * FEW, first=20_000)))
    network.eval()


def _weights_at_half(network: Network) -> None:
    apart, cut = 2 * LIMITS["at_initialisation"], 2 * LIMITS["dead_block"]
    for key, weight in network.connection_weights().items():
        if abs(weight - 0.5) < apart:
            set_weight(network, key, 0.5 + (apart if weight >= 0.5 else -apart))
    set_weight(network, "rgb1_to_top", 0.5 - apart)
    set_weight(network, "mid2_to_top", cut)
    for source in ("rgb1", "flow1", "object1"):
        set_weight(network, f"{source}_to_mid1", cut)


def _attention_at_half(network: Network) -> None:
    for key, connection in network.connections.items():
        shares = connection.attention.shares().detach()
        equal = 1 / len(shares)
        if shares.max() < (1 + 2 * LIMITS["uniform_attention"]) * equal or key == "rgb1_to_mid2":
            least = (1 + 2 * LIMITS["uniform_attention"]) * equal
            set_strongest(network, key, least, int(shares.argmax()))
    set_strongest(network, "object1_to_mid2", 1 - 2 * LIMITS["one_hot_attention"], 0)


def _factors_at_half(network: Network, examples: Sequence[Example]) -> None:
    slow = 2 * LIMITS["still_factors"]
    for key, values in factors(network, examples).items():
        if within(values) < slow or key == "flow1_to_top":
            set_movement(network, key, slow, examples, inside=True)
    set_slope(network, "object1_to_top", 2 * LIMITS["saturated_factors"], examples, low=False)
    set_movement(network, "object1_to_top", slow, examples, inside=True)
    set_slope(network, "object1_to_top", 2 * LIMITS["saturated_factors"], examples, low=False)
