"""The parameters, multiply-adds and memory of a structure, computed without allocating the network.

The network is built and run on torch's meta device, where tensors have a shape but no numbers: nothing is
allocated, and every clip size takes the same short time.

Counted are the multiply-adds of convolutions, fully connected layers, the sums over peers (one per number of
a peer vector), the scaling of connections (one per number scaled) and the gradient kernels of representation
flow layers. As usual, batch norm, pooling and activations are not counted.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
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

LARGEST = 32_768
"""The most classes, frames, and pixels along a side: the bytes of a larger clip do not fit in 64 bits."""


@dataclass(frozen=True)
class BlockCosts:
    """The costs of one part of the network: a row of `Costs.blocks`.

    `part` is one of:
    - `block`: a block with its fusion and the connections into it; `id` is the block's.
    - `head`: a head; `id` is that of the first block it reads.
    - `flow`: a layer that computes a modality for all blocks that read it; `id` is that of the modality.

    `output` is the shape of the output for one clip: (C, T, H, W), or (K,) scores of a head. It is empty for
    a flow layer that no block reads.
    """

    id: str
    part: str
    parameters: int
    parameters_total: int
    multiply_adds: int
    output: tuple[int, ...]


@dataclass(frozen=True)
class Memory:
    """Memory, in bytes, for inference on one clip in float32.

    `weights` counts the stored numbers. `activations` is the peak of a forward pass: it includes the clip,
    but not the scratch space inside single operations.
    """

    weights: int
    activations: int


@dataclass(frozen=True)
class Costs:
    """The costs of one clip of one size; the rows of `blocks` sum to the totals.

    `parameters` counts the trainable numbers. `parameters_total` counts all stored numbers, which also
    include fixed connection weights, the constants of representation flow, and batch norm's mean and
    variance.
    """

    parameters: int
    parameters_total: int
    multiply_adds: int
    memory: Memory
    blocks: tuple[BlockCosts, ...]


@lru_cache(maxsize=16)
def costs(structure: Structure, classes: int, *, frames: int, height: int, width: int) -> Costs:
    """Return the costs of a structure with `classes` classes, for one clip of frames of height × width
    pixels. The latest results are kept: one of a large published structure takes over a second.

    Raises PeerattnError if the structure cannot be built or cannot read a clip of this size.
    """
    numbers = {"classes": classes, "frames": frames, "height": height, "width": width}
    for name, value in numbers.items():
        if not 1 <= value <= LARGEST:
            raise PeerattnError(f"{name} is {value}, but must be a whole number from 1 to {LARGEST}")
    height, width = structure.clip_sides(height, width)
    with torch.device("meta"), torch.inference_mode():
        network = Network(structure, [str(number) for number in range(classes)]).eval()
        clip = {
            modality.name: torch.empty(1, modality.channels, frames, height, width)
            for modality in structure.read_modalities
        }
        work, shapes, activations = _run(network, clip)
    for spec in structure.connections:
        work[network.connections[spec.key]] += _scaling_multiply_adds(
            spec, structure, (frames, height, width)
        )
    weights = sum(tensor.nbytes for tensor in network.state_dict().values())
    return Costs(
        count_parameters(network),
        _stored_numbers(network),
        sum(work.values()),
        Memory(weights, activations),
        tuple(_rows(network, work, shapes)),
    )


def count_parameters(network: nn.Module) -> int:
    """Count the numbers that training may change."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)


def multiply_adds(network: Network, *, frames: int, size: int) -> int:
    """Count the multiply-adds of one clip of `frames` frames of size × size pixels."""
    classes = len(network.class_names)
    return costs(network.structure, classes, frames=frames, height=size, width=size).multiply_adds


def rough_multiply_adds(network: Network, *, clips: int, frames: int, sides: Sequence[int]) -> int:
    """Estimate the multiply-adds of a batch, quickly and exactly enough to choose a number of threads.

    `sides` are the frames' (H, W) in pixels. The filters of a block count once per position of its output,
    alignment convolutions once per position of its input, and peer projections once per frame; blocks of kind
    `attention` also count the products between their entries. For published networks and for our own networks
    of wide blocks, the estimate is within 10 %. It leaves out heads, flow layers, and layers of other kinds
    with a `multiply_adds` method, and it underestimates input blocks that pool after their convolutions.
    """
    total = 0
    for block in network.structure.blocks:
        positions = _positions(sides, block.reduction)
        total += _all_parameters(network.blocks[block.id]) * positions
        if block.id in network.fusions:
            fusion = network.fusions[block.id]
            assert isinstance(fusion, Fusion)
            total += _all_parameters(fusion.align) * _positions(sides, block.input_reduction)
            total += _all_parameters(fusion.peers)
        if block.kind == "attention":
            entries = positions if block.over == "places" else frames
            total += 2 * block.repeats * block.width * entries * positions
    return clips * frames * total


