"""Training on generated clips: one straight line from seeds to a checkpoint.

The parameters of connectivity (connection weights w and attention weights h) learn at a rate of their own,
far above the filters': at the filters' rate they hardly leave their start. A light pressure towards few
strong connections makes one that does not help fade, so that a threshold has something to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader

from peerattn.actionworld import CLASS_NAMES
from peerattn.errors import PeerattnError
from peerattn.generated import MODALITIES, TEST_SEED, GeneratedExamples, collate
from peerattn.modalities import ClipSettings
from peerattn.network import Network
from peerattn.structure import BlockSpec, Structure

Progress = Callable[[int, int, float], None]

SETTINGS = ClipSettings(size=64, window=16, frame_rate=8.0, flow="ultrafast")
"""How the shipped checkpoints read a clip."""

LATEST_START = 4.0
"""Seconds into its scene at which a training clip may begin: an action comes round in about three."""


@dataclass(frozen=True)
class TrainingConfig:
    """How long and how fast; saved on the card with the command that made it."""

    clips: int = 20_000
    batch: int = 16
    rate: float = 4e-3
    connectivity_rate: float = 4e-2
    sparsity: float = 0.02
    weight_decay: float = 1e-2
    seed: int = 0
    workers: int = 1


def actionworld_structure(
    attention: str = "peer", modalities: Sequence[str] = ("rgb", "flow", "object")
) -> Structure:
    """The complete level graph of the shipped checkpoints: up to 5 input blocks, 2 inner levels, one output.

    Raises PeerattnError for a modality that the generated clips do not have.
    """
    if unknown := set(modalities) - set(INPUT_DILATIONS):
        raise PeerattnError(f"there is no modality {sorted(unknown)}: choose among {sorted(INPUT_DILATIONS)}")
    blocks = [
        BlockSpec(f"{name}{number}", 1, "video_input", 16, dilation, spatial_stride=4, modality=name)
        for name in modalities
        for number, dilation in enumerate(INPUT_DILATIONS[name], start=1)
    ]
    blocks += [
        BlockSpec(f"a{d}", 2, "bottleneck", 32, temporal_dilation=d, spatial_stride=2) for d in (1, 2, 4)
    ]
    blocks += [
        BlockSpec(f"b{d}", 3, "bottleneck", 64, temporal_dilation=d, spatial_stride=2) for d in (1, 2, 4)
    ]
    blocks += [BlockSpec("top", 4, "bottleneck", 96, temporal_dilation=2)]
    read = [modality for modality in MODALITIES if modality.name in modalities]
    return Structure.complete(blocks, modalities=read, attention=attention)


INPUT_DILATIONS = {"rgb": (1, 4), "flow": (1, 2), "object": (1,)}
"""Modality → the temporal dilation of each of its input blocks."""


def train(
    structure: Structure,
    config: TrainingConfig,
    *,
    settings: ClipSettings = SETTINGS,
    device: torch.device | str = "cpu",
    progress: Progress | None = None,
) -> Network:
    """A network trained on `config.clips` generated clips, each seen once.

    `progress(done, total, loss)` counts clips and may raise to cancel. Raises PeerattnError when the loss
    is no longer a number, or when clips that are kept for testing would be trained on.
    """
    if config.clips < 1 or config.seed < 0 or (config.seed + 1) * config.clips > TEST_SEED:
        raise PeerattnError(
            f"seed {config.seed} with {config.clips} clips: (seed + 1) times clips must be from 1 to "
            f"{TEST_SEED}, the clips above are for testing: choose other numbers"
        )
    torch.manual_seed(config.seed)
    network = Network(structure, CLASS_NAMES).to(device).train()
    steps = max(
        -(-config.clips // config.batch), 11
    )  # of 10 steps, torch's warm-up would be none, and divides
    groups = parameter_groups(network, config)
    optimiser = torch.optim.AdamW(groups)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [group["lr"] for group in groups], total_steps=steps, pct_start=0.1
    )
    for step, (clip, labels) in enumerate(_batches(network, config, settings)):
        clip = {name: tensor.to(device) for name, tensor in clip.items()}
        loss = F.cross_entropy(network(clip), labels.to(device), label_smoothing=0.05)
        if not torch.isfinite(loss):
            raise PeerattnError(
                f"the loss is {loss.item()} after {step * config.batch} clips: lower the rate"
            )
        optimiser.zero_grad(set_to_none=True)
        (loss + config.sparsity * connection_pressure(network)).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        if progress:
            progress(min((step + 1) * config.batch, config.clips), config.clips, loss.item())
    return network.eval()


def parameter_groups(network: Network, config: TrainingConfig) -> list[dict[str, Any]]:
    """Filters with weight decay, norms and biases without it, connectivity at a rate of its own."""
    groups: dict[str, list[Tensor]] = {"filters": [], "plain": [], "connectivity": []}
    for name, parameter in network.named_parameters():
        if name.startswith("connections.") and name.endswith((".weight", ".weights")) and parameter.ndim < 2:
            groups["connectivity"].append(parameter)
        else:
            groups["filters" if parameter.ndim > 1 else "plain"].append(parameter)
    decay = {"filters": config.weight_decay, "plain": 0.0, "connectivity": 0.0}
    rate = {"filters": config.rate, "plain": config.rate, "connectivity": config.connectivity_rate}
    return [
        {"params": parameters, "lr": rate[name], "weight_decay": decay[name]}
        for name, parameters in groups.items()
        if parameters
    ]


def connection_pressure(network: Network) -> Tensor:
    """The mean over target blocks of (Σ σ(w))² / Σ σ(w)²: how many connections effectively arrive at a block.

    It asks for few strong connections instead of many alike, and is blind to their common scale: batch norm
    undoes a common scale, so a pressure on the sum would only make every weight fade.
    """
    effective = []
    for block in network.structure.blocks:
        weights = [network.connection(spec.key).weight for spec in network.structure.into(block.id)]
        learned = [torch.sigmoid(weight) for weight in weights if weight is not None]
        if learned:
            arriving = torch.stack(learned)
            effective.append(arriving.sum().square() / arriving.square().sum())
    return torch.stack(effective).mean() if effective else torch.zeros(())


def _batches(
    network: Network, config: TrainingConfig, settings: ClipSettings
) -> Iterator[tuple[dict[str, Tensor], Tensor]]:
    """Batches of fresh clips, made in worker processes while the network trains."""
    examples = GeneratedExamples(
        config.clips,
        network.class_names,
        modalities=network.structure.read_modalities,
        settings=settings,
        first_seed=config.seed * config.clips,
        latest_start=LATEST_START,
    )
    loader = DataLoader(
        examples,
        config.batch,
        num_workers=config.workers,
        collate_fn=collate,
        worker_init_fn=_single_threaded,
        prefetch_factor=8 if config.workers else None,
    )
    yield from loader


def _single_threaded(worker: int) -> None:
    cv2.setNumThreads(0)  # no pool of threads: 1 would wait for those that a fork leaves behind
    torch.set_num_threads(1)
