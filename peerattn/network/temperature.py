"""A temperature folded into the heads of a network, so that nothing downstream need know of it."""

from __future__ import annotations

import torch
from torch import nn

from peerattn.network.network import Network


def divide_logits(network: Network, by: float) -> None:
    """Divide the network's logits by a temperature, for good: in the last linear layer of each head."""
    with torch.no_grad():
        for head in network.heads.values():
            last = [module for module in head.modules() if isinstance(module, nn.Linear)][-1]
            for parameter in last.parameters():
                parameter.div_(by)
