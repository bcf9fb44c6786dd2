"""Labelled sets: commands and app evaluate the same clips, and know the origin of their object maps."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from app.work.curves import accuracy_curve
from app.work.datasets import EvaluationRequest, measure_folder
from peerattn.checkpoints.resolving import resolve
from peerattn.data.labelled_set import LabelledSet
from peerattn.errors import PeerattnError
from peerattn.modalities.clip import ObjectMaps
from peerattn.modalities.objects import write_objects
from peerattn.recording.evaluating import evaluate
from peerattn.scores.evaluation import Evaluation
from tests.media import moving_square, write_video
from tests.small import CLASS_NAMES, write_small_checkpoints


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three clips, of which one has object maps, beside a small network."""
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(write_small_checkpoints(tmp_path / "checkpoints")))
    for number, name in enumerate(CLASS_NAMES[:3]):
        (tmp_path / "clips" / name).mkdir(parents=True)
        path = write_video(tmp_path / "clips" / name / "a.mp4", moving_square(12, step=number + 1))
        if not number:
            ids = np.zeros((12, 48, 64), np.uint8)
            ids[:, 10:30, 20:40] = 2
            write_objects(
                path.with_suffix(".npz"), ObjectMaps(ids, None, (1, 2), ("person", "ball"), "attached")
            )
    return tmp_path / "clips"


def nothing(done: int, total: int) -> None:
    """Progress that nobody follows."""


def by_command(folder: Path, objects: str) -> Evaluation:
    loaded = resolve("small")
    chosen = LabelledSet(folder, origin=objects)
    return evaluate(loaded.network, chosen.examples(loaded), window=loaded.settings.window)


def by_curve(folder: Path, objects: str) -> Evaluation:
    points = accuracy_curve("small", LabelledSet(folder, origin=objects), torch.device("cpu"), nothing)
    return next(points).evaluation


def on_the_page(folder: Path, objects: str) -> Evaluation:
    choice = EvaluationRequest("small", folder, estimated=objects == "estimated")
    return next(measure_folder(choice, torch.device("cpu"), nothing)).evaluation


COUNTS = {"true": {"true": 1, "estimated": 2}, "estimated": {"estimated": 3}}


@pytest.mark.parametrize("objects", COUNTS)
def test_command_curve_and_app_give_the_same_results_and_name_the_origin_of_maps(
    folder: Path, objects: str
) -> None:
    expected, counts = by_command(folder, objects), COUNTS[objects]
    assert expected.objects == counts
    assert expected.to_json()["objects"] == counts
    for measure in (by_curve, on_the_page):
        found = measure(folder, objects)
        assert np.array_equal(found.probabilities, expected.probabilities)
        assert (found.objects, found.n) == (counts, 3)


def test_estimated_maps_change_the_results_of_clips_with_true_maps_only(folder: Path) -> None:
    true, estimated = (by_command(folder, objects).probabilities for objects in ("true", "estimated"))
    assert not np.array_equal(true[0], estimated[0])
    assert np.array_equal(true[1:], estimated[1:])


def test_generated_clips_have_true_maps_unless_they_are_estimated(folder: Path) -> None:
    loaded = resolve("small")
    for objects in ("true", "estimated"):
        examples = LabelledSet(count=2, origin=objects).examples(loaded)
        assert {example.origin for example in examples} == {objects}


def test_cached_examples_are_read_only_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded, made = resolve("small"), []
    read = type(loaded.reader()).file
    monkeypatch.setattr(
        "peerattn.modalities.reading.Reader.file",
        lambda *args, **options: made.append(1) or read(*args, **options),
    )
    for remembered, count in ((True, 3), (False, 6)):
        made.clear()
        examples = LabelledSet(folder).examples(loaded, cached=remembered)
        assert len([*examples]) == len([*examples]) == 3
        assert len(made) == count


REFUSED: dict[str, Callable[[Path], object]] = {
    "specify the folder, too": lambda folder: LabelledSet(split="val"),
    "on a folder of labelled clips": lambda folder: LabelledSet(count=2).examples(resolve("asn26")),
    "does not know": lambda folder: LabelledSet(folder).examples(resolve("asn26")),
}


@pytest.mark.parametrize("said", REFUSED)
def test_a_set_that_cannot_be_evaluated_is_refused(folder: Path, said: str) -> None:
    with pytest.raises(PeerattnError, match=said):
        partial(REFUSED[said], folder)()
