"""Fold a calibration temperature into the heads of a network, so that no later step has to apply it."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import torch

from peerattn.network.blocks.registry import score_layers
from peerattn.network.network import Network


def divide_logits(network: Network, by: float) -> None:
    """Divide the network's logits by a temperature, permanently.

    Each head's `score_layers` are divided; where a head has no such layers, the temperature is written into
    the structure. Raises PeerattnError, and leaves the network unchanged, if a head's class does not define
    `score_layers`.
    """
    structure = network.structure
    layers = {key: score_layers(structure.output(key), head) for key, head in network.heads.items()}
    with torch.no_grad():
        for layer in chain.from_iterable(layers.values()):
            for parameter in layer.parameters():
                parameter.div_(by)
    in_structure = {block for key, reads in network.head_reads.items() if not layers[key] for block in reads}
    outputs = (
        replace(output, temperature=output.temperature * by) if output.block in in_structure else output
        for output in structure.outputs
    )
    network.structure = replace(structure, outputs=tuple(outputs))
