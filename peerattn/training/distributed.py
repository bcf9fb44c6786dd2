"""Training in several processes: joining those that `torchrun` started, and what they have to exchange.

Each process reads its share of every batch, and torch's DistributedDataParallel averages the gradients (gloo
on the CPU, nccl on CUDA). Pruning removes parameters physically, so that all remaining parameters take part
in every update.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

from peerattn.errors import PeerattnError
from peerattn.network.network import Network

PATIENCE = timedelta(hours=12)
"""How long a process waits for the others: all wait while one of them evaluates the network."""


@dataclass(frozen=True)
class Processes:
    """This process's number and how many there are; process 0 alone evaluates, writes files and reports."""

    rank: int = 0
    world: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the process that evaluates, writes files and reports."""
        return self.rank == 0


def current() -> Processes:
    """Return the processes that train together: those of torch.distributed, or this one alone."""
    if dist.is_available() and dist.is_initialized():
        return Processes(dist.get_rank(), dist.get_world_size())
    return Processes()


@contextmanager
def joined_processes(device: torch.device) -> Iterator[torch.device]:
    """Join the processes that `torchrun` started, if it did; yields the device of this process."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield device
        return
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
    store, rank, world = next(rendezvous("env://"))
    # After torchrun restarts processes, the store still holds the addresses of those that died.
    attempt = PrefixStore(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"), store)
    backend = "nccl" if device.type == "cuda" else "gloo"
    dist.init_process_group(backend, store=attempt, rank=rank, world_size=world, timeout=PATIENCE)
    try:
        yield device
    finally:
        dist.destroy_process_group()


def data_parallel(network: Network) -> nn.Module:
    """Wrap the network for training in all processes; with one process, return it unchanged."""
    return DistributedDataParallel(network) if current().world > 1 else network


def share_of_batch(own: int, device: torch.device) -> float:
    """Return the factor that turns a mean over this process's `own` clips into its share of the batch's mean.

    The mean over processes of the scaled means is then the mean over all clips.
    """
    processes = current()
    if processes.world == 1:
        return 1.0
    clips = torch.tensor(float(own), device=device)
    dist.all_reduce(clips)
    return own * processes.world / clips.item()


def broadcast_decision(value: bool, device: torch.device) -> bool:
    """Return the value of process 0, in all processes."""
    if current().world == 1:
        return value
    decision = torch.tensor(int(value), device=device)
    dist.broadcast(decision, 0)
    return bool(decision.item())


def check_same(what: str, value: int, device: torch.device) -> None:
    """Raises PeerattnError in all processes unless `value` is the same in each; `what` names it."""
    if current().world == 1:
        return
    extremes = torch.tensor([value, -value], device=device)
    dist.all_reduce(extremes, dist.ReduceOp.MAX)
    greatest, least = int(extremes[0]), -int(extremes[1])
    if greatest != least:
        raise PeerattnError(
            f"some processes have {least} {what}, others {greatest}: put the checkpoints of all machines "
            "in one shared folder, or start again"
        )


def mean_over_processes(value: Tensor) -> float:
    """Return the mean over all processes of a number that each of them has."""
    if current().world > 1:
        value = value.detach().clone()
        dist.all_reduce(value)
        value /= current().world
    return value.item()
