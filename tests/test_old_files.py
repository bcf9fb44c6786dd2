"""Files written by version e92e6b4 still open, with the same numbers: see `old_files/README.md`."""

import io
import json
import shutil
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
import streamlit as st
import torch
from playwright.sync_api import Page
from streamlit.testing.v1 import AppTest
from torch import Tensor

from app.opening.session import Session
from app.opening.traces import read_trace
from app.parts.user_files import TOLERANCE
from app.state import address, networks
from app.state.opened import OpenedTrace
from peerattn.__main__ import main
from peerattn.checkpoints.checkpoint import load
from peerattn.data.checking import check_folder
from peerattn.data.examples import read_clip
from peerattn.data.folder import all_files
from peerattn.data.splitting import manifest_text
from peerattn.files.header import read_header
from peerattn.files.weights import WEIGHTS_FILE, write_weights
from peerattn.graph.answers import CLASSES, LABELS
from peerattn.graph.structure_file import read
from peerattn.modalities.objects import read_objects
from peerattn.modalities.segmentation_network import load_network
from peerattn.network.network import Network
from peerattn.network.state_arrays import as_arrays
from peerattn.recording.recorder import record
from peerattn.scores.calibration import NoneOfThese
from peerattn.scores.verdict import verdict
from peerattn.traces.history import HISTORY_FILE, history_arrays, read_history, write_history
from peerattn.traces.trace import Trace
from peerattn.training.initialisation import new_network
from peerattn.training.optimisation import moments
from peerattn.training.recipe import Recipe, read_recipe
from peerattn.training.state import HEADER_LIMIT, STATE_FILE, TrainingState, load_state
from tests.app.opening.test_session import bring
from tests.app.screens.test_explore_and_prune import PATIENCE, checked, shown
from tests.conftest import ROOT
from tests.serving import GET_EXPLORER
from tests.standalone_explorer import ADDRESS, html

OLD = ROOT / "tests" / "old_files"
CHECKPOINTS = OLD / "checkpoints"
ACTIONS = ("lift", "lower", "push")
LOGITS = {
    "one-label": (-1.305601, 1.2976551, 3.0082567),
    "several-labels": (-0.2311862, -0.3777542, -0.144265, 0.0846002),
    "pruned": (-1.3119936, 1.2887094, 3.0208752),
    "calibrated": (-0.7087345, 1.593904, -0.5553844),
}
"""Checkpoint → its logits for a window of `arithmetic` modalities, as that version computed them."""
LINKS = json.loads((OLD / "links.json").read_text(encoding="utf-8"))
LOOKS = (
    f"root => {{ const {{ frame, settings }} = ({GET_EXPLORER})(root); "
    "return { ...settings, frame: frame + 1 }; }"
)


