"""The official TensorFlow variables of a published network: their names, their shapes, and our matching
tensors.

The names are those of google-research, folder assemblenet, commit 0c1bbe5. The scopes are `Node_<id>` and
`rep_flow`; in each scope, layers are numbered by type (`conv2d`, `conv2d_1`, …); temporal kernels with a
dilation above 1 are bare variables named `Variable`. TensorFlow stores a kernel's channels last, PyTorch
first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from peerattn.errors import PeerattnError
from peerattn.graph.list_format.writing import KINDS
from peerattn.graph.specs import BlockSpec, ConnectionSpec
from peerattn.network.attention import PeerAttention
from peerattn.network.fusion import Fusion
from peerattn.network.network import Network

Array = NDArray[np.float32]

FLOW_VARIABLES = (
    "img_grad_x",
    "img_grad_y",
    "f_grad_x",
    "f_grad_y",
    "f_grad_x2",
    "f_grad_y2",
    "theta",
    "lambda",
    "tau",
)
NORM_VARIABLES = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


@dataclass(frozen=True)
class Variable:
    """One TensorFlow variable: its name, its shape, and our tensors that hold its value.

    `order` permutes the axes of our one tensor into TensorFlow's order. If it is empty, each of `tensors` is
    a single number, and the variable is the vector of them.
    """

    name: str
    shape: tuple[int, ...]
    tensors: tuple[Tensor, ...]
    order: tuple[int, ...] = ()

    def read(self) -> Array:
        """Return a copy of the value in TensorFlow's shape."""
        values = [tensor.detach().cpu().float() for tensor in self.tensors]
        whole = values[0].permute(self.order) if self.order else torch.stack(values)
        array: Array = whole.reshape(self.shape).contiguous().numpy().copy()
        return array

    def write(self, value: Array) -> None:
        """Fill our tensors with a value in TensorFlow's shape."""
        whole = torch.from_numpy(np.array(value, np.float32))
        if not self.order:
            parts = list(whole.reshape(-1))
        else:
            shape = self.tensors[0].shape
            inverse = [self.order.index(axis) for axis in range(len(shape))]
            parts = [whole.reshape([shape[axis] for axis in self.order]).permute(inverse)]
        with torch.no_grad():
            for tensor, part in zip(self.tensors, parts, strict=True):
                tensor.copy_(part)


class Scope:
    """A scope of variable names, in which layers of a type are numbered; the first has no number."""

    def __init__(self, path: str = "") -> None:
        self.path = path
        self.counts: Counter[str] = Counter()

    def name(self, kind: str, leaf: str = "") -> str:
        """Return the full name of variable `leaf` of the next layer of a type."""
        number = self.counts[kind]
        self.counts[kind] += 1
        numbered = f"{kind}_{number}" if number else kind
        return self.path + numbered + (f"/{leaf}" if leaf else "")

    def inside(self, name: str) -> Scope:
        """Return a new scope inside this one."""
        return Scope(f"{self.path}{name}/")


def variables(network: Network) -> tuple[Variable, ...]:
    """Return all variables of this network's official graph, in the order in which TensorFlow creates them.

    Raises PeerattnError for a network that is not made of published blocks, or has static attention.
    """
    other = sorted({block.kind for block in network.structure.blocks} - set(KINDS))
    if other:
        raise PeerattnError(
            f"blocks of kind {', '.join(other)} have no TensorFlow variables, only published blocks do"
        )
    if any(spec.attention == "static" for spec in network.structure.connections):
        raise PeerattnError(
            "static attention has no TensorFlow variables: the published networks use peer, self or none"
        )
    result: list[Variable] = []
    for flow in network.flows.values():
        result += _flow_variables(flow)
    for block in network.structure.blocks:
        result += _node_variables(network, block)
    scope = Scope()
    for head in network.heads.values():
        result += _layer_variables(head, scope, _is_lite(network))
    return tuple(result)


def _is_lite(network: Network) -> bool:
    return any(block.kind == "lite" for block in network.structure.blocks)


