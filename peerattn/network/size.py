"""What a structure costs, known before any of it exists: parameters, multiply-adds, memory.

The network is built and run on torch's meta device, where tensors have a shape and no numbers: nothing is
allocated, and any clip size takes the same moment.

Multiply-adds are those of convolutions, fully connected layers, the sums over peers (one for every number of
a peer vector), the scaling of connections (one for every number scaled) and, in the representation flow
layer, of its gradient kernels. Left out, as is usual: batch norm, pooling and activations.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from weakref import WeakSet

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from peerattn.errors import PeerattnError
from peerattn.graph.specs import ConnectionSpec
from peerattn.graph.structure import Structure
from peerattn.network.fusion import Fusion
from peerattn.network.network import Network

MOST = 32_768
"""Classes, frames, and pixels along a side: the bytes of a greater clip do not fit in 64 bits."""


@dataclass(frozen=True)
class BlockCosts:
    """One row of `Costs.blocks`: a block with its fusion and the connections into it, or what is no block.

    `part` is `block`; or `head`, its id that of the (first) block it reads; or `flow`, a layer that computes
    a modality for all the blocks that read it, its id that of the modality. `output` is its shape for one
    clip: (C, T, H, W), or (K,) scores; empty for a flow layer that no block reads.
    """

    id: str
    part: str
    parameters: int
    parameters_total: int
    multiply_adds: int
    output: tuple[int, ...]


@dataclass(frozen=True)
class Memory:
    """Bytes in inference on one clip, in float32.

    `weights` are the numbers stored; `activations` the most that is alive at once in a forward pass, the
    clip included, the scratch space inside single operations not.
    """

    weights: int
    activations: int


@dataclass(frozen=True)
class Costs:
    """What one clip of one size costs; the rows of `blocks` sum to the whole.

    `parameters` are the numbers that training may change. `parameters_total` are all that are stored: also
    fixed connection weights, the constants of representation flow and batch norm's mean and variance.
    """

    parameters: int
    parameters_total: int
    multiply_adds: int
    memory: Memory
    blocks: tuple[BlockCosts, ...]


def costs(structure: Structure, classes: int, *, frames: int, height: int, width: int) -> Costs:
    """The costs of a structure that tells `classes` classes, for one clip of frames of height × width pixels.

    Raises PeerattnError when the structure cannot be built, or cannot read a clip of this size.
    """
    given = {"classes": classes, "frames": frames, "height": height, "width": width}
    for name, value in given.items():
        if not 1 <= value <= MOST:
            raise PeerattnError(f"{name} is {value}, but must be a whole number from 1 to {MOST}")
    with torch.device("meta"), torch.inference_mode():
        network = Network(structure, [str(number) for number in range(classes)]).eval()
        clip = {
            modality.name: torch.empty(1, modality.channels, frames, height, width)
            for modality in structure.read_modalities
        }
        work, shapes, activations = _run(network, clip)
    for spec in structure.connections:
        work[network.connections[spec.key]] += _scaling(spec, structure, (frames, height, width))
    weights = sum(tensor.nbytes for tensor in network.state_dict().values())
    return Costs(
        parameters(network),
        _stored(network),
        sum(work.values()),
        Memory(weights, activations),
        tuple(_rows(network, work, shapes)),
    )


def parameters(network: nn.Module) -> int:
    """How many numbers training may change."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


def multiply_adds(network: Network, *, frames: int, size: int) -> int:
    """Multiply-adds of one clip of `frames` frames of size × size pixels."""
    classes = len(network.class_names)
    return costs(network.structure, classes, frames=frames, height=size, width=size).multiply_adds


def rough_multiply_adds(network: Network, *, clips: int, frames: int, sides: Sequence[int]) -> int:
    """Multiply-adds of clips of frames of (H, W) pixels, at once: enough to choose a number of threads.

    A filter of a block counts once for every place of the block's output, one that brings what arrives to
    its width once for every place that the block reads, one that projects a peer once a frame; blocks of
    kind `attention` have the products of their entries. Published networks and those of wide blocks of our
    own come out within a tenth. Left out are heads, flow layers, and what layers of other kinds count in a
    `multiply_adds` of their own; what input blocks do before they pool counts too little.
    """
    total = 0
    for block in network.structure.blocks:
        places = _places(sides, block.reduction)
        total += _numbers(network.blocks[block.id]) * places
        if block.id in network.fusions:
            fusion = network.fusions[block.id]
            assert isinstance(fusion, Fusion)
            total += _numbers(fusion.align) * _places(sides, block.input_reduction) + _numbers(fusion.peers)
        if block.kind == "attention":
            entries = places if block.over == "places" else frames
            total += 2 * block.repeats * block.width * entries * places
    return clips * frames * total


