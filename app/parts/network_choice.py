"""The choice of the checkpoint; until the user makes one, it depends on the clip.

Sample clips are generated like the clips that `actionworld` was trained on, so they run through it. A
user's own clips run through the checkpoint for real actions, if it is installed.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import keys
from app.opening.files import Source
from app.state import clips, networks
from peerattn.files.paths import REAL_CLIPS_CHECKPOINT

AUTOMATIC_NOTE = f"your own clips run through {REAL_CLIPS_CHECKPOINT} until you choose a checkpoint"


def show(names: Sequence[str]) -> str:
    """Draw the list of checkpoints and return the chosen one; all screens share the choice."""
    name = keys.NEXT_CHECKPOINT.pop()
    if name is not None and name in names:
        keys.CHECKPOINT.value = name
    return st.selectbox(
        "Checkpoint",
        names,
        key=keys.CHECKPOINT,
        bind="query-params",
        persist_state="session",
        on_change=mark_chosen,
    )


def mark_chosen() -> None:
    """Note that the user has chosen a checkpoint, so it is no longer chosen automatically."""
    keys.CHECKPOINT_CHOSEN.value = True


def switch_to_default(source: Source, name: str) -> None:
    """Unless the user chose a checkpoint, rerun the page with the one that suits this clip."""
    keep = keys.CHECKPOINT_CHOSEN.get() or name not in (networks.DEFAULT_CHECKPOINT, REAL_CLIPS_CHECKPOINT)
    if (
        keep
        or source.trace
        or not {networks.DEFAULT_CHECKPOINT, REAL_CLIPS_CHECKPOINT} <= set(networks.checkpoint_names())
    ):
        return
    suitable = networks.DEFAULT_CHECKPOINT if is_sample(source) else REAL_CLIPS_CHECKPOINT
    if name != suitable:
        keys.NEXT_CHECKPOINT.value = suitable
        st.rerun()


def was_automatic(source: Source, name: str) -> bool:
    """Whether the current checkpoint was chosen automatically for a clip of the user."""
    return name == REAL_CLIPS_CHECKPOINT and not keys.CHECKPOINT_CHOSEN.get() and not is_sample(source)


def is_sample(source: Source) -> bool:
    return source.id in {sample.id for sample in clips.sample_clips()}
