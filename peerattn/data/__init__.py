"""Labelled clips: folders of real ones and generated ones, their faults, caches, batches to train on.

Imports files, graph, video, modalities, checkpoints and actionworld. Start with `folder.labelled_files`,
`examples.FolderExamples` and `clips.FolderClips`.
"""

from peerattn.moved import moved

__getattr__ = moved(__name__)
