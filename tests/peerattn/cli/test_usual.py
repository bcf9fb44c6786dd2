"""`peerattn usual`: what it saves beside the checkpoint is what it prints, and it is used from then on."""

from pathlib import Path

from peerattn.checkpoints.checkpoint import load
from peerattn.traces.usual import load_usual, shift_scale
from tests.peerattn.cli.test_cli import Run, error_line, folder, json_of, made, run

__all__ = ["folder", "made", "run"]


def test_usual_saves_what_it_prints_beside_the_checkpoint(run: Run, folder: Path) -> None:
    assert load_usual(load("small").folder, load("small").structure) is None
    printed = json_of(run, "usual", "small", "--clips", 3)
    loaded = load("small")
    usual = load_usual(loaded.folder, loaded.structure)
    assert usual is not None and usual.to_json() == printed
    assert (usual.clips, usual.of) == (3, "generated clips")
    assert set(usual.heatmaps) == {block.id for block in loaded.structure.blocks}
    assert shift_scale(usual) > 0
    assert json_of(run, "usual", "small", "--clips", 3) == printed


def test_only_a_checkpoint_has_usual_values(run: Run) -> None:
    assert "no checkpoint" in error_line(run, "usual", "nobody")
    assert "full_asnp50" in error_line(run, "usual", "full_asnp50")
