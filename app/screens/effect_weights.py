"""Effect against weight, on the Effect screen: are the strong connections those that the network needs?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from app import keys
from app.explorer import panels
from app.parts.elements import metric, metric_row
from app.parts.words import clips, plain
from app.state import measurements
from app.work import shipped
from app.work.effects import EffectQuestion
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.figures.effects import effect_weights_scatter
from peerattn.pruning.health.choice import attention_weights
from peerattn.scores.effect_answers import EffectAnswers
from peerattn.scores.effect_weights import (
    AXES,
    WeightComparison,
    compare_with_shares,
    compare_with_weights,
)
from peerattn.scores.effects import Effects
from peerattn.tables.effects import weights_table

ABOUT = (
    "Each dot is one {component}: across is {across}; upwards the mean rise of −log p when it is changed, "
    "where p is the probability of the true class. Lines are 95 % intervals, which all hold at once. Changes "
    "in accuracy are in the table; they have too many ties to be ranked."
)
ACROSS = {
    "connection_weight": "its weight",
    "delivered_share": "the share of what a clip adds at its target that arrives through it, the mean over "
    "frames and clips",
    "attention_weight": "its attention weight, the share of its peer in the softmax",
}
RHO = (
    "Spearman’s rank correlation, ρ: do the components stand in the same order by effect (mean rise of "
    "−log p) as by {value}? 1: in the same order. 0: the {value} says nothing about the effect. −1: in the "
    "opposite order. The interval is the middle 95 % of 10,000 values, each with source videos drawn again."
)
RHO_INTERVAL = "95 % interval {:.2f} to {:.2f}"
HALVES = (
    "A check of the measurement, without weights. The source videos are split into two halves at random, and "
    "the order of the effects on one half is compared with that on the other: near 1, these clips can rank "
    "the components; near 0, they are too few, and a small ρ beside it says little. It is the median of 500 "
    "splits, not an estimate, so it has no interval."
)
HALVES_NOTE = "effects on one half of the videos and on the other"
WITHOUT_SHARES = (
    "These effects were measured by an earlier version, without the shares that connections deliver."
)


def show(
    question: EffectQuestion, key: str, answers: EffectAnswers, effects: Effects, loaded: Checkpoint
) -> None:
    """Draw the effect of each component against its weight or share, and their rank correlation in words."""
    comparisons = _comparisons(question, answers, loaded)
    if not comparisons:
        return
    st.subheader("Effect against weight", anchor=False)
    chosen = next(iter(comparisons))
    if len(comparisons) > 1:
        chosen = st.segmented_control(
            "Across",
            list(comparisons),
            default=chosen,
            required=True,
            format_func=lambda axis: AXES[axis].value,
            key=keys.EFFECT_ACROSS,
        )
    found = _compared((key, chosen, len(answers.before), bool(answers.shares)), comparisons[chosen])
    if not found.rises:
        return
    _draw(found, effects)
    if question.of == "connection" and not answers.shares and question.labelled_set != shipped.SHIPPED_SET:
        st.caption(WITHOUT_SHARES)
        if st.button("Measure again, with delivered shares"):
            measurements.restart_effects(question, key)
            st.rerun()


@st.cache_resource(max_entries=16, show_spinner=False)
def _compared(key: tuple[object, ...], _compare: Callable[[], WeightComparison]) -> WeightComparison:
    """Return a comparison; source videos are redrawn for it once only."""
    return _compare()


def _comparisons(
    question: EffectQuestion, answers: EffectAnswers, loaded: Checkpoint
) -> Mapping[str, Callable[[], WeightComparison]]:
    """Return what effects of this kind can be compared with → the function that compares them."""
    if question.of == "connection":
        pooled = shipped.origin(question.checkpoint, question.file).weights
        weights = pooled or loaded.network.connection_weights()
        found = {"connection_weight": lambda: compare_with_weights(answers, weights)} if weights else {}
        return {**found, "delivered_share": lambda: compare_with_shares(answers)} if answers.shares else found
    if question.of == "attention" and (chosen := peer_weights(loaded)):
        return {"attention_weight": lambda: compare_with_weights(answers, chosen, "attention_weight")}
    return {}


def peer_weights(loaded: Checkpoint) -> dict[str, float]:
    """Return attention connection → attention weight, where a connection has peers to choose among."""
    weights = attention_weights(loaded.network)
    return {
        name: weight
        for spec in loaded.structure.connections
        if spec.key in weights
        for name, weight in zip(spec.attention_keys, weights[spec.key], strict=True)
    }


def _draw(found: WeightComparison, effects: Effects) -> None:
    table, value = weights_table(found, effects), AXES[found.axis].value
    needed = {effect.name for effect in effects.effects if effect.needed}
    component = "attention connection" if found.axis == "attention_weight" else "connection"
    panels.show_chart(
        f"Effect against {value}",
        ABOUT.format(component=component, across=ACROSS[found.axis]),
        effect_weights_scatter(table, needed),
        table,
        key=keys.EFFECT_WEIGHTS,
    )
    row = metric_row()
    bounds = "no interval" if found.interval is None else RHO_INTERVAL.format(*found.interval)
    title = f"Effect and {value.rpartition(' ')[2]}, ρ"
    metric(row, title, _rho(found.rho), bounds, clips(found.n), meaning=RHO.format(value=value))
    metric(row, "Two halves, ρ", _rho(found.halves), HALVES_NOTE, meaning=HALVES)
    st.markdown(plain(f"{found.sentence[0].upper()}{found.sentence[1:]}."))


def _rho(value: float | None) -> str | None:
    return None if value is None else f"{value:.2f}".replace("-", "−")
