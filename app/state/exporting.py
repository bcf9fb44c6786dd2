"""What can be taken away of what is shown: a report, a session, a film."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from app.explorer.component import DIGEST
from app.opening.session import Session
from app.state import clips, measurements, pictures
from app.state.shown import Opened, Shown
from app.work.jobs import Job, Progress
from peerattn.figures.film import schedule, write_film
from peerattn.figures.film_frames import FilmFrames
from peerattn.figures.film_layout import DARK, LIGHT
from peerattn.figures.report import ReportHeading, report_html
from peerattn.figures.report_panels import report_panels
from peerattn.tables.clip import frame_ends


@dataclass(frozen=True)
class Film:
    """How a film is made: `.mp4` or `.gif`, how many times faster, on which ground."""

    suffix: str
    speed: float
    dark: bool


def report(shown: Shown, view: Mapping[str, str]) -> str:
    """The standalone report, which begins as the page's address, `view`, says."""
    times = shown.trace.times
    facts = {"stretch": f"{times[0]:.2f} to {frame_ends(times)[-1]:.2f} s"}
    network = shown.choice.checkpoint if isinstance(shown, Opened) else "not named in a trace file"
    about = ReportHeading(shown.choice.source.name, network, date.today().isoformat(), facts)
    inside = partial(clips.inside, shown) if isinstance(shown, Opened) else None
    panels = report_panels(shown.trace, inside, shown.object_names)
    return report_html(shown.trace, pictures.packed(shown)[DIGEST:], about, panels=panels, start=view)


def session(opened: Opened, view: Mapping[str, str]) -> bytes:
    """The session file; a sample is named in it, any other clip is in it whole."""
    choice, source = opened.choice, opened.choice.source
    sample = source.id if source.id in {each.id for each in clips.sample_clips()} else None
    maps = source.objects
    saved = Session(
        checkpoint=choice.checkpoint,
        clip_name=source.name,
        trace=opened.trace.to_json(),
        clip_digest=source.digest,
        sample=sample,
        clip=None if sample else source.path.read_bytes(),
        objects=maps.parts() if maps and maps.origin == "attached" else (),
        start=choice.start,
        stop=choice.stop,
        hold=choice.hold,
        view=view,
    )
    return saved.to_bytes()


def film(opened: Opened, wanted: Film) -> Job | None:
    """The making of a film, if it was started; its one result is the file's content."""
    return measurements.films().get((opened.choice.key, wanted))


def start_film(opened: Opened, wanted: Film) -> Job:
    return measurements.films().start((opened.choice.key, wanted), partial(_made, opened, wanted))


def _made(opened: Opened, wanted: Film, progress: Progress) -> Iterator[bytes]:
    theme = DARK if wanted.dark else LIGHT
    name, network = opened.choice.source.name, opened.choice.checkpoint
    frames = FilmFrames(opened.trace, opened.clip.images, title=name, subtitle=network, theme=theme)
    shown = schedule(opened.trace.times, speed=wanted.speed)
    with tempfile.TemporaryDirectory(prefix="peerattn-") as folder:
        path = Path(folder) / f"film{wanted.suffix}"
        with closing(write_film(path, frames.picture, shown)) as steps:
            for done, total in steps:
                progress(done, total)
        yield path.read_bytes()
