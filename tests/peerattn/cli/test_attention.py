"""`peerattn attention`: its JSON, its table, and one plain line for every kind of bad input."""

import json
from io import StringIO
from pathlib import Path

from rich.console import Console

from peerattn.checkpoints.checkpoint import load
from peerattn.cli.attention_run import table
from peerattn.data.generated import GeneratedExamples
from peerattn.recording.attention_ablation import ablate_attention
from peerattn.scores.attention_ablation import summarise_ablation
from peerattn.scores.attention_answers import AblationAnswers
from peerattn.scores.attention_questions import BATCH_NORMS, QUESTIONS
from tests.peerattn.cli.test_cli import Run, error_line, folder, json_of, made, run
from tests.peerattn.scores.test_attention_ablation import answers
from tests.small import CLASS_NAMES

__all__ = ["folder", "made", "run"]


def test_attention_prints_what_the_package_measures(run: Run) -> None:
    found = json_of(run, "attention", "--checkpoint", "small", "--clips", 6, "--seed", 2)
    loaded = load("small")
    read = {"modalities": loaded.structure.read_modalities, "settings": loaded.settings}
    clips = GeneratedExamples(6, CLASS_NAMES, **read)
    training = GeneratedExamples(208, CLASS_NAMES, first_seed=0, **read)
    parts = list(ablate_attention(loaded.network, clips, training, window=8, seed=2))
    expected = summarise_ablation(AblationAnswers.concatenated(parts)).to_json()
    assert found == json.loads(json.dumps({**expected, "training_clips": 208, "skipped": []}))
    assert found["n"] == 6
    asked = [(one["question"], one["batch_norm"]) for one in found["findings"]]
    assert asked == [(question.key, name) for question in QUESTIONS for name in BATCH_NORMS]


def test_the_table_has_every_question_and_says_what_was_done() -> None:
    found = summarise_ablation(answers(0.6, 0.9)).to_json()
    console = Console(width=120, record=True, file=StringIO())
    console.print(table({**found, "training_clips": 208, "skipped": ["one"]}, "small"))
    text = " ".join(console.export_text().split())
    said = (
        "does attention matter?",
        "batch norm re-estimated",
        "from 208 training clips",
        "clips left out: 1",
    )
    for words in (*said, "attention matters in this network", "the 8 intervals hold at once"):
        assert words in text
    for question in QUESTIONS:
        assert f"{question.title}: {question.does}" in text


def test_what_cannot_be_measured_is_refused_in_one_line(run: Run, folder: Path) -> None:
    few = error_line(run, "attention", "--checkpoint", "small", "--clips", "4", "--training-clips", "20")
    assert "20 training clips are too few" in few
    assert "no checkpoint" in error_line(run, "attention", "--checkpoint", "missing")
    assert "a split belongs to a folder" in error_line(
        run, "attention", "--checkpoint", "small", "--split", "val"
    )