def _numbers(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _places(sides: Sequence[int], reduction: int) -> int:
    """Of frames of (H, W) pixels at a reduction."""
    return math.prod(-(-side // reduction) for side in sides)


def _stored(module: nn.Module) -> int:
    """How many numbers a checkpoint holds, batch norm's count of batches aside."""
    return sum(
        tensor.numel()
        for name, tensor in module.state_dict().items()
        if not name.endswith("num_batches_tracked")
    )


def _run(
    network: Network, clip: Mapping[str, Tensor]
) -> tuple[Counter[nn.Module], dict[nn.Module, tuple[int, ...]], int]:
    """Of one pass: the multiply-adds of each layer, the shapes of what each module returns, peak bytes."""
    work: Counter[nn.Module] = Counter()
    shapes: dict[nn.Module, tuple[int, ...]] = {}

    def count(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        work[module] += _layer(module, inputs, output)
        if isinstance(output, Tensor):
            shapes[module] = tuple(output.shape[1:])

    for module in network.modules():
        module.register_forward_hook(count)
    with LiveMemory(network, clip.values()) as memory:
        network(clip)
    return work, shapes, memory.peak


def _layer(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> int:
    """Multiply-adds of one call of a layer; those of a module made of layers are theirs."""
    if isinstance(module, nn.Conv2d | nn.Conv3d):
        taps: int = math.prod(module.kernel_size) * module.in_channels // module.groups
        return int(output.numel()) * taps
    if isinstance(module, nn.Linear):
        return int(output.numel()) * module.in_features
    counted = getattr(module, "multiply_adds", None)  # of a layer of our own
    return int(counted(inputs, output)) if counted else 0


def _scaling(spec: ConnectionSpec, structure: Structure, size: tuple[int, int, int]) -> int:
    """One multiply-add for every number that a connection scales, at the size that its target reads."""
    if spec.weight is None and spec.attention == "none":
        return 0
    frames, *sides = size
    reduction = structure.block(spec.target).input_reduction
    return structure.block(spec.source).width * frames * _places(sides, reduction)


def _rows(
    network: Network, work: Mapping[nn.Module, int], shapes: Mapping[nn.Module, tuple[int, ...]]
) -> Iterator[BlockCosts]:
    """Flow layers, blocks in the order they run, heads."""
    row = partial(_row, work, shapes)
    for name, flow in network.flows.items():
        yield row(name, "flow", flow)
    for block in network.structure.in_order:
        connections = [network.connections[spec.key] for spec in network.structure.into(block.id)]
        fusion = [network.fusions[block.id]] if block.id in network.fusions else []
        yield row(block.id, "block", network.blocks[block.id], *fusion, *connections)
    for block_id, head in network.heads.items():
        yield row(block_id, "head", head)


def _row(
    work: Mapping[nn.Module, int],
    shapes: Mapping[nn.Module, tuple[int, ...]],
    name: str,
    part: str,
    *modules: nn.Module,
) -> BlockCosts:
    """The costs of some modules, of which the first gives the output."""
    return BlockCosts(
        name,
        part,
        sum(parameters(module) for module in modules),
        sum(_stored(module) for module in modules),
        sum(work[layer] for module in modules for layer in module.modules() if layer in work),
        shapes.get(modules[0], ()),
    )


class LiveMemory(TorchDispatchMode):
    """Follows the tensors that a pass makes, as long as anything holds their memory, without holding it.

        with LiveMemory(network, clip.values()) as memory:
            network(clip)
        memory.peak

    `peak` is the most bytes alive at once, those of the network left out; `held` counts from the start.
    Works on real tensors as on those of the meta device.
    """

    def __init__(self, network: nn.Module, held: Iterable[Tensor] = ()) -> None:
        super().__init__()
        state = [*network.parameters(), *network.buffers()]
        self._weights = WeakSet(tensor.untyped_storage() for tensor in state)
        self._alive = WeakSet(tensor.untyped_storage() for tensor in held)
        self.peak = 0

    def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = operation(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor) and tensor.untyped_storage() not in self._weights:
                self._alive.add(tensor.untyped_storage())
        self.peak = max(self.peak, sum(storage.nbytes() for storage in self._alive))
        return result
