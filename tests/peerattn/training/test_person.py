"""Training a network that reads a person: from the command to a checkpoint that answers a clip."""

import csv
import dataclasses
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from peerattn.__main__ import main
from peerattn.checkpoints.checkpoint import load
from peerattn.data.cache import Cache
from peerattn.data.folder import LabelledFile, labelled_files
from peerattn.data.labelled_set import LabelledSet
from peerattn.data.loading import Batch
from peerattn.data.person_clips import PersonClips, PersonExamples, person_numbers
from peerattn.errors import PeerattnError
from peerattn.graph.structure import Structure
from peerattn.modalities.person.features import MODALITIES
from peerattn.modalities.reading import Reader
from peerattn.modalities.settings import ClipSettings
from peerattn.network.network import Network
from peerattn.recording.recorder import record
from peerattn.training.config import Loss, TrainingConfig
from peerattn.training.initialisation import new_network
from peerattn.training.loop import fit
from peerattn.training.person import RECIPE, person_structure
from tests.media import write_video

CLASSES = ("still", "waving")
FRAMES = 10
SETTINGS = ClipSettings(window=8, frame_rate=15.0)


def figure(frame: int, *, waving: bool, x: float) -> np.ndarray:
    """A person of circles and bars on grey, 120 × 160 px, who lifts and lowers an arm if `waving`."""
    image = np.full((120, 160, 3), 170, np.uint8)
    angle = 0.9 * np.sin(1.4 * frame) if waving else -1.0
    centre = int(x)
    cv2.circle(image, (centre, 25), 9, (200, 150, 120), -1)
    cv2.rectangle(image, (centre - 12, 36), (centre + 12, 75), (60, 60, 160), -1)
    for side in (-1, 1):
        cv2.line(image, (centre + 7 * side, 75), (centre + 8 * side, 112), (50, 50, 50), 8)
        lift = angle if side > 0 else -1.0
        hand = (centre + side * (12 + int(24 * np.cos(lift))), 42 - int(24 * np.sin(lift)))
        cv2.line(image, (centre + 12 * side, 42), hand, (200, 150, 120), 6)
    return image


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six training and two validation clips of two classes; the cache is in the same folder."""
    folder = tmp_path_factory.mktemp("people")
    rows = []
    for number in range(8):
        waving = bool(number % 2)
        images = np.stack([figure(frame, waving=waving, x=55 + 7 * number) for frame in range(FRAMES)])
        write_video(folder / f"{number}.mp4", images, times=[frame / 15 for frame in range(FRAMES)])
        rows.append((f"{number}.mp4", CLASSES[waving], "train" if number < 6 else "val"))
    with (folder / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("path", "label", "split"), *rows])
    return folder


@pytest.fixture(autouse=True)
def cache(clips: Path, monkeypatch: pytest.MonkeyPatch) -> Cache:
    monkeypatch.setenv("PEERATTN_CACHE", str(clips / "cache"))
    return Cache(clips / "cache")


@pytest.fixture
def source(clips: Path, cache: Cache) -> PersonClips:
    files = labelled_files(clips, split="train")
    return PersonClips(files, CLASSES, modalities=MODALITIES, settings=SETTINGS, seed=3, cache=cache)


def test_what_is_kept_is_what_the_reader_reads(clips: Path, cache: Cache) -> None:
    file = labelled_files(clips, split="val")[0]
    direct = Reader(MODALITIES, SETTINGS).file(file.path)
    computed, _ = person_numbers(file, SETTINGS, None)
    for _ in range(2):  # the second time from the cache
        kept, mirrored = person_numbers(file, SETTINGS, cache)
        assert kept.keys() == mirrored.keys() == direct.tensors.keys()
        for name, values in kept.items():
            np.testing.assert_array_equal(values, computed[name])
            np.testing.assert_array_equal(values, direct.tensors[name][0, :, :, 0, 0].T.numpy())


def test_a_single_frame_is_measured_as_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "one.mp4"
    write_video(path, np.stack([figure(0, waving=True, x=80)]), times=[0.0])
    file = LabelledFile(path, ("waving",), "one")
    [example] = PersonExamples([file], CLASSES, modalities=MODALITIES, settings=SETTINGS)
    direct = Reader(MODALITIES, SETTINGS).file(path)
    for name, tensor in direct.tensors.items():
        assert tensor.shape[2] == SETTINGS.window
        assert torch.equal(example.tensors[name], tensor)


def test_batches_are_stretches_of_one_length_and_the_same_each_time(source: PersonClips) -> None:
    lengths, mirrored = set(), 0
    for epoch in range(12):
        batch, again = (source.batch(epoch, [0, 3, 4]) for _ in range(2))
        shapes = {name: tuple(tensor.shape) for name, tensor in batch.tensors.items()}
        length = shapes["joints"][2]
        assert shapes == {one.name: (3, one.channels, length, 1, 1) for one in MODALITIES}
        assert all(torch.equal(batch.tensors[name], again.tensors[name]) for name in shapes)
        assert batch.targets.tolist() == [0, 1, 0]
        lengths.add(length)
        mirrored += _is_part_of(batch, source.numbers(0)[1]["joints"])
    assert lengths <= set(range(3, SETTINGS.window + 1)) and len(lengths) > 2
    assert 0 < mirrored < 12


def _is_part_of(batch: Batch, values: np.ndarray) -> bool:
    """Whether the first clip of a batch is a stretch of these joints (T, C)."""
    stretch = batch.tensors["joints"][0, :, :, 0, 0].T.numpy()
    starts = range(len(values) - len(stretch) + 1)
    return any(np.array_equal(values[start : start + len(stretch)], stretch) for start in starts)


def test_a_clip_that_cannot_be_read_is_left_out(source: PersonClips, clips: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    files = [*source.files, LabelledFile(broken, ("still",), "broken")]
    more = PersonClips(files, CLASSES, modalities=MODALITIES, settings=SETTINGS, cache=source.cache)
    batch = more.batch(0, [0, 6])
    assert len(batch.targets) == 1 and list(batch.skipped) == [str(broken)]
    with pytest.raises(PeerattnError, match="no clip of this batch can be read"):
        more.batch(0, [6])


def _weights(network: Network, *, of_top: bool) -> dict[str, torch.Tensor]:
    """The trained parameters of the top, its connections and its head, or all others."""
    top = ("blocks.top.", "fusions.top.", "heads.top.")
    return {
        name: parameter.detach().clone()
        for name, parameter in network.named_parameters()
        if (name.startswith(top) or "_to_top." in name) == of_top
    }


def test_streams_learn_the_same_whatever_the_top_learns(source: PersonClips) -> None:
    """The top's loss, counted a hundred times, changes the top alone."""
    trained = []
    for weight in (1.0, 100.0):
        structure = person_structure()
        outputs = tuple(
            dataclasses.replace(one, answer=dataclasses.replace(one.answer, loss_weight=weight))
            if one.block == "top"
            else one
            for one in structure.outputs
        )
        config = TrainingConfig(
            epochs=3,
            batch=6,
            workers=0,
            detached=("top",),
            loss=Loss(pressure=0.0),
            optimisation=dataclasses.replace(RECIPE.training.optimisation, kind="sgd", clip_norm=1e6),
        )
        structure = dataclasses.replace(structure, outputs=outputs, combination="separate")
        network = new_network(structure, CLASSES, seed=0)
        trained.append(fit(network, source, config).network)
    one, other = trained
    streams = _weights(other, of_top=False)
    for name, tensor in _weights(one, of_top=False).items():
        torch.testing.assert_close(streams[name], tensor, rtol=1e-5, atol=1e-7)
    top = _weights(other, of_top=True)
    assert any(not torch.allclose(top[name], tensor) for name, tensor in _weights(one, of_top=True).items())


