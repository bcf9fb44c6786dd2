"""A golden case of the official TensorFlow graph, the network it is of, and where the two depart.

A case is a JSON file (configuration, structure, variables, statistics of every tensor) with an npz of the
same name (logits, and samples of every tensor). Tensors are compared in TensorFlow's layout, channels last,
in the order in which the network computes them, so that the first that departs is where the mistake is.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from peerattn.graph.list_format.options import Options
from peerattn.graph.specs import ConnectionSpec
from peerattn.graph.structure import Structure
from peerattn.network.attention import spatial_mean
from peerattn.network.convert import load_tf_variables
from peerattn.network.fusion import ConnectionOutput
from peerattn.network.network import Network
from tests.parity import recipe

Array = NDArray[np.float32]
Tensors = dict[str, Array]

LOGITS, TENSORS = 1e-4, 1e-5
"""How far logits may depart; how far any other tensor, relative to its greatest magnitude where over 1."""
TRAINING_LOGITS, MOVING = 2e-3, 1e-5
"""In training mode; the second relative, for moving statistics."""


@dataclass(frozen=True)
class Case:
    """One golden case: what it was made of, and what came out."""

    path: Path
    document: Mapping[str, Any]

    @property
    def config(self) -> Mapping[str, Any]:
        config: Mapping[str, Any] = self.document["config"]
        return config

    @property
    def training(self) -> bool:
        return bool(self.document.get("is_training"))

    def arrays(self) -> dict[str, NDArray[Any]]:
        with np.load(self.path.with_suffix(".npz")) as archive:
            return {name: archive[name] for name in archive.files}

    def logits(self) -> Array:
        logits: Array = self.arrays()["logits"]
        return logits

    def structure(self) -> Structure:
        return Structure.from_published(
            self.document["structure"], self.document["edge_weights"], options(self.config)
        )

    def network(self, salt: str | None = None) -> Network:
        """With the recipe's values in every variable, ready to run."""
        network = Network(self.structure(), [f"class {n}" for n in range(self.config["num_classes"])])
        load_tf_variables(network, _variables(self.path, salt or self.config["salt"]))
        return network.train(self.training)

    def variables(self) -> Tensors:
        """Official name → the recipe's value."""
        return _variables(self.path, self.config["salt"])

    def inputs(self) -> Tensors:
        """Modality → (B, T, H, W, C)."""
        config = self.config
        shape = config["batch"], config["frames"], config["height"], config["width"]
        found = {"rgb": recipe.video(*shape, config["video_seed"])}
        if config["has_object"]:
            seed, classes = config["object_seed"], config["num_object_classes"]
            found["object"] = recipe.objects(*shape, classes=classes, seed=seed)
        return found


@lru_cache(maxsize=2)  # two networks in turn: the recipe takes longer than running what it fills
def _variables(path: Path, salt: str) -> Tensors:
    document = read(path).document
    fixed, values = document["edge_weights"], {}
    for name, shape, _ in document["variables"]:
        node = name.split("/")[0].removeprefix("Node_")
        published = fixed[int(node)][0] if name.endswith("/agg_weights") and fixed else None
        values[name] = recipe.variable(name, shape, salt, published)
    return values


def options(config: Mapping[str, Any]) -> Options:
    """Any mode but none and peer is self attention in the official code."""
    mode = config["attention_mode"] or "none"
    return Options(
        config["arch"],
        depth=config["depth"],
        attention=mode if mode in ("none", "peer") else "self",
        object_classes=config["num_object_classes"],
        clip_width=None if config.get("true_channels") else config["width"],
        lite_repeats=tuple(config["lite_blocks"]),
        softmax_over_time=config["max_pool_predictions"],
    )


def read(path: Path) -> Case:
    return Case(path, json.loads(path.read_text(encoding="utf-8")))