def _flow_variables(flow: nn.Module) -> Iterator[Variable]:
    for leaf in FLOW_VARIABLES:
        tensor = getattr(flow, "lambda_" if leaf == "lambda" else leaf)
        if tensor.ndim:
            yield _kernel(f"rep_flow/{leaf}", tensor)
        else:
            yield Variable(f"rep_flow/{leaf}", (), (tensor,))


def _node_variables(network: Network, block: BlockSpec) -> Iterator[Variable]:
    """Yield a block's peer projections, connection weights, attention, alignment and own layers."""
    scope = Scope(f"Node_{block.id}/")
    incoming = network.structure.into(block.id)
    lite = _is_lite(network)
    if not block.is_input:
        fusion = network.fusions[block.id]
        assert isinstance(fusion, Fusion)
        for projection in fusion.peers.values():
            yield from _layer_variables(projection, scope, lite)
        weights = [network.connection(spec.key).weight for spec in incoming]
        present = tuple(weight for weight in weights if weight is not None)
        if present:
            yield Variable(f"{scope.path}agg_weights", (len(present),), present)
        for spec, inside in _connection_scopes(network, incoming, scope):
            yield from _attention_variables(network.connection(spec.key).attention, inside, lite)
        for convolution in fusion.align.values():
            yield from _layer_variables(convolution, scope, lite)
    yield from _layer_variables(network.blocks[block.id], scope, lite)


def _connection_scopes(
    network: Network, incoming: Sequence[ConnectionSpec], scope: Scope
) -> Iterator[tuple[ConnectionSpec, Scope]]:
    """Yield each connection with its scope, grouped by the source's width in order of first appearance.

    A single connection shares the node's scope.
    """
    if len(incoming) == 1:
        yield incoming[0], scope
        return
    by_width: dict[int, list[ConnectionSpec]] = {}
    for spec in incoming:
        by_width.setdefault(network.structure.block(spec.source).width, []).append(spec)
    for width, group in by_width.items():
        for number, spec in enumerate(group):
            yield spec, scope.inside(f"Connection_{width}_{number}")


def _attention_variables(attention: nn.Module, scope: Scope, lite: bool) -> Iterator[Variable]:
    if isinstance(attention, PeerAttention):
        weights = attention.weights
        yield Variable(f"{scope.path}peer_attention_weights", tuple(weights.shape), (weights,), (0,))
    yield from _layer_variables(attention, scope, lite)


def _layer_variables(module: nn.Module, scope: Scope, lite: bool) -> Iterator[Variable]:
    """Yield the variables of every convolution, batch norm and dense layer, in the order of creation."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Conv3d):
            yield _convolution(layer, scope, lite)
        elif isinstance(layer, nn.BatchNorm2d | nn.BatchNorm3d):
            path = scope.name("batch_normalization")
            for leaf, ours in NORM_VARIABLES.items():
                tensor = getattr(layer, ours)
                yield Variable(f"{path}/{leaf}", tuple(tensor.shape), (tensor,), (0,))
        elif isinstance(layer, nn.Linear):
            path = scope.name("dense")
            yield Variable(f"{path}/kernel", (layer.in_features, layer.out_features), (layer.weight,), (1, 0))
            yield Variable(f"{path}/bias", (layer.out_features,), (layer.bias,), (0,))


def _convolution(layer: nn.Conv2d | nn.Conv3d, scope: Scope, lite: bool) -> Variable:
    dilated = isinstance(layer, nn.Conv2d) and layer.dilation[0] > 1
    name = scope.name("Variable") if dilated else scope.name("conv3d" if lite else "conv2d") + "/kernel"
    variable = _kernel(name, layer.weight)
    if not lite or isinstance(layer, nn.Conv3d):
        return variable
    height, width, *channels = variable.shape
    temporal = height > 1 and width == 1
    return replace(variable, shape=(height, 1, 1, *channels) if temporal else (1, height, width, *channels))


def _kernel(name: str, weight: Tensor) -> Variable:
    """Return a kernel's variable: (out, in, *window) in PyTorch is (*window, in, out) in TensorFlow."""
    order = (*range(2, weight.ndim), 1, 0)
    return Variable(name, tuple(weight.shape[axis] for axis in order), (weight,), order)
