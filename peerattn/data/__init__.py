"""Labelled clips: folders of videos and generated clips, checks of folders, the cache, and training batches.

Imports files, graph, video, modalities, checkpoints and actionworld. Start with `folder.labelled_files`,
`examples.FolderExamples` and `clips.FolderClips`.
"""
