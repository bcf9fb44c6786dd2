"""Labelled clips: folders of real ones, what is wrong with them, and batches of them to train on."""

from peerattn.data.augmentation import STRONG, Augmentation, Timing
from peerattn.data.cache import Cache, default_folder
from peerattn.data.checking import check_folder
from peerattn.data.clips import FolderClips
from peerattn.data.colour import Colour
from peerattn.data.examples import Example, FolderExamples, read_clip
from peerattn.data.folder import VIDEO_SUFFIXES, LabelledFile, every_file, labelled_files, with_others
from peerattn.data.loading import Batch, ClipSource, batches
from peerattn.data.readable import Readable
from peerattn.data.report import Fault, FolderReport
from peerattn.data.splitting import split_files, write_manifest
from peerattn.data.warp import Warp

__all__ = [
    "STRONG",
    "VIDEO_SUFFIXES",
    "Augmentation",
    "Batch",
    "Cache",
    "ClipSource",
    "Colour",
    "Example",
    "Fault",
    "FolderClips",
    "FolderExamples",
    "FolderReport",
    "LabelledFile",
    "Readable",
    "Timing",
    "Warp",
    "batches",
    "check_folder",
    "default_folder",
    "every_file",
    "labelled_files",
    "read_clip",
    "split_files",
    "with_others",
    "write_manifest",
]
