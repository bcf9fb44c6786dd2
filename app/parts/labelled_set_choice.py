"""The choice of the labelled clips on which a checkpoint is measured: generated clips, or a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from app import keys
from app.work.shipped import SHIPPED_SET
from peerattn.actionworld.clips import CLASS_NAMES_OF
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.data.labelled_set import LabelledSet

GENERATED, FOLDER = "Generated clips", "A folder of clips"
MEASURED = "The clips that it was measured on"
"""The set whose clips do not ship, but some measurements on it do."""
CLIP_COUNTS = (48, 96, 192, 384)
CLIP_COUNT = 96


def show(
    loaded: Checkpoint, *, count: int = CLIP_COUNT, in_address: bool = False, measured: bool = False
) -> LabelledSet | None:
    """Draw the choice and return the labelled set; None until a folder is named.

    `count` is how many generated clips are chosen at first. With `in_address` the choice is part of the
    address and is kept while other screens are shown. With `measured`, the first choice is the set on which
    the measurements of this checkpoint were made that ship.
    """
    sets = sets_for(loaded.class_names, measured=measured)
    keys.LABELLED_SET.keep_among(sets)
    kept: dict[str, Any] = {"bind": "query-params", "persist_state": "session"} if in_address else {}
    left, middle, right = st.columns([2, 3, 2])
    with left:
        source = st.selectbox("Labelled set", sets, key=keys.LABELLED_SET, **kept)
    if source == MEASURED:
        return SHIPPED_SET
    if source == FOLDER:
        with middle:
            folder = st.text_input(
                "Folder on this machine",
                key=keys.FOLDER,
                placeholder="/path/to/clips",
                help="One subfolder per class, or a manifest.csv with the columns path, label and split.",
                **kept,
            )
        return LabelledSet(folder=Path(folder.strip())) if folder.strip() else None
    with middle:
        chosen = st.select_slider(
            "Number of clips",
            CLIP_COUNTS,
            count,
            key=keys.CLIP_COUNT,
            help="Clips that were not used in training. More clips give narrower intervals but take longer.",
            **kept,
        )
    with right:
        origins = ("true", "estimated")
        reads_maps = loaded.reader().reads_objects
        origin = st.selectbox("Object maps", origins, key=keys.MAPS_ORIGIN, **kept) if reads_maps else "true"
    return LabelledSet(count=chosen, origin="estimated" if origin == "estimated" else "true")


def sets_for(class_names: Sequence[str], *, measured: bool = False) -> tuple[str, ...]:
    """Return the kinds of labelled set that fit a network with these classes, the best one first."""
    generated = {name for names in CLASS_NAMES_OF.values() for name in names}
    sets = (FOLDER,) if generated.isdisjoint(class_names) else (GENERATED, FOLDER)
    return (MEASURED, *sets) if measured else sets
