"""A temperature folded into the heads of a network, so that nothing downstream need know of it."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import nn

from peerattn.network.blocks.registry import WEIGHING_FRAMES
from peerattn.network.network import Network


def divide_logits(network: Network, by: float) -> None:
    """Divide the network's logits by a temperature, for good.

    In the last linear layer of each head; where its scores also weigh the frames, in the structure.
    """
    structure = network.structure
    with torch.no_grad():
        for key, head in network.heads.items():
            if structure.output(key).head not in WEIGHING_FRAMES:
                last = [module for module in head.modules() if isinstance(module, nn.Linear)][-1]
                for parameter in last.parameters():
                    parameter.div_(by)
    outputs = (
        replace(output, temperature=output.temperature * by) if output.head in WEIGHING_FRAMES else output
        for output in structure.outputs
    )
    network.structure = replace(structure, outputs=tuple(outputs))
