"""The Explore and Prune screens, run by Streamlit's own AppTest on a small untrained network."""

import gc
import json
import re
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest

from app.opening.files import EARLIER_SAMPLES, samples
from app.parts.words import plain
from app.state import measurements
from app.state.opened import OpenedClip
from peerattn.checkpoints import checkpoint
from peerattn.data.labelled_set import LabelledSet
from peerattn.modalities.clip import ObjectMaps
from peerattn.modalities.objects import write_objects
from peerattn.modalities.segmenter import SEGMENTER
from peerattn.network.network import Network
from peerattn.network.temperature import divide_logits
from tests.conftest import ROOT
from tests.media import moving_square, write_video
from tests.small import CLASS_NAMES, write_small_checkpoints

PATIENCE = 300  # s; generous, as other processes may be using the cores


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """Open the app on a folder of small checkpoints, made for this test alone."""
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(write_small_checkpoints(tmp_path / "checkpoints")))
    st.cache_resource.clear()
    app = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=PATIENCE)
    app.query_params["checkpoint"] = "small"
    return checked(app.run())


def checked(app: AppTest) -> AppTest:
    """Return the page after checking that its script raised no exception."""
    assert not app.exception
    return app


def upload(app: AppTest, *paths: Path) -> AppTest:
    uploaded = [(path.name, path.read_bytes(), "video/mp4") for path in paths]
    return checked(app.file_uploader(key="uploads").set_value(uploaded).run())


def attach(app: AppTest, clip: str, path: Path) -> AppTest:
    uploader = app.file_uploader(key=f"objects-{clip}")
    return checked(uploader.set_value([(path.name, path.read_bytes(), "")]).run())


def shown(app: AppTest) -> OpenedClip:
    return app.session_state["opened"]


def video(path: Path, *, frames: int = 40, step: int = 2) -> Path:
    return write_video(path, moving_square(frames, step=step))


def maps(path: Path, *, frames: np.ndarray | None = None) -> Path:
    """Write object maps that show a ball, for the given frames or for all 40 of a `video`."""
    count = 40 if frames is None else len(frames)
    ids = np.zeros((count, 48, 64), np.uint8)
    ids[:, 10:20, 20:30] = 2
    write_objects(path, ObjectMaps(ids, frames, (1, 2), ("person", "ball"), "attached"))
    return path


def plain_text(shown: str) -> str:
    """Return a line as a reader sees it, without the backslashes and word joiners that escape Markdown."""
    return re.sub(r"\\(.)", r"\1", shown).replace("\u2060", "")


def captions(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption)


def test_an_earlier_sample_is_offered_only_where_the_address_names_it(app):
    earlier = samples(EARLIER_SAMPLES)[2]
    listed = [sample.name for sample in samples()]
    assert app.selectbox(key="clip").options == listed
    named = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=PATIENCE)
    named.query_params.update({"checkpoint": "small", "clip": earlier.name})
    checked(named.run())
    assert named.selectbox(key="clip").options == [*listed, earlier.name]
    assert shown(named).choice.source == earlier
    assert not named.warning


def test_page_opens_with_a_sample_its_true_label_and_its_prediction(app):
    first = samples()[0]
    best = shown(app).trace.class_names[shown(app).trace.probabilities.argmax()]
    assert app.selectbox(key="clip").value == first.name
    assert app.metric[0].label == "Clip prediction" and app.metric[0].value == best
    assert f"True label: **{first.label}**" in app.markdown[0].value
    assert "ground truth, from the generator" in captions(app) and "windows" in captions(app)


def test_a_checkpoint_that_changed_on_disk_is_read_anew(app, tmp_path):
    """It changes as by `peerattn calibrate`; the page then shows the new card and new probabilities."""
    before = shown(app).trace.probabilities
    loaded = checkpoint.load("small")
    divide_logits(loaded.network, 0.25)
    card = {**loaded.card, "calibration": {"temperature": 0.25, "n": 6}}
    checkpoint.save(tmp_path / "checkpoints" / "small", loaded.network, loaded.settings, card)
    checked(app.run())
    assert shown(app).checkpoint.card["calibration"]["n"] == 6
    after = shown(app).trace.probabilities
    assert np.abs(after - before).max() > 1e-3
    assert after.max() > before.max()


