"""The steps inside the attention factors of one connection, as plain arrays.

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
class Inside:
    """The steps of one connection's attention over a clip; what its attention does without is empty or None.

    pooled: P × (T, C_k). projections: P, projected: P × (T, A); self attention has none. preferences: the
    learned (P,) under the softmax that gives attention_weights (P,). combined (T, A): their sum; in self
    attention σ(w) times the source. dense: A → C. logits, factors, source and scaled: (T, C); scaled is
    σ(w) · A ⊙ source.
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
