"""A small network of hostile names and what it made of a clip, for tests of the panels."""

import numpy as np

from peerattn.inside import pooling
from peerattn.modalities import Clip
from peerattn.recorder import record
from tests.strategies import lively, tensors
from tests.traces import images, structure

FRAMES = 20
NETWORK = lively(structure(hostile=True))
CLIP = Clip(tensors(NETWORK.structure, frames=FRAMES), np.arange(FRAMES) / 8, images(FRAMES), None, None)
with pooling(NETWORK) as _pooled:
    TRACE = record(NETWORK, CLIP, window=8)
VECTORS = _pooled.vectors()
