"""Table columns in the app: every table has readable titles, and its CSV keeps the column names."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from app.parts.columns import column_titles
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