def test_a_segmenter_with_mismatched_classes_is_refused(app, tmp_path):
    """The segmenter's class 2 is a dog, but the network reads class 2 as a ball."""
    card = json.loads((tmp_path / "checkpoints" / SEGMENTER / "card.json").read_text())
    card["class_names"][1] = "dog"
    (tmp_path / "checkpoints" / SEGMENTER / "card.json").write_text(json.dumps(card))
    upload(app, video(tmp_path / "mine.mp4"))
    [error] = app.error
    assert "is 'dog', which the network reads as" in plain_text(error.value)
    assert not app.exception


def test_every_sample_opens_with_its_true_object_maps(app):
    for sample in samples():
        checked(app.selectbox(key="clip").set_value(sample.name).run())
        assert shown(app).choice.source.label == sample.label
        assert shown(app).clip.origin == "true"


def test_upload_is_opened_at_once_with_estimated_object_maps(app, tmp_path):
    upload(app, video(tmp_path / "mine.mp4"))
    assert shown(app).choice.source.name == "mine.mp4"
    assert "estimated by the segmentation network" in captions(app)
    assert not any("True label" in text.value for text in app.markdown)


def test_uploads_stay_listed_while_other_clips_are_open(app, tmp_path):
    (tmp_path / "other").mkdir()
    upload(app, video(tmp_path / "one.mp4"), video(tmp_path / "other" / "one.mp4", step=3))
    images = {}
    for clip in ("one.mp4", samples()[1].name, "one.mp4 (2)", "one.mp4"):
        checked(app.selectbox(key="clip").set_value(clip).run())
        first = images.setdefault(clip, shown(app).clip.images)
        assert not app.error and np.array_equal(first, shown(app).clip.images)
    assert not np.array_equal(images["one.mp4"], images["one.mp4 (2)"])


@pytest.mark.parametrize("content", [b"", b"hello, not a video\n", b"\0" * 4096])
def test_an_unreadable_upload_is_reported_and_changes_nothing_else(app, tmp_path, content):
    wrong, before = tmp_path / "wrong.mp4", shown(app)
    wrong.write_bytes(content)
    upload(app, wrong)
    [error] = app.error
    assert error.value.startswith("wrong\\.mp4\\: ") and "\n" not in error.value
    assert shown(app).trace is before.trace and app.selectbox(key="clip").value == before.choice.source.name
    upload(app, wrong, video(tmp_path / "right.mp4"))
    assert shown(app).choice.source.name == "right.mp4"


def test_attached_object_maps_are_used_and_can_be_removed(app, tmp_path):
    upload(app, video(tmp_path / "mine.mp4"))
    clip = shown(app).choice.source.id
    attach(app, clip, maps(tmp_path / "maps.npz"))
    assert shown(app).clip.origin == "attached" and "read from a file" in captions(app)
    checked(app.selectbox(key="clip").set_value(samples()[0].name).run())
    checked(app.selectbox(key="clip").set_value("mine.mp4").run())
    assert shown(app).clip.origin == "attached"
    [remove] = [button for button in app.button if button.label.startswith("Remove")]
    checked(remove.click().run())
    assert shown(app).clip.origin == "estimated"


def test_maps_for_some_frames_are_held_only_on_request(app, tmp_path):
    upload(app, video(tmp_path / "mine.mp4"))
    clip = shown(app).choice.source.id
    attach(app, clip, maps(tmp_path / "some.npz", frames=np.array([0, 15, 30])))
    assert "have no object map" in app.error[0].value and shown(app).clip.origin == "estimated"
    checked(app.checkbox(key=f"hold-{clip}").check().run())
    assert not app.error and shown(app).clip.origin == "attached"
    assert "held" in captions(app)


def test_unreadable_object_maps_are_reported_and_change_nothing_else(app, tmp_path):
    upload(app, video(tmp_path / "mine.mp4"))
    before = shown(app)
    (tmp_path / "broken.npz").write_bytes(b"nothing")
    attach(app, before.choice.source.id, tmp_path / "broken.npz")
    assert len(app.error) == 1 and "broken" in app.error[0].value and shown(app).trace is before.trace


