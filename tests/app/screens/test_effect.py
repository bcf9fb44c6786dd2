"""The Effect screen: what is measured, kept and shown, and the clips behind it."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest

from app.opening.generated import write_clip
from app.state import measurements
from app.work import effects as work
from app.work.effects import EffectQuestion, kept_answers, question_key
from app.work.jobs import Progress
from app.work.shipped import SHIPPED_CLIPS, SHIPPED_SET, origin
from peerattn.checkpoints.resolving import resolve
from peerattn.data.generated import TEST_SEED
from peerattn.data.labelled_set import LabelledSet
from peerattn.recording.predictions import predict
from peerattn.recording.recorder import record
from peerattn.scores.effect_answers import EffectAnswers
from tests.app.screens.test_data import checked, done, fill, press, said
from tests.conftest import ROOT
from tests.small import CLASS_NAMES, write_small_checkpoints

SHIPPED = {
    "actionworld": SHIPPED_CLIPS,
    "actionworld-none": SHIPPED_CLIPS,
    "actionworld-self": SHIPPED_CLIPS,
    "actions14": 89,
    "actions21": 504,
}
"""Network → the number of clips on which its effects were measured."""
PATIENCE = 300  # s; shared cores


@pytest.fixture
def _small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(write_small_checkpoints(tmp_path / "checkpoints")))
    monkeypatch.setenv("PEERATTN_CACHE", str(tmp_path / "cache"))
    st.cache_resource.clear()


def opened(checkpoint: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=PATIENCE)
    app.query_params["checkpoint"] = checkpoint
    return checked(app.switch_page("screens/effect.py").run())


def pointed(app: AppTest, folder: Path) -> AppTest:
    app.selectbox(key="labelled").set_value("A folder of clips").run()
    return checked(app.text_input(key="folder").set_value(str(folder)).run())


def numbers(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


@pytest.mark.usefixtures("_small")
def test_effects_are_measured_kept_and_their_clips_opened(tmp_path, monkeypatch):
    folder = fill(tmp_path / "clips")
    for file in (folder / "val" / "dance").iterdir():  # a class that the network does not know
        file.rename(folder / "val" / CLASS_NAMES[0] / file.name)
    (folder / "val" / "dance").rmdir()
    app = pointed(opened("small"), folder)
    assert [button.label for button in app.button] == [
        "Measure the effect of all modalities",
        "Measure pairs of modalities",
        "Measure with fewer connections of rgb",
    ]
    done(press(app, "Measure the effect of all modalities"))
    assert "too few clips (5, at least 20 needed)" in said(app)
    effects = app.dataframe[0].value
    assert set(effects["component"]) == {"rgb", "flow", "object"} and set(effects["needed"]) == {"unknown"}
    assert effects["n"].tolist() == [5, 5, 5] and effects["difference_points"].is_monotonic_increasing
    assert app.dataframe[1].value["n"].sum() == 5

    monkeypatch.setattr(measurements, "start_effects", None)  # nothing is measured on a second visit
    st.cache_resource.clear()
    again = pointed(opened("small"), folder)
    assert again.dataframe[0].value.equals(effects)
    for name in effects["component"]:
        checked(again.selectbox(key="component").set_value(name).run())
        if buttons := [button for button in again.button if str(button.key).startswith("clip-")]:
            buttons[0].click().run()
            checked(again.switch_page("screens/explore.py").run())
            assert again.session_state["opened"].choice.source.label in CLASS_NAMES
            break

    next((folder / "val" / CLASS_NAMES[0]).glob("*-0.mp4")).touch()  # another set: measured again
    assert "Measure the effect of all modalities" in {
        b.label for b in pointed(opened("small"), folder).button
    }


@pytest.mark.usefixtures("_small")
def test_connections_stand_against_their_weights_and_shares(monkeypatch):
    app = opened("small")
    app.selectbox(key="of").set_value("connection").run()
    app.selectbox(key="how").set_value("remove").run()
    checked(app.select_slider(key="count").set_value(48).run())
    done(press(app, "Measure the effect of all connections"))
    assert {"Effect and weight, ρ", "Two halves, ρ"} <= set(numbers(app))
    [sentence] = [
        text.value for text in app.markdown if "great weight" in text.value or "strong" in text.value
    ]
    assert sentence.startswith("In this network")
    checked(app.segmented_control(key="across").set_value("delivered_share").run())
    assert "Effect and share, ρ" in numbers(app)

    parts = {name: part for name, part in EffectAnswers.to_arrays(_kept(app)).items() if name != "shares"}
    monkeypatch.setattr(measurements, "effect_answers", lambda *_: EffectAnswers.from_arrays(parts))
    checked(app.run())  # as an earlier version kept them
    assert "Effect and weight, ρ" in numbers(app) and not app.segmented_control
    assert "without the shares that connections deliver" in said(app)
    assert "Measure again, with delivered shares" in {button.label for button in app.button}


def _kept(app: AppTest) -> EffectAnswers:
    question = EffectQuestion("small", "connection", "remove", LabelledSet(count=48))
    answers = kept_answers(question, question_key(question, resolve("small")))
    assert answers and answers.shares
    return answers


@pytest.mark.usefixtures("_small")
def test_pairs_are_measured_and_kept(monkeypatch):
    app = opened("small")
    checked(app.select_slider(key="count").set_value(48).run())
    done(press(app, "Measure pairs of modalities"))
    pairs = app.dataframe[-1].value
    assert pairs["n"].tolist() == [48] * 3 and pairs["beyond_sum_nats"].is_monotonic_decreasing
    assert (pairs["low_nats"] < pairs["beyond_sum_nats"]).all()
    monkeypatch.setattr(measurements, "start_pairs", None)  # nothing is measured on a second visit
    st.cache_resource.clear()
    again = opened("small")
    checked(again.select_slider(key="count").set_value(48).run())
    assert again.dataframe[-1].value.equals(pairs)
    again.selectbox(key="of").set_value("connection").run()
    checked(again.selectbox(key="how").set_value("remove").run())
    assert "Measure pairs of connections" in {button.label for button in again.button}
    checked(again.selectbox(key="of").set_value("attention").run())
    assert not any("pairs" in button.label for button in again.button)


def test_the_results_of_the_bundled_checkpoint_show_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("PEERATTN_CACHE", str(tmp_path / "cache"))
    st.cache_resource.clear()
    app = opened("actionworld")
    assert numbers(app)["Needed"] == "3 of 3"
    assert "of 3, about 0.2 would stand out by chance" in said(app)
    joint = app.dataframe[0].value
    pointwise = checked(app.toggle(key="pointwise").set_value(True).run()).dataframe[0].value
    assert (joint["low_points"] < pointwise["low_points"]).all()
    assert (joint["difference_points"] == pointwise["difference_points"]).all()
    assert joint["p"].tolist() == ["< 0.001"] * 3
    assert joint["interval"].iloc[0].startswith("−")
    checked(app.selectbox(key="of").set_value("connection").run())
    checked(app.selectbox(key="how").set_value("mean").run())
    assert "Measure the effect of all connections" in {button.label for button in app.button}
    checked(app.selectbox(key="of").set_value("block").run())
    assert app.selectbox(key="how").value == "swap"  # a block has no factors


def test_a_network_without_trained_filters_has_no_effects():
    app = opened("asnp_lite-untrained")
    assert "No effect can be measured" in app.info[0].value


@pytest.mark.usefixtures("_small")
def test_what_is_done_is_shown_and_the_rest_can_be_cancelled(tmp_path, monkeypatch):
    monkeypatch.setattr(measurements, "measure_effects", first_clips)
    app = opened("small")
    checked(app.select_slider(key="count").set_value(48).run())
    press(app, "Measure the effect of all modalities")
    [job] = measurements.process_jobs()._jobs.values()
    while not job.results:
        job.wait(0.1)
    checked(app.run())
    assert "So far 16 of 48 clips" in said(app) and len(app.dataframe) == 1
    press(app, "Cancel")
    job.wait(PATIENCE)
    assert "Measure the effect of all modalities" in {button.label for button in checked(app.run()).button}


def first_clips(
    question: EffectQuestion, key: str, device: torch.device, progress: Progress
) -> Iterator[EffectAnswers]:
    """Yield the first batch, then wait to be cancelled."""
    parts = work.measure_effects(question, key, device, lambda done, total: None)
    yield next(parts)
    for step in range(10**6):
        progress(step, 10**6)
        time.sleep(0.01)


@pytest.mark.parametrize(("of", "how"), [("modality", "swap"), ("connection", "remove")])
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_results_are_those_of_the_shipped_weights(name, of, how, tmp_path, monkeypatch):
    """`python -m benchmarks.shipped` measures them again after a checkpoint has changed."""
    monkeypatch.setenv("PEERATTN_CACHE", str(tmp_path))
    labelled_set = LabelledSet(count=SHIPPED_CLIPS) if SHIPPED[name] == SHIPPED_CLIPS else SHIPPED_SET
    question = EffectQuestion(name, of, how, labelled_set)
    answers = kept_answers(question, question_key(question, resolve(name)))
    assert answers
    assert len(answers.before) == SHIPPED[name]
    assert not any("/" in clip for clip in answers.about.clips)  # no path of the machine they come from


def test_results_on_clips_that_do_not_ship_show_at_once_and_say_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PEERATTN_CACHE", str(tmp_path / "cache"))
    st.cache_resource.clear()
    app = opened("actions21")
    assert "504 training clips of 154 source videos" in said(app)
    assert numbers(app)["Needed"].endswith("of 3")
    assert not [button for button in app.button if str(button.key).startswith("clip-")]
    assert {"answer_before", "answer_after"} <= set(app.dataframe[-1].value.columns)
    checked(app.selectbox(key="how").set_value("remove").run())
    assert "was not measured on these clips" in app.info[0].value
    checked(app.selectbox(key="of").set_value("connection").run())
    checked(app.selectbox(key="how").set_value("remove").run())
    assert {"Effect and weight, ρ", "Two halves, ρ"} <= set(numbers(app))
    assert any("strong weight is not shown to mean an important" in text.value for text in app.markdown)
    question = EffectQuestion("actions21", "connection", "remove", SHIPPED_SET)
    weights = origin("actions21", question.file).weights
    assert set(weights) == set(resolve("actions21").network.connection_weights())
    checked(app.selectbox(key="of").set_value("factors").run())
    assert "504 training clips of 154 source videos" in said(app)
    assert any("not shown to matter" in text.value for text in app.markdown)
    assert numbers(app)["Strength of the control"] == "100 %"
    checked(app.selectbox(key="labelled").set_value("A folder of clips").run())
    assert "Enter a folder" in app.info[0].value


def test_what_was_not_measured_on_clips_that_do_not_ship_leads_to_what_was(tmp_path, monkeypatch):
    monkeypatch.setenv("PEERATTN_CACHE", str(tmp_path / "cache"))
    st.cache_resource.clear()
    app = opened("actions21")
    checked(app.selectbox(key="of").set_value("connection").run())
    how = app.selectbox(key="how")
    assert (how.value, how.options[0]) == ("remove", "removed")  # measured, so it comes first
    assert not app.info
    checked(app.selectbox(key="how").set_value("mean").run())
    assert app.info[0].value.startswith("Connections, factors at their mean over time: this was not measured")
    assert offered(app) == ["Show connections: removed", "Choose a folder of clips"]
    checked(app.selectbox(key="of").set_value("block").run())
    assert offered(app) == [
        "Show modalities: another clip's",
        "Show connections: removed",
        "Choose a folder of clips",
    ]
    press(app, "Show modalities: another clip's")
    assert not app.info
    assert numbers(app)["Needed"].endswith("of 3")
    checked(app.selectbox(key="how").set_value("remove").run())
    press(app, "Choose a folder of clips")
    assert app.selectbox(key="labelled").value == "A folder of clips"
    assert "Enter a folder" in app.info[0].value
    checked(app.selectbox(key="of").set_value("connection").run())
    assert app.selectbox(key="how").value == "remove"


def offered(app: AppTest) -> list[str]:
    return [button.label for button in app.button if str(button.key).startswith("effect-instead")]


def test_classes_show_source_videos_and_follow_the_switch_of_intervals(tmp_path, monkeypatch):
    monkeypatch.setenv("PEERATTN_CACHE", str(tmp_path / "cache"))
    st.cache_resource.clear()
    app = opened("actions21")
    joint = app.dataframe[1].value
    assert (joint["videos"] < joint["n"]).any()
    assert "The intervals of all 21 classes hold at once" in said(app)
    checked(app.toggle(key="pointwise").set_value(True).run())
    alone, known = app.dataframe[1].value, joint["low_points"].notna()
    assert known.any()
    assert (alone["low_points"][known] > joint["low_points"][known]).all()
    assert "Each interval holds on its own: of 21 classes" in said(app)


def test_the_component_is_the_greatest_until_another_is_chosen_for_this_network(tmp_path, monkeypatch):
    monkeypatch.setenv("PEERATTN_CACHE", str(tmp_path / "cache"))
    st.cache_resource.clear()
    app = opened("actionworld")
    assert app.selectbox(key="component").value == app.dataframe[0].value["component"][0] == "flow"
    assert "None of the 32 classes has enough clips for an interval" in said(app)
    checked(app.selectbox(key="component").set_value("rgb").run())
    checked(app.toggle(key="pointwise").set_value(True).run())
    assert app.selectbox(key="component").value == "rgb"
    checked(app.selectbox(key="checkpoint").set_value("actionworld-self").run())
    assert app.selectbox(key="component").value == app.dataframe[0].value["component"][0] != "rgb"
    linked = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=PATIENCE)
    linked.query_params.update({"checkpoint": "actionworld", "component": "rgb"})
    checked(linked.switch_page("screens/effect.py").run())
    checked(linked.toggle(key="pointwise").set_value(True).run())
    assert linked.selectbox(key="component").value == "rgb"


def test_a_key_depends_on_all_that_is_asked(monkeypatch):
    loaded = resolve("actionworld")
    question = partial(EffectQuestion, "actionworld")
    asked = [
        question("modality", "swap", LabelledSet(count=48)),
        question("modality", "remove", LabelledSet(count=48)),
        question("block", "swap", LabelledSet(count=48)),
        question("modality", "swap", LabelledSet(count=96)),
        question("modality", "swap", LabelledSet(count=48, origin="estimated")),
    ]
    found = [question_key(one, loaded) for one in asked]
    assert len(set(found)) == len(found) and found == [question_key(one, loaded) for one in asked]


def test_a_generated_clip_opens_as_it_was_measured(tmp_path):
    loaded = resolve("actionworld")
    [example] = LabelledSet(count=1).examples(loaded)
    video, (name, maps), label = write_clip(TEST_SEED, loaded.class_names, loaded.settings)
    (tmp_path / "clip.mkv").write_bytes(video)
    (tmp_path / name).write_bytes(maps)
    clip = loaded.reader().file(tmp_path / "clip.mkv", objects=tmp_path / name)
    assert label == loaded.class_names[example.label]
    for modality, tensor in example.tensors.items():
        assert torch.allclose(clip.tensors[modality], tensor, atol=1e-6), modality
    trace = record(loaded.network, clip, window=loaded.settings.window)
    answer = predict(loaded.network, [example], window=loaded.settings.window)
    assert np.allclose(trace.probabilities, answer.clips[0], atol=1e-5)
