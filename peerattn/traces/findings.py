"""Which of a network's names the probabilities of a trace stand for: one class, or any number of labels.

Shapes: K class names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from peerattn.traces.trace import Array, Trace


def found(trace: Trace, probabilities: Array) -> tuple[tuple[str, float], ...]:
    """The names that probabilities (K,), of the clip or of one of its windows, stand for: strongest first."""
    numbers = FOUND[trace.structure.answer.kind](trace, probabilities)
    return tuple((trace.class_names[number], float(probabilities[number])) for number in numbers)


def none_above(trace: Trace) -> str:
    """What to say where no label is at or above its threshold."""
    answer = trace.structure.answer
    thresholds = {answer.threshold(number) for number in range(len(trace.class_names))}
    return (
        f"none above {100 * thresholds.pop():.3g} %" if len(thresholds) == 1 else "none above its threshold"
    )


def leading(trace: Trace, top: int) -> list[int]:
    """The numbers of the most probable names of the clip, and of those that any of its windows stands for."""
    numbers = dict.fromkeys(np.argsort(-trace.probabilities, kind="stable")[:top].tolist())
    for window in trace.windows:
        numbers |= dict.fromkeys(FOUND[trace.structure.answer.kind](trace, window.probabilities))
    return list(numbers)


def _likeliest(trace: Trace, probabilities: Array) -> Sequence[int]:
    return [int(probabilities.argmax())]


def _at_their_thresholds(trace: Trace, probabilities: Array) -> Sequence[int]:
    answer = trace.structure.answer
    order = np.argsort(-probabilities, kind="stable").tolist()
    return [number for number in order if probabilities[number] >= np.float32(answer.threshold(number))]


FOUND: Mapping[str, Callable[[Trace, Array], Sequence[int]]] = {
    "classes": _likeliest,
    "labels": _at_their_thresholds,
}
"""Kind of answer → the numbers of the names that probabilities (K,) stand for, strongest first."""