def test_an_unknown_detached_block_is_refused(source: PersonClips) -> None:
    config = TrainingConfig(batch=6, workers=0, detached=("summit",))
    with pytest.raises(PeerattnError, match="summit"):
        fit(new_network(person_structure(), CLASSES, seed=0), source, config)


@pytest.mark.parametrize("attention", ["peer", "self", "static", "none"])
@pytest.mark.parametrize("modalities", [("rgb",), ("flow", "joints"), ("rgb", "flow", "joints")])
def test_streams_exist_for_the_modalities_that_are_read(attention: str, modalities: tuple[str, ...]) -> None:
    structure = person_structure(attention, modalities)
    assert [one.name for one in structure.read_modalities] == list(modalities)
    expected = {"top"} | ({"scene1", "person1"} if "rgb" in modalities else set())
    expected |= {"fast3", "slow3"} if "flow" in modalities else set()
    assert {output.block for output in structure.outputs} == expected
    assert structure.attention_mode == attention
    assert Structure.from_json(structure.to_json()) == structure
    for spec in structure.connections:
        assert spec.target == "top" or not {"scene1", "person1"} & set(spec.attending)


def test_an_unknown_modality_is_refused() -> None:
    with pytest.raises(PeerattnError, match=r"no modality \['sound'\]"):
        person_structure(modalities=("rgb", "sound"))


def test_the_command_trains_measures_and_saves_a_network_that_answers_a_clip(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(tmp_path))
    command = "peerattn train --out waves --structure person --epochs 12 --batch 6 --data"
    monkeypatch.setattr(sys, "argv", [*command.split(), str(clips)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    loaded = load("waves")
    assert loaded.settings.window == 20 and loaded.card["training"]["detached"] == ["top"]
    assert loaded.card["metrics"]["n"] == 2
    trace = record(loaded.network, Reader(MODALITIES, loaded.settings).file(clips / "7.mp4"), window=20)
    assert {block.block for block in trace.blocks} == {block.id for block in person_structure().blocks}
    examples = LabelledSet(clips, "train").examples(loaded)
    with torch.no_grad():
        answers = [int(loaded.network(example.tensors).argmax()) for example in examples]
    assert answers == [example.label for example in examples]


@pytest.mark.parametrize("moves", [False, True])
def test_the_bundled_network_shows_a_still_clip_as_still(moves: bool, tmp_path: Path) -> None:
    frames = [figure(frame if moves else 0, waving=True, x=80) for frame in range(24)]
    path = write_video(
        tmp_path / "clip.mkv", np.stack(frames), codec="ffv1", times=[n / 15 for n in range(24)]
    )
    bundled = load("actions21")
    trace = record(bundled.network, bundled.reader().file(path), window=bundled.settings.window)
    change = max(float(np.ptp(one.attention_factors, axis=0).max()) for one in trace.connections)
    assert trace.person_found
    assert change > 0.1 if moves else change < 1e-6
