"""Whether effects name the part that a network needs, where that is known: `python -m benchmarks.planted`.

Thirty small networks, ten each in which the classes show in one modality only, pass through one connection
only, or reach the answer through one peer only. All other parts carry constants or noise, and have greater
weights: the planted one has the smallest.

N clips, C channels, T frames.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from peerattn.data.examples import Example
from peerattn.graph.specs import BlockSpec, ConnectionSpec, Modality, OutputSpec
from peerattn.graph.structure import Structure
from peerattn.network.attention import PeerAttention
from peerattn.network.network import Network
from peerattn.recording.effects import effects
from peerattn.training.initialisation import new_network

CLASSES = ("one", "two", "three", "four")
PARTS, CHANNELS, FRAMES, WIDTH = 6, 3, 4, 12
WEAK, STRONG = 0.3, 0.9
"""The connection weight of the planted part, and that of the others."""
PREFERENCE = 1.5
"""By how much the attention logit of the planted peer is below those of the others."""
STEPS, BATCH, CLIPS, RATE = 250, 64, 200, 1e-2
NOISE = 0.3


@dataclass(frozen=True)
class Planted:
    """A trained network, clips that it never saw, and the component of this kind that it needs."""

    of: str
    needed: str
    network: Network
    clips: Sequence[Example]
    weights: Mapping[str, float]  # component → its weight


def draw(rng: np.random.Generator, carriers: Sequence[bool], count: int) -> tuple[dict[str, Tensor], Tensor]:
    """Return modality → (N, C, T, 1, 1) and labels (N,).

    Carriers show the label, the others that of another clip, or a constant.
    """
    prototypes = 2.0 * np.eye(len(CLASSES), CHANNELS)
    labels = rng.integers(len(CLASSES), size=count)
    tensors = {}
    for number, carries in enumerate(carriers):
        values = NOISE * rng.normal(size=(count, CHANNELS, FRAMES))
        if carries:
            values += prototypes[labels][:, :, None]
        elif number % 2:
            values = np.full_like(values, 1.0)
        else:
            values += prototypes[rng.integers(len(CLASSES), size=count)][:, :, None]
        tensors[f"m{number}"] = torch.from_numpy(values.astype(np.float32))[..., None, None]
    return tensors, torch.from_numpy(labels)


def streams(weights: Sequence[float], peers: Sequence[int] = ()) -> Structure:
    """Return a structure of one input block per modality, joined by one block.

    With `peers`, the last input alone is connected, and those are its peers.
    """
    modalities = [Modality(f"m{number}", CHANNELS, pixels=False) for number in range(len(weights))]
    inputs = [
        BlockSpec(f"in{number}", 1, "vector_input", WIDTH, modality=modality.name)
        for number, modality in enumerate(modalities)
    ]
    top = BlockSpec("top", 2, "temporal", WIDTH, input_width=WIDTH, attention_width=8, time_padding="repeat")
    if peers:
        names = tuple(f"in{peer}" for peer in peers)
        arriving = [ConnectionSpec(inputs[-1].id, "top", names, "peer", STRONG, learned=False)]
    else:
        arriving = [
            ConnectionSpec(block.id, "top", weight=weight, learned=False)
            for block, weight in zip(inputs, weights, strict=True)
        ]
    output = OutputSpec("top", "temporal")
    return Structure((*inputs, top), tuple(arriving), (output,), tuple(modalities))


def trained(structure: Structure, carriers: Sequence[bool], seed: int, planted_peer: int | None) -> Network:
    """Return a network trained until it reads the classes."""
    torch.manual_seed(seed)
    rng, network = np.random.default_rng((seed, 1)), new_network(structure, CLASSES, seed=seed)
    if planted_peer is not None:
        for connection in network.connections.values():
            attention = connection.attention
            assert isinstance(attention, PeerAttention)
            attention.weights.requires_grad_(False).zero_()[planted_peer] = -PREFERENCE
    learned = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimiser = torch.optim.Adam(learned, lr=RATE)
    network.train()
    for _ in range(STEPS):
        tensors, labels = draw(rng, carriers, BATCH)
        optimiser.zero_grad()
        functional.cross_entropy(network(tensors), labels).backward()
        optimiser.step()
    return network.eval()


def clips(carriers: Sequence[bool], seed: int) -> list[Example]:
    """Return clips that no network was trained on."""
    tensors, labels = draw(np.random.default_rng((seed, 2)), carriers, CLIPS)
    return [
        Example((int(label),), {name: tensor[n : n + 1] for name, tensor in tensors.items()}, f"clip {n}")
        for n, label in enumerate(labels)
    ]


def planted_input(of: str, seed: int) -> Planted:
    """Return a network that needs one modality, through one connection."""
    number = seed % PARTS
    carriers = [part == number for part in range(PARTS)]
    weights = [WEAK if carries else STRONG for carries in carriers]
    network = trained(streams(weights), carriers, seed, None)
    names = [f"m{part}" if of == "modality" else f"in{part}_to_top" for part in range(PARTS)]
    return Planted(of, names[number], network, clips(carriers, seed), dict(zip(names, weights, strict=True)))


def planted_peer(of: str, seed: int) -> Planted:
    """Return a network whose only connection carries a constant; one of its peers says the class."""
    number, peers = seed % (PARTS - 1), range(PARTS - 1)
    carriers = [part == number for part in peers]
    source = [False] if PARTS % 2 == 0 else [False, False]  # an odd number, which is constant
    structure = streams([STRONG] * (len(carriers) + len(source)), peers)
    network = trained(structure, [*carriers, *source], seed, number)
    key = structure.connections[0].key
    attention = network.connection(key).attention
    assert isinstance(attention, PeerAttention)
    shares = attention.shares().tolist()
    names = [f"{key}:in{peer}" for peer in peers]
    own = clips([*carriers, *source], seed)
    return Planted(of, names[number], network, own, dict(zip(names, shares, strict=True)))


KINDS: Mapping[str, tuple[str, Callable[[str, int], Planted]]] = {
    "modality": ("swap", planted_input),
    "connection": ("remove", planted_input),
    "attention": ("swap", planted_peer),
}
"""Kind of component → what is done to each, and what plants a needed one."""


def main(count: int) -> None:
    """Print, for each kind, how often effect and weight name the planted part, and what else is needed."""
    print("| needed | networks | accuracy | effect names it | weight names another | others called needed |")
    print("|---|---|---|---|---|---|")
    for of, (how, plant) in KINDS.items():
        named = misled = others = 0
        accuracies = []
        for seed in range(count):
            planted = plant(of, seed)
            measured = effects(planted.network, planted.clips, of=of, how=how, window=FRAMES, seed=seed)
            losses = {effect.name: effect.difference.value for effect in measured.effects}
            needed = {effect.name for effect in measured.effects if effect.needed}
            named += min(losses, key=losses.__getitem__) == planted.needed and planted.needed in needed
            misled += max(planted.weights, key=planted.weights.__getitem__) != planted.needed
            others += len(needed - {planted.needed})
            accuracies.append(measured.before.top1)  # type: ignore[union-attr]
        total = count * (len(losses) - 1)
        print(
            f"| {of} | {count} | {np.mean(accuracies):.1%} | {named} of {count} | {misled} of {count} "
            f"| {others} of {total} |"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", type=int, default=10, help="how many networks of each kind")
    main(parser.parse_args().networks)
