"""The table of the losses that a set can detect."""

from peerattn.scores.detectable import detectable_differences
from peerattn.tables.detectable import COLUMNS, detectable_table


def test_a_row_for_each_likeness_in_points() -> None:
    found = detectable_differences([f"film {number // 2}" for number in range(100)])
    table = detectable_table(found)
    assert tuple(table.columns) == COLUMNS
    assert list(table["likeness"]) == [0.0, 0.2, 0.5]
    assert table["smallest loss, points"][0] == round(100 * found.decisions[0].loss, 1)
    assert len(detectable_table(detectable_differences([]))) == 0
