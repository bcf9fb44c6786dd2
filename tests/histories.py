"""A synthetic training history: weights that diverge, attention that narrows, and one pruning step."""

import numpy as np

from peerattn.graph.structure import Structure
from peerattn.traces.history import History, attention_weight_count
from tests.traces import structure

EVERY = 10  # updates between two logged steps


def history(layout: Structure | None = None, *, logged: int = 24, pruned: int = 16, seed: int = 0) -> History:
    """A history of `logged` steps; from step number `pruned` on, the weakest connections are removed."""
    layout = layout or structure()
    rng = np.random.default_rng(seed)
    share = np.linspace(0, 1, logged)[:, None]
    last = rng.uniform(0.02, 0.98, len(layout.connections))
    weights = (0.5 + (last - 0.5) * share).astype(np.float32)
    gone = last < np.quantile(last, 0.4)
    weights[pruned:, gone] = np.nan
    attention = {}
    for spec, lost in zip(layout.connections, gone, strict=True):
        powers = np.exp(3 * share * rng.random(attention_weight_count(spec)))
        shares = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
        shares[pruned:] = np.nan if lost else shares[pruned:]
        attention[spec.key] = shares
    top1 = np.full(logged, np.nan)
    top1[::6] = np.linspace(0.1, 0.8, len(top1[::6]))
    return History(
        structure=layout,
        steps=np.arange(logged, dtype=np.int64) * EVERY,
        epochs=np.arange(logged, dtype=np.int64) // 6,
        connection_weights=weights,
        attention_weights=attention,
        metrics={"loss": 2.5 * np.exp(-2 * share[:, 0]), "top1": top1},
    )
