"""The class or labels that the probabilities of a trace predict: exactly one class, or any number of labels.

Shapes: K class names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from peerattn.traces.trace import Array, Trace


def predicted_names(trace: Trace, probabilities: Array) -> tuple[tuple[str, float], ...]:
    """Return the predicted names and their probabilities, most probable first.

    `probabilities` (K,) are those of the clip or of one of its windows.
    """
    numbers = PREDICTED[trace.structure.answer.kind](trace, probabilities)
    return tuple((trace.class_names[number], float(probabilities[number])) for number in numbers)


def no_label_text(trace: Trace) -> str:
    """Return the text to show if no label reaches its threshold."""
    answer = trace.structure.answer
    thresholds = {answer.threshold(number) for number in range(len(trace.class_names))}
    return (
        f"none above {100 * thresholds.pop():.3g} %" if len(thresholds) == 1 else "none above its threshold"
    )


def leading_indices(trace: Trace, top: int) -> list[int]:
    """Return indices of the clip's `top` most probable names, and of those that any window predicts."""
    numbers = dict.fromkeys(np.argsort(-trace.probabilities, kind="stable")[:top].tolist())
    for window in trace.windows:
        numbers |= dict.fromkeys(PREDICTED[trace.structure.answer.kind](trace, window.probabilities))
    return list(numbers)


def _most_probable(trace: Trace, probabilities: Array) -> Sequence[int]:
    return [int(probabilities.argmax())]


def _above_thresholds(trace: Trace, probabilities: Array) -> Sequence[int]:
    answer = trace.structure.answer
    order = np.argsort(-probabilities, kind="stable").tolist()
    return [number for number in order if probabilities[number] >= np.float32(answer.threshold(number))]


PREDICTED: Mapping[str, Callable[[Trace, Array], Sequence[int]]] = {
    "classes": _most_probable,
    "labels": _above_thresholds,
}
"""Kind of answer → the indices of the names that probabilities (K,) predict, most probable first."""
