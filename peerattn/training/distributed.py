"""Several processes as one: what `torchrun` started, and what a network needs to train in all of them.

Each process reads its share of every batch; gradients are brought together by torch's
DistributedDataParallel (gloo on the CPU, nccl on CUDA). A pruned network has physically fewer parameters, so
that all there are take part in every update.
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
"""How long a process waits for the others: one of them measures, while they do."""


@dataclass(frozen=True)
class Processes:
    """This process's number among how many; number 0 alone measures, writes and reports."""

    rank: int = 0
    world: int = 1

    @property
    def leads(self) -> bool:
        return self.rank == 0


def current() -> Processes:
    """The processes that train together: those of torch.distributed, else this one alone."""
    if dist.is_available() and dist.is_initialized():
        return Processes(dist.get_rank(), dist.get_world_size())
    return Processes()


@contextmanager
def started(device: torch.device) -> Iterator[torch.device]:
    """Joins the processes that `torchrun` started, if it did; gives the device of this one."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield device
        return
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
    store, rank, world = next(rendezvous("env://"))
    # Where torchrun starts processes again, the store still holds the addresses of those that died.
    attempt = PrefixStore(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"), store)
    backend = "nccl" if device.type == "cuda" else "gloo"
    dist.init_process_group(backend, store=attempt, rank=rank, world_size=world, timeout=PATIENCE)
    try:
        yield device
    finally:
        dist.destroy_process_group()


def together(network: Network) -> nn.Module:
    """The network as all processes train it: itself where there is one process."""
    return DistributedDataParallel(network) if current().world > 1 else network


def share_of_batch(own: int, device: torch.device) -> float:
    """What turns a mean over `own` clips into a share of the whole batch's.

    Times this, and then the mean over processes, it is the mean over all clips.
    """
    processes = current()
    if processes.world == 1:
        return 1.0
    clips = torch.tensor(float(own), device=device)
    dist.all_reduce(clips)
    return own * processes.world / clips.item()


def agreed(value: bool, device: torch.device) -> bool:
    """What process 0 says."""
    if current().world == 1:
        return value
    said = torch.tensor(int(value), device=device)
    dist.broadcast(said, 0)
    return bool(said.item())


def check_same(what: str, value: int, device: torch.device) -> None:
    """Raises PeerattnError in all processes unless each comes with the same number of `what`."""
    if current().world == 1:
        return
    extremes = torch.tensor([value, -value], device=device)
    dist.all_reduce(extremes, dist.ReduceOp.MAX)
    greatest, least = int(extremes[0]), -int(extremes[1])
    if greatest != least:
        raise PeerattnError(
            f"some processes come with {least} {what}, others with {greatest}: give the checkpoints of all "
            "machines one folder that they share, or begin anew"
        )


def mean_over_processes(value: Tensor) -> float:
    """The mean of a number that each process has."""
    if current().world > 1:
        value = value.detach().clone()
        dist.all_reduce(value)
        value /= current().world
    return value.item()