def _all_parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _positions(sides: Sequence[int], reduction: int) -> int:
    """Count the spatial positions of a frame of (H, W) pixels after a reduction."""
    return math.prod(-(-side // reduction) for side in sides)


def _stored_numbers(module: nn.Module) -> int:
    """Count the numbers that a checkpoint holds, except for batch norm's number of batches."""
    return sum(
        tensor.numel()
        for name, tensor in module.state_dict().items()
        if not name.endswith("num_batches_tracked")
    )


def _run(
    network: Network, clip: Mapping[str, Tensor]
) -> tuple[Counter[nn.Module], dict[nn.Module, tuple[int, ...]], int]:
    """Run one pass; return each layer's multiply-adds, each module's output shape, and the peak in bytes."""
    work: Counter[nn.Module] = Counter()
    shapes: dict[nn.Module, tuple[int, ...]] = {}

    def count(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        work[module] += _layer_multiply_adds(module, inputs, output)
        if isinstance(output, Tensor):
            shapes[module] = tuple(output.shape[1:])

    for module in network.modules():
        module.register_forward_hook(count)
    with LiveMemory(network, clip.values()) as memory:
        network(clip)
    return work, shapes, memory.peak


def _layer_multiply_adds(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> int:
    """Count the multiply-adds of one call of a layer; a container's are those of its layers, so 0."""
    if isinstance(module, nn.Conv2d | nn.Conv3d):
        taps: int = math.prod(module.kernel_size) * module.in_channels // module.groups
        return int(output.numel()) * taps
    if isinstance(module, nn.Linear):
        return int(output.numel()) * module.in_features
    count = getattr(module, "multiply_adds", None)  # our own layers have this method
    return int(count(inputs, output)) if count else 0


def _scaling_multiply_adds(spec: ConnectionSpec, structure: Structure, size: tuple[int, int, int]) -> int:
    """Count one multiply-add per number that a connection scales, at the size that its target reads.

    `size` is the clip's (T, H, W).
    """
    if spec.weight is None and spec.attention == "none":
        return 0
    frames, *sides = size
    reduction = structure.block(spec.target).input_reduction
    return structure.block(spec.source).width * frames * _positions(sides, reduction)


def _rows(
    network: Network, work: Mapping[nn.Module, int], shapes: Mapping[nn.Module, tuple[int, ...]]
) -> Iterator[BlockCosts]:
    """Yield the rows of `Costs.blocks`: flow layers, blocks in the order in which they run, heads."""
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
    """Return the costs of several modules as one row; the first module's output is the row's output."""
    return BlockCosts(
        name,
        part,
        sum(count_parameters(module) for module in modules),
        sum(_stored_numbers(module) for module in modules),
        sum(work[layer] for module in modules for layer in module.modules() if layer in work),
        shapes.get(modules[0], ()),
    )


class LiveMemory(TorchDispatchMode):
    """Measure the peak memory of the tensors that a pass creates.

        with LiveMemory(network, clip.values()) as memory:
            network(clip)
        memory.peak

    `peak` is the largest number of bytes alive at once, without the network's own. The `inputs` count from
    the start. Tensors are followed by weak references, so that measuring does not keep their memory alive.
    Works on ordinary tensors and on those of the meta device.
    """

    def __init__(self, network: nn.Module, inputs: Iterable[Tensor] = ()) -> None:
        super().__init__()
        state = [*network.parameters(), *network.buffers()]
        self._weights = WeakSet(tensor.untyped_storage() for tensor in state)
        self._alive = WeakSet(tensor.untyped_storage() for tensor in inputs)
        self.peak = 0

    def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = operation(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor) and tensor.untyped_storage() not in self._weights:
                self._alive.add(tensor.untyped_storage())
        self.peak = max(self.peak, sum(storage.nbytes() for storage in self._alive))
        return result
