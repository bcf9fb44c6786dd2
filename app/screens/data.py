"""Data: what is in a folder of labelled clips, what is wrong with it, and how a checkpoint does on it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app import keys
from app.parts.elements import number, numbers, progress, table_with_csv
from app.parts.words import plain
from app.screens import measuring
from app.state import clips, measurements
from app.work import datasets
from peerattn.data.folder import LabelledFile
from peerattn.data.report import FolderReport
from peerattn.data.zips import MOST_FILES, Unpacked, unpack
from peerattn.errors import PeerattnError
from peerattn.tables.evaluation import clips_table, faults_table

FROM_FOLDER, FROM_ZIP = "A folder on this machine", "A zip file"
LAYOUT = (
    "One subfolder a class (or one a split, and in it one a class), or a manifest.csv with the columns path, "
    "label and split, and if you like group and mask_path."
)


def show() -> None:
    """The screen; it needs no clip."""
    folder = _folder()
    if folder is None:
        st.info(f"Point at a folder of labelled clips, or drop a zip of one. {LAYOUT}")
        return
    try:
        files = _files(folder)
    except PeerattnError as error:
        st.error(plain(error))
        return
    _contents(folder, files)
    if files:
        measuring.show(folder, files)


def _folder() -> Path | None:
    """The chosen folder; a zip's is the visitor's own and goes with him."""
    left, right = st.columns([2, 5])
    with left:
        kind = st.segmented_control(
            "Labelled clips from",
            (FROM_FOLDER, FROM_ZIP),
            default=FROM_FOLDER,
            required=True,
            key=keys.CLIPS_FROM,
            persist_state="session",
        )
    with right:
        if kind == FROM_ZIP:
            return _zip()
        said = st.text_input(
            "Folder on this machine",
            key=keys.DATA,
            bind="query-params",
            persist_state="session",
            placeholder="/path/to/clips",
            help=LAYOUT,
        )
        return _path(said.strip()) if said.strip() else None


def _path(said: str) -> Path:
    """The folder; ~ is the home of who runs the app, ~name somebody else's."""
    try:
        return Path(said).expanduser()
    except RuntimeError:  # there is nobody of this name
        return Path(said)


def _files(folder: Path) -> tuple[LabelledFile, ...]:
    """The clips of a folder, listed when it is named and when it is checked, not each time the page is drawn.

    Raises PeerattnError when it is none.
    """
    listed = keys.LISTED.get()
    if listed is None or listed[0] != folder:
        listed = keys.LISTED.value = (folder, datasets.files_of(folder))
    return listed[1]


def _zip() -> Path | None:
    """The folder of the zip that was dropped last; it stays while other screens are shown."""
    file = st.file_uploader(
        f"A zip of such a folder, at most {MOST_FILES:,} files",
        ["zip"],
        key=keys.ZIP,
        help="It is unpacked into a folder of your own, which is deleted when your session ends.",
    )
    if file and keys.UNPACKED_FILE.get() != file.file_id:
        keys.UNPACKED_FILE.value = file.file_id
        content = file.getbuffer()
        keys.UNPACKED.pop()
        try:
            with st.spinner("Unpacking …"):
                found = unpack(content, clips.shelf().place_for_data(content))
            keys.UNPACKED.value = (file.name, found)
        except PeerattnError as error:
            keys.ZIP_REFUSED.value = f"{file.name}: {error}"
        else:
            keys.ZIP_REFUSED.pop()
    if refused := keys.ZIP_REFUSED.get():
        st.error(plain(refused))
    opened: tuple[str, Unpacked] | None = keys.UNPACKED.get()
    if opened is None:
        return None
    name, found = opened
    left_out = f" · {found.left_out} files of other kinds were left out" if found.left_out else ""
    st.caption(plain(f"From {name}{left_out}"))
    return found.folder


def _contents(folder: Path, files: tuple[LabelledFile, ...]) -> None:
    """What the list says at once; what is in the files and wrong with them once all were read."""
    st.subheader("What is in it", anchor=False)
    masks = sum(file.objects is not None for file in files)
    classes = {label for file in files for label in file.labels}
    st.caption(f"{len(files)} clips of {len(classes)} classes, {masks} with object maps")
    job = measurements.check(folder)
    if job and job.error:
        st.error(plain(job.error))
    if job and job.running:
        progress(job, "clips read", key=keys.CANCEL_CHECK)
        return
    if job and job.results:
        _report(job.results[0])
    again = "Check every file again" if job else "Check every file"
    if st.button(again, help="Reads each clip and its object maps to the end, and says all that is wrong."):
        measurements.start_check(folder)
        del keys.LISTED.value  # files may have come or gone
        st.rerun()


def _report(report: FolderReport) -> None:
    row = numbers()
    number(row, "Clips that can be read", len(report.clips))
    number(row, "Faults", len(report.faults), "each one line below" if report.faults else "none found")
    if report.clips:
        seconds = [clip.seconds for clip in report.clips]
        rates = [clip.frames / clip.seconds for clip in report.clips if clip.seconds]
        number(row, "Length", f"{sum(seconds):,.0f} s", f"{min(seconds):.1f} to {max(seconds):.1f} s a clip")
        if rates:
            low, high = (f"{rate:.1f}" for rate in (min(rates), max(rates)))
            number(row, "Frames a second", low if low == high else f"{low} to {high}")
        number(row, "Source videos", len({clip.group for clip in report.clips}))
    for remark in report.remarks:
        st.caption(plain(remark))
    makers = {"Clips": lambda: clips_table(report.clips)}
    if report.faults:
        makers = {"Faults": lambda: faults_table(report.faults), **makers}
    table_with_csv(makers, stem="folder", key=keys.FOLDER_CSV)


show()
