"""The attention factors of all connections of a network at once: observed, replaced, and averaged.

Shapes: B clips, C channels of a connection's source, T frames, H, W pixels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from peerattn.graph.specs import ConnectionSpec
from peerattn.network.attention import StaticAttention
from peerattn.network.fusion import ConnectionOutput
from peerattn.network.network import Network
from peerattn.recording.changes import Change, Place, changed
from peerattn.recording.observing import observe
from peerattn.recording.stretches import evaluation_mode, plan_stretches

Factors = Mapping[str, Tensor]
"""Connection → its factors (B, T, C); B = 1 stands for any number of clips, T = 1 for any number of frames.
Connections without attention are left out.
"""


def scaled_connections(network: Network) -> list[ConnectionSpec]:
    """Return the enabled connections that have attention factors."""
    specs = network.structure.connections
    return [spec for spec in specs if spec.attention != "none" and spec.key not in network.disabled]


def own_factors(network: Network, tensors: Mapping[str, Tensor]) -> Factors:
    """Return the factors that the network itself has on clips, modality → (B, C, T, H, W)."""
    specs = scaled_connections(network)
    places = [Place("factors", spec.key) for spec in specs if spec.attention != "static"]
    clips = {name: network.to_own_device(tensor) for name, tensor in tensors.items()}
    observed = observe(network, places, plan_stretches(network, clips)) if places else {}
    factors = {place.name: value for place, value in observed.items()}
    for spec in specs:
        attention = network.connection(spec.key).attention
        if isinstance(attention, StaticAttention):
            with torch.no_grad():
                factors[spec.key] = attention(None, None).factors[None, None]
    return factors


@contextmanager
def with_factors(network: Network, factors: Factors) -> Iterator[None]:
    """Run clips with these factors inside the `with` block; other connections have their own."""
    values = {Place("factors", key): value for key, value in factors.items()}
    with changed(network, Change(tuple(values), lambda clips: values, changes_baselines=True)):
        yield


def delivering_means(network: Network, batches: Sequence[Mapping[str, Tensor]]) -> Factors:
    """Return connection → Σ A‖X‖ / Σ‖X‖ (1, 1, C), the sums over all frames of these clips.

    ‖X‖ is the sum of absolute values of a channel in a frame. These constants deliver as much of each channel
    as the factors do; their plain mean does not, where a channel is strong in frames of great factors. A
    channel that is always 0 has 1.
    """
    sums: defaultdict[str, list[Tensor]] = defaultdict(list)

    def add(key: str, module: nn.Module, inputs: Any, output: ConnectionOutput) -> None:
        strength = inputs[0].abs().sum(dim=(3, 4)).transpose(1, 2).double()  # (B, T, C)
        both = torch.stack([(output.factors * strength).sum(dim=(0, 1)), strength.sum(dim=(0, 1))])
        sums[key].append(both)

    handles = [
        network.connection(spec.key).register_forward_hook(partial(add, spec.key))
        for spec in scaled_connections(network)
    ]
    try:
        with evaluation_mode(network):
            for batch in batches:
                network.run({name: network.to_own_device(tensor) for name, tensor in batch.items()})
    finally:
        for handle in handles:
            handle.remove()
    means = {}
    for key, parts in sums.items():
        scaled, whole = torch.stack(parts).sum(dim=0)
        mean = torch.where(whole > 0, scaled / whole.clamp_min(torch.finfo(whole.dtype).tiny), 1.0)
        means[key] = network.to_own_device(mean)[None, None].clone()
    return means
