"""Figures and report for labels: each label has its own probability, and found labels are named."""

import dataclasses
import re

import numpy as np
import pytest

from peerattn.figures.panels import clip_panels
from peerattn.figures.predictions import accuracy_curve, prediction_bars, prediction_pair_bars, window_strip
from peerattn.figures.recording import pack_recording
from peerattn.figures.report import ReportHeading, report_html
from peerattn.graph.answers import Answer
from peerattn.tables.accuracy import accuracy_table
from peerattn.traces.trace import Trace
from tests.peerattn.scores.test_labels import on_paper
from tests.traces import images, trace

THRESHOLDS = (0.5, 0.2, 0.5, 0.5, 0.9, 0.5)
SHARES = np.array([0.735, 0.1, 0.4, 0.62, 0.8, 0.05], np.float32)


def labelled(shares: np.ndarray = SHARES) -> Trace:
    """A trace in every window of which labels have these probabilities."""
    shown = trace()
    return dataclasses.replace(
        shown,
        structure=shown.structure.with_answer(Answer("labels", thresholds=THRESHOLDS)),
        windows=tuple(dataclasses.replace(one, probabilities=shares) for one in shown.windows),
        probabilities=shares,
    )


def test_bars_of_labels_have_a_mark_at_the_threshold() -> None:
    bars, marks = prediction_bars(labelled(), top=3).data
    np.testing.assert_allclose(bars.x, [0.62, 0.735, 0.8], rtol=1e-6)
    np.testing.assert_allclose(marks.x, [0.5, 0.5, 0.9])
    assert len(prediction_bars(trace()).data) == 1
    *_, marks = prediction_pair_bars(labelled(), labelled(), top=3).data
    np.testing.assert_allclose(marks.x, [0.5, 0.5, 0.9])


def test_the_window_strip_shows_labels_found_in_any_window_and_is_titled_so() -> None:
    figure = window_strip(labelled(), top=1)
    assert list(figure.layout.yaxis.ticktext)[::-1] == ["pull ring", "lift ball", "push box"]
    assert figure.layout.title.text.startswith("Probability of each label in each of the ")
    assert "of each label" not in window_strip(trace()).layout.title.text


def test_panels_speak_of_labels() -> None:
    about = {panel["id"]: panel["about"] for panel in clip_panels(labelled())}
    assert "labels" in about["predictions"] and "labels" in about["windows"]
    plain = {panel["id"]: panel["about"] for panel in clip_panels(trace())}
    assert "classes" in plain["predictions"] and "label" not in plain["windows"]


@pytest.mark.parametrize(
    ("shares", "said"),
    [(SHARES, "Labels: lift ball 73.5%, push box 62.0%"), (SHARES / 8, "Labels: none above its threshold")],
)
def test_a_report_is_headed_by_every_label_that_was_found(shares: np.ndarray, said: str) -> None:
    shown = labelled(shares)
    page = report_html(shown, pack_recording(shown, images()), ReportHeading("clip.mp4", "mine", "today"))
    [heading] = re.findall(r'<section class="predictions"><h2>(.*?)</h2>', page)
    assert heading == said
    values = re.findall(r'<b data-value="([^"]+)">', page)
    np.testing.assert_allclose(sorted(map(float, values)), sorted(shares)[1:], rtol=1e-6)


def test_a_curve_of_mean_average_precision_says_so() -> None:
    removal = dataclasses.make_dataclass("Removal", ["kept", "removed"])(("a",), ())
    table = accuracy_table([(0.1, on_paper(), removal)])
    assert list(table.columns) == ["threshold", "map", "low", "high", "remark", "n", "kept", "removed"]
    figure = accuracy_curve(table)
    assert figure.layout.yaxis.title.text == "mean average precision (n = 3)"
    assert figure.data[-1].y[0] == on_paper().map
