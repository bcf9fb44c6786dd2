"""Table columns in the app: every table has readable titles, and its CSV keeps the column names."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from app.parts.columns import WRAPPED, Shown, column_titles, in_words, show_table
from app.screens import attention as attention_screen
from peerattn.graph import published
from peerattn.graph.connectivity import survey
from peerattn.scores.evaluation import summarise
from peerattn.tables import attention, clip, evaluation, history, structure
from peerattn.tables.column_titles import TITLES
from peerattn.traces.comparison import comparison_table, predictions_comparison
from tests.histories import history as small_history
from tests.traces import trace


def tables() -> Mapping[str, pd.DataFrame]:
    """One table of each kind that the screens show."""
    recorded, learned = trace(), small_history()
    layout = published.structure("full_asnp50")
    weights = {spec.key: 0.3 for spec in layout.connections}
    removal = survey(layout, weights, 0.0)
    shares = np.full((4, 2), 0.5, np.float32)
    measured = summarise(shares, np.array([0, 1, 0, 1]), ["a", "b", "c", "d"], ["one", "two"])
    return {
        "connections": attention.connections_table(recorded),
        "factors": attention.factors_table(recorded),
        "attention weights": attention.attention_weights_table(recorded),
        "entropies": attention.entropies_table(recorded),
        "factors by level": attention.level_distribution(recorded),
        "blocks": clip.blocks_table(recorded),
        "predictions": clip.predictions_table(recorded),
        "structure connections": structure.connections_table(layout, weights, removal),
        "structure blocks": structure.blocks_table(layout, removal),
        "modalities": structure.modalities_table(layout, weights),
        "connection history": history.connection_history(learned),
        "attention history": history.attention_history(learned),
        "compared connections": comparison_table(recorded, recorded),
        "compared predictions": predictions_comparison(recorded, recorded),
        "classes": evaluation.classes_table(measured.classes),
    }


@pytest.fixture(scope="module")
def shown() -> Mapping[str, pd.DataFrame]:
    return tables()


def test_every_column_of_every_table_has_a_title(shown):
    missing = {name: set(table.columns) - set(TITLES) for name, table in shown.items()}
    assert {name: columns for name, columns in missing.items() if columns} == {}


def test_titles_have_no_underscore_and_differ_within_a_table(shown):
    assert [title for title in TITLES.values() if "_" in title] == []
    for table in shown.values():
        titles = [TITLES[name] for name in table.columns]
        assert len(set(titles)) == len(titles)


def test_unknown_column_names_are_left_unchanged():
    table = pd.DataFrame({"time_s": [0.0], "my_modality": [1.0]})
    assert set(column_titles(table)) == {"time_s"}
    assert table.to_csv(index=False).startswith("time_s,my_modality")


def test_p_values_and_intervals_are_shown_in_words():
    table = pd.DataFrame(
        {"p": [1e-9, None, 0.25], "low_points": [-12.0, None, 1.0], "high_points": [-3.04, None, 2.5]}
    )
    shown = in_words(table)
    assert shown["p"].tolist()[::2] == ["< 0.001", "0.250"]
    assert pd.isna(shown["p"][1])
    assert shown["interval"].tolist()[::2] == ["−12.0 to −3.0", "+1.0 to +2.5"]
    assert pd.isna(shown["interval"][1])
    assert table["p"].tolist()[0] == 1e-9  # a CSV keeps the numbers


def test_a_table_shows_the_columns_that_matter_first_as_wide_as_their_texts(monkeypatch):
    drawn = {}
    monkeypatch.setattr(st, "dataframe", lambda table, **options: drawn.update(options))
    table = pd.DataFrame({"n": [5], "component": ["object1_to_top"], "before": [0.123456789]})
    show_table(
        table, alt="", shown=[Shown("component"), Shown("before"), Shown("n", 50, "Clips")], wrapped=True
    )
    assert drawn["column_order"] == ["component", "before", "n"]
    widths = {name: column["width"] for name, column in drawn["column_config"].items()}
    assert widths["component"] > 100 > widths["before"] > widths["n"] == 50
    assert drawn["column_config"]["n"]["label"] == "Clips"
    assert drawn["row_height"] == WRAPPED


NARROW = 358
"""The width of the content of a page of 390 px."""


def test_the_columns_that_matter_fit_a_narrow_page():
    for shown in (attention_screen.COLUMNS, attention_screen.ALIKE_COLUMNS):
        assert shown[3].name == "verdict"
        assert sum(one.width or NARROW for one in shown[:4]) <= NARROW