@pytest.fixture(autouse=True)
def old_checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make only the old checkpoints available, and compute on the CPU, as that version did."""
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(CHECKPOINTS))
    monkeypatch.setenv("PEERATTN_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(networks, "device", lambda: torch.device("cpu"))


@pytest.fixture(autouse=True, scope="module")
def clear_caches() -> None:
    """Forget what earlier tests loaded from other checkpoints."""
    st.cache_resource.clear()


def arithmetic(*shape: int) -> Tensor:
    """Numbers from 0 to 1 that do not depend on a random generator."""
    return (torch.arange(int(np.prod(shape))) * 37 % 101 / 100).reshape(shape)


def logits(network: Network) -> list[float]:
    """The logits for a window of four arithmetic frames of 16 × 16 px."""
    read = network.structure.read_modalities
    with torch.inference_mode():
        answer: Tensor = network({one.name: arithmetic(1, one.channels, 4, 16, 16) for one in read})
    return answer[0].tolist()


def assert_close(found: Any, expected: Any, tolerance: float = 1e-6) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", LOGITS)
def test_an_old_checkpoint_gives_the_same_logits(name: str) -> None:
    assert_close(logits(load(name).network), LOGITS[name], 1e-5)


@pytest.mark.parametrize("name", LOGITS)
def test_the_weights_of_an_old_checkpoint_are_written_back_byte_for_byte(name: str, tmp_path: Path) -> None:
    write_weights(tmp_path / WEIGHTS_FILE, as_arrays(load(name).network.state_dict()))
    assert (tmp_path / WEIGHTS_FILE).read_bytes() == (CHECKPOINTS / name / WEIGHTS_FILE).read_bytes()


def test_an_old_checkpoint_with_classes_opens_with_its_card() -> None:
    loaded = load("one-label")
    assert loaded.class_names == ACTIONS
    assert loaded.structure.answer == CLASSES
    settings = loaded.settings
    assert (settings.size, settings.window, settings.frame_rate) == (16, 4, 8.0)
    assert (settings.flow, settings.steady, settings.view) == ("ultrafast", True, "objects")
    weights = loaded.network.connection_weights()
    assert (len(loaded.structure.connections), len(weights)) == (13, 12)
    assert_close([weights["flow1_to_mid1"], weights["flow1_to_mid2"]], [0.1286503, 0.625])
    assert loaded.card["training"]["clips"] == {"train": 6, "val": 3}
    assert_close(loaded.card["metrics"]["top1_interval"], [0.0614919, 0.7923404])
    assert [one["name"] for one in loaded.card["metrics"]["classes"]] == [*ACTIONS]


def test_the_card_of_an_old_checkpoint_contains_its_training_recipe() -> None:
    training = {name: said for name, said in load("one-label").card["training"].items() if name != "clips"}
    assert Recipe.from_json(training) == read_recipe(OLD / "recipe.json")


def test_an_old_checkpoint_with_labels_opens_with_its_card() -> None:
    loaded = load("several-labels")
    assert loaded.class_names == ("ball", "box", "lift", "push")
    assert loaded.card["training"]["loss"]["kind"] == "binary"
    assert loaded.structure.answer == LABELS
    assert loaded.card["metrics"]["map"] == {"value": 0.625, "interval": [0.625, 1.0], "n": 2}
    assert_close(loaded.network.connection_weights()["mid2_to_top"], 0.8178713)


def test_an_old_checkpoint_with_labels_gives_each_label_its_own_probability() -> None:
    """Older versions showed a softmax over the labels, which turned push's 52.1 % into 31.7 %."""
    loaded = load("several-labels")
    found = loaded.network.probabilities(torch.tensor(LOGITS["several-labels"]))
    assert_close(found, [0.4424595, 0.4066687, 0.4639962, 0.5211374])


def test_an_old_pruned_checkpoint_contains_the_stronger_connections_of_the_unpruned_one() -> None:
    whole, part = load("one-label"), load("pruned")
    assert (part.card["pruned_from"], part.card["threshold"]) == ("one-label", 0.3)
    weights, left = whole.network.connection_weights(), part.network.connection_weights()
    assert left == {key: weight for key, weight in weights.items() if weight >= 0.3}
    assert len(part.structure.connections) == 9
    assert part.structure.into("mid1") == whole.structure.into("mid1")[1::2]


def test_an_old_calibrated_checkpoint_keeps_its_temperature_and_its_rule_for_none_of_these() -> None:
    card = load("calibrated").card
    assert_close(card["calibration"]["temperature"], 1.4508103)
    rule = NoneOfThese.from_card(card)
    assert rule and (rule.n_known, rule.n_unknown, rule.auroc) == (4, 2, 0.5)
    assert_close(rule.threshold, 0.3645176)
    assert rule.applies(np.array([0.36, 0.33, 0.31], np.float32))
    assert not rule.applies(np.array([0.37, 0.33, 0.30], np.float32))
    assert verdict(Trace.load(OLD / "trace.json"), card).answer == "push"


def test_an_old_segmenter_gives_the_same_scores() -> None:
    segmenter = load_network("objects")
    assert segmenter.class_names == ("person", "ball", "box", "bottle", "ring")
    with torch.inference_mode():
        scores = segmenter(arithmetic(1, 7, 16, 16))
    expected = [0.1874022, -0.5144337, 0.1971703, 0.3729238, 0.0649666, -0.4951659]
    assert_close(scores[0, :, 3, 5], expected, 1e-5)