def test_the_chosen_time_range_is_opened(app):
    clip = samples()[0].id
    checked(app.slider(key=f"stretch-{clip}").set_value((1.0, 3.0)).run())
    times = shown(app).clip.times
    assert times[0] >= 1.0 and times[-1] <= 3.0 and len(times) == pytest.approx(16, abs=1)


def test_file_names_are_escaped(app, tmp_path):
    upload(app, video(tmp_path / "**x** $y$ <b>.mp4"))
    (tmp_path / "[a](http:b).mp4").write_bytes(b"no video")
    upload(app, tmp_path / "**x** $y$ <b>.mp4", tmp_path / "[a](http:b).mp4")
    assert app.error[0].value.startswith(plain("[a](http:b).mp4: "))


def test_a_device_out_of_memory_is_reported_and_the_next_try_works(app, monkeypatch):
    def full(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory")

    before = shown(app).choice.source.name
    with monkeypatch.context() as patched:
        patched.setattr(Network, "run", full)
        app.selectbox(key="clip").set_value(samples()[2].name).run()
        assert len(app.error) == 1 and "memory is full" in app.error[0].value
        assert shown(app).choice.source.name == before
    checked(app.selectbox(key="clip").set_value(samples()[2].name).run())
    assert shown(app).choice.source.name == samples()[2].name


def test_imported_modules_are_exempt_from_garbage_collection(app):
    """Streamlit collects garbage after every script run; freezing the imported modules makes that fast."""
    assert gc.get_freeze_count() > 100_000


def prune(app: AppTest, threshold: float) -> AppTest:
    checked(app.switch_page("screens/prune.py").run())
    return checked(app.slider(key="threshold").set_value(threshold).run())


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def test_threshold_shows_what_is_kept_and_the_prediction_before_and_after(app):
    prune(app, 0.5)
    weights = shown(app).checkpoint.network.connection_weights()
    kept = sum(weight >= 0.5 for weight in weights.values())
    assert metrics(app)["Connections kept"] == f"{kept} of {len(weights)}"
    said = [text.value for text in app.markdown]
    assert any(text.startswith("Before: ") for text in said) and any(
        text.startswith("After: ") for text in said
    )


def test_pruned_checkpoint_is_saved_listed_and_never_overwrites(app):
    prune(app, 0.5)
    app.text_input(key="new-name").set_value("smaller")
    save(app)
    assert "smaller" in app.success[0].value and "smaller" in app.selectbox(key="checkpoint").options
    weights = checkpoint.load("smaller").network.connection_weights()
    assert weights and min(weights.values()) >= 0.5
    save(app)
    assert "already" in app.error[0].value and not app.success


def test_saving_uses_the_current_threshold_even_if_the_page_has_not_run_since(app):
    prune(app, 0.2)
    app.text_input(key="new-name").set_value("quick")
    app.slider(key="threshold").set_value(0.5)  # the page does not run between this and the click
    save(app)
    assert min(checkpoint.load("quick").network.connection_weights().values()) >= 0.5
    assert checkpoint.load("quick").card["threshold"] == 0.5


def save(app: AppTest) -> None:
    [button] = [button for button in app.button if button.label == "Save the pruned checkpoint"]
    checked(button.click().run())


def test_a_network_with_a_disconnected_output_is_reported_and_cannot_be_saved(app):
    prune(app, 0.5)
    slider = app.slider(key="threshold")
    checked(slider.set_value(slider.max).run())
    assert "disconnects the output" in app.warning[0].value
    assert not any(button.label == "Save the pruned checkpoint" for button in app.button)


def test_accuracy_is_measured_with_its_intervals(app):
    prune(app, 0.5)
    assert metrics(app)["Accuracy"] == "—"
    checked(app.select_slider(key="count").set_value(48).run())
    [measure] = [button for button in app.button if button.label.startswith("Measure")]
    measure.click().run()
    job = measurements.curve_job("small", LabelledSet(count=48))
    job.wait(PATIENCE)
    checked(app.run())
    thresholds = [point.threshold for point in job.results]
    assert thresholds == sorted(set(shown(app).checkpoint.network.connection_weights().values()))
    assert metrics(app).keys() >= {"Accuracy before", "Accuracy after", "Difference, in points"}
    said = captions(app).replace("\\", "")
    assert "48 clips, each counted as a separate source video" in said and "95 % interval" in said
    assert "points is not excluded." in said


def test_a_missing_folder_is_reported(app, tmp_path):
    prune(app, 0.0)
    checked(app.selectbox(key="labelled").set_value("A folder of clips").run())
    checked(app.text_input(key="folder").set_value(str(tmp_path / "missing")).run())
    [measure] = [button for button in app.button if button.label.startswith("Measure")]
    measure.click().run()
    measurements.curve_job("small", LabelledSet(folder=tmp_path / "missing")).wait(PATIENCE)
    checked(app.run())
    assert "is not a folder" in app.error[0].value.replace("\\", "")


def test_unreadable_clips_are_left_out_of_the_curve_and_counted(app, tmp_path):
    folder = tmp_path / "labelled" / CLASS_NAMES[0]
    folder.mkdir(parents=True)
    for name in "ab":
        write_video(folder / f"{name}.mp4", moving_square(24))
    (folder / "bad.mp4").write_bytes(b"no video")
    prune(app, 0.0)
    checked(app.selectbox(key="labelled").set_value("A folder of clips").run())
    checked(app.text_input(key="folder").set_value(str(folder.parent)).run())
    [measure] = [button for button in app.button if button.label.startswith("Measure")]
    measure.click().run()
    measurements.curve_job("small", LabelledSet(folder=folder.parent)).wait(PATIENCE)
    checked(app.run())
    said = captions(app).replace("\\", "")
    assert (
        "2 clips, each counted as a separate source video" in said
        and "no interval: too few clips (2, at least 20 needed)" in said
    )
    assert "not counted because they could not be read: 1" in said


def test_a_checkpoint_that_cannot_be_loaded_leaves_the_page_unchanged(app, tmp_path):
    before = shown(app)
    broken = tmp_path / "checkpoints" / "broken"
    broken.mkdir()
    (broken / "card.json").write_bytes((tmp_path / "checkpoints" / "small" / "card.json").read_bytes())
    checked(app.run())
    checked(app.selectbox(key="checkpoint").set_value("broken").run())
    assert len(app.error) == 1 and shown(app).trace is before.trace


OWN_STRUCTURE = "[[-1, 1], [-3, 1], [0, [0, 1], 4, 2, 2, 0], [3, [0, 2], 4, 1, 2, 0]]"


def test_untrained_networks_open_and_say_so_in_explore_and_prune(app, tmp_path):
    """The user's own structure, in the published format, is uploaded to the Structures screen first.

    It reads 151 classes of objects, as published structures do; the object maps show classes 1 and 2.
    """
    file = (OWN_STRUCTURE.encode(), "application/json")
    app.switch_page("screens/structures.py").run()
    checked(app.file_uploader(key="structure-files").set_value([("mine.json", *file)]).run())
    checked(app.switch_page("screens/explore.py").run())
    offered = app.selectbox(key="checkpoint").options
    assert {"full_asnp50-untrained", "asnp_lite-untrained"} <= set(offered)
    own = next(name for name in offered if name.startswith("mine-"))
    checked(app.selectbox(key="checkpoint").set_value(own).run())
    assert shown(app).trace.structure.to_published()[0][3] == [3, [0, 2], 4, 1, 2, 0]
    assert app.warning[0].value.startswith("Untrained filters")
    assert "not one of the network's classes" in app.markdown[0].value
    assert re.search(r"channels are empty: \d+ to 151", captions(app).replace("\\", ""))
    upload(app, video(tmp_path / "mine.mp4"))
    attach(app, shown(app).choice.source.id, maps(tmp_path / "maps.npz"))
    assert "channels are empty: 3 to 151" in captions(app).replace("\\", "")
    checked(app.switch_page("screens/prune.py").run())
    assert "No accuracy can be measured" in app.info[0].value
    assert app.metric[0].value == "4 of 4"
    assert app.warning[0].value.startswith("Untrained filters")
    app.text_input(key="new-name").set_value("mine")
    save(app)
    assert "peerattn prune" not in checkpoint.load("mine").card["command"]
    assert checkpoint.load("mine").remarks == shown(app).checkpoint.remarks
