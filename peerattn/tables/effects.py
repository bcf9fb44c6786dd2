"""Effects of single components as tables: one row per component, or the classes and clips behind one effect.

Differences are in percentage points; accuracies and other scores are shares.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from peerattn.scores.comparison import BETTER, WORSE, Difference
from peerattn.scores.effect_answers import EffectAnswers
from peerattn.scores.effect_weights import WeightComparison
from peerattn.scores.effects import Effect, Effects
from peerattn.scores.evaluation import Evaluation
from peerattn.scores.intervals import LEVEL, Interval, paired_interval, too_few
from peerattn.scores.kinds import AnyEvaluation, headline
from peerattn.scores.labels import LabelsEvaluation, paired_label_precisions

EFFECT_COLUMNS = (
    "component",
    "needed",
    "difference_points",
    "low_points",
    "high_points",
    "p",
    "before",
    "after",
    "after_low",
    "after_high",
    "lost",
    "gained",
    "n",
    "conclusion",
)
CLASS_COLUMNS = (
    "class",
    "verdict",
    "n",
    "videos",
    "before",
    "after",
    "lost",
    "gained",
    "difference_points",
    "low_points",
    "high_points",
    "remark",
)


NOT_SHOWN, UNKNOWN = "not shown", "unknown"
"""What stands instead of a verdict: no change is shown; too few clips for an interval."""


def effects_table(effects: Effects, *, pointwise: bool = False) -> pd.DataFrame:
    """Return one row per component, greatest loss first; intervals hold jointly unless `pointwise`.

    `lost` and `gained` count the clips that are right only before and only after; they are missing where a
    clip may have several labels. `needed` is `yes`, `not shown` or, for too few clips, `unknown`.
    """
    before = headline(effects.before)
    rows = [_effect_row(effect, before.value, pointwise) for effect in effects.effects]
    rows.sort(key=lambda row: row["difference_points"])
    return pd.DataFrame(rows, columns=pd.Index(EFFECT_COLUMNS))


def _effect_row(effect: Effect, before: float, pointwise: bool) -> dict[str, Any]:
    after, shown = headline(effect.after), effect.difference if pointwise else effect.adjusted
    low, high = after.interval or (math.nan, math.nan)
    changes = effect.difference.changes
    return {
        "component": effect.name,
        "needed": UNKNOWN if effect.needed is None else "yes" if effect.needed else NOT_SHOWN,
        **_points(shown.value, shown.interval),
        "p": effect.difference.p,
        "before": before,
        "after": after.value,
        "after_low": low,
        "after_high": high,
        "lost": changes.lost if changes else None,
        "gained": changes.gained if changes else None,
        "n": effect.difference.n,
        "conclusion": effect.conclusion(pointwise=pointwise),
    }


def _points(value: float, interval: Interval | None) -> dict[str, float]:
    low, high = interval or (math.nan, math.nan)
    return {"difference_points": 100 * value, "low_points": 100 * low, "high_points": 100 * high}


def class_effects_table(
    before: AnyEvaluation, after: AnyEvaluation, *, pointwise: bool = False
) -> pd.DataFrame:
    """Return one row per class or label that clips have, greatest loss first: its score before and after.

    The intervals of the differences hold jointly, unless `pointwise`, and the verdict follows from them.
    It is `worse`, `better` or, if the interval holds 0, `not shown`; where a class or label has too few clips
    for an interval, it is `unknown` and the remark says why.
    `videos` counts the source videos of its n clips.
    """
    if isinstance(before, Evaluation):
        assert isinstance(after, Evaluation)
        rows = _class_rows(before, after, pointwise)
    else:
        assert isinstance(after, LabelsEvaluation)
        rows = _label_rows(before, after, pointwise)
    rows.sort(key=lambda row: row["difference_points"])
    return pd.DataFrame(rows, columns=pd.Index(CLASS_COLUMNS))


def _verdict(interval: Interval | None) -> str:
    if interval is None:
        return UNKNOWN
    low, high = interval
    return BETTER if low > 0 else WORSE if high < 0 else NOT_SHOWN


def _class_rows(before: Evaluation, after: Evaluation, pointwise: bool) -> list[dict[str, Any]]:
    groups, names = np.array(before.groups), [row.name for row in before.classes]
    occurring = np.unique(before.labels).tolist()
    level = LEVEL if pointwise else 1 - (1 - LEVEL) / len(occurring)
    rows = []
    for number in occurring:
        own = before.labels == number
        first, second = before.correct[own], after.correct[own]
        interval = paired_interval(first, second, groups[own], level=level)
        rows.append(
            {
                "class": names[number],
                "verdict": _verdict(interval),
                "n": int(own.sum()),
                "videos": len(set(groups[own])),
                "before": float(first.mean()),
                "after": float(second.mean()),
                "lost": int((first & ~second).sum()),
                "gained": int((second & ~first).sum()),
                **_points(float(second.mean() - first.mean()), interval),
                "remark": too_few(groups[own]),
            }
        )
    return rows


def _label_rows(before: LabelsEvaluation, after: LabelsEvaluation, pointwise: bool) -> list[dict[str, Any]]:
    changes = paired_label_precisions(before, after, pointwise=pointwise)
    groups = np.array(before.groups)
    return [
        {
            "class": first.name,
            "verdict": _verdict(changes[first.name].interval),
            "n": first.n,
            "videos": len(set(groups[before.truth[:, number]])),
            "before": first.average_precision,
            "after": second.average_precision,
            **_points(changes[first.name].value, changes[first.name].interval),
            "remark": changes[first.name].remark,
        }
        for number, (first, second) in enumerate(zip(before.labels, after.labels, strict=True))
        if first.name in changes
    ]


def weights_table(found: WeightComparison, effects: Effects) -> pd.DataFrame:
    """Return one row per component with a weight, greatest rise of −log p first, in nats.

    The column of the weights is named by the axis of the comparison. Beside it stands the change of the score
    in points. The intervals of the rises hold jointly.
    """
    component = "connection" if found.axis != "attention_weight" else "component"
    changes = {effect.name: effect.difference.value for effect in effects.effects}
    rows = [
        {
            component: one.component,
            found.axis: one.weight,
            "rise": one.rise,
            "low_nats": one.interval[0] if one.interval else math.nan,
            "high_nats": one.interval[1] if one.interval else math.nan,
            "difference_points": 100 * changes[one.component],
            "n": found.n,
        }
        for one in sorted(found.rises, key=lambda one: -one.rise)
    ]
    columns = (component, found.axis, "rise", "low_nats", "high_nats", "difference_points", "n")
    return pd.DataFrame(rows, columns=pd.Index(columns))


def changed_clips_table(answers: EffectAnswers, component: str) -> pd.DataFrame:
    """Return one row per clip whose most probable class or label changed, losses first, with probabilities.

    The probability of the true class is that of the first label of a clip that has several.
    """
    about, after = answers.about, answers.after[component]
    rows: list[Mapping[str, Any]] = []
    for number in answers.changed_clips(component):
        true = about.labels[number]
        first, second = int(answers.before[number].argmax()), int(after[number].argmax())
        rows.append(
            {
                "clip": about.clips[number],
                "true": ", ".join(about.class_names[label] for label in true),
                "answer_before": about.class_names[first],
                "answer_after": about.class_names[second],
                "change": _change(first in true, second in true),
                "p_true_before": float(answers.before[number, true[0]]) if true else math.nan,
                "p_true_after": float(after[number, true[0]]) if true else math.nan,
            }
        )
    columns = ("clip", "true", "answer_before", "answer_after", "change", "p_true_before", "p_true_after")
    return pd.DataFrame(rows, columns=pd.Index(columns))


def _change(right_before: bool, right_after: bool) -> str:
    if right_before == right_after:
        return "another right answer" if right_before else "another wrong answer"
    return "right to wrong" if right_before else "wrong to right"


def difference_words(difference: Difference) -> str:
    """Return the p-value of a difference in words; if there is none, the reason."""
    if difference.p is None:
        return difference.remark
    words = p_words(difference.p)
    return f"p {words}" if words.startswith("<") else f"p = {words}"


def p_words(p: float) -> str:
    """Format a p-value: three decimals, but never as 0."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
