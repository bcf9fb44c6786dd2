"""The checks of attention weights: how a connection chooses among its peers."""

from __future__ import annotations

from peerattn.network.attention import PeerAttention
from peerattn.network.network import Network
from peerattn.pruning.health.findings import Finding
from peerattn.pruning.health.limits import ONE_HOT, UNIFORM

NO_CHOICE = "no connection has several peers to choose among"


def attention_weights(network: Network) -> dict[str, list[float]]:
    """Return connection → the attention weight of each of its peers, where there are at least two."""
    choices = {}
    for spec in network.structure.connections:
        attention = network.connection(spec.key).attention
        if isinstance(attention, PeerAttention) and len(spec.peers) > 1:
            choices[spec.key] = attention.shares().detach().double().cpu().tolist()
    return choices


def check_attention_weights(weights: dict[str, list[float]]) -> list[Finding]:
    """Return near-uniform and one-hot choices; `weights` is connection → softmax(h) of its peers."""
    findings = []
    for key, shares in weights.items():
        above, others = len(shares) * max(shares) - 1, 1 - max(shares)
        if above < UNIFORM:
            findings.append(Finding("uniform_attention", key, above))
        if others < ONE_HOT:
            findings.append(Finding("one_hot_attention", key, others))
    return findings
