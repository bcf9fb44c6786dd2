"""The table and the figure of pairs: the most beyond the sum first, and full dots for redundant ones."""

import pytest

from peerattn.figures.effect_pairs import pair_dots
from peerattn.scores.effect_pairs import score_pairs
from peerattn.tables.effect_pairs import pairs_table
from tests.peerattn.scores.test_effect_pairs import kept

RISES = {"a": 0.1, "b": 0.2, "c": 0.5, "a + b": 1.5, "a + c": 0.6}


def test_a_row_says_what_both_cost_and_what_is_beyond_the_sum() -> None:
    table = pairs_table(score_pairs(kept(RISES, noise=0.2)))
    assert table["pair"].tolist() == ["a + b", "a + c"] and table["n"].tolist() == [60, 60]
    beyond = table["rise_of_both_nats"] - table["sum_of_rises_nats"]
    assert beyond.tolist() == pytest.approx(table["beyond_sum_nats"].tolist())
    assert (table["low_nats"] < table["beyond_sum_nats"]).all()
    assert (table["low_points"] < table["difference_points"] + 1e-9).all()


def test_redundant_pairs_have_full_dots_and_the_greatest_is_on_top() -> None:
    table = pairs_table(score_pairs(kept(RISES, noise=0.2)))
    figure = pair_dots(table)
    full, other = figure.data
    assert full.name.startswith("redundant") and full.marker.symbol == "circle"
    assert (list(full.y), list(other.y)) == ([1], [0])
    assert figure.layout.yaxis.ticktext == ("a + b", "a + c")
    assert full.error_x.array[0] == pytest.approx(table["high_nats"][0] - table["beyond_sum_nats"][0])


def test_pairs_of_too_few_clips_have_no_interval() -> None:
    table = pairs_table(score_pairs(kept(RISES, clips=12)))
    assert table["low_nats"].isna().all() and "too few" in table["conclusion"][0]
    assert [trace.name for trace in pair_dots(table).data] == ["not shown to be redundant"]
