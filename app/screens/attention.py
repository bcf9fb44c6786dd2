"""Does attention matter? All attention factors replaced, beside random deviations of the same size."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app import keys
from app.explorer import panels
from app.parts import bar
from app.parts.columns import INTERVAL, REPLACEMENT, Shown
from app.parts.elements import metric, metric_row, progress_now, table_with_csv
from app.parts.words import clips, percent, plain
from app.screens import measured_set
from app.state import measurements, networks
from app.work.attention import AttentionQuestion
from app.work.effects import EffectQuestion
from app.work.jobs import Job
from app.work.shipped import SHIPPED_SET
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.errors import PeerattnError
from peerattn.figures.attention_ablation import ablation_dots
from peerattn.graph.structure import Structure
from peerattn.scores.attention_ablation import AblationSummary, summarise_ablation
from peerattn.scores.attention_answers import AblationAnswers
from peerattn.scores.attention_questions import QUESTIONS
from peerattn.scores.intervals import describe_clips
from peerattn.scores.kinds import AnyEvaluation, difference, headline
from peerattn.tables.attention_ablation import ablation_table

LABEL, HOW = "all attention factors", "in four ways, each with a control"
WHY_NO_CHOICE = "Nothing to choose: one measurement replaces the factors in all four ways."
ABOUT = (
    "Does this network use its attention, or would fixed numbers do? All attention factors are replaced at "
    "once, in four ways. But a network can fail on any input that looks unfamiliar. So each way has a "
    "control: the factors are changed at random, until the input of every block has changed as much. Only "
    "what is lost beyond the control counts."
)
BATCH_NORM = (
    "Each is measured twice: with batch norm as trained, and with its mean and variance re-estimated on "
    "training clips, without labels. A loss that this repairs came from unfamiliar statistics, not from "
    "missing attention."
)
ALIKE = (
    "The other way to ask: networks with the same blocks and connections, trained with another kind of "
    "attention or with none, on the same clips. Positive points: {name} is better. Each network was trained "
    "once, so a difference can also come from the chance of a training."
)
CHART = (
    "The change in {score} on the same {clips}, with 95 % intervals, each on its own. Orange: the factors "
    "are replaced; grey: the control. A full dot: more is lost than by the control, in an interval that "
    "holds for all rows at once. {ways}."
)
ROWS = (
    "A full dot answers yes: more is lost than by the control. “{apart}” is drawn faintly, on a scale of its "
    "own: {reason}. In the table, “beyond” is the change by replaced factors minus that by the control: "
    "below 0, more is lost. Its intervals hold for all rows at once, and the verdict follows from them."
)
CONTROL = (
    "How much the control changes the input of a block, relative to how much the replaced factors change it: "
    "the least and the greatest of all blocks, rows and draws (root mean square over the clips). At 100 % "
    "both disturb the network equally, so the comparison is fair; much less would make attention look too "
    "important."
)
COLUMNS = (
    Shown(REPLACEMENT, 122, "Replaced by"),
    Shown("beyond_points", 66, "Beyond"),
    Shown(INTERVAL, 74, "95 %"),
    Shown("verdict", 94),
    Shown("replaced_points", 80, "Replaced"),
    Shown("random_points", 70, "Control"),
    Shown("before"),
    Shown("n", 60, "Clips"),
)
"""The columns of the table; the first four fit a narrow page."""
ALIKE_COLUMNS = (
    Shown("network", 118),
    Shown("difference_points", 58, "Points"),
    Shown(INTERVAL, 72, "95 %"),
    Shown("verdict", 110),
    Shown("attention"),
    Shown("accuracy"),
    Shown("n", 64, "Clips"),
    Shown("conclusion", 420),
)
ALIKE_MISSING = (Shown("network", 122), Shown("conclusion", 230), Shown("attention"))
"""The columns while none of the networks can be compared."""
EVERY = 2.0
"""Seconds after which the progress is drawn again."""


def show(question: AttentionQuestion, loaded: Checkpoint) -> None:
    """Draw the button, the progress or the results."""
    st.caption(f"{ABOUT} {BATCH_NORM}")
    try:
        key = measurements.attention_key(question)
    except PeerattnError as error:
        st.error(plain(error))
        return
    job = measurements.attention_job(key)
    if job and job.error:
        st.error(plain(job.error))
    if job and job.running:
        st.fragment(_growing, run_every=EVERY)(question, job)
    elif not any(spec.attention != "none" for spec in loaded.structure.connections):
        st.info("This network has no attention factors.")
    elif answers := measurements.attention_answers(question, key):
        measured_set.say_origin(question.checkpoint, question.file)
        _results(question, answers)
    elif question.labelled_set == SHIPPED_SET:
        measured_set.say_missing(question.checkpoint, LABEL)
    elif st.button("Measure whether attention matters"):
        measurements.start_attention(question, key)
        st.rerun()
    _trained_alike(question, loaded)


def _growing(question: AttentionQuestion, job: Job) -> None:
    progress_now(job, "runs of a clip", key=keys.CANCEL_ATTENTION, time_left=True)
    if job.results:
        answers = AblationAnswers.concatenated(list(job.results))
        st.caption(
            f"So far {len(answers.about.clips)} of {clips(answers.about.total)}. Wait for all clips before "
            "you conclude anything."
        )
        _results(question, answers)


def _results(question: AttentionQuestion, answers: AblationAnswers) -> None:
    summary = summarise_ablation(answers)
    st.markdown(f"**{plain(summary.sentence[0].upper() + summary.sentence[1:])}.**")
    _numbers(summary, answers)
    table = ablation_table(summary)
    panels.show_chart(
        "Loss by replaced factors, and by the control",
        _about_chart(summary),
        ablation_dots(table, summary.score, [one.title for one in QUESTIONS if one.apart]),
        table,
        key=keys.ATTENTION_DOTS,
    )
    apart = next(one for one in QUESTIONS if one.apart)
    st.caption(ROWS.format(apart=apart.title, reason=apart.apart))
    table_with_csv(
        {"Does attention matter": lambda: table},
        stem=f"{question.checkpoint}-attention",
        key=keys.ATTENTION_CSV,
        shown=COLUMNS,
        wrapped=True,
    )
    if answers.about.left_out:
        with st.expander(f"Clips left out: {len(answers.about.left_out)}"):
            for line in answers.about.left_out:
                st.text(line)


def _about_chart(summary: AblationSummary) -> str:
    ways = "; ".join(f"“{one.title}”: {one.does}" for one in QUESTIONS)
    return CHART.format(score=summary.score, clips=clips(summary.n), ways=ways)


def _numbers(summary: AblationSummary, answers: AblationAnswers) -> None:
    row = metric_row()
    before = {one.batch_norm: one.before for one in summary.findings}
    title = f"{summary.score[0].upper()}{summary.score[1:]}"
    metric(row, f"{title} before", percent(before["kept"]), describe_clips(summary.groups))
    if "estimated" in before:
        note = f"on {answers.about.training_clips} training clips"
        metric(row, "Batch norm re-estimated", percent(before["estimated"]), f"{summary.score}, {note}")
    ratios = [one.ratios for one in summary.findings if one.ratios]
    if ratios:
        least, greatest = min(low for low, _ in ratios), max(high for _, high in ratios)
        ends = dict.fromkeys(f"{100 * ratio:.0f}" for ratio in (least, greatest))
        value = f"{'–'.join(ends)} %"
        metric(row, "Strength of the control", value, "100 %: a fair comparison", meaning=CONTROL)


def _trained_alike(question: AttentionQuestion, loaded: Checkpoint) -> None:
    """Draw a table of the networks of the same graph with another attention, compared with this one."""
    table = _alike_table(question, loaded)
    if table is None:
        return
    st.subheader("Trained with other attention", anchor=False)
    st.caption(plain(ALIKE.format(name=question.checkpoint)))
    stem = f"{question.checkpoint}-trained-alike"
    columns = ALIKE_COLUMNS if table["verdict"].any() else ALIKE_MISSING
    table_with_csv(
        {"Trained alike": lambda: table}, stem=stem, key=keys.ALIKE_CSV, shown=columns, wrapped=True
    )


def _alike_table(question: AttentionQuestion, loaded: Checkpoint) -> pd.DataFrame | None:
    own = _evaluation(question.checkpoint, question)
    rows = []
    for name in bar.network_names():
        if name == question.checkpoint or not _is_alike(name, loaded):
            continue
        attention = ", ".join(sorted(_attentions(networks.checkpoint(name).structure)))
        other = _evaluation(name, question)
        row = {"network": name, "attention": attention}
        if own is None or other is None:
            missing = question.checkpoint if own is None else name
            rows.append(row | {"conclusion": f"measure the effect of swapped modalities of {missing} first"})
            continue
        change = difference(other, own)
        low, high = change.interval or (float("nan"), float("nan"))
        rows.append(
            row
            | {
                "accuracy": headline(other).value,
                "difference_points": 100 * change.value,
                "low_points": 100 * low,
                "high_points": 100 * high,
                "verdict": change.verdict,
                "n": change.n,
                "conclusion": f"{question.checkpoint} is {change.words}",
            }
        )
    columns = (
        "network",
        "attention",
        "accuracy",
        "difference_points",
        "low_points",
        "high_points",
        "verdict",
        "n",
        "conclusion",
    )
    return pd.DataFrame(rows, columns=pd.Index(columns)) if rows else None


def _evaluation(name: str, question: AttentionQuestion) -> AnyEvaluation | None:
    """Return the evaluation of a network, if the effects of its modalities were measured on the same set."""
    swaps = EffectQuestion(name, "modality", "swap", question.labelled_set)
    try:
        key = measurements.effect_key(swaps)
        answers = measurements.effect_answers(swaps, key)
    except PeerattnError:
        return None
    return measurements.effects_of(key, answers).before if answers else None


def _is_alike(name: str, loaded: Checkpoint) -> bool:
    """Whether a network differs from this one in nothing but its attention and what it has learned."""
    try:
        other = networks.checkpoint(name)
    except PeerattnError:
        return False
    return other.class_names == loaded.class_names and _graph(other.structure) == _graph(loaded.structure)


def _graph(structure: Structure) -> tuple[object, object]:
    blocks = {(block.id, block.kind, block.level, block.width) for block in structure.blocks}
    return blocks, {(spec.source, spec.target) for spec in structure.connections}


def _attentions(structure: Structure) -> set[str]:
    return {spec.attention for spec in structure.connections}
