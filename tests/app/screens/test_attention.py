"""The Effect screen's question whether attention matters: measured, kept, shipped, and compared."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest
import streamlit as st
import torch

from app.state import measurements
from app.work import attention as work
from app.work.attention import AttentionQuestion, attention_key, kept_attention
from app.work.jobs import Progress
from app.work.shipped import SHIPPED_CLIPS, SHIPPED_SET
from benchmarks.shipped import worth
from peerattn.checkpoints.resolving import resolve
from peerattn.data.labelled_set import LabelledSet
from peerattn.scores.attention_answers import AblationAnswers
from tests.app.screens.test_data import checked, done, press, said
from tests.app.screens.test_effect import PATIENCE, SHIPPED, numbers, opened
from tests.peerattn.scores.test_attention_ablation import answers
from tests.small import write_small_checkpoints

BUTTON = "Measure whether attention matters"


@pytest.fixture
def _small(tmp_path, monkeypatch):
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(write_small_checkpoints(tmp_path / "checkpoints")))
    monkeypatch.setenv("PEERATTN_CACHE", str(tmp_path / "cache"))
    st.cache_resource.clear()


def asked(checkpoint: str, count: int | None = None):
    app = opened(checkpoint)
    checked(app.selectbox(key="of").set_value("factors").run())
    return checked(app.select_slider(key="count").set_value(count).run()) if count else app


@pytest.mark.usefixtures("_small")
def test_it_is_measured_once_and_kept(monkeypatch):
    app = asked("small", 48)
    done(press(app, BUTTON))
    table = app.dataframe[0].value
    assert table["batch_norm"].nunique() == 2
    assert len(table) == 8
    assert table["n"].eq(48).all()
    assert any("ttention" in text.value and text.value.startswith("**") for text in app.markdown)
    assert "208 training clips" in said(app)

    monkeypatch.setattr(measurements, "start_attention", None)  # nothing is measured on a second visit
    st.cache_resource.clear()
    again = asked("small", 48)
    assert again.dataframe[0].value.equals(table)
    assert BUTTON in {button.label for button in asked("small", 96).button}


def test_the_results_of_the_bundled_checkpoint_show_at_once_beside_those_of_networks_trained_alike(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("PEERATTN_CACHE", str(tmp_path / "cache"))
    st.cache_resource.clear()
    app = asked("actionworld")
    [sentence] = [text.value for text in app.markdown if text.value.startswith("**")]
    assert sentence.startswith("**Attention matters in this network")
    titles = {"Top-1 accuracy before", "Batch norm re-estimated", "Strength of the control"}
    assert titles <= set(numbers(app))
    assert numbers(app)["Strength of the control"] == "100–102 %"
    assert "“all 1” is drawn faintly, on a scale of its own: factors of 1" in said(app)
    assert app.selectbox[2].label == "How"
    assert app.selectbox[2].disabled
    assert "Nothing to choose" in said(app)
    alike = app.dataframe[1].value.set_index("network")
    assert set(alike.index) == {"actionworld-none", "actionworld-self"}
    assert alike.loc["actionworld-none", "low_points"] > 0
    assert "better" in alike.loc["actionworld-none", "conclusion"]


def test_a_network_without_factors_is_told_so_and_still_compared(tmp_path, monkeypatch):
    monkeypatch.setenv("PEERATTN_CACHE", str(tmp_path / "cache"))
    st.cache_resource.clear()
    app = asked("actionworld-none")
    assert "no attention factors" in app.info[0].value
    assert len(app.dataframe) == 1


@pytest.mark.usefixtures("_small")
def test_what_is_done_is_shown_and_the_rest_can_be_cancelled(monkeypatch):
    monkeypatch.setattr(work, "measure_attention", first_clips)
    app = asked("small", 48)
    press(app, BUTTON)
    [job] = measurements.process_jobs()._jobs.values()
    while not job.results:
        job.wait(0.1)
    checked(app.run())
    assert "So far 16 of 48 clips" in said(app)
    press(app, "Cancel")
    job.wait(PATIENCE)
    assert BUTTON in {button.label for button in checked(app.run()).button}


def first_clips(
    question: AttentionQuestion, key: str, device: torch.device, progress: Progress
) -> Iterator[AblationAnswers]:
    """Yield answers to the first clips, then wait to be cancelled."""
    found = answers(0.6, 0.9, clips=16)
    yield AblationAnswers(
        replace(found.about, total=48),
        **{name: getattr(found, name) for name in ("unchanged", "replaced", "deviating", "ratios")},
    )
    for step in range(10**6):
        progress(step, 10**6)
        time.sleep(0.01)


@pytest.mark.parametrize("name", ["actionworld", "actionworld-self", "actions14", "actions21"])
def test_shipped_answers_are_those_of_the_shipped_weights(name, tmp_path, monkeypatch):
    """`python -m benchmarks.shipped` measures them again after a checkpoint has changed."""
    monkeypatch.setenv("PEERATTN_CACHE", str(tmp_path))
    labelled_set = LabelledSet(count=SHIPPED_CLIPS) if SHIPPED[name] == SHIPPED_CLIPS else SHIPPED_SET
    question = AttentionQuestion(name, labelled_set)
    answers = kept_attention(question, attention_key(question, resolve(name)))
    assert answers
    assert len(answers.about.clips) == SHIPPED[name]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_cards_say_what_the_shipped_answers_say(name):
    """`python -m benchmarks.shipped --cards` writes them."""
    metrics = resolve(name).card["metrics"]
    for key, found in json.loads(json.dumps(worth(name))).items():
        assert metrics[key] == {
            **found,
            **{one: metrics[key][one] for one in metrics[key].keys() - found.keys()},
        }


def test_a_key_depends_on_the_clips_and_the_network():
    question = partial(AttentionQuestion)
    asked_of = [
        ("actionworld", LabelledSet(count=48)),
        ("actionworld", LabelledSet(count=96)),
        ("actionworld", LabelledSet(count=48, origin="estimated")),
        ("actionworld-self", LabelledSet(count=48)),
    ]
    keys = [attention_key(question(name, clips), resolve(name)) for name, clips in asked_of]
    assert len(set(keys)) == len(keys)


@pytest.mark.usefixtures("_small")
def test_the_curve_over_a_modality_has_a_point_for_each_number_of_connections():
    app = opened("small")
    checked(app.select_slider(key="count").set_value(48).run())
    checked(app.selectbox(key="curve-modality").set_value("flow").run())
    done(press(app, "Measure with fewer connections of flow"))
    [table] = [one.value for one in app.dataframe if "share_kept" in one.value]
    assert table["kept"].tolist() == sorted(table["kept"], reverse=True)
    assert table["share_kept"].iloc[0] == 1
    assert table["share_kept"].iloc[-1] == 0
    assert table["n"].eq(48).all()
