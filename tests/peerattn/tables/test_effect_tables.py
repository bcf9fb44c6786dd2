"""Tables and the figure of effects, and the answers behind them."""

from dataclasses import replace

import numpy as np
import pytest

from peerattn.errors import PeerattnError
from peerattn.figures.effects import MOST_ROWS, effect_dots, effect_weights_scatter
from peerattn.scores.effect_answers import About, EffectAnswers
from peerattn.scores.effect_weights import compare_with_shares, compare_with_weights
from peerattn.tables.effects import (
    changed_clips_table,
    class_effects_table,
    difference_words,
    effects_table,
    p_words,
    weights_table,
)

NAMES = ("walk", "run", "jump")


def answers(clips: int = 60, components: int = 3, kind: str = "classes") -> EffectAnswers:
    """All right before; the change of component number k turns the first 10 k answers wrong."""
    labels = np.arange(clips) % len(NAMES)
    before = np.eye(len(NAMES), dtype=np.float32)[labels] * 0.8 + 0.1
    names = tuple(f"c{number}" for number in range(components))
    after = {name: before.copy() for name in names}
    for number, name in enumerate(names):
        after[name][: 10 * number] = np.roll(before[: 10 * number], 1, axis=1)
    about = About(
        of="connection",
        how="swap",
        kind=kind,
        class_names=NAMES,
        components=names,
        clips=tuple(f"{clip}.mp4" for clip in range(clips)),
        labels=tuple((int(label),) for label in labels),
        groups=tuple(str(clip) for clip in range(clips)),
        total=clips,
        not_measured={"c9": "it is the last one"},
        left_out=(),
        objects={"true": clips},
    )
    return EffectAnswers(about, before, after)


def test_one_row_per_component_greatest_loss_first() -> None:
    effects = answers().effects()
    table = effects_table(effects)
    assert table["component"].tolist() == ["c2", "c1", "c0"]
    assert table["lost"].tolist() == [20, 10, 0] and table["gained"].tolist() == [0, 0, 0]
    assert table["difference_points"].round(3).tolist() == [-33.333, -16.667, 0.0]
    assert table["needed"].tolist() == ["yes", "yes", "not shown"]
    assert table["p"].iloc[2] == 1.0 and (table["n"] == 60).all()
    assert "a loss of up to" in table["conclusion"].iloc[2]
    pointwise = effects_table(effects, pointwise=True)
    assert (table["low_points"] < pointwise["low_points"]).all()


def test_the_axis_of_weights_names_the_columns_and_the_figure() -> None:
    measured = replace(
        answers(components=4), shares={f"c{n}": np.full(60, 0.1 * n, np.float32) for n in range(4)}
    )
    effects = measured.effects()
    table = weights_table(compare_with_shares(measured), effects)
    assert table.columns[:2].tolist() == ["connection", "delivered_share"]
    assert table["delivered_share"].tolist() == pytest.approx([0.3, 0.2, 0.1, 0.0])
    figure = effect_weights_scatter(table, {"c3"})
    assert figure.layout.xaxis.title.text == "delivered share"
    assert list(figure.data[0].x) == pytest.approx([0.3])
    weights = {f"c{n}": 0.1 * n for n in range(4)}
    peers = weights_table(compare_with_weights(measured, weights, "attention_weight"), effects)
    assert peers.columns[:2].tolist() == ["component", "attention_weight"]


def test_stored_shares_come_back_and_older_answers_have_none() -> None:
    measured = replace(answers(), shares={f"c{n}": np.full(60, 0.1 * n, np.float32) for n in range(3)})
    arrays = measured.to_arrays()
    again = EffectAnswers.from_arrays(arrays)
    assert {name: one.tolist() for name, one in again.shares.items()} == {
        name: one.tolist() for name, one in measured.shares.items()
    }
    twice = EffectAnswers.concatenated([again, again]).shares["c2"]
    assert len(twice) == 120
    assert EffectAnswers.from_arrays({n: one for n, one in arrays.items() if n != "shares"}).shares == {}
    with pytest.raises(PeerattnError, match="shares do not fit"):
        EffectAnswers.from_arrays({**arrays, "shares": arrays["shares"][:, :5]})


def test_labels_have_no_lost_clips_and_single_labels_have_intervals_that_hold_at_once() -> None:
    effects = answers(kind="labels").effects()
    assert effects_table(effects)["lost"].isna().all()
    after = effects.effects[2].after
    table = class_effects_table(effects.before, after)
    assert set(table["class"]) == set(NAMES) and (table["n"] == 20).all()
    assert (table["low_points"] < table["difference_points"]).all() and (table["remark"] == "").all()
    assert (table["videos"] == 20).all()
    alone = class_effects_table(effects.before, after, pointwise=True)
    assert (alone["low_points"] > table["low_points"]).all()
    few = answers(clips=30, kind="labels").effects()  # ten clips of each label
    shown = class_effects_table(few.before, few.effects[1].after)
    assert shown["low_points"].isna().all() and shown["remark"].str.startswith("too few clips (10").all()


