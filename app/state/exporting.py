"""The contents of exported files: the report, the session and the film of an opened clip or trace."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from app.explorer.component import DIGEST_LENGTH
from app.opening.session import Session
from app.state import clips, measurements, pictures
from app.state.opened import Opened, OpenedClip
from app.work.jobs import Job, Progress
from peerattn.figures.film import schedule, write_film
from peerattn.figures.film_frames import FilmFrames
from peerattn.figures.film_layout import DARK, LIGHT
from peerattn.figures.report import ReportHeading, report_html
from peerattn.figures.report_panels import report_panels
from peerattn.tables.clip import frame_ends


@dataclass(frozen=True)
class FilmOptions:
    """The options of a film: the suffix (`.mp4` or `.gif`), the speed (1: that of the clip), the theme."""

    suffix: str
    speed: float
    dark: bool


def report(opened: Opened, view: Mapping[str, str]) -> str:
    """Return the standalone HTML report; `view` is the view it starts with, as query parameters."""
    times = opened.trace.times
    facts = {"time range": f"{times[0]:.2f} to {frame_ends(times)[-1]:.2f} s"}
    network = opened.choice.checkpoint if isinstance(opened, OpenedClip) else "not named in a trace file"
    heading = ReportHeading(opened.choice.source.name, network, date.today().isoformat(), facts)
    inside = partial(clips.inside, opened) if isinstance(opened, OpenedClip) else None
    panels = report_panels(opened.trace, inside, opened.object_names)
    return report_html(
        opened.trace, pictures.packed(opened)[DIGEST_LENGTH:], heading, panels=panels, start=view
    )


def session(opened: OpenedClip, view: Mapping[str, str]) -> bytes:
    """Return the session file; it contains the clip itself unless that is a sample."""
    choice, source = opened.choice, opened.choice.source
    sample = source.id if source.id in {each.id for each in clips.sample_clips()} else None
    maps = source.objects
    file = Session(
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
    return file.to_bytes()


def film_job(opened: OpenedClip, options: FilmOptions) -> Job | None:
    """Return the job of a film if it was started; its only result is the content of the file."""
    return measurements.film_jobs().get((opened.choice.key, options))


def start_film(opened: OpenedClip, options: FilmOptions) -> Job:
    return measurements.film_jobs().start((opened.choice.key, options), partial(_make_film, opened, options))


def _make_film(opened: OpenedClip, options: FilmOptions, progress: Progress) -> Iterator[bytes]:
    theme = DARK if options.dark else LIGHT
    name, network = opened.choice.source.name, opened.choice.checkpoint
    frames = FilmFrames(opened.trace, opened.clip.images, title=name, subtitle=network, theme=theme)
    frame_schedule = schedule(opened.trace.times, speed=options.speed)
    with tempfile.TemporaryDirectory(prefix="peerattn-") as folder:
        path = Path(folder) / f"film{options.suffix}"
        with closing(write_film(path, frames.picture, frame_schedule)) as steps:
            for done, total in steps:
                progress(done, total)
        yield path.read_bytes()
