"""The measurement that the command `attention` makes, and its report."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

from rich.table import Table
from rich.text import Text

from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.cli.console import progress_bar
from peerattn.cli.measuring import print_precision
from peerattn.data.labelled_set import LabelledSet, training_examples
from peerattn.recording.attention_ablation import ablate_attention
from peerattn.scores.attention_ablation import summarise_ablation
from peerattn.scores.attention_answers import AblationAnswers
from peerattn.scores.attention_questions import BATCH_NORMS, QUESTIONS


def measure(
    loaded: Checkpoint, chosen: LabelledSet, *, training_split: str, training_clips: int, seed: int
) -> dict[str, Any]:
    """Ask every question on the clips, with progress on stderr, and return the output of `--json`."""
    notify = partial(print, file=sys.stderr)
    examples = chosen.examples(loaded, notify=notify, cached=True)
    training = training_examples(chosen, loaded, count=training_clips, split=training_split, notify=notify)
    print_precision(loaded)
    with progress_bar("runs of a clip") as progress:
        parts = ablate_attention(
            loaded.network,
            examples,
            training,
            window=loaded.settings.window,
            seed=seed,
            progress=progress,
        )
        answers = AblationAnswers.concatenated(list(parts))
    found = summarise_ablation(answers).to_json()
    return {
        **found,
        "training_clips": answers.about.training_clips,
        "skipped": [*examples.skipped, *answers.about.left_out],
    }


def table(result: Mapping[str, Any], name: str) -> Table:
    """Return a table with two rows for each question: batch norm as trained, and re-estimated."""
    findings = result["findings"]
    rows = Table(
        title=Text(
            f"{name}: does attention matter? {result['n']} clips of {result['groups']} source videos, "
            "95 % intervals"
        ),
        caption=Text("\n".join([f"{result['sentence']}.", *_lines(result)])),
        caption_justify="left",
    )
    rows.add_column("without")
    for column in ("before", "replaced", "random", "beyond the control"):
        rows.add_column(column, justify="right")
    rows.add_column("verdict")
    for question in QUESTIONS:
        own = [one for one in findings if one["question"] == question.key]
        rows.add_row(Text(question.title))
        for one in own:
            rows.add_row(
                Text(f"  batch norm {BATCH_NORMS[one['batch_norm']]}"),
                f"{one['before']:.1%}",
                f"{100 * one['by_replacing']:+.1f}",
                f"{100 * one['by_deviating']:+.1f}",
                _with_interval(one),
                one["verdict"],
                end_section=one is own[-1],
            )
    return rows


def _with_interval(one: Mapping[str, Any]) -> str:
    points, interval = f"{100 * one['beyond']:+.1f}", one["beyond_interval"]
    if interval is None:
        return points
    return f"{points} ({100 * interval[0]:+.1f} to {100 * interval[1]:+.1f})"


def _lines(result: Mapping[str, Any]) -> list[str]:
    count = len(result["findings"])
    lines = [
        *(f"{question.title}: {question.does}" for question in QUESTIONS),
        f"changes in {result['score']}, in points, paired; the {count} intervals hold at once",
        "random: deviations that change the input of each block as much as the replaced factors do",
        f"batch norm re-estimated: from {result['training_clips']} training clips, without labels",
    ]
    if result["skipped"]:
        lines.append(f"clips left out: {len(result['skipped'])}, listed by --json")
    return lines
