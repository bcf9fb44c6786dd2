"""The pictures of leaving out: signs, orders and scales."""

import numpy as np
import pandas as pd
import pytest

from peerattn.figures.left_out import LEAST_RANGE, SHOWN, left_out_bars, left_out_over_time, strongest
from peerattn.figures.panels import left_out_panel, left_out_spans_panel
from peerattn.recording.leaving_out import leave_out_each, leave_out_while
from peerattn.recording.recorder import record
from peerattn.tables.left_out import left_out_spans_table, left_out_table
from peerattn.traces.left_out import LeftOut
from peerattn.traces.trace import Trace
from tests.kinds import EVERY_KIND
from tests.peerattn.recording.test_interventions import whole_clip
from tests.strategies import lively

SPANS = [(0, 4), (4, 8), (8, 9)]


@pytest.fixture(scope="module")
def measured() -> tuple[Trace, LeftOut, LeftOut]:
    """A trace, what leaving out each connection changes, and what leaving one out for a while does."""
    network, clip = lively(EVERY_KIND["own"]), whole_clip(9)
    return (
        record(network, clip, window=3),
        leave_out_each(network, clip, window=3),
        leave_out_while(network, clip, window=3, connections=["rgb1_to_top"], spans=SPANS),
    )


def test_the_table_has_each_connection_with_the_change_of_the_best_class(
    measured: tuple[Trace, LeftOut, LeftOut],
) -> None:
    trace, left_out, _ = measured
    table = left_out_table(trace, left_out)
    best = trace.class_names[int(trace.probabilities.argmax())]
    assert left_out.best == best and set(table["connection"]) == set(left_out.after)
    assert table["change_without"].is_monotonic_increasing
    for row in table.itertuples():
        after = left_out.after[row.connection]
        change = after[trace.class_names.index(best)] - trace.probabilities.max()
        assert row.change_without == pytest.approx(100 * change, abs=1e-5)
        assert row.answer_without == trace.class_names[int(after.argmax())]


def test_bars_are_the_table_and_pin_their_connections(measured: tuple[Trace, LeftOut, LeftOut]) -> None:
    trace, left_out, _ = measured
    table = left_out_table(trace, left_out)
    figure = left_out_bars(trace, table, left_out.best)
    assert list(figure.data[0].x) == list(table["change_without"])
    panel = left_out_panel(trace, left_out)
    assert panel["pins"][0]["ids"] == list(table["connection"])
    assert panel["table"]["titles"][-1] == "Most probable without it"


def test_of_many_connections_the_strongest_are_drawn_in_order() -> None:
    changes = np.linspace(-40, 30, 3 * SHOWN)
    shown = strongest(pd.DataFrame({"change_without": changes}))
    assert len(shown) == SHOWN and shown["change_without"].is_monotonic_increasing
    limit = np.sort(np.abs(changes))[-SHOWN]
    assert (shown["change_without"].abs() >= limit).all()


def test_tiny_changes_look_tiny(measured: tuple[Trace, LeftOut, LeftOut]) -> None:
    trace, left_out, _ = measured
    table = left_out_table(trace, left_out).assign(change_without=0.001)
    low, high = left_out_bars(trace, table, left_out.best).layout.xaxis.range
    assert low == -LEAST_RANGE and high == LEAST_RANGE


def test_each_frame_has_the_change_of_its_span(measured: tuple[Trace, LeftOut, LeftOut]) -> None:
    trace, _, spans = measured
    table = left_out_spans_table(trace, spans, SPANS)
    assert list(table["start_s"]) == [trace.times[start] for start, _ in SPANS]
    np.testing.assert_allclose(table["stop_s"][:-1], table["start_s"][1:])
    drawn = left_out_over_time(trace, table, SPANS, spans.best).data[0]
    assert list(drawn.x) == list(trace.times)
    for number, (start, stop) in enumerate(SPANS):
        assert (np.asarray(drawn.y)[start:stop] == table["change_without"][number]).all()
    assert left_out_spans_panel(trace, spans, SPANS)["axis"] == "time"
