"""A folder of clips with labels, from training to the app: the same probabilities everywhere."""

import csv
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
import torch
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

from app.state import measurements, networks
from app.work.datasets import EvaluationRequest
from peerattn.__main__ import main
from peerattn.checkpoints.checkpoint import load
from peerattn.data.examples import FolderExamples, read_clip
from peerattn.data.folder import labelled_files
from peerattn.graph.answers import LABELS
from peerattn.graph.specs import BlockSpec, Modality
from peerattn.graph.structure import Structure
from peerattn.recording.predictions import predict
from peerattn.recording.windows import windows
from peerattn.scores.metrics import average_precision, mean_average_precision
from peerattn.traces.trace import Trace
from tests.conftest import ROOT
from tests.media import write_video

PATIENCE = 300  # s; shared cores
NAMES = ("left", "light", "red")
"""A bright square is left or right, the background light or dark, the square red or white."""
RECIPE = {
    "epochs": 6,
    "batch": 4,
    "workers": 0,
    "clip": {"size": 16, "window": 4, "frame_rate": 8.0, "flow": "ultrafast"},
    "augmentation": {"warp": {"flip": 0.0}},
    "optimisation": {"rate": 0.02},
}
CLOSE: dict[str, float] = {"rtol": 0.0, "atol": 1e-6}


def images(labels: set[str]) -> NDArray[np.uint8]:
    """(T, H, W, 3) that show these labels."""
    frames = np.full((11, 32, 48, 3), 150 if "light" in labels else 40, np.uint8)
    left = 4 if "left" in labels else 32
    frames[:, 10:22, left : left + 12] = (250, 30, 30) if "red" in labels else 250
    return frames


def fill(folder: Path) -> Path:
    """Write one clip per set of labels for training, and a slightly darker one for evaluation."""
    folder.mkdir()
    rows = []
    for number in range(1, 8):
        labels = [name for place, name in enumerate(NAMES) if number >> place & 1]
        for split, darker in (("train", 0), ("val", 15)):
            path = folder / f"{split}-{number}.mp4"
            times = [frame / 8 for frame in range(11)]
            write_video(path, images(set(labels)) - np.uint8(darker), times=times)
            rows.append((path.name, "|".join(labels), split))
    with (folder / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("path", "label", "split"), *rows])
    return folder


def tiny() -> Structure:
    blocks = [
        BlockSpec("rgb1", 1, "video_input", 6, spatial_stride=4, modality="rgb"),
        BlockSpec("rgb2", 1, "video_input", 6, spatial_stride=4, modality="rgb"),
        BlockSpec("top", 2, "bottleneck", 8),
    ]
    return Structure.complete(blocks, modalities=[Modality("rgb", 3)])


def command(*words: object) -> int:
    """Run a command; returns its exit code."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended:
        patch.setattr(sys, "argv", ["peerattn", *map(str, words)])
        main()
    return int(ended.value.code or 0)


@dataclass(frozen=True)
class Place:
    """The places of the folder of clips and of the checkpoints."""

    clips: Path
    checkpoints: Path

    def run(self, *words: object) -> Any:
        """Run a command and return the JSON that it reports."""
        out = self.checkpoints.parent / "out.json"
        assert command(*words, "--json", out) == 0
        return json.loads(out.read_text())

    def recorded(self, name: str, checkpoint: str) -> Trace:
        """The trace that `record` writes."""
        return Trace.from_json(json.dumps(self.run("record", self.clips / name, "--checkpoint", checkpoint)))

    def probabilities(self, checkpoint: str) -> NDArray[np.float32]:
        """The probabilities of each evaluation clip according to `record`."""
        names = [file.path.name for file in labelled_files(self.clips, split="val")]
        return np.stack([self.recorded(name, checkpoint).probabilities for name in names])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The folder of clips, and the checkpoint `mine` that the command trained on it."""
    folder = tmp_path_factory.mktemp("labels")
    found = Place(fill(folder / "clips"), folder / "checkpoints")
    found.checkpoints.mkdir()
    (folder / "structure.json").write_text(json.dumps(tiny().to_json()))
    (folder / "recipe.json").write_text(json.dumps(RECIPE))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PEERATTN_CHECKPOINTS", str(found.checkpoints))
        patch.setenv("PEERATTN_CACHE", str(folder / "cache"))
        patch.setattr(networks, "device", lambda: torch.device("cpu"))
        words = ("--structure", folder / "structure.json", "--config", folder / "recipe.json")
        found.run("train", "--data", found.clips, *words, "--loss", "binary", "--out", "mine")
        yield found


def truth(place: Place) -> NDArray[np.bool_]:
    files = labelled_files(place.clips, split="val")
    return np.array([[name in file.labels for name in NAMES] for file in files])


