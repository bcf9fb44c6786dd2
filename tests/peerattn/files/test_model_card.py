"""Cards as Markdown: numbers have intervals, texts are escaped, and any card can be shown."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerattn.files.model_card import markdown
from tests.conftest import ROOT

CARDS = sorted((ROOT / "checkpoints").glob("*/card.json"))
JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.parent.name)
def test_shipped_cards_are_readable(path) -> None:  # type: ignore[no-untyped-def]
    card = json.loads(path.read_text(encoding="utf-8"))
    text = markdown(card)
    assert text.startswith("# ")
    if card["kind"] == "pretrained":
        assert card["source"] in text and card["licence"] in text
        return
    assert card["command"] in text
    assert "## How well it does" in text
    assert "## Training" in text


def test_metrics_are_shown_with_clips_and_interval() -> None:
    metrics = {
        "n": 89,
        "groups": 40,
        "interval_method": "score",
        "top1": 0.651,
        "top1_interval": [0.55, 0.74],
        "classes": [{"name": "golf", "n": 7, "accuracy": 0.5, "interval": [0.2, 0.8]}],
        "macro": 0.6,
        "macro_interval": None,
        "macro_interval_remark": "too few source videos (7)",
        "map": {"value": 0.25, "interval": [0.2, 0.3], "n": 12},
    }
    removed = {"n": 50, "rank_correlation": -0.254, "rank_correlation_interval": [-0.4, 0.031]}
    removed["interval_method"] = "redrawn"
    assert "| removed rank correlation | 50 | -0.25 | -0.40 to 0.03 |" in markdown(
        {"kind": "network", "metrics": {"removed": removed}}
    )
    before = {"map": metrics["map"]}
    text = markdown({"kind": "network", "metrics": metrics})
    assert "| top1 | 89 of 40 source videos | 65.1% | 55.0% to 74.0% |" in text
    assert "| classes golf | 7 | 50.0% | 20.0% to 80.0% |" in text
    assert "| macro | 89 of 40 source videos | 60.0% | too few source videos (7) |" in text
    earlier = "by the earlier method, too narrow"
    assert "| map | 12 | 25.0% | 20.0% to 30.0% |" in text
    assert earlier not in text
    text = markdown({"kind": "network", "metrics": before})
    assert f"| map | 12 | 25.0% | 20.0% to 30.0%, {earlier} |" in text
    assert "run `peerattn evaluate` with this checkpoint to measure them again" in text
    rejection = {"auroc": 0.7, "auroc_interval": [0.57, 0.88]}
    assert earlier in markdown({"kind": "network", "none_of_these": rejection})
    rejection["interval_method"] = "score"  # type: ignore[assignment]
    assert earlier not in markdown({"kind": "network", "none_of_these": rejection})


def test_a_card_names_the_kind_of_answer_unless_it_is_classes() -> None:
    outputs = [{"block": "top", "answer": {"kind": "labels"}}]
    assert "| answers with | labels |" in markdown({"kind": "network", "structure": {"outputs": outputs}})
    assert "answers with" not in markdown({"kind": "network", "structure": {"outputs": [{"block": "top"}]}})


def test_texts_have_their_sections() -> None:
    card = {
        "limits": ["It hears nothing.", "It knows 14 classes."],
        "licence": "CC BY 4.0",
        "left_out": ["golf"],
    }
    text = markdown(card)
    assert "## What it cannot do\n\n- It hears nothing.\n- It knows 14 classes." in text
    assert "## Licence\n\nCC BY 4.0" in text
    assert "## Further facts" in text and "golf" in text


def test_nothing_in_a_card_is_markdown() -> None:
    hostile = "![x](http://example.org/x.png) <script>|*bold*\n# title"
    text = markdown({"description": hostile, "command": "a` | b", "licence": hostile, "note": hostile})
    assert "![x]" not in text.replace("\\", "\\\\")
    assert "<script>" not in text.replace("\\<", "")
    assert text.count("\n# ") == 0


@given(
    st.dictionaries(st.sampled_from(["metrics", "training", "structure", "settings", "x", "limits"]), JSON)
)
def test_any_card_is_shown(card: dict[str, object]) -> None:
    assert markdown(card).startswith("# ")
