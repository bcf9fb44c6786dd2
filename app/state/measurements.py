"""Long computations that visitors share: curves, folders looked through and measured on, films.

Films are made in threads of the server; all that runs networks or reads folders runs beside it.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from pathlib import Path

import streamlit as st

from app.state.networks import device
from app.work.curves import accuracy_curve
from app.work.datasets import Choice, checked, measured
from app.work.jobs import Job, Jobs, Work
from app.work.process import PROCESS
from peerattn.checkpoints.resolving import stamp
from peerattn.data.labelled_set import LabelledSet


@st.cache_resource(max_entries=1, show_spinner=False)
def films() -> Jobs:
    """Films that are being made, and the last that were."""
    return Jobs(kept=4)


@st.cache_resource(max_entries=1, show_spinner=False)
def beside() -> Jobs:
    """What runs in the process beside the server."""
    return Jobs(kept=16)


def curve(name: str, examples: LabelledSet) -> Job | None:
    """The accuracy curve of a checkpoint on a labelled set, if it was started."""
    return beside().get((name, stamp(name), examples))


def start_curve(name: str, examples: LabelledSet) -> Job:
    return _start((name, stamp(name), examples), partial(accuracy_curve, name, examples, device()))


def check(folder: Path) -> Job | None:
    """The looking through a folder, if it was started; its one result is a FolderReport."""
    return beside().get(("check", folder))


def start_check(folder: Path) -> Job:
    """Started anew where it was done before: files may have changed."""
    return _start_anew(("check", folder), partial(checked, folder))


def measurement(choice: Choice) -> Job | None:
    """The measuring of a checkpoint on a folder, if it was started; its one result is a Measured."""
    return beside().get((choice, stamp(choice.checkpoint)))


def start_measurement(choice: Choice) -> Job:
    """Started anew where it was done before, too."""
    return _start_anew((choice, stamp(choice.checkpoint)), partial(measured, choice, device()))


def _start_anew(key: Hashable, work: Work) -> Job:
    if (before := beside().get(key)) and not before.running:
        before.cancel()
    return _start(key, work)


def _start(key: Hashable, work: Work) -> Job:
    return beside().start(key, partial(PROCESS.results, work))