def by_hand(place: Place, checkpoint: str, *, temperature: float = 1.0) -> NDArray[np.float32]:
    """The mean of the sigmoids of the logits of each window of the whole clip, computed independently."""
    loaded, rows = load(checkpoint), []
    for file in labelled_files(place.clips, split="val"):
        clip = read_clip(file.path, loaded.structure.read_modalities, loaded.settings)
        with torch.inference_mode():
            outputs = loaded.network.run(clip.tensors)
            parts = [
                loaded.network.combined_logits({name: one[:, :, start:stop] for name, one in outputs.items()})
                for start, stop in windows(len(clip.times), loaded.settings.window)
            ]
        rows.append((1 / (1 + torch.exp(-torch.cat(parts) / temperature))).mean(dim=0).numpy())
    return np.stack(rows)


def test_the_files_of_the_trained_network_say_that_it_answers_with_labels(place: Place) -> None:
    loaded = load("mine")
    assert loaded.structure.answer == LABELS
    assert loaded.class_names == NAMES
    [output] = loaded.card["structure"]["outputs"]
    assert output["answer"] == {"kind": "labels"}
    assert loaded.card["metrics"]["map"]["n"] == 7
    assert loaded.card["metrics"].keys() >= {"map", "map_micro", "map left", "map light", "map red"}
    trace = place.recorded("val-3.mp4", "mine")
    assert trace.structure.answer == LABELS
    assert len(trace.windows) == 3


def test_record_evaluate_and_predict_give_independently_computed_probabilities(place: Place) -> None:
    expected = by_hand(place, "mine")
    assert np.abs(expected.sum(axis=1) - 1).min() > 0.01  # no shares of one
    np.testing.assert_allclose(place.probabilities("mine"), expected, **CLOSE)
    loaded, files = load("mine"), labelled_files(place.clips, split="val")
    reading = {"modalities": loaded.structure.read_modalities, "settings": loaded.settings}
    found = predict(loaded.network, FolderExamples(files, NAMES, **reading), window=4)
    np.testing.assert_allclose(found.clips, expected, **CLOSE)

    said = place.run("evaluate", "--checkpoint", "mine", "--data", place.clips)
    assert said.keys() >= {"n", "map", "map_interval", "map_micro", "map_micro_interval", "labels"}
    assert not {"top1", "confusion", "classes"} & said.keys()
    assert said["map"] == pytest.approx(mean_average_precision(expected, truth(place)))
    assert said["map_micro"] == pytest.approx(average_precision(expected.ravel(), truth(place).ravel()))
    assert [(row["name"], row["n"]) for row in said["labels"]] == [(name, 4) for name in NAMES]