def test_an_old_history_opens_with_its_numbers(tmp_path: Path) -> None:
    history = read_history(CHECKPOINTS / "one-label" / HISTORY_FILE)
    assert history.steps.tolist() == [*range(13)]
    assert history.epochs.tolist() == [0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    column = history.keys.index("flow1_to_mid1")
    assert_close(history.connection_weights[[0, 3, 12], column], [0.3, 0.1974450, 0.0761065])
    pruned = np.isnan(history.connection_weights[:, history.keys.index("rgb2_to_top")])
    assert pruned.tolist() == [False] * 4 + [True] * 9
    assert_close(history.attention_weights["flow1_to_mid1"][-1], [0.0473117, 0.0694967, 0.2432870, 0.6399046])
    assert_close(history.metrics["loss"][[1, 12]], [1.2280971, 0.8885790])
    assert np.isfinite(history.metrics["top1"]).nonzero()[0].tolist() == [6, 12]


@pytest.mark.parametrize("name", ["one-label", "several-labels"])
def test_an_old_history_is_written_back_with_the_same_numbers(name: str, tmp_path: Path) -> None:
    """The bytes may differ, because the texts in a safetensors header are in arbitrary order."""
    history = read_history(CHECKPOINTS / name / HISTORY_FILE)
    write_history(tmp_path / HISTORY_FILE, history)
    again = read_history(tmp_path / HISTORY_FILE)
    assert again.structure == history.structure
    then, now = history_arrays(history), history_arrays(again)
    assert {key: values.tobytes() for key, values in now.items()} == {
        key: values.tobytes() for key, values in then.items()
    }


def test_an_old_trace_opens_with_its_numbers() -> None:
    trace = read_trace((OLD / "trace.json").read_text(encoding="utf-8"))
    assert trace.class_names == ACTIONS
    assert trace.times.tolist() == [frame / 8 for frame in range(10)]
    assert [(window.start, window.stop) for window in trace.windows] == [(0, 4), (4, 7), (7, 10)]
    assert_close(trace.probabilities, [0.3230778, 0.2175544, 0.4593678])
    assert_close(trace.windows[1].probabilities, [0.2872791, 0.2184280, 0.4942930])
    assert trace.objects == "attached"
    assert trace.remarks[0].endswith("they are ignored: 1 (person)")
    connection = trace.connection("flow1_to_mid1")
    assert connection.peers == ("rgb1", "rgb2", "flow1", "object1")
    assert_close(connection.connection_weight, 0.1286503)
    assert_close(connection.attention_weights, [0.0844310, 0.1170833, 0.2978581, 0.5006276])
    assert_close(connection.attention_factors[3], [0.4838707, 0.3157551, 0.2504945, 0.4308361])
    assert connection.magnitude is not None
    assert_close(connection.magnitude[:3], [1.0746133, 2.1534100, 2.3902512])
    assert trace.connection("object1_to_top").connection_weight is None
    assert_close(trace.block("mid2").activity[:3], [0.6598818, 0.9561642, 1.3313571])
    assert_close(trace.block("mid2").heatmap[4, 0], [0.7923911, 0.8378939, 0.2821629, 1.3060808])


def test_an_old_trace_is_written_back_byte_for_byte(tmp_path: Path) -> None:
    Trace.load(OLD / "trace.json").save(tmp_path / "trace.json")
    assert (tmp_path / "trace.json").read_bytes() == (OLD / "trace.json").read_bytes()


def test_recording_each_window_of_the_old_clip_separately_reproduces_the_old_trace() -> None:
    """Earlier versions recorded window by window, with zeros beyond each edge."""
    loaded, maps = load("one-label"), OLD / "clips" / "lift-ring.npz"
    clip = read_clip(
        maps.with_suffix(".mp4"), loaded.structure.read_modalities, loaded.settings, objects=maps
    )
    then = Trace.load(OLD / "trace.json")
    for window in then.windows:
        part = slice(window.start, window.stop)
        tensors = {name: tensor[:, :, part] for name, tensor in clip.tensors.items()}
        now = record(
            loaded.network, replace(clip, tensors=tensors, times=clip.times[part]), window=len(clip.times)
        )
        assert now.structure == then.structure
        assert_close(now.probabilities, window.probabilities, TOLERANCE)
        for one, other in zip(now.connections, then.connections, strict=True):
            assert_close(one.attention_factors, other.attention_factors[part], TOLERANCE)


def test_an_old_structure_opens_and_is_written_back_byte_for_byte() -> None:
    structure = read(OLD / "structures" / "own.json")
    assert [len(level) for level in structure.levels.values()] == [4, 2, 1]
    by_key = {spec.key: spec for spec in structure.connections}
    assert len(by_key) == 14
    assert by_key["mid2_to_top"].peers == ("mid1", "mid2", "object1")
    assert by_key["object1_to_top"].weight is None
    assert (by_key["flow1_to_mid2"].weight, by_key["flow1_to_mid2"].learned) == (0.625, False)
    assert {spec.attention for spec in structure.connections} == {"peer", "self", "static", "none"}
    text = json.dumps(structure.to_json(), indent=2) + "\n"
    assert text.encode() == (OLD / "structures" / "own.json").read_bytes()


def test_an_old_published_list_opens_and_is_written_back_byte_for_byte() -> None:
    structure = read(OLD / "structures" / "published.json")
    assert [block.width for block in structure.blocks] == [42, 42, 151, 32, 32, 64, 64, 128]
    assert structure.attention_mode == "peer"
    assert [spec.weight for spec in structure.into("7")] == [0.4375, 0.0625, 0.7]
    assert [spec.weight for spec in structure.into("4")] == [None]
    nodes, edge_weights = structure.to_published()
    text = json.dumps({"nodes": nodes, "edge_weights": edge_weights}) + "\n"
    assert text.encode() == (OLD / "structures" / "published.json").read_bytes()


@pytest.mark.parametrize("name", ["recipe", "short-recipe"])
def test_every_setting_of_an_old_recipe_is_read(name: str) -> None:
    path = OLD / f"{name}.json"
    read_back = json.loads(json.dumps(read_recipe(path).to_json()))
    assert part_of(json.loads(path.read_text(encoding="utf-8")), read_back)


def part_of(part: Any, whole: Any) -> bool:
    """Whether every entry of `part` is in `whole`, with the same value."""
    if not isinstance(part, dict):
        return bool(part == whole)
    return all(name in whole and part_of(value, whole[name]) for name, value in part.items())


def test_an_old_manifest_lists_its_clips_and_is_written_back_byte_for_byte() -> None:
    files = all_files(OLD / "clips")
    assert [file.split for file in files].count("train") == 6
    assert [file.labels for file in files[8:11]] == [("push",), ("lift", "ball"), ("push", "box")]
    first = files[0]
    assert (first.path.name, first.label, first.group) == ("lift-ball.mp4", "lift", "scene 1")
    assert first.objects == first.path.with_suffix(".npz")
    text = manifest_text(OLD / "clips", files)
    assert text.encode() == (OLD / "clips" / "manifest.csv").read_bytes()


def test_every_frame_of_the_clips_in_an_old_folder_can_be_read() -> None:
    report = check_folder(OLD / "clips", workers=1)
    assert {fault.place.partition(" ")[0] for fault in report.faults} == {"class"}  # not in every split
    assert [clip.frames for clip in report.clips] == [10] * 14


MAPS: dict[str, dict[str, list[float]]] = {
    "frames.npz": {"frames": [0, 4, 8], "sums": [96, 108, 120]},
    "times.npz": {"times": [0.0, 0.5, 1.25], "sums": [96, 108, 120]},
    "video.mkv": {"times": [0.0, 0.5, 1.0], "sums": [96, 108, 120]},
    "pictures": {"frames": [0, 5], "sums": [96, 108]},
}


@pytest.mark.parametrize("name", MAPS)
def test_old_object_maps_open_with_their_ids_and_times(name: str) -> None:
    maps, expected = read_objects(OLD / "maps" / name), MAPS[name]
    assert maps.ids.shape == (len(expected["sums"]), 12, 16)
    assert maps.ids.sum(axis=(1, 2)).tolist() == expected["sums"]
    assert [maps.ids[0, row, column] for row, column in ((0, 3), (0, 4), (8, 12))] == [1, 0, 3]
    assert (maps.class_ids, maps.class_names) == ((1, 3), ("person", "ball"))
    for places in ("frames", "times"):
        found = getattr(maps, places)
        assert (None if found is None else found.tolist()) == expected.get(places)


def test_old_packed_persons_open_with_their_ids() -> None:
    maps = read_objects(OLD / "maps" / "persons.npz")
    assert (maps.class_ids, maps.class_names, maps.frames) == ((1,), ("person",), None)
    assert maps.ids.shape == (3, 12, 13)
    assert maps.ids.sum(axis=(1, 2)).tolist() == [48, 60, 72]


def old_state() -> TrainingState:
    """The saved state of the unfinished run, loaded for its initial network."""
    path, recipe = CHECKPOINTS / "unfinished" / STATE_FILE, read_recipe(OLD / "recipe.json")
    facts = json.loads(read_header(path, limit=HEADER_LIMIT).metadata["state"])
    network = new_network(read(OLD / "structures" / "own.json"), ACTIONS, seed=recipe.training.seed)
    return load_state(path, network, recipe.training, facts["settings"])


def test_an_old_training_state_opens_with_its_numbers() -> None:
    found = old_state()
    position = found.position
    assert (position.epoch, position.step, position.update, position.best_epoch) == (2, 1, 7, 2)
    assert_close([position.loss, position.best], [0.9376730, 1 / 3])
    assert found.average and found.average.count == 7
    assert_close(logits(found.network.eval()), [0.2035682, -0.0103972, 0.3844122], 1e-5)
    assert_close(logits(found.average.network.eval()), [0.2127731, 0.0097280, 0.3970139], 1e-5)
    remembered = moments(found.network, found.optimiser)
    assert (len(remembered), remembered["connections.flow1_to_mid1.weight.step"]) == (402, 7)
    assert found.best and found.best.keys() == found.network.state_dict().keys()
    assert found.history.history().steps.tolist() == [*range(8)]


def test_training_resumes_from_an_old_state_and_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(CHECKPOINTS / "unfinished", tmp_path / "unfinished")
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(tmp_path))
    words = ["--data", OLD / "clips", "--structure", OLD / "structures" / "own.json", "--out", "unfinished"]
    more = ["--config", OLD / "recipe.json", "--resume", "--device", "cpu"]
    monkeypatch.setattr(sys, "argv", ["peerattn", "train", *map(str, words + more)])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code, capfd.readouterr().err
    assert load("unfinished").class_names == ACTIONS
    whole = history_arrays(read_history(tmp_path / "unfinished" / HISTORY_FILE))
    assert whole["steps"].tolist() == [*range(13)]
    logged_before = history_arrays(old_state().history.history())
    for name, values in logged_before.items():
        assert_close(whole[name][: len(values)], values)


