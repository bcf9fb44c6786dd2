"""Data: the contents and faults of a folder of labelled clips, and the accuracy of a checkpoint on it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from app import keys
from app.parts.elements import metric, metric_row, progress, table_with_csv
from app.parts.words import plain
from app.screens import measuring
from app.state import clips, measurements
from app.work import datasets
from peerattn.data.folder import LabelledFile
from peerattn.data.report import FolderReport
from peerattn.data.zips import MAX_FILES, UnpackedFolder, unpack
from peerattn.errors import PeerattnError
from peerattn.tables.evaluation import clips_table, faults_table

FROM_FOLDER, FROM_ZIP = "A folder on this machine", "A zip file"
LAYOUT = (
    "One subfolder per class (optionally inside one folder per split), or a manifest.csv with the columns "
    "path, label and split, and optionally group and mask_path."
)


def show() -> None:
    """Draw the screen, which needs no clip."""
    folder = _choose_folder()
    if folder is None:
        st.info(f"Enter a folder of labelled clips, or upload a zip file of one. {LAYOUT}")
        return
    try:
        files = _files(folder)
    except PeerattnError as error:
        st.error(plain(error))
        return
    _contents(folder, files)
    if files:
        measuring.show(folder, files)


def _choose_folder() -> Path | None:
    """Return the chosen folder, or None; a zip file is unpacked to a temporary folder of the session."""
    left, right = st.columns([2, 5])
    with left:
        kind = st.segmented_control(
            "Labelled clips from",
            (FROM_FOLDER, FROM_ZIP),
            default=FROM_FOLDER,
            required=True,
            key=keys.CLIPS_SOURCE,
            persist_state="session",
        )
    with right:
        if kind == FROM_ZIP:
            return _unpacked_zip()
        text = st.text_input(
            "Folder on this machine",
            key=keys.DATA,
            bind="query-params",
            persist_state="session",
            placeholder="/path/to/clips",
            help=LAYOUT,
        )
        return _path(text.strip()) if text.strip() else None


def _path(text: str) -> Path:
    """Return the folder with ~ expanded to the home of the user who runs the app, ~name to that user's."""
    try:
        return Path(text).expanduser()
    except RuntimeError:  # no such user
        return Path(text)


def _files(folder: Path) -> tuple[LabelledFile, ...]:
    """Return the clips of a folder, which is listed when it is chosen or checked, not on every run.

    Raises PeerattnError if it is not a folder of labelled clips.
    """
    listing = keys.FOLDER_LISTING.get()
    if listing is None or listing[0] != folder:
        listing = keys.FOLDER_LISTING.value = (folder, datasets.clips_in_folder(folder))
    return listing[1]


def _unpacked_zip() -> Path | None:
    """Return the folder of the zip file uploaded last; it is kept while other screens are shown."""
    file = st.file_uploader(
        f"A zip file of such a folder, with at most {MAX_FILES:,} files",
        ["zip"],
        key=keys.ZIP,
        help="It is unpacked into a temporary folder, which is deleted when your session ends.",
    )
    if file and keys.UNPACKED_FILE_ID.get() != file.file_id:
        keys.UNPACKED_FILE_ID.value = file.file_id
        content = file.getbuffer()
        keys.UNPACKED_ZIP.pop()
        try:
            with st.spinner("Unpacking …"):
                unpacked = unpack(content, clips.upload_folder().zip_folder(content))
            keys.UNPACKED_ZIP.value = (file.name, unpacked)
        except PeerattnError as error:
            keys.ZIP_ERROR.value = f"{file.name}: {error}"
        else:
            keys.ZIP_ERROR.pop()
    if error_line := keys.ZIP_ERROR.get():
        st.error(plain(error_line))
    current: tuple[str, UnpackedFolder] | None = keys.UNPACKED_ZIP.get()
    if current is None:
        return None
    name, unpacked = current
    left_out = f" · {unpacked.left_out} files of other kinds were left out" if unpacked.left_out else ""
    st.caption(plain(f"From {name}{left_out}"))
    return unpacked.folder


def _contents(folder: Path, files: tuple[LabelledFile, ...]) -> None:
    """Draw the number of clips at once, and the report on every file once the files have been checked."""
    st.subheader("Contents", anchor=False)
    with_maps = sum(file.objects is not None for file in files)
    classes = {label for file in files for label in file.labels}
    st.caption(f"{len(files)} clips of {len(classes)} classes, {with_maps} with object maps")
    job = measurements.check_job(folder)
    if job and job.error:
        st.error(plain(job.error))
    if job and job.running:
        progress(job, "clips read", key=keys.CANCEL_CHECK)
        return
    if job and job.results:
        _report(job.results[0])
    again = "Check every file again" if job else "Check every file"
    if st.button(
        again, help="Reads every clip and its object maps completely and lists everything that is wrong."
    ):
        measurements.start_check(folder)
        del keys.FOLDER_LISTING.value  # files may have been added or removed
        st.rerun()


def _report(report: FolderReport) -> None:
    row = metric_row()
    metric(row, "Clips that can be read", len(report.clips))
    metric(row, "Faults", len(report.faults), "listed below" if report.faults else "none found")
    if report.clips:
        seconds = [clip.seconds for clip in report.clips]
        rates = [clip.frames / clip.seconds for clip in report.clips if clip.seconds]
        metric(
            row, "Length", f"{sum(seconds):,.0f} s", f"{min(seconds):.1f} to {max(seconds):.1f} s per clip"
        )
        if rates:
            low, high = (f"{rate:.1f}" for rate in (min(rates), max(rates)))
            metric(row, "Frames per second", low if low == high else f"{low} to {high}")
        metric(row, "Source videos", len({clip.group for clip in report.clips}))
    for remark in report.remarks:
        st.caption(plain(remark))
    makers = {"Clips": lambda: clips_table(report.clips)}
    if report.faults:
        makers = {"Faults": lambda: faults_table(report.faults), **makers}
    table_with_csv(makers, stem="folder", key=keys.FOLDER_CSV)


show()
