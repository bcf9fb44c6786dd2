"""Labelled clips: folders of real ones, what is wrong with them, and batches of them to train on."""

from peerattn.data.examples import Example, FolderExamples, read_clip
from peerattn.data.folder import VIDEO_SUFFIXES, LabelledFile, every_file, labelled_files
from peerattn.data.loading import Batch, ClipSource, batches

__all__ = [
    "VIDEO_SUFFIXES",
    "Batch",
    "ClipSource",
    "Example",
    "FolderExamples",
    "LabelledFile",
    "batches",
    "every_file",
    "labelled_files",
    "read_clip",
]
