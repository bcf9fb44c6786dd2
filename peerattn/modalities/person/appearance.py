"""What a frozen network sees in the whole picture and in the square around the person.

T frames of H × W px; F = 1280 features from each of the two pictures.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from peerattn.modalities.person.box import Squares
from peerattn.modalities.person.joints import Values
from peerattn.modalities.pretrained.efficientnet import POOLED_WIDTH, EfficientNetLite0
from peerattn.modalities.pretrained.pose import Square

EVERY = 3
"""Of so many frames one is looked at, and counts for the following ones: at 15 frames/s, 5 a second."""
SCENE_SIZE = (256, 192)
"""Width and height at which the whole picture is read, px."""
MEANINGS = tuple(f"{picture} {number}" for picture in ("scene", "person") for number in range(POOLED_WIDTH))


def appearance(images: NDArray[np.uint8], squares: Squares, network: EfficientNetLite0) -> Values:
    """Return the features (T, 2 F) of frames (T, H, W, 3).

    The first F are those of the whole picture, the others those of the person's square.
    """
    looked_at = np.arange(0, len(images), EVERY)
    scenes = [cv2.resize(images[n], SCENE_SIZE, interpolation=cv2.INTER_AREA) for n in looked_at]
    persons = [Square(*map(float, squares[n])).cut(images[n]) for n in looked_at]
    features = [network.describe(np.stack(pictures))[1] for pictures in (scenes, persons)]
    return np.concatenate(features, axis=1)[np.arange(len(images)) // EVERY]
