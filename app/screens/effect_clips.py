"""The clips whose answer one change of a network has changed, each a click from Explore."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import streamlit as st

from app import keys
from app.parts import clip_buttons, mattered, user_files
from app.parts.clip_buttons import ClipButton
from app.parts.columns import Shown
from app.parts.elements import table_with_csv
from app.parts.words import clips
from app.work import shipped
from app.work.effects import EffectQuestion
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.data.folder import LabelledFile
from peerattn.data.generated import TEST_SEED
from peerattn.data.labelled_set import with_map_origin
from peerattn.errors import PeerattnError
from peerattn.scores.effect_answers import EffectAnswers
from peerattn.tables.effects import changed_clips_table

FIRST_CLIPS = 24
"""How many of the clips that changed get a button at first."""

COLUMNS = (
    *(Shown(name) for name in ("true", "answer_before", "answer_after", "change")),
    Shown("p_true_before", title="Probability before"),
    Shown("p_true_after", title="Probability after"),
    Shown("clip"),
)
"""The columns of the clips that changed; the probabilities are those of the true class."""


def show(question: EffectQuestion, answers: EffectAnswers, name: str, loaded: Checkpoint) -> None:
    """Draw a button for each clip whose most probable class or label changed; at first for some of them."""
    table = changed_clips_table(answers, name)
    if question.labelled_set == shipped.SHIPPED_SET:
        stem = f"{question.checkpoint}-{name}"
        makers = {"Clips that changed": lambda: table}
        table_with_csv(makers, stem=stem, key=keys.CHANGED_CLIPS_CSV, shown=COLUMNS)
        return
    everything = len(table) <= FIRST_CLIPS or st.toggle("Show all clips that changed", key=keys.EFFECT_CLIPS)
    shown = table if everything else table.head(FIRST_CLIPS)
    buttons = [_button(question, name, loaded, row) for row in shown.to_dict("records")]
    clip_buttons.show_buttons(
        buttons,
        f"{clips(len(table))} whose most probable answer changed, losses first",
        f"and {len(table) - len(shown)} more" if len(shown) < len(table) else "",
        name=f"{question.of}-{question.how}-{name}",
    )


def _button(question: EffectQuestion, name: str, loaded: Checkpoint, row: dict[str, object]) -> ClipButton:
    clip = str(row["clip"])
    change = f"{row['answer_before']} → {row['answer_after']}"
    true = f"{row['change']}; true: {row['true']}"
    if question.labelled_set.folder is None:
        with_maps = loaded.reader().reads_objects and question.labelled_set.origin == "true"
        opening = partial(user_files.open_generated_clip, int(clip), loaded, with_maps=with_maps)
        title, origin = f"clip {int(clip) - TEST_SEED + 1}", f"seed {clip}"
    else:
        opening, title, origin = partial(_open_file, question, clip), Path(clip).name, clip

    def open_there() -> None:
        opening()
        mattered.ask(question.of, name)

    return ClipButton(f"{title} · {change}", f"{true}; {origin}", open_there)


def _open_file(question: EffectQuestion, clip: str) -> None:
    """Open a clip of the folder; raises PeerattnError if it is no longer there."""
    user_files.open_labelled_clip(_file(question, clip))


def _file(question: EffectQuestion, clip: str) -> LabelledFile:
    labelled_set = question.labelled_set
    for file in with_map_origin(labelled_set.files(), labelled_set.origin):
        if str(file.path) == clip:
            return file
    raise PeerattnError(f"{Path(clip).name} is no longer in the folder: measure again")