def clip(inputs: Tensors, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
    """(B, T, H, W, C) → (B, C, T, H, W)."""
    return {name: torch.from_numpy(array).to(dtype).permute(0, 4, 1, 2, 3) for name, array in inputs.items()}


def digest(arrays: Iterator[Array]) -> str:
    total = hashlib.sha256()
    for array in arrays:
        total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()


@contextmanager
def watched(network: Network) -> Iterator[dict[str, Tensor]]:
    """Every tensor of a pass by its name in the cases, in the order of its making; ours, channels second."""
    seen: dict[str, Tensor] = {}
    handles = [
        flow.register_forward_hook(partial(_keep, seen, "rep_flow")) for flow in network.flows.values()
    ]
    for block in network.structure.blocks:
        handles.append(network.blocks[block.id].register_forward_hook(partial(_keep_block, seen, block)))
        arriving = network.structure.into(block.id)
        weights: list[Tensor] = []
        for spec in arriving:
            module = network.connection(spec.key)
            handles.append(module.register_forward_hook(partial(_keep_connection, seen, weights, spec)))
        if arriving:
            for peer, projection in network.fusions[block.id].peers.items():
                name = f"peer_{int(block.id):02}_from_{int(peer):02}"
                handles.append(projection.register_forward_hook(partial(_keep, seen, name)))
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def _keep(seen: dict[str, Tensor], name: str, module: nn.Module, inputs: Any, output: Tensor) -> None:
    seen[name] = output.detach()


def _keep_block(seen: dict[str, Tensor], block: Any, module: nn.Module, inputs: Any, output: Tensor) -> None:
    if not block.is_input:
        seen[f"fused_{int(block.id):02}"] = inputs[0].detach().clone()
    seen[f"node_{int(block.id):02}"] = output.detach()


def _keep_connection(
    seen: dict[str, Tensor],
    weights: list[Tensor],
    spec: ConnectionSpec,
    module: nn.Module,
    inputs: Any,
    output: ConnectionOutput,
) -> None:
    """`weights` are those of the connections into the same node that ran before it."""
    target, name = f"{int(spec.target):02}", f"{int(spec.target):02}_from_{int(spec.source):02}"
    if output.connection_weight is not None:
        weights.append(output.connection_weight.detach())
        seen[f"aggw_{target}"] = torch.stack(weights)
    if inputs[1] is not None and output.attention_weights is not None:
        seen[f"peerw_{name}"] = output.attention_weights.detach()
    if output.factors is not None:
        seen[f"attn_{name}"] = output.factors.detach()


def project_unused(network: Network, seen: dict[str, Tensor]) -> None:
    """The peer vectors that self attention leaves unused: the official graph makes them all the same."""
    for block in network.structure.blocks:
        for peer in block.unused_projections:
            vector = spatial_mean(seen[f"node_{int(peer):02}"])
            name = f"peer_{int(block.id):02}_from_{int(peer):02}"
            seen[name] = network.fusions[block.id].project(peer, vector).detach()


def run(case: Case, network: Network, dtype: torch.dtype = torch.float32) -> tuple[Array, dict[str, Tensor]]:
    """Logits, and every tensor of the pass, that of the case's inputs."""
    with torch.no_grad(), watched(network) as seen:
        logits = network(clip(case.inputs(), dtype))
        project_unused(network, seen)
    return logits.double().numpy(), seen


def departures(case: Case, seen: Mapping[str, Tensor]) -> Iterator[str]:
    """A line for each tensor that is not the official one, in the order of their making."""
    arrays, stats = case.arrays(), case.document["tensors"]
    names = [str(name) for name in arrays["tensor_names"]]
    rows = {name: (arrays["first16"][row], arrays["samples64"][row]) for row, name in enumerate(names)}
    order = {name: place for place, name in enumerate(seen)}
    for name in sorted(names, key=lambda name: order.get(name, -1)):
        if name not in seen:
            yield f"{name} is not computed"
            continue
        difference = _difference(
            _official_layout(name, seen[name], stats[name]["shape"]), *rows[name], stats[name]
        )
        if isinstance(difference, str) or not difference <= TENSORS:
            yield f"{name} departs: {difference}"


def _official_layout(name: str, tensor: Tensor, shape: list[int]) -> Array | str:
    """Channels last; clips and frames on one axis where the official tensor has them so."""
    if tensor.ndim == 5:
        tensor = tensor.permute(0, 2, 3, 4, 1)
    if tensor.ndim == len(shape) + 1:
        tensor = tensor.flatten(0, 1)
    if list(tensor.shape) != shape:
        return f"shape {list(tensor.shape)}, official {shape}"
    array: Array = tensor.double().contiguous().numpy()
    return array


def _difference(ours: Array | str, first: Array, samples: Array, stats: Mapping[str, Any]) -> float | str:
    """The greatest difference in values, mean, deviation and extreme, relative to magnitudes over 1."""
    if isinstance(ours, str):
        return ours
    flat = ours.reshape(-1)
    places = np.arange(flat.size) if flat.size <= 64 else np.linspace(0, flat.size - 1, 64).astype(np.int64)
    pairs = [
        (flat[:16], first[: min(16, flat.size)]),
        (flat[places], samples[: len(places)]),
        (
            np.array([flat.mean(), flat.std(), np.abs(flat).max()]),
            [stats[k] for k in ("mean", "std", "absmax")],
        ),
    ]
    greatest = max(float(np.abs(mine - np.asarray(theirs, np.float64)).max()) for mine, theirs in pairs)
    return greatest / max(1.0, stats["absmax"])
