"""Networks that segment, trained on generated clips and on people of real ones, measured, cross-fitted.

Imports files, video, scores, network, modalities, actionworld and data. Start with
`training.train_segmenter`, `quality.evaluate_segmenter` and `crossfit.cross_fitted`.
"""

from peerattn.moved import moved

__getattr__ = moved(__name__)
