"""A small network with hostile names and its recording of a clip, for tests of the panels."""

import numpy as np

from peerattn.modalities.clip import Clip
from peerattn.recording.recorder import record_inside
from tests.strategies import lively, tensors
from tests.traces import images, structure

FRAMES = 20
NETWORK = lively(structure(hostile=True))
CLIP = Clip(tensors(NETWORK.structure, frames=FRAMES), np.arange(FRAMES) / 8, images(FRAMES), None, None)
TRACE, VECTORS = record_inside(NETWORK, CLIP, window=8)
