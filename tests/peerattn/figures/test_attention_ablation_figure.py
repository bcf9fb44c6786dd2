"""The figure of replaced attention factors: which rows have their own scale."""

from peerattn.figures.attention_ablation import FAINT, ablation_dots
from peerattn.scores.attention_ablation import summarise_ablation
from peerattn.tables.attention_ablation import ablation_table
from tests.peerattn.scores.test_attention_ablation import answers

TABLE = ablation_table(summarise_ablation(answers(0.6, 0.95)))


def test_rows_apart_are_faint_and_have_a_scale_of_their_own() -> None:
    figure = ablation_dots(TABLE, "top-1 accuracy", ["all 1"])
    assert [len(one.x) for one in figure.data] == [6, 6, 2, 2]
    assert [one.xaxis for one in figure.data] == ["x", "x", "x2", "x2"]
    assert [one.opacity for one in figure.data] == [1.0, 1.0, FAINT, FAINT]
    assert [one.showlegend for one in figure.data] == [True, True, False, False]
    assert all(name.startswith("all 1<br>") for name in figure.layout.yaxis2.ticktext)
    assert figure.layout.yaxis2.domain[1] < figure.layout.yaxis.domain[0]


def test_without_rows_apart_all_share_one_scale() -> None:
    figure = ablation_dots(TABLE, "top-1 accuracy")
    replaced, control = figure.data
    assert len(replaced.x) == len(control.x) == 8
    assert set(replaced.marker.symbol) == {"circle"}
    assert set(control.marker.symbol) == {"diamond-open"}
    assert figure.layout.yaxis.domain == (0, 1)
