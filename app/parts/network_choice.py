"""Which network runs a clip: the visitor's choice; until there is one, one for samples, one for own clips.

The samples are generated, and so is what `actionworld` was trained on; real clips are for the network of
real actions, where it is here.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import keys
from app.opening.files import Source
from app.state import clips, networks

FOR_CLIPS = "actions14"
FOLLOWED = f"{FOR_CLIPS} runs your own clips until you choose a checkpoint"


def show(names: Sequence[str]) -> str:
    """The choice among networks, on whichever screen."""
    name = keys.FOLLOWING.pop()
    if name is not None and name in names:
        keys.CHECKPOINT.value = name
    return st.selectbox(
        "Checkpoint", names, key=keys.CHECKPOINT, bind="query-params", persist_state="session", on_change=keep
    )


def keep() -> None:
    """The visitor has chosen: nothing else does from now on."""
    keys.CHECKPOINT_KEPT.value = True


def follow(source: Source, name: str) -> None:
    """Where the visitor has chosen none, run the page again with the network that is for this clip."""
    kept = keys.CHECKPOINT_KEPT.get() or name not in (networks.DEFAULT_CHECKPOINT, FOR_CLIPS)
    if (
        kept
        or source.trace
        or not {networks.DEFAULT_CHECKPOINT, FOR_CLIPS} <= set(networks.checkpoint_names())
    ):
        return
    wanted = networks.DEFAULT_CHECKPOINT if is_sample(source) else FOR_CLIPS
    if name != wanted:
        keys.FOLLOWING.value = wanted
        st.rerun()


def followed(source: Source, name: str) -> bool:
    """Whether the network on the page was chosen for the visitor's clip."""
    return name == FOR_CLIPS and not keys.CHECKPOINT_KEPT.get() and not is_sample(source)


def is_sample(source: Source) -> bool:
    return source.id in {sample.id for sample in clips.sample_clips()}