def parts(session: bytes) -> dict[str, bytes]:
    """The unpacked contents of a session file: the compressed bytes depend on the version of zlib."""
    with zipfile.ZipFile(io.BytesIO(session)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("name", ["session", "sample-session"])
def test_an_old_session_is_written_back_with_the_same_parts(name: str) -> None:
    content = (OLD / f"{name}.peerattn").read_bytes()
    assert parts(Session.from_bytes(content).to_bytes()) == parts(content)


def test_an_old_session_opens_with_its_clip_settings_and_numbers() -> None:
    session = Session.from_bytes((OLD / "session.peerattn").read_bytes())
    assert (session.checkpoint, session.clip_name, session.sample) == ("one-label", "my clip.mp4", None)
    assert session.clip is not None and len(session.clip) == 2947
    assert [(name, len(content)) for name, content in session.objects] == [("my maps.npz", 1126)]
    assert (session.start, session.stop, session.hold) == (0.2, 1.3, True)
    assert (session.view["loop"], session.view["compare"]) == ("3-7", "Before and after pruning")
    trace = read_trace(session.trace)
    assert [(window.start, window.stop) for window in trace.windows] == [(0, 3), (3, 6), (6, 9)]
    assert_close(trace.probabilities, [0.3922949, 0.1792901, 0.4284150])


def test_an_old_session_with_a_sample_opens_with_its_settings_and_numbers() -> None:
    session = Session.from_bytes((OLD / "sample-session.peerattn").read_bytes())
    assert (session.checkpoint, session.sample, session.clip) == ("several-labels", "lift-bottle-4s", None)
    assert (session.start, session.stop, session.hold, session.objects) == (1.0, 2.0, False, ())
    assert_close(read_trace(session.trace).probabilities, [0.2305027, 0.2023979, 0.2506244, 0.3164750])


def open_app(link: str) -> AppTest:
    """Open the app at this address."""
    parsed = urlsplit(link)
    app = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=PATIENCE)
    for name, value in parse_qsl(parsed.query):
        app.query_params[name] = value
    return checked(app.switch_page(f"screens/{parsed.path.removeprefix('/') or 'explore'}.py").run())


