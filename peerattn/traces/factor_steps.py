"""The steps of computing one connection's attention factors, as plain arrays.

Shapes: T frames, C channels of the connection's source, C_k channels of a peer, P peers, A attention width.
"""

from __future__ import annotations

from dataclasses import dataclass

from peerattn.traces.trace import Array


@dataclass(frozen=True)
class Affine:
    """x ↦ matrix · x + bias."""

    matrix: Array
    bias: Array


@dataclass(frozen=True)
class FactorSteps:
    """The steps of one connection's attention over a clip; steps that its attention mode lacks are empty or
    None.

    `pooled` is P × (T, C_k). `projections` has P entries and `projected` is P × (T, A); self attention has
    neither. `preferences` (P,) are learned, and their softmax gives `attention_weights` (P,). `combined` (T,
    A) is the weighted sum of the projected peers or, in self attention, σ(w) times the source. `dense` maps A
    → C. `logits`, `factors`, `source` and `scaled` are (T, C), and `scaled` is σ(w) · A ⊙ source.
    """

    connection: str
    attention: str
    peers: tuple[str, ...]
    pooled: tuple[Array, ...]
    projections: tuple[Affine, ...]
    projected: tuple[Array, ...]
    preferences: Array
    attention_weights: Array
    combined: Array | None
    dense: Affine | None
    logits: Array | None
    factors: Array
    connection_weight: float | None
    source: Array
    scaled: Array
