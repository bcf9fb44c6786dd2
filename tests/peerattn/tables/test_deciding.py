"""What a set can decide, as a table."""

from peerattn.scores.deciding import what_it_decides
from peerattn.tables.deciding import COLUMNS, deciding_table


def test_a_row_for_each_likeness_in_points() -> None:
    found = what_it_decides([f"film {number // 2}" for number in range(100)])
    table = deciding_table(found)
    assert tuple(table.columns) == COLUMNS
    assert list(table["likeness"]) == [0.0, 0.2, 0.5]
    assert table["smallest loss, points"][0] == round(100 * found.decisions[0].loss, 1)
    assert len(deciding_table(what_it_decides([]))) == 0