def test_the_app_restores_an_old_session() -> None:
    app = bring(open_app("/?checkpoint=one-label"), OLD / "session.peerattn")
    choice, saved = shown(app).choice, Session.from_bytes((OLD / "session.peerattn").read_bytes())
    assert (choice.checkpoint, choice.source.name) == ("one-label", "my clip.mp4")
    assert (choice.start, choice.stop, choice.hold) == (0.2, 1.3, True)
    assert choice.source.objects and choice.source.objects.name == "my maps.npz"
    assert app.session_state["selected"] == address.parse_selection("connection flow1_to_mid1")
    assert app.session_state["threshold"] == 0.25
    looked = dict(parse_qsl(app.session_state["start"]["query"]))
    assert looked.items() >= {"frame": "4", "speed": "0.5", "loop": "3-7", "overlay": "objects"}.items()
    assert_recorded_anew(app, saved)


def assert_recorded_anew(app: AppTest, saved: Session) -> None:
    """The clip was recorded in one pass: the numbers are close to the saved ones, and the page says why.

    For several labels, the saved numbers were shares that sum to one.
    """
    found, before = shown(app).trace, read_trace(saved.trace)
    shares = found.probabilities
    if found.structure.answer == LABELS:
        odds = shares / (1 - shares)
        shares = odds / odds.sum()
    assert_close(shares, before.probabilities, 0.05)
    assert [(window.start, window.stop) for window in found.windows] == [
        (window.start, window.stop) for window in before.windows
    ]
    assert [line.value for line in app.error if "was recorded again in one pass" in line.value]


