"""Commands start fast: help and simple errors come before torch is loaded."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from typer.core import TyperGroup
from typer.main import get_command

from peerattn.checkpoints import untrained
from peerattn.cli.clip_request import ClipRequest
from peerattn.cli.console import Device
from peerattn.cli.main import app
from peerattn.errors import PeerattnError
from peerattn.files.cards import CARD_FILE
from peerattn.modalities.settings import ClipSettings
from tests.conftest import ROOT
from tests.media import write_video
from tests.small import write_small_checkpoints

HEAVY = ("torch", "pandas", "plotly", "av", "cv2", "pyvis", "numpy")
ASK = f"""
import contextlib, io, json, sys
from peerattn.__main__ import main
answers = []
for words in json.loads(sys.argv[1]):
    sys.argv[1:] = words
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
    answers.append((code, out.getvalue(), err.getvalue(), [name for name in {HEAVY} if name in sys.modules]))
print(json.dumps(answers))
"""
Answer = tuple[int, str, str, list[str]]


def asked(commands: Sequence[Sequence[str]], folder: Path = ROOT) -> list[Answer]:
    """Exit code, stdout and stderr of each command, and what is loaded by then, all in one fresh process."""
    words = [
        sys.executable,
        "-c",
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{ASK}",
        json.dumps(commands),
    ]
    done = subprocess.run(words, cwd=folder, check=True, capture_output=True, text=True)
    return [(code, out, err, loaded) for code, out, err, loaded in json.loads(done.stdout)]


def commands(group: TyperGroup) -> Iterator[list[str]]:
    """The words of every command and of every group of commands."""
    yield []
    for name, command in group.commands.items():
        below = commands(command) if isinstance(command, TyperGroup) else [[]]
        yield from ([name, *words] for words in below)


COMMANDS = list(commands(get_command(app)))


def test_help_loads_nothing_heavy() -> None:
    answers = asked([[*words, "--help"] for words in COMMANDS])
    assert len(answers) > 12
    for code, out, err, loaded in answers:
        assert (code, err, loaded) == (0, "", [])
        assert "Usage" in out


def test_wrong_usage_is_refused_before_anything_heavy_is_loaded() -> None:
    wrong = [[*words, "--colour", "red"] for words in COMMANDS]
    wrong += [
        ["record"],
        ["convert", "asnp50"],
        ["prune", "--threshold", "2"],
        ["evaluate", "--device", "tpu"],
    ]
    for code, out, err, loaded in asked([*wrong, ["juggle"]]):
        assert (code, out, loaded) == (2, "", [])
        assert err.count("\n") == 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips that no network reads: too long at the usual rate, at any rate, too large, and none at all."""
    folder = tmp_path_factory.mktemp("clips")
    small = np.zeros((1100, 16, 32, 3), np.uint8)
    write_video(folder / "long.mp4", small, times=[frame / 8 for frame in range(len(small))])
    write_video(folder / "longer.mp4", small[:3], times=[0.0, 500.0, 1000.0])
    write_video(folder / "large.mp4", np.zeros((1, 2400, 4096, 3), np.uint8), codec="mpeg4")
    (folder / "text.mp4").write_text("no video at all\n")
    return folder


REFUSED = {
    "long.mp4": "more than 1,024 frames would be kept",
    "longer.mp4": "it is longer than 900 s",
    "large.mp4": "its frames are 4096x2400",
    "text.mp4": "this is not a video file",
    "nowhere.mp4": "there is no such file",
}


def test_a_clip_is_refused_from_its_header_before_torch_is_loaded(folder: Path) -> None:
    words = [["record", name] for name in REFUSED]
    words += [
        ["report", "long.mp4", "-o", "report.html"],
        ["record", "long.mp4", "--checkpoint", "asnp_lite"],
    ]
    said = [*REFUSED.values(), *[REFUSED["long.mp4"]] * 2]
    for (code, out, err, loaded), line in zip(asked(words, folder), said, strict=True):
        assert (code, out, set(loaded) - {"numpy"}) == (2, "", set())
        assert line in err and err.count("\n") == 1


def asked_for(clip: Path, checkpoint: str, stop: float | None = None) -> ClipRequest:
    return ClipRequest(clip, checkpoint, None, False, (0.0, stop), Device.cpu)


def test_the_longest_clip_allowed_depends_on_the_frame_rate_of_the_network(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(write_small_checkpoints(tmp_path)))
    with pytest.raises(PeerattnError, match="would be kept"):
        asked_for(folder / "long.mp4", "small").check()
    asked_for(folder / "long.mp4", "small", stop=100.0).check()
    card = tmp_path / "small" / CARD_FILE
    text = card.read_text()
    card.write_text(text.replace('"frame_rate": 8.0', '"frame_rate": 4.0'))
    asked_for(folder / "long.mp4", "small").check()
    card.write_text("damaged")  # refused when it is loaded, as a name that no checkpoint has
    for name in ("small", "missing", "../small"):
        asked_for(folder / "long.mp4", name, stop=100.0).check()


def test_untrained_networks_read_clips_at_the_usual_rate() -> None:
    """Settings for a network without a card."""
    assert untrained.SETTINGS.frame_rate == ClipSettings.frame_rate
