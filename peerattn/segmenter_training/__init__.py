"""Training segmentation networks on generated clips and on people in real clips; measuring, cross-fitting.

Imports files, video, scores, network, modalities, actionworld and data. Start with
`training.train_segmenter`, `quality.evaluate_segmenter` and `crossfit.cross_fit`.
"""