def test_the_app_restores_an_old_session_with_a_sample() -> None:
    app = bring(open_app("/?checkpoint=one-label"), OLD / "sample-session.peerattn")
    saved = Session.from_bytes((OLD / "sample-session.peerattn").read_bytes())
    assert app.session_state["selected"] == address.parse_selection("block mid1")
    assert_recorded_anew(app, saved)
    assert any("labels of a clip shared one probability" in line.value for line in app.error)


def test_the_app_opens_an_old_trace_unchanged() -> None:
    app = bring(open_app("/?checkpoint=one-label"), OLD / "trace.json")
    assert isinstance(shown(app), OpenedTrace)
    assert shown(app).trace.to_json().encode() == (OLD / "trace.json").read_bytes()


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link["address"])
def test_an_old_link_sets_the_same_widgets_and_selection(link: dict[str, Any]) -> None:
    app = open_app(link["address"])
    assert not app.error
    assert {name: app.session_state[name] for name in link["widgets"]} == link["widgets"]
    if "selected" in link:
        assert app.session_state["selected"] == address.parse_selection(link["selected"])
    if "says" in link:
        assert link["says"] in " ".join(caption.value for caption in app.caption)


@pytest.mark.browser
def test_an_old_link_sets_the_same_explorer_settings(page: Page) -> None:
    text = html(Trace.load(OLD / "trace.json"))
    page.route(
        f"{ADDRESS}?*", lambda route: route.fulfill(body=text, content_type="text/html; charset=utf-8")
    )
    for link in LINKS:
        page.goto(f"{ADDRESS}?{urlsplit(link['address']).query}")
        page.locator("canvas.screen[data-drawn]").wait_for()
        looks = page.locator(".explorer").evaluate(LOOKS)
        expected = link.get("explorer", {})
        assert {name: looks[name] for name in expected} == expected
