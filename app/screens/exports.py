"""Taking away what is shown: the whole trace, a report, a film, and the session itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from app import keys
from app.parts.elements import progress
from app.parts.words import plain
from app.state import address, exporting
from app.state.exporting import Film
from app.state.shown import Opened, Shown

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)
WITHOUT = ("checkpoint", "clip")
"""What the address says of other things than how a clip is looked at."""


@st.fragment
def show(shown: Shown) -> None:
    """A button that opens the choices; only then is the address asked where the cursor stands."""
    with st.popover("Save and export", key=keys.EXPORT, on_change="rerun") as choices:
        address_now = address.now(key=keys.EXPORT_ADDRESS) if choices.open else None
        if address_now is None:
            return
        stem = shown.choice.source.path.stem
        view = {name: value for name, value in address_now.items() if name not in WITHOUT}
        _files(shown, stem, address.compared() | view)
        if isinstance(shown, Opened):
            _film(shown, stem)
        else:
            st.caption("A film and a session need the clip: a trace file has no frames.")


def _files(shown: Shown, stem: str, view: Mapping[str, str]) -> None:
    choices: list[tuple[str, Callable[[], str | bytes], str, str]] = [
        ("Report to explore (HTML)", partial(exporting.report, shown, view), f"{stem}.html", "text/html"),
        ("Whole trace (JSON)", shown.trace.to_json, f"{stem}-trace.json", "application/json"),
    ]
    if isinstance(shown, Opened):
        saved = partial(exporting.session, shown, view)
        choices.insert(0, ("Session", saved, f"{stem}.peerattn", "application/octet-stream"))
    helps = {
        "Session": "One file with clip, object maps, trace and how you look at them now: drop it on "
        "“Your clips” to go on.",
        "Report to explore (HTML)": "One page with all of this, for people without peerattn: opens by "
        "double-click, needs no network.",
    }
    with st.container(horizontal=True):
        for title, make, name, kind in choices:
            key = keys.SAVE.of(kind)
            st.download_button(title, make, name, kind, on_click="ignore", key=key, help=helps.get(title))


def _film(shown: Opened, stem: str) -> None:
    """The choices of a film, then its making, then the film."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        suffix = st.segmented_control(
            "Film of clip and level graph", ("MP4", "GIF"), default="MP4", required=True, key=keys.FILM_KIND
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
    film = Film(f".{suffix.lower()}", speed, dark)
    job = exporting.film(shown, film)
    if (job is None or job.error) and st.button("Make the film", key=keys.FILM_MAKE):
        job = exporting.start_film(shown, film)
    if job is None:
        return
    if job.error:
        st.error(plain(job.error))
    elif job.running:
        progress(job, "frames", key=keys.FILM_CANCEL, every=0.5)
    else:
        kind = "video/mp4" if film.suffix == ".mp4" else "image/gif"
        st.download_button(
            f"Film ({suffix}, {len(job.results[0]) / 1e6:.1f} MB)",
            job.results[0],
            f"{stem}{film.suffix}",
            kind,
            on_click="ignore",
            key=keys.FILM,
        )
