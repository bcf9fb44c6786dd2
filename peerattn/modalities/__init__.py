"""Turn frames into a `Clip` with the modalities that a network reads: rgb, optical flow and object maps.

Imports files, graph, video and network. Start with `preparation.prepare`, `clip.Clip` and
`segmenter.load_segmenter`.
"""
