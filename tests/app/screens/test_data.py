"""The Data screen: checking a folder or zip, evaluating a checkpoint on it, and opening its clips."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import streamlit as st
from hypothesis import given
from hypothesis import strategies as hypothesis
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

from app.parts import user_files
from app.state import clips, measurements
from app.state.opened import DEFAULT_SECONDS
from app.work import datasets
from app.work.datasets import EvaluationRequest, FolderEvaluation
from peerattn.data.folder import LabelledFile
from peerattn.modalities.clip import ObjectMaps
from peerattn.modalities.objects import write_objects
from peerattn.scores.evaluation import summarise
from tests.conftest import ROOT
from tests.media import moving_square, write_video
from tests.screens import look_at_rest, wait_until_drawn
from tests.small import CLASS_NAMES, write_small_checkpoints
from tests.work import slow_measurement

PATIENCE = 300  # s; shared cores
FIRST, SECOND = CLASS_NAMES[:2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four clips of two classes that the network knows, one of another, and one that is no video."""
    return fill(tmp_path / "clips")


def fill(folder: Path) -> Path:
    for step, (label, number) in enumerate([(FIRST, 0), (FIRST, 1), (SECOND, 0), (SECOND, 1), ("dance", 0)]):
        path = folder / "val" / label / f"{label.replace(' ', '-')}-{number}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_video(path, moving_square(8, step=2 + step))
    (folder / "val" / FIRST / "broken.mp4").write_text("no video")
    return folder


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The screen, freshly opened on a small network."""
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(write_small_checkpoints(tmp_path / "checkpoints")))
    st.cache_resource.clear()
    app = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=PATIENCE)
    app.query_params["checkpoint"] = "small"
    return checked(app.switch_page("screens/data.py").run())


def checked(app: AppTest) -> AppTest:
    assert not app.exception
    return app


def press(app: AppTest, label: str) -> AppTest:
    return checked(next(button for button in app.button if button.label == label).click().run())


def done(app: AppTest) -> AppTest:
    """Wait until the running job has ended, and return the page."""
    for job in list(measurements.process_jobs()._jobs.values()):
        job.wait(PATIENCE)
    return checked(app.run())


def said(app: AppTest) -> str:
    return " ".join(text.value for text in (*app.caption, *app.warning)).replace("\\", "")


def point(app: AppTest, folder: Path | str) -> AppTest:
    return checked(app.text_input(key="data").set_value(str(folder)).run())


def test_the_screen_says_what_it_needs(app):
    [line] = app.info
    assert "manifest.csv" in line.value


def test_a_folder_that_does_not_exist_gives_a_one_line_error(app, tmp_path):
    point(app, tmp_path / "nowhere")
    [line] = app.error
    assert "is not a folder" in line.value.replace("\\", "") and "\n" not in line.value


def test_a_tilde_in_a_folder_means_the_home_of_the_user_who_runs_the_app(app, folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder.parent))
    point(app, f"~/{folder.name}")
    assert "6 clips of 3 classes" in said(app)
    point(app, "~nobody-of-this-name/clips")
    [line] = app.error
    assert "is not a folder" in line.value.replace("\\", "")


def test_a_folder_is_listed_when_it_is_named_and_when_it_is_checked(app, folder, monkeypatch):
    listed, clips_in_folder = [], datasets.clips_in_folder
    monkeypatch.setattr(
        datasets, "clips_in_folder", lambda named: listed.append(named) or clips_in_folder(named)
    )
    point(app, folder)
    checked(app.run())
    assert listed == [folder]
    (folder / "val" / FIRST / "broken.mp4").unlink()
    done(press(app, "Check every file"))
    assert listed == [folder] * 2 and "5 clips of 3 classes" in said(app)


def test_checking_a_folder_names_its_faults(app, folder):
    point(app, folder)
    assert "6 clips of 3 classes" in said(app)
    done(press(app, "Check every file"))
    assert {metric.label: metric.value for metric in app.metric}["Clips that can be read"] == "5"
    faults = app.dataframe[0].value
    assert any("broken.mp4" in place for place in faults["place"])
    checked(app.segmented_control(key="folder-csv-of").set_value("Clips").run())
    assert app.dataframe[0].value.set_index("class")["val"].to_dict() == {FIRST: 2, SECOND: 2, "dance": 1}


def measured(app: AppTest, folder: Path) -> AppTest:
    point(app, folder)
    return done(press(app, "Measure the accuracy"))


def test_a_checkpoint_is_measured_on_the_classes_it_knows(app, folder):
    measured(app, folder)
    assert "5 clips" in said(app) and "small does not know 1 of the classes: dance" in said(app)
    assert [metric.label for metric in app.metric] == [
        "Top-1 accuracy",
        "Top-5 accuracy",
        "Mean per-class accuracy",
    ]
    assert "4 clips, each counted as a separate source video" in said(app)
    assert "no interval: too few clips (4, at least 20 needed)" in said(app)
    [warning] = app.warning
    assert warning.value == (
        "5 clips are too few for confidence intervals; at least 20 clips are needed, from at least 10 source "
        "videos."
    )
    [passed_over] = [text.value for text in app.text if "broken.mp4" in text.value]
    assert "\n" not in passed_over
    classes = app.dataframe[0].value
    assert classes["n"].to_dict() == {0: 2, 1: 2}


def test_clips_of_a_cell_open_in_explore(app, folder):
    measured(app, folder)
    job = measurements.measurement_job(EvaluationRequest("small", folder, "val"))
    found = job.results[0]
    answers = found.evaluation.probabilities.argmax(axis=1)
    name, answer = CLASS_NAMES[found.evaluation.labels[0]], CLASS_NAMES[answers[0]]
    checked(app.selectbox(key="true").set_value(name).run())
    checked(app.selectbox(key="predicted").set_value(answer).run())
    buttons = [button for button in app.button if str(button.key).startswith("clip-")]
    assert len(buttons) == int(
        ((found.evaluation.labels == found.evaluation.labels[0]) & (answers == answers[0])).sum()
    )
    buttons[0].click().run()
    checked(app.switch_page("screens/explore.py").run())
    opened = app.session_state["opened"]
    assert opened.choice.source.label == name and opened.choice.checkpoint == "small"


def test_a_clip_of_a_cell_has_the_same_answer_in_explore(app, tmp_path):
    """The whole clip, with its own maps, a folder of them; then with none, where they were estimated."""
    folder = tmp_path / "clips"
    (folder / "maps").mkdir(parents=True)
    images = moving_square(56)
    write_video(folder / "long.mp4", images, times=[frame / 4 for frame in range(len(images))])
    for number in range(len(images)):
        cv2.imwrite(str(folder / "maps" / f"{number:03}.png"), np.full((48, 64), 1 + number % 2, np.uint8))
    (folder / "maps" / "classes.json").write_text('{"class_ids": [1, 2]}')
    (folder / "manifest.csv").write_text(f"path,label,split,mask_path\nlong.mp4,{FIRST},val,maps\n")
    point(app, folder)
    for maps in ("supplied with the clips", "estimated"):
        checked(app.selectbox(key="clips-maps").set_value(maps).run())
        done(press(app, "Measure the accuracy"))
        [found] = measurements.measurement_job(
            EvaluationRequest("small", folder, "val", maps == "estimated")
        ).results
        next(button for button in app.button if str(button.key).startswith("clip-")).click().run()
        checked(app.switch_page("screens/explore.py").run())
        opened = app.session_state["opened"]
        assert not app.error and (opened.choice.source.objects is None) == (maps == "estimated")
        assert len(opened.trace.times) == len(images) > 4 * DEFAULT_SECONDS
        assert np.allclose(opened.trace.probabilities, found.evaluation.probabilities[0], atol=1e-5)
        app.slider(key=f"stretch-{opened.choice.source.id}").set_value((1.0, 2.0)).run()
        checked(app.switch_page("screens/data.py").run())


def test_a_message_says_if_a_clip_is_too_long_to_be_opened_whole(monkeypatch):
    clip = SimpleNamespace(id="clip")
    for duration, stretch in ((40.0, (0.0, 32.0)), (32.0, (0.0, 32.0)), (13.0, (0.0, 13.0))):
        monkeypatch.setattr(
            clips, "video_information", lambda _, known=duration: SimpleNamespace(duration=known)
        )
        monkeypatch.setattr(st, "session_state", {})
        user_files._select_whole_clip(clip)
        assert st.session_state["stretch-clip"] == stretch
        lines = user_files.notices(clip)
        assert [line for line in lines if "this clip is longer" in line] == lines and bool(lines) == (
            duration > 32
        )


def test_clips_with_object_maps_can_be_measured_with_estimated_ones(app, folder):
    (folder / "val" / FIRST / "broken.mp4").unlink()
    rows = []
    for path in sorted(folder.glob("val/*/*.mp4")):
        images = moving_square(8)
        ids = np.ones(images.shape[:3], np.uint8)
        maps = ObjectMaps(ids, np.arange(len(ids)), (1, 2), ("person", "ball"), "attached")
        write_objects(path.with_suffix(".npz"), maps)
        place = path.relative_to(folder)
        rows.append(f"{place},{path.parent.name},val,{place.with_suffix('.npz')}")
    (folder / "manifest.csv").write_text("\n".join(["path,label,split,mask_path", *rows]))
    found = {}
    point(app, folder)
    for maps, caption in {
        "supplied with the clips": "Object maps: supplied with 4 clips",
        "estimated": "Object maps: estimated for 4 clips",
    }.items():
        checked(app.selectbox(key="clips-maps").set_value(maps).run())
        assert caption in said(app)
        done(press(app, "Measure the accuracy"))
        [found[maps]] = measurements.measurement_job(
            EvaluationRequest("small", folder, "val", maps == "estimated")
        ).results
    assert all(file.objects for file in found["supplied with the clips"].files)
    assert not any(file.objects for file in found["estimated"].files)
    own, estimated = (one.evaluation.probabilities for one in found.values())
    assert not np.array_equal(own, estimated)


def test_classes_that_the_network_does_not_know_are_named(app, folder):
    shutil.rmtree(folder / "val" / FIRST)
    shutil.rmtree(folder / "val" / SECOND)
    point(app, folder)
    assert "small does not know 1 of the classes: dance" in said(app)
    assert "Measure the accuracy" not in [button.label for button in app.button]


def test_a_folder_of_unreadable_clips_gives_a_one_line_error(app, folder):
    for path in folder.glob("val/*/*.mp4"):
        path.write_text("no video")
    measured(app, folder)
    [line] = app.error
    assert "no clip could be read" in line.value and "\n" not in line.value


def test_a_measurement_can_be_cancelled_and_started_again(app, folder, monkeypatch):
    monkeypatch.setattr(measurements, "measure_folder", slow_measurement)
    point(app, folder)
    press(app, "Measure the accuracy")
    job = measurements.measurement_job(EvaluationRequest("small", folder, "val"))
    press(app, "Cancel")
    job.wait(PATIENCE)
    assert job.cancelled and not job.results and job.error is None
    assert "Measure the accuracy" in [button.label for button in checked(app.run()).button]


def test_a_zip_is_unpacked_into_a_folder_for_this_user(app, folder, tmp_path):
    archive = Path(shutil.make_archive(str(tmp_path / "clips"), "zip", folder))
    checked(app.segmented_control(key="clips-from").set_value("A zip file").run())
    upload = (archive.name, archive.read_bytes(), "application/zip")
    checked(app.file_uploader(key="zip").set_value(upload).run())
    assert "6 clips of 3 classes" in said(app) and "From clips.zip" in said(app)
    shelf = app.session_state["unpacked"][1].folder
    checked(app.switch_page("screens/explore.py").run())
    assert shelf.exists()
    checked(app.switch_page("screens/data.py").run())
    assert "6 clips of 3 classes" in said(app)


def test_an_invalid_zip_gives_a_one_line_error(app):
    checked(app.segmented_control(key="clips-from").set_value("A zip file").run())
    checked(app.file_uploader(key="zip").set_value(("bad.zip", b"no zip", "application/zip")).run())
    [line] = app.error
    assert "not a complete zip" in line.value and "\n" not in line.value


@given(hypothesis.data())
def test_each_clip_is_in_one_cell_sorted_by_descending_probability(data):
    count = data.draw(hypothesis.integers(1, 12))
    rng = np.random.default_rng(data.draw(hypothesis.integers(0, 99)))
    shares = rng.dirichlet(np.ones(3), count).astype(np.float32)
    labels = rng.integers(0, 3, count)
    files = tuple(LabelledFile(Path(f"{place}.mp4"), ("a",), str(place)) for place in range(count))
    groups = [file.group for file in files]
    found = FolderEvaluation(summarise(shares, labels, groups, ["a", "b", "c"]), files, ())
    cells = {(true, answer): found.clips_of_cell(true, answer) for true in range(3) for answer in range(3)}
    assert sorted(file.group for cell in cells.values() for file, _ in cell) == sorted(groups)
    for (true, answer), cell in cells.items():
        assert len(cell) == found.evaluation.confusion[true, answer]
        assert all(shares[int(file.group), answer] == probability for file, probability in cell)
        assert [probability for _, probability in cell] == sorted((p for _, p in cell), reverse=True)


@pytest.mark.browser
def test_a_click_on_the_matrix_shows_the_clips_of_the_cell_and_one_opens(
    page: Page, app_url: str, app_checkpoints: Path, tmp_path
):
    write_small_checkpoints(app_checkpoints)
    folder = fill(tmp_path / "clips")
    page.set_viewport_size({"width": 1440, "height": 2400})
    page.goto(f"{app_url}/data?checkpoint=small&data={folder}")
    page.get_by_role("button", name="Measure the accuracy").click()
    page.get_by_role("button", name="Confusion matrix as SVG").wait_for()
    box = look_at_rest(page, page.locator(".details .nsewdrag").first.bounding_box)
    rows = page.locator(".details .ytick text").count()
    own = page.get_by_role("button", name=SECOND.replace(" ", "-"))
    for column in range(rows):  # somewhere in the second row is a cell with clips
        x = box["x"] + box["width"] * (column + 0.5) / rows
        page.mouse.click(x, box["y"] + box["height"] * 1.5 / rows)
        if look_at_rest(page, own.count):
            break
    own.first.click()
    wait_until_drawn(page)
    expect(page.get_by_text("True label:")).to_contain_text(SECOND)
