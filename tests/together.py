"""The two processes of the tests of distributed training: `torchrun -m tests.together FOLDER`.

On the first start, they compare gradients on random masks with those of one process; then process 1 is killed
in the middle of training. When torchrun starts them again, they resume; then they train once more without
interruption.
"""

import json
import os
import random
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.distributed as dist

from benchmarks.resume import CLASSES, CONFIG, Noise, tiny
from peerattn.data.loading import Batch
from peerattn.errors import PeerattnError
from peerattn.files.weights import write_weights
from peerattn.graph.connectivity import survey, without
from peerattn.graph.specs import BlockSpec, Modality
from peerattn.graph.structure import Structure
from peerattn.network.network import Network
from peerattn.network.state_arrays import as_arrays
from peerattn.pruning.threshold import subnetwork
from peerattn.training import distributed
from peerattn.training.callbacks import StateSaving
from peerattn.training.loop import fit
from peerattn.training.losses import cross_entropy, shares

MASKS = 30
DIES_AFTER = 5  # updates, of 9


class Deadly(Noise):
    """A data source that kills its process after some batches."""

    made = 0

    def batch(self, epoch: int, members: Sequence[int]) -> Batch:
        self.made += 1
        if self.made > DIES_AFTER:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().batch(epoch, members)


def masked(number: int) -> Network:
    """A random subnetwork of a complete graph, in float64, with batch norm in evaluation mode."""
    draw = random.Random(number)
    blocks = [BlockSpec(f"rgb{d}", 1, "video_input", 3, d, modality="rgb") for d in (1, 2)]
    blocks += [BlockSpec(f"mid{d}", 2, "bottleneck", 4, d) for d in (1, 2)]
    blocks += [BlockSpec(f"high{d}", 3, "bottleneck", 5, d) for d in (1, 2)]
    blocks += [BlockSpec("top", 4, "bottleneck", 6)]
    attention = draw.choice(("peer", "self", "static", "none"))
    structure = Structure.complete(blocks, modalities=[Modality("rgb", 3)], attention=attention)
    torch.manual_seed(number)
    network = Network(structure, CLASSES).double().eval()  # dropout is off, too
    while True:
        weights = {spec.key: draw.random() for spec in structure.connections}
        removal = survey(structure, weights, draw.choice((0.3, 0.5, 0.7)))
        if removal.output_connected:
            return subnetwork(network, without(structure, removal)).eval()


def gradients(number: int, clips: range, *, shared: bool) -> dict[str, torch.Tensor]:
    """Gradients of a masked network's mean loss over these clips, if `shared` one process's share of all."""
    network = masked(number)
    model = distributed.data_parallel(network) if shared else network
    batch = Noise().batch(0, list(clips))
    targets = shares(batch.targets, len(CLASSES), "cross_entropy").double()
    loss = cross_entropy(model({"rgb": batch.tensors["rgb"].double()}), targets, 0.05).mean()
    if shared:
        loss = loss * distributed.share_of_batch(len(clips), loss.device)
    loss.backward()
    return {name: parameter.grad for name, parameter in network.named_parameters()}


def greatest_difference() -> float:
    """The largest difference between the gradients of two processes and those of one."""
    share = (range(4), range(4, 7))[dist.get_rank()]
    differences = []
    for number in range(MASKS):
        both, alone = gradients(number, share, shared=True), gradients(number, range(7), shared=False)
        differences += [float((both[name] - alone[name]).abs().max()) for name in alone]
    return max(differences)


def trained(folder: Path, *, dies: bool = False) -> None:
    """Train in both processes; writes the state and the final weights to the folder."""
    source = Deadly() if dies else Noise()
    done = fit(tiny(), source, CONFIG, saving=StateSaving(folder / "training.safetensors", 0))
    if dist.get_rank() == 0:
        write_weights(folder / "weights.safetensors", as_arrays(done.network.state_dict()))


def disagree(folder: Path) -> None:
    """Write each process's error when the processes have different numbers of updates."""
    cpu, rank = torch.device("cpu"), dist.get_rank()
    distributed.check_same("updates", 7, cpu)
    try:
        distributed.check_same("updates", 7 + rank, cpu)
    except PeerattnError as error:
        (folder / f"refused{rank}.txt").write_text(str(error))


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    again = os.environ["TORCHELASTIC_RESTART_COUNT"] != "0"
    with distributed.joined_processes(torch.device("cpu")):
        if not again:
            difference = greatest_difference()
            if dist.get_rank() == 0:
                (folder / "difference.json").write_text(json.dumps(difference))
            disagree(folder)
        trained(folder / "killed", dies=not again and dist.get_rank() == 1)
        trained(folder / "whole")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
