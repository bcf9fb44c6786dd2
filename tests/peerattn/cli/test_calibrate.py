"""`peerattn calibrate`: the temperature on the card and in the head, and "none of these" with a sister."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from peerattn.checkpoints import checkpoint as checkpoints
from peerattn.checkpoints.checkpoint import segmenter_of
from peerattn.cli.calibration import calibrate_command
from peerattn.cli.calibration_run import Answers
from peerattn.data.examples import FolderExamples
from peerattn.data.folder import labelled_files
from peerattn.errors import PeerattnError
from peerattn.network.network import Network
from peerattn.recording.evaluating import evaluate
from peerattn.scores.calibration import KEPT_SHARE, NoneOfThese
from tests.media import moving_square, write_video
from tests.small import CLASS_NAMES, SETTINGS, small_structure, write_small_checkpoints

KNOWN_TO_ALL = CLASS_NAMES[:2]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Checkpoints `small` and its sister, which knows two classes; two clips of each of three classes."""
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(tmp_path / "checkpoints"))
    write_small_checkpoints(tmp_path / "checkpoints")
    sister = Network(small_structure(), KNOWN_TO_ALL)
    checkpoints.save(tmp_path / "checkpoints" / "sister", sister, SETTINGS, {"command": "none"})
    for number, name in enumerate(CLASS_NAMES[:3]):
        (tmp_path / "clips" / name).mkdir(parents=True)
        for take in range(2):
            images = moving_square(12 * 3, step=1 + number + take)
            write_video(tmp_path / "clips" / name / f"{take}.mp4", images)
    return tmp_path


def test_an_unreadable_clip_is_named_and_skipped(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "clips" / CLASS_NAMES[0] / "0.mp4").write_bytes(b"no video")
    calibrate_command("small", folder / "clips", json_file=str(folder / "result.json"))
    assert checkpoints.load("small").card["calibration"]["n"] == 5
    assert capfd.readouterr().err.startswith("skipped 0.mp4: ")


def test_calibrate_divides_the_logits_by_the_temperature_and_writes_the_card(folder: Path) -> None:
    before = checkpoints.load("small")
    out = folder / "result.json"
    calibrate_command("small", folder / "clips", sister="sister", json_file=str(out))
    after = checkpoints.load("small")
    by = after.card["calibration"]["temperature"]
    assert after.card["calibration"]["n"] == 6
    assert after.card["calibration"]["objects"] == {"estimated": 6}
    clip = {one.name: torch.rand(1, one.channels, 8, 32, 32) for one in before.structure.read_modalities}
    with torch.no_grad():
        assert torch.allclose(after.network(clip) * by, before.network(clip), atol=1e-4)
    none = NoneOfThese.from_card(after.card)
    assert none is not None
    assert (none.n_known, none.n_unknown) == (4, 2)
    assert CLASS_NAMES[2] in none.protocol
    assert json.loads(out.read_text()) == {
        "calibration": after.card["calibration"],
        "none_of_these": none.to_json(),
        "unsure": after.card["unsure"],
    }


def test_calibrating_again_without_a_sister_refits_only_the_threshold(folder: Path) -> None:
    """The rule of the first calibration stays; its new threshold keeps 95 % of the known clips."""
    calibrate_command("small", folder / "clips", sister="sister", json_file="-")
    first = checkpoints.load("small")
    (folder / "clips" / CLASS_NAMES[0] / "0.mp4").unlink()  # so that another temperature is found
    calibrate_command("small", folder / "clips", json_file="-")
    again = checkpoints.load("small")
    examples = FolderExamples(
        labelled_files(folder / "clips"),
        CLASS_NAMES,
        modalities=again.structure.read_modalities,
        settings=SETTINGS,
        segmenter=segmenter_of(again),
    )
    surest = evaluate(again.network, examples, window=SETTINGS.window).probabilities.max(axis=1)
    rule, before = (NoneOfThese.from_card(one.card) for one in (again, first))
    assert rule is not None and before is not None
    assert rule.threshold == pytest.approx(np.quantile(surest, 1 - KEPT_SHARE), rel=1e-4)
    assert rule.threshold != pytest.approx(before.threshold, rel=1e-3)
    assert rule == replace(before, threshold=rule.threshold)


def test_a_sister_that_knows_all_classes_is_refused(folder: Path) -> None:
    with pytest.raises(PeerattnError, match="knows all the classes"):
        calibrate_command("small", folder / "clips", sister="small", json_file="-")


def test_the_probabilities_of_a_clip_are_the_mean_over_its_windows() -> None:
    logits = np.array([[2.0, 0.0], [0.0, 1.0]])
    found = Answers("classes", (logits,), (("a",),), ("g",)).probabilities(2.0)
    by_hand = (np.exp(1) / (np.exp(1) + 1) + 1 / (1 + np.exp(0.5))) / 2
    assert found[0, 0] == pytest.approx(by_hand)
