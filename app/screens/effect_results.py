"""The results of the Effect screen: all components in one figure and table, then one of them in detail."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import streamlit as st

from app import keys
from app.explorer import panels
from app.parts.columns import INTERVAL, Shown
from app.parts.elements import metric, metric_row, table_with_csv
from app.parts.words import clips, interval, maps_summary, percent, plain, points, points_interval
from app.screens import effect_clips, effect_weights
from app.screens.measuring import TITLES
from app.state import measurements
from app.work.effects import EffectQuestion
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.figures.effects import MOST_ROWS, effect_dots
from peerattn.graph.components import CHANGES_IN_WORDS, PLURALS
from peerattn.scores.effect_answers import EffectAnswers
from peerattn.scores.effects import Effect, Effects, chance_in_words
from peerattn.scores.intervals import describe_clips
from peerattn.scores.kinds import HEADLINES, headline
from peerattn.tables.effects import (
    class_effects_table,
    difference_words,
    effects_table,
)

CLASSES = (
    "Each class has only some of the clips, so its interval is wide. It is that of the difference, in "
    "points, and the verdict follows from it: not shown, if it holds 0. {held}"
)
TOO_FEW = "None of the {count} {classes} has enough clips for an interval, so every verdict is unknown."
NARROW_NAME, LONG_NAME = 118, 16
"""The width in pixels of a class name on a narrow page, and how many letters do not fit into it."""
JOINT = "The intervals of all {count} {classes} hold at once."
ALONE = "Each interval holds on its own: of {count} {classes}, some can seem worse or better by chance."
COMPONENT_COLUMNS = (
    Shown("component"),
    Shown("difference_points", 56, "Points"),
    Shown(INTERVAL, 100),
    Shown("needed", 78),
    Shown("p"),
    *(Shown(name) for name in ("before", "after", "lost", "gained")),
    Shown("n", title="Clips"),
)
"""The columns of the table of all components; the first four fit a narrow page."""


def show(question: EffectQuestion, key: str, answers: EffectAnswers, loaded: Checkpoint) -> None:
    """Draw all components, then the classes and clips behind the effect of the chosen one."""
    effects = overview(question, key, answers)
    _left_out(effects)
    effect_weights.show(question, key, answers, effects, loaded)
    _component(question, answers, effects, loaded)


def overview(question: EffectQuestion, key: str, answers: EffectAnswers) -> Effects:
    """Draw the score before any change, and a figure and table of all components; return their effects."""
    effects = measurements.effects_of(key, answers)
    _numbers(effects)
    pointwise = _choose_pointwise(len(effects.effects))
    table = effects_table(effects, pointwise=pointwise)
    _figure(question, effects, table, pointwise)
    table_with_csv(
        {"Effects": lambda: table},
        stem=f"{question.checkpoint}-{question.of}",
        key=keys.EFFECTS_CSV,
        shown=COMPONENT_COLUMNS,
    )
    return effects


def _numbers(effects: Effects) -> None:
    before, row, count = headline(effects.before), metric_row(), len(effects.effects)
    title = HEADLINES[effects.before.kind].title
    metric(
        row,
        f"{title[0].upper()}{title[1:]} before",
        percent(before.value),
        interval(before.interval, before.remark),
        describe_clips(effects.before.groups),
    )
    needed = sum(bool(effect.needed) for effect in effects.effects)
    known = any(effect.needed is not None for effect in effects.effects)
    note = chance_in_words(count) if known else f"unknown: {effects.before.remark}"
    metric(row, "Needed", f"{needed} of {count}" if known else None, note)
    if effects.before.objects:
        st.caption(maps_summary(effects.before.objects))


def _choose_pointwise(count: int) -> bool:
    if count < 2:
        return False
    return st.toggle(
        "Each interval on its own",
        key=keys.EFFECT_POINTWISE,
        bind="query-params",
        persist_state="session",
        help=f"Otherwise all {count} intervals hold at once, with 95 % confidence, and so do those of the "
        "classes below. They are wider.",
    )


def _figure(question: EffectQuestion, effects: Effects, table: pd.DataFrame, pointwise: bool) -> None:
    score, count = HEADLINES[effects.before.kind].title, len(table)
    drawn = f" The {MOST_ROWS} greatest losses of {count} are drawn." if count > MOST_ROWS else ""
    panels.show_chart(
        f"Effect of {PLURALS[question.of]}: {CHANGES_IN_WORDS[question.how]}",
        f"The change in {score} on the same {clips(effects.before.n)}, after minus before, with its 95 % "
        f"interval, which {_held(effects, pointwise)}. A full dot marks what is needed. That follows from "
        "the p-values of all components; intervals that hold at once are stricter, so one can reach 0 all "
        f"the same.{drawn}",
        effect_dots(table, score),
        table,
        key=keys.EFFECT_DOTS,
    )


def _held(effects: Effects, pointwise: bool) -> str:
    count = len(effects.effects)
    return "holds on its own" if pointwise or count < 2 else f"holds at once with those of all {count}"


def _left_out(effects: Effects) -> None:
    """List the components that could not be changed and the clips that were left out, with the reasons."""
    lines = [f"{name}: {reason}" for name, reason in effects.not_measured.items()]
    lines += effects.left_out
    if lines:
        with st.expander(
            f"Not measured: {len(effects.not_measured)}; clips left out: {len(effects.left_out)}"
        ):
            for line in lines:
                st.text(line)


def _component(
    question: EffectQuestion, answers: EffectAnswers, effects: Effects, loaded: Checkpoint
) -> None:
    """Draw one effect: its numbers, its conclusion, the classes, and the clips whose answers changed."""
    st.subheader("One of them in detail", anchor=False)
    by_name = {effect.name: effect for effect in effects.effects}
    names = sorted(by_name, key=lambda name: by_name[name].difference.value)
    _follow_greatest(question.checkpoint, names)
    name = st.selectbox("Component", names, key=keys.EFFECT_COMPONENT, bind="query-params")
    effect = by_name[name]
    _effect_numbers(effects, effect)
    _classes(question, effects, effect)
    effect_clips.show(question, answers, name, loaded)


def _follow_greatest(checkpoint: str, names: list[str]) -> None:
    """Choose the component of the greatest effect, unless another one was chosen for this checkpoint."""
    last, greatest = keys.EFFECT_GREATEST.get(), (checkpoint, names[0])
    keys.EFFECT_COMPONENT.keep_among(names)
    if last and keys.EFFECT_COMPONENT.is_set:
        was_greatest = keys.EFFECT_COMPONENT.value == last[1]
        if last[0] != checkpoint or (was_greatest and last != greatest):
            keys.EFFECT_COMPONENT.value = names[0]
    keys.EFFECT_GREATEST.value = greatest


def _classes(question: EffectQuestion, effects: Effects, effect: Effect) -> None:
    """Draw the table of the classes or labels, which says how many source videos their clips come from."""
    pointwise = bool(keys.EFFECT_POINTWISE.get(False))
    table = class_effects_table(effects.before, effect.after, pointwise=pointwise)
    title = TITLES[effects.before.kind]
    st.caption(_about_classes(table, title.lower(), pointwise))
    table_with_csv(
        {title: lambda: table},
        stem=f"{question.checkpoint}-{effect.name}",
        key=keys.EFFECT_CLASSES_CSV,
        shown=_class_columns(table, grouped=len(set(effects.before.groups)) < effects.before.n),
        wrapped=_has_intervals(table) and _are_long(table["class"]),
    )


def _about_classes(table: pd.DataFrame, classes: str, pointwise: bool) -> str:
    if not _has_intervals(table):
        return TOO_FEW.format(count=len(table), classes=classes)
    held = (ALONE if pointwise else JOINT).format(count=len(table), classes=classes)
    return CLASSES.format(held=held)


def _class_columns(table: pd.DataFrame, *, grouped: bool) -> tuple[Shown, ...]:
    """Return the columns of the classes; the first fit a narrow page, up to the verdict."""
    known, remarks = _has_intervals(table), table["remark"].any()
    return (
        Shown("class", NARROW_NAME if known and _are_long(table["class"]) else None),
        Shown("difference_points", 56, "Points"),
        *((Shown(INTERVAL, 104),) if known else ()),
        Shown("verdict", 78),
        Shown("n", 60, "Clips"),
        *((Shown("videos", 66, "Videos"),) if grouped else ()),
        *(Shown(name) for name in ("before", "after", "lost", "gained")),
        *((Shown("remark"),) if remarks else ()),
    )


def _has_intervals(table: pd.DataFrame) -> bool:
    return bool(table["low_points"].notna().any())


def _are_long(names: Iterable[str]) -> bool:
    return any(len(name) >= LONG_NAME for name in names)


def _effect_numbers(effects: Effects, effect: Effect) -> None:
    pointwise = bool(keys.EFFECT_POINTWISE.get(False))
    row, change = metric_row(), effect.difference if pointwise else effect.adjusted
    for when, evaluation in (("Before", effects.before), ("After", effect.after)):
        score = headline(evaluation)
        metric(row, when, percent(score.value), interval(score.interval, score.remark))
    metric(
        row,
        "Difference, in points",
        points(change.value),
        points_interval(change.interval, change.remark),
        difference_words(change),
        meaning=f"After minus before on the same clips. The interval {_held(effects, pointwise)}; p is "
        "two-sided, for this component alone.",
    )
    conclusion = effect.conclusion(pointwise=pointwise)
    st.markdown(plain(f"{conclusion[0].upper()}{conclusion[1:]}."))
