"""The export menu: the session, a report, the whole trace, and a film."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from app import keys
from app.parts.elements import progress
from app.parts.words import plain
from app.state import address, exporting
from app.state.exporting import FilmOptions
from app.state.opened import Opened, OpenedClip

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)
NOT_VIEW = ("checkpoint", "clip")
"""Parameters of the address that are not part of the view of a clip."""


@st.fragment
def show(opened: Opened) -> None:
    """Draw the button that opens the menu; the browser reports the cursor position only while it is open."""
    with st.popover("Save and export", key=keys.EXPORT, on_change="rerun") as choices:
        address_now = address.current_query(key=keys.EXPORT_ADDRESS) if choices.open else None
        if address_now is None:
            return
        stem = opened.choice.source.path.stem
        view = {name: value for name, value in address_now.items() if name not in NOT_VIEW}
        _files(opened, stem, address.comparison_choices() | view)
        if isinstance(opened, OpenedClip):
            _film(opened, stem)
        else:
            st.caption("A trace file has no frames, so no film or session can be made from it.")


def _files(opened: Opened, stem: str, view: Mapping[str, str]) -> None:
    files: list[tuple[str, Callable[[], str | bytes], str, str]] = [
        ("Interactive report (HTML)", partial(exporting.report, opened, view), f"{stem}.html", "text/html"),
        ("Whole trace (JSON)", opened.trace.to_json, f"{stem}-trace.json", "application/json"),
    ]
    if isinstance(opened, OpenedClip):
        session = partial(exporting.session, opened, view)
        files.insert(0, ("Session", session, f"{stem}.peerattn", "application/octet-stream"))
    helps = {
        "Session": "One file with the clip, object maps, trace and the current view. Drop it on “Your clips” "
        "to continue where you left off.",
        "Interactive report (HTML)": "One page with everything shown here, for people without peerattn. It "
        "opens with a double-click and works offline.",
    }
    with st.container(horizontal=True):
        for title, make, name, kind in files:
            key = keys.SAVE.scoped(kind)
            st.download_button(title, make, name, kind, on_click="ignore", key=key, help=helps.get(title))


def _film(opened: OpenedClip, stem: str) -> None:
    """Draw the settings of a film, then its progress, then its download button."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        suffix = st.segmented_control(
            "Film of the clip and level graph",
            ("MP4", "GIF"),
            default="MP4",
            required=True,
            key=keys.FILM_KIND,
        )
        speed = st.selectbox(
            "Speed",
            SPEEDS,
            SPEEDS.index(1.0),
            key=keys.FILM_SPEED,
            format_func=lambda speed: f"{speed:g}×",
            width=96,
        )
        dark = st.toggle("Dark", st.context.theme.type == "dark", key=keys.FILM_DARK)
    options = FilmOptions(f".{suffix.lower()}", speed, dark)
    job = exporting.film_job(opened, options)
    if (job is None or job.error) and st.button("Make the film", key=keys.FILM_MAKE):
        job = exporting.start_film(opened, options)
    if job is None:
        return
    if job.error:
        st.error(plain(job.error))
    elif job.running:
        progress(job, "frames", key=keys.FILM_CANCEL, every=0.5)
    else:
        kind = "video/mp4" if options.suffix == ".mp4" else "image/gif"
        st.download_button(
            f"Film ({suffix}, {len(job.results[0]) / 1e6:.1f} MB)",
            job.results[0],
            f"{stem}{options.suffix}",
            kind,
            on_click="ignore",
            key=keys.FILM,
        )
