"""Mistakes that are easy to make in these networks, and whether the golden cases catch each of them.

    python -m tests.parity.mutations

makes one mistake after the other, runs the cases it bears on and prints what each case says of it; it ends
with 1 if a mistake goes unseen.
"""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from peerattn.errors import PeerattnError
from peerattn.graph.list_format import reading
from peerattn.network import fusion
from peerattn.network.attention import PeerAttention
from peerattn.network.blocks import assemblenet, flow, layers
from peerattn.network.blocks.layers import SpatialConvolution
from peerattn.network.network import Network
from tests.parity import golden

CASES = Path(__file__).parent / "cases"
FULL, LITE, RGB_FLOW = "c_asnp50_full_peer", "d_lite_peer", "b_asnp50_rgbflow_peer"
ODD, LITE_WIDE, TWO = "c_asnp50_full_peer_odd", "d_lite_peer_nonsquare", "e_asnp50_full_learned"


@dataclass(frozen=True)
class Mutation:
    """A mistake, made by a patch of the code or a change to the built network, and the cases it bears on."""

    name: str
    cases: tuple[str, ...]
    patched: Callable[[], AbstractContextManager[Any]] = nullcontext
    change: Callable[[Network], None] = lambda network: None


def verdict(mutation: Mutation, name: str) -> str | None:
    """What the case says of the mistake: the first tensor that departs; None if it sees nothing."""
    case = golden.read(CASES / f"{name}.json")
    try:
        with mutation.patched():
            network = case.network()
            mutation.change(network)
            logits, seen = golden.run(case, network)
    except (PeerattnError, RuntimeError) as error:
        return f"does not run: {str(error).splitlines()[0]}"
    apart = np.abs(logits - case.logits()).max()
    if apart <= golden.LOGITS:
        return None
    return f"logits off by {apart:.1e}; {next(golden.departures(case, seen), 'no other tensor departs')}"


def symmetric_pool_padding() -> AbstractContextManager[Any]:
    def pooled(clip: Tensor, window: int, stride: int | None = None) -> Tensor:
        if window != 3:
            return layers.max_pool(clip, window, stride)
        return layers.by_clip(F.max_pool2d(layers.by_frame(clip), 3, stride, padding=1), clip.shape[0])

    return patch.object(assemblenet, "max_pool", pooled)


def floor_pooling() -> AbstractContextManager[Any]:
    def pooled(clip: Tensor, window: int) -> Tensor:
        return layers.by_clip(F.max_pool2d(layers.by_frame(clip), window), clip.shape[0])

    return patch.object(fusion, "max_pool", pooled)


def rescaled_over(*axes: int) -> AbstractContextManager[Any]:
    def scale_over_batch(brightness: Tensor) -> Tensor:
        least = brightness.amin(dim=axes, keepdim=True)
        return 255 * (brightness - least) / (brightness.amax(dim=axes, keepdim=True) - least)

    return patch.object(flow, "scale_over_batch", scale_over_batch)


def other_iterations() -> AbstractContextManager[Any]:
    swapped = {"assemblenet": 20, "assemblenet_plus": 20, "assemblenet_plus_lite": 40}
    return patch.dict(reading.FLOW_ITERATIONS, swapped)


def zero_last_flow() -> AbstractContextManager[Any]:
    def with_zero(pairs: Tensor) -> Tensor:
        return torch.cat([pairs, torch.zeros_like(pairs[:, -1:])], dim=1)

    return patch.object(flow, "repeat_last", with_zero)


def padded_before() -> AbstractContextManager[Any]:
    def difference(image: Tensor, kernel: Tensor) -> Tensor:
        return F.conv2d(F.pad(image, (kernel.shape[3] - 1, 0, kernel.shape[2] - 1, 0)), kernel)

    return patch.object(flow, "forward_difference", difference)


def averaged_over_time() -> AbstractContextManager[Any]:
    def forward(self: PeerAttention, source: Tensor | None, peers: Tensor) -> Any:
        return real(self, source, peers.mean(dim=2, keepdim=True).expand_as(peers))

    real = PeerAttention.forward
    return patch.object(PeerAttention, "forward", forward)


def peers_by_id() -> AbstractContextManager[Any]:
    def peers(block: Any, blocks: Any) -> tuple[str, ...]:
        return tuple(other.id for other in blocks if other.level < block.level)

    return patch.object(reading, "_peers", peers)


def uniform_peers(network: Network) -> None:
    for module in network.modules():
        if isinstance(module, PeerAttention):
            nn.init.zeros_(module.weights)


def first_of_group_only(network: Network) -> None:
    """Of several sources of one width, the 1×1 convolution reads the first and the others are dropped."""
    structure, dropped = network.structure, set()
    for target in structure.blocks:
        seen: set[int] = set()
        for spec in structure.into(target.id):
            width = structure.block(spec.source).width
            if width in seen and width != target.input_width:
                dropped.add(spec.key)
            seen.add(width)
    network.disabled = frozenset(dropped)


def norm_epsilon(network: Network) -> None:
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d):
            module.eps = 1e-3


def no_connection_weights(network: Network) -> None:
    for spec in network.structure.connections:
        network.connection(spec.key).weight = None


def symmetric_convolutions(network: Network) -> None:
    for module in network.modules():
        if isinstance(module, SpatialConvolution) and module.same:
            assert isinstance(module[0], nn.Conv2d)
            module[0].padding, module.same = (1, 1), None


MUTATIONS = (
    Mutation("3x3 max pool padded symmetrically", (FULL, RGB_FLOW), symmetric_pool_padding),
    Mutation("flow brightness rescaled per clip", (TWO, LITE_WIDE), lambda: rescaled_over(1, 2, 3)),
    Mutation("flow brightness rescaled per frame", (FULL, LITE), lambda: rescaled_over(2, 3)),
    Mutation("flow iterations of the other family", (FULL, LITE), other_iterations),
    Mutation("flow of the last frame zero", (FULL, LITE), zero_last_flow),
    Mutation("two-tap gradients padded before", (FULL, LITE), padded_before),
    Mutation("uniform attention weights", (FULL, LITE), change=uniform_peers),
    Mutation("attention averaged over time", (FULL, LITE), averaged_over_time),
    Mutation("only the first of a group converted", (FULL, LITE), change=first_of_group_only),
    Mutation("batch norm epsilon 1e-3", (FULL, LITE), change=norm_epsilon),
    Mutation("no connection weights", (FULL, LITE), change=no_connection_weights),
    Mutation("lite's convolutions padded symmetrically", (LITE, LITE_WIDE), change=symmetric_convolutions),
    Mutation("peers ordered by id", (FULL, LITE), peers_by_id),
    Mutation("pooling to the floor of a size", (ODD, "a_asn50_learned_odd"), floor_pooling),
)


def main() -> None:
    unseen = 0
    for mutation in MUTATIONS:
        for name in mutation.cases:
            said = verdict(mutation, name)
            unseen += said is None
            print(f"{mutation.name:42} {name:24} {said or 'UNSEEN'}")
    sys.exit(unseen > 0)


if __name__ == "__main__":
    main()
