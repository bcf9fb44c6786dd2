"""Ten changes to a network that change nothing about its health, for `benchmarks.health`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor, nn

from benchmarks.health_networks import FEW, MIDDLE, SETTINGS, clips
from peerattn.checkpoints import checkpoint
from peerattn.data.examples import Example
from peerattn.graph.specs import ConnectionSpec
from peerattn.graph.structure import Structure
from peerattn.network.network import Network

Changed = tuple[Network, Sequence[Example]]
"""A network and the clips on which it is examined."""


def relabelled(network: Network, examples: Sequence[Example]) -> Changed:
    """Blocks with other names."""
    names = {block.id: f"block {number}" for number, block in enumerate(network.structure.blocks)}
    old = network.structure
    blocks = [dataclasses.replace(block, id=names[block.id]) for block in old.blocks]
    connections = [
        dataclasses.replace(
            spec,
            source=names[spec.source],
            target=names[spec.target],
            peers=tuple(names[peer] for peer in spec.peers),
        )
        for spec in old.connections
    ]
    outputs = tuple(dataclasses.replace(output, block=names[output.block]) for output in old.outputs)
    renamed = Structure(tuple(blocks), tuple(connections), outputs, old.modalities)
    keys = {spec.key: other.key for spec, other in zip(old.connections, connections, strict=True)}
    state = {_renamed(key, names | keys): value for key, value in network.state_dict().items()}
    return _rebuilt(network, renamed, state), examples


def _renamed(key: str, names: Mapping[str, str]) -> str:
    return ".".join(names.get(part, part) for part in key.split("."))


def _rebuilt(network: Network, structure: Structure, state: Mapping[str, Tensor]) -> Network:
    built = Network(structure, network.class_names)
    built.load_state_dict(state)
    return built.eval()


def permuted(network: Network, examples: Sequence[Example]) -> Changed:
    """The channels of the middle blocks in another order."""
    order = torch.randperm(20, generator=torch.Generator().manual_seed(0))
    network = deepcopy(network)
    for layer in _writers(network):
        for tensor in (*layer.parameters(), *layer.buffers()):
            if tensor.ndim:
                tensor.data = tensor.data[order]
    for weight in _readers(network):
        weight.data = weight.data[:, order]
    return network, examples


def _writers(network: Network) -> list[nn.Module]:
    """Return the layers whose rows are the channels of the middle blocks."""
    layers: list[nn.Module] = []
    for name in MIDDLE:
        inner = network.blocks[name][0]
        for last in (inner.shortcut, inner.residual[3]):
            layers += [last[0], last[1]]
        layers.append(network.connection(f"{name}_to_top").attention.dense)
    return layers


def _readers(network: Network) -> list[nn.Parameter]:
    """Return the weights whose columns are the channels of the middle blocks."""
    fusion = network.fusions["top"]
    return [fusion.align["20"].weight, *(fusion.peers[name].weight for name in MIDDLE)]


def rescaled(network: Network, examples: Sequence[Example]) -> Changed:
    """The outputs of the middle blocks in another unit, a thousandth of theirs."""
    network = deepcopy(network)
    for name in MIDDLE:
        inner = network.blocks[name][0]
        for norm in (inner.shortcut[1], inner.residual[3][1]):
            norm.weight.data /= 1000
            norm.bias.data /= 1000
    for weight in _readers(network):
        weight.data *= 1000
    return network, examples


def with_dropout(network: Network, examples: Sequence[Example]) -> Changed:
    """Half of the head's inputs dropped in training, and left in training mode."""
    network = deepcopy(network)
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.5
    return network.train(), examples


def rounded(network: Network, examples: Sequence[Example]) -> Changed:
    """All numbers rounded to float16."""
    state = {
        name: value.half().float() if value.is_floating_point() else value
        for name, value in network.state_dict().items()
    }
    return _rebuilt(network, network.structure, state), examples


def in_double(network: Network, examples: Sequence[Example]) -> Changed:
    """Computed in float64."""
    return deepcopy(network).double(), examples


def saved(network: Network, examples: Sequence[Example]) -> Changed:
    """Saved as a checkpoint and opened again."""
    with TemporaryDirectory() as folder:
        checkpoint.save(Path(folder) / "saved", network, SETTINGS, {"command": "benchmarks.health"})
        return checkpoint.load(Path(folder) / "saved").network, examples


def reordered(network: Network, examples: Sequence[Example]) -> Changed:
    """Blocks and connections listed in the opposite order."""
    old = network.structure
    structure = dataclasses.replace(old, blocks=old.blocks[::-1], connections=old.connections[::-1])
    return _rebuilt(network, structure, network.state_dict()), examples


def peers_reordered(network: Network, examples: Sequence[Example]) -> Changed:
    """The peers of each connection listed in the opposite order."""

    def turned(spec: ConnectionSpec) -> ConnectionSpec:
        return dataclasses.replace(spec, peers=spec.peers[::-1])

    connections = tuple(turned(spec) for spec in network.structure.connections)
    state = {
        key: value.flip(0) if key.endswith("attention.weights") else value
        for key, value in network.state_dict().items()
    }
    return _rebuilt(network, dataclasses.replace(network.structure, connections=connections), state), examples


def other_clips(network: Network, examples: Sequence[Example]) -> Changed:
    """Examined on other clips."""
    return network, clips(FEW, first=10_000)


CHANGES: Sequence[Callable[[Network, Sequence[Example]], Changed]] = (
    relabelled,
    permuted,
    rescaled,
    with_dropout,
    rounded,
    in_double,
    saved,
    reordered,
    peers_reordered,
    other_clips,
)
