"""Long computations that visitors share: curves, folders that are looked through, films."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app.state.curves import LabelledSet, accuracy_curve
from app.state.jobs import Job, Jobs
from app.state.networks import apart, segmenter


@st.cache_resource(max_entries=1, show_spinner=False)
def films() -> Jobs:
    """Films that are being made, and the last that were."""
    return Jobs(kept=4)


@st.cache_resource(max_entries=1, show_spinner=False)
def _jobs() -> Jobs:
    return Jobs()


@st.cache_resource(max_entries=1, show_spinner=False)
def datasets() -> Jobs:
    """Folders of clips that are looked through, and checkpoints that are measured on them."""
    return Jobs()


def curve(name: str, examples: LabelledSet) -> Job | None:
    """The accuracy curve of a checkpoint on a labelled set, if it was started: shared by all visitors."""
    return _jobs().get((name, examples))


def start_curve(name: str, examples: LabelledSet) -> Job:
    """Start it. It has a network of its own, so that it needs no lock while it removes connections."""
    own = apart(name)
    return _jobs().start((name, examples), partial(accuracy_curve, own, examples, partial(segmenter, own)))