def test_record_prints_every_label_that_it_found(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("val-3.mp4", "val-1.mp4"):
        trace = place.recorded(name, "mine")
        order = np.argsort(-trace.probabilities)
        found = [NAMES[number] for number in order if trace.probabilities[number] >= 0.5]
        assert command("record", place.clips / name, "--checkpoint", "mine") == 0
        said = capsys.readouterr().out
        assert (", ".join(found) or "none above 50 %") in said
        for number in order:
            assert f"{trace.probabilities[number]:.1%}" in said


def test_pruning_measures_both_by_mean_average_precision(place: Place) -> None:
    evaluated = place.run("evaluate", "--checkpoint", "mine", "--data", place.clips)
    weights = sorted(load("mine").network.connection_weights().values())
    words = ("--data", place.clips, "--threshold", (weights[0] + weights[1]) / 2, "--out", "smaller")
    said = place.run("prune", "--checkpoint", "mine", *words)
    assert said["before"]["map"] == evaluated["map"]
    assert said["difference"] == pytest.approx(said["after"]["map"] - said["before"]["map"])
    smaller = load("smaller")
    assert (smaller.structure.answer, said["removed"]) == (LABELS, 1)
    assert smaller.card["metrics"]["after_pruning"]["map"] == said["after"]["map"]
    expected = by_hand(place, "smaller")
    np.testing.assert_allclose(place.probabilities("smaller"), expected, **CLOSE)
    assert said["after"]["map"] == pytest.approx(mean_average_precision(expected, truth(place)))


@pytest.mark.parametrize(("of", "how"), [("connection", "remove"), ("modality", "swap")])
def test_effects_are_measured_by_mean_average_precision(
    place: Place, of: str, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("effect", "--checkpoint", "mine", "--data", place.clips, "--of", of, "--how", how)
    said = place.run(*words)
    assert said["before"]["map"] == pytest.approx(
        mean_average_precision(by_hand(place, "mine"), truth(place))
    )
    assert len(said["effects"]) == (2 if of == "connection" else 1)
    for effect in said["effects"]:
        change = effect["after"]["map"] - said["before"]["map"]
        assert effect["difference"] == pytest.approx(change)
        assert "too few" in effect["difference_interval_remark"]
    capsys.readouterr()
    assert command(*words) == 0
    assert "mAP" in capsys.readouterr().out


def copied(place: Place, name: str) -> str:
    """A checkpoint of another name with the same content."""
    for file in (place.checkpoints / "mine").iterdir():
        (place.checkpoints / name).mkdir(exist_ok=True)
        (place.checkpoints / name / file.name).write_bytes(file.read_bytes())
    return name


def test_calibration_divides_the_logits_and_nothing_else(place: Place) -> None:
    before = by_hand(place, copied(place, "cooled"))
    said = place.run("calibrate", "--checkpoint", "cooled", "--data", place.clips)
    by = said["calibration"]["temperature"]
    assert said["calibration"]["n"] == 7
    after = place.probabilities("cooled")
    np.testing.assert_allclose(after, by_hand(place, "cooled"), **CLOSE)
    np.testing.assert_allclose(after, by_hand(place, "mine", temperature=by), rtol=0, atol=1e-5)
    assert np.abs(after - before).max() > 1e-3
    assert "none_of_these" not in said
    assert command("calibrate", "--checkpoint", "cooled", "--data", place.clips, "--sister", "mine") == 2


def checked(app: AppTest) -> AppTest:
    assert not app.exception
    assert not app.error
    return app


def press(app: AppTest, label: str) -> AppTest:
    return checked(next(button for button in app.button if button.label == label).click().run())


def done(app: AppTest) -> AppTest:
    """Return the page after all running jobs have ended."""
    for job in list(measurements.process_jobs()._jobs.values()):
        job.wait(PATIENCE)
    return checked(app.run())


def said(app: AppTest) -> str:
    return " ".join(text.value for text in (*app.markdown, *app.caption)).replace("\\", "")


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


@pytest.fixture
def page(place: Place) -> Callable[[str], AppTest]:
    """Opens a screen of the app with the checkpoint `mine`."""
    st.cache_resource.clear()
    app = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=PATIENCE)
    app.query_params["checkpoint"] = "mine"
    checked(app.run())
    clip = place.clips / "val-3.mp4"
    checked(app.file_uploader(key="uploads").set_value([(clip.name, clip.read_bytes(), "video/mp4")]).run())
    return lambda screen: checked(app.switch_page(f"screens/{screen}.py").run())


def test_every_screen_shows_the_labels_with_their_own_probabilities(
    place: Place, page: Callable[[str], AppTest]
) -> None:
    trace = place.recorded("val-3.mp4", "mine")
    order = np.argsort(-trace.probabilities)
    found = [NAMES[number] for number in order if trace.probabilities[number] >= 0.5]
    app = page("explore")
    np.testing.assert_allclose(app.session_state["opened"].trace.probabilities, trace.probabilities, **CLOSE)
    assert app.metric[0].label == "Labels of the clip"
    assert app.metric[0].value.replace("\\", "") == (", ".join(found) or "none above 50 %")
    strongest = percent(trace.probabilities.max())
    assert strongest in said(app)
    before = said(page("prune"))
    assert "Before: " in before and strongest in before
    assert "Mean average precision before and after" in " ".join(text.value for text in app.subheader)
    assert strongest in said(page("compare"))


def test_the_data_screen_measures_labels_and_shows_a_row_for_each(
    place: Place, page: Callable[[str], AppTest]
) -> None:
    app = page("data")
    checked(app.text_input(key="data").set_value(str(place.clips)).run())
    assert "clips of several classes are left out" not in said(app)
    done(press(app, "Measure the accuracy"))
    [measured] = measurements.measurement_job(EvaluationRequest("mine", place.clips, "val")).results
    expected = by_hand(place, "mine")
    np.testing.assert_allclose(measured.evaluation.probabilities, expected, **CLOSE)
    numbers = {metric.label: metric.value for metric in app.metric}
    assert numbers["Mean average precision"] == percent(mean_average_precision(expected, truth(place)))
    table = app.dataframe[0].value
    assert list(table["label"]) == list(NAMES)
    assert {"average_precision", "low", "high"} <= set(table.columns)
    for outcome, shows, at in (
        ("found", True, True),
        ("missed", True, False),
        ("found wrongly", False, True),
    ):
        checked(app.selectbox(key="outcome").set_value(outcome).run())
        buttons = [button for button in app.button if str(button.key).startswith("clip-left-")]
        asked = (truth(place)[:, 0] == shows) & ((expected[:, 0] >= 0.5) == at)
        assert len(buttons) == int(asked.sum())


def test_the_curve_of_the_prune_screen_is_of_mean_average_precision(
    place: Place, page: Callable[[str], AppTest]
) -> None:
    app = page("prune")
    checked(app.selectbox(key="labelled").set_value("A folder of clips").run())
    checked(app.text_input(key="folder").set_value(str(place.clips)).run())
    done(press(app, "Measure the mean average precision at every threshold"))
    expected = mean_average_precision(by_hand(place, "mine"), truth(place))
    numbers = {metric.label: metric.value for metric in app.metric}
    assert numbers["Mean average precision before"] == percent(expected)