def test_classes_show_where_the_loss_is() -> None:
    effects = answers().effects()
    table = class_effects_table(effects.before, effects.effects[2].after)
    assert table["n"].tolist() == [20, 20, 20] and table["lost"].sum() == 20
    assert (table["after"] == table["before"] - table["lost"] / 20).all()
    assert table["low_points"].notna().all()
    expected = np.where(table["high_points"] < 0, "worse", "not shown")
    assert table["verdict"].tolist() == expected.tolist()
    assert table["videos"].tolist() == [20, 20, 20]
    alone = class_effects_table(effects.before, effects.effects[2].after, pointwise=True)
    assert (alone["low_points"] > table["low_points"]).all()
    assert (alone["high_points"] < table["high_points"]).all()
    lost = replace(effects.effects[2].after, correct=np.zeros(60, bool))
    assert set(class_effects_table(effects.before, lost)["verdict"]) == {"worse"}
    few = answers(clips=30).effects()
    table = class_effects_table(few.before, few.effects[2].after)
    assert set(table["verdict"]) == {"unknown"}
    assert set(table["remark"]) == {"too few clips (10, at least 20 needed)"}


@pytest.mark.parametrize("kind", ["classes", "labels"])
def test_a_class_has_fewer_source_videos_than_clips_where_they_share_them(kind: str) -> None:
    whole = answers(kind=kind)
    shared = replace(whole, about=replace(whole.about, groups=tuple(str(clip // 6) for clip in range(60))))
    effects = shared.effects()
    table = class_effects_table(effects.before, effects.effects[2].after)
    assert table[["n", "videos"]].to_numpy().tolist() == [[20, 10]] * 3


def test_a_small_p_value_is_never_shown_as_0() -> None:
    assert [p_words(p) for p in (0.0, 1e-9, 0.0009, 0.001, 0.0364, 1.0)] == [
        *["< 0.001"] * 3,
        "0.001",
        "0.036",
        "1.000",
    ]
    effects = answers().effects()
    assert difference_words(effects.effects[2].difference) == "p < 0.001"
    assert difference_words(effects.effects[0].difference) == "p = 1.000"


def test_the_clips_that_changed_are_listed_with_both_answers() -> None:
    table = changed_clips_table(answers(), "c1")
    assert table["clip"].tolist() == [f"{clip}.mp4" for clip in range(10)]
    assert table.iloc[0][["true", "answer_before", "answer_after", "change"]].tolist() == [
        "walk",
        "walk",
        "run",
        "right to wrong",
    ]
    assert table.iloc[0]["p_true_before"] == pytest.approx(0.9)
    assert changed_clips_table(answers(), "c0").empty


def test_answers_are_stored_and_read_back() -> None:
    whole = answers()
    read = EffectAnswers.from_arrays(whole.to_arrays())
    assert read.about == whole.about and np.array_equal(read.before, whole.before)
    assert all(np.array_equal(read.after[name], one) for name, one in whole.after.items())
    with pytest.raises(PeerattnError, match="measure them again"):
        EffectAnswers.from_arrays({"before": whole.before})
    with pytest.raises(PeerattnError, match="do not fit their clips"):
        EffectAnswers.from_arrays(whole.to_arrays() | {"before": whole.before[:5]})


def test_parts_join_to_the_whole() -> None:
    whole = answers()
    twice = EffectAnswers.concatenated([whole, whole])
    assert twice.effects().before.n == 120 and twice.about.objects == {"true": 120}
    assert twice.effects().effects[1].difference.value == whole.effects().effects[1].difference.value


def test_effects_stand_against_weights() -> None:
    whole = answers(components=5)
    effects = whole.effects()
    weights = {"c0": 0.9, "c1": 0.2, "c2": 0.4, "c3": 0.6}  # c4 has none
    table = weights_table(compare_with_weights(whole, weights), effects)
    assert table["connection"].tolist() == ["c3", "c2", "c1", "c0"]
    assert table["connection_weight"].tolist() == [0.6, 0.4, 0.2, 0.9]
    assert table["difference_points"].round(1).tolist() == [-50.0, -33.3, -16.7, 0.0]
    assert table["rise"].iloc[0] == pytest.approx(np.log(9) / 2, abs=1e-6)
    needed, others = effect_weights_scatter(table, {"c3", "c2"}).data
    assert list(needed.x) == [0.6, 0.4] and list(others.x) == [0.2, 0.9]


def test_the_figure_has_a_dot_and_an_interval_for_each_component() -> None:
    table = effects_table(answers().effects())
    figure = effect_dots(table, "top-1 accuracy")
    needed, unneeded = figure.data
    assert needed.name == "needed" and list(needed.x) == table["difference_points"].tolist()[:2]
    ends = np.array(needed.x) + np.array(needed.error_x.array)
    assert np.allclose(ends, table["high_points"][:2])
    assert list(unneeded.y) == [0] and list(figure.layout.yaxis.ticktext) == ["c2", "c1", "c0"]
    many = effects_table(answers(clips=20, components=MOST_ROWS + 5).effects())
    assert sum(len(trace.x) for trace in effect_dots(many, "top-1 accuracy").data) == MOST_ROWS
