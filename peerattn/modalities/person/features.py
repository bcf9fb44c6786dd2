"""The modalities of a network that reads a person: rgb, flow and joints, each frame described by numbers.

They are made by frozen networks from the frames of a clip. T frames, C channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from peerattn.graph.specs import Modality
from peerattn.modalities.flow import FrameTiming
from peerattn.modalities.person import appearance as looks
from peerattn.modalities.person import joint_flow
from peerattn.modalities.person import joints as posture
from peerattn.modalities.person.box import Squares, person_squares
from peerattn.modalities.person.framing import HEIGHT, WIDTH, Bars, find_bars, fit_frames
from peerattn.modalities.person.joints import Values
from peerattn.modalities.pretrained.efficientnet import EfficientNetLite0
from peerattn.modalities.pretrained.loading import load_backbone, load_pose_network
from peerattn.modalities.pretrained.movenet import MoveNet
from peerattn.modalities.pretrained.pose import Joints, track_joints

MODALITIES = (
    Modality("rgb", len(looks.MEANINGS), looks.MEANINGS, pixels=False),
    Modality("flow", len(joint_flow.MEANINGS), joint_flow.MEANINGS, pixels=False),
    Modality("joints", len(posture.MEANINGS), posture.MEANINGS, pixels=False),
)
"""The modalities, as a structure names them."""


@dataclass(frozen=True)
class FrozenNetworks:
    """The networks from which the features come."""

    backbone: EfficientNetLite0
    pose: MoveNet


@cache
def load_frozen_networks(device: torch.device | str = "cpu") -> FrozenNetworks:
    """Load them onto a device, once per process; raise PeerattnError if one is missing or damaged."""
    return FrozenNetworks(load_backbone(device), load_pose_network(device))


@dataclass(frozen=True)
class Person:
    """The acting person of a clip, as the frozen networks see them in fitted frames (T, 240, 320, 3)."""

    images: NDArray[np.uint8]
    joints: Joints  # (T, 17, 3) x, y in px of the fitted frames, and score
    squares: Squares  # (T, 3) the square around the person: x, y of its centre and its side, px
    flow: Values  # (T, 24, 24, 2) in the square, without the camera's motion
    timing: FrameTiming
    bars: Bars  # that were cut away

    def numbers(self, networks: FrozenNetworks, *, mirror: bool = False) -> dict[str, Values]:
        """Return modality → numbers (T, C); with `mirror`, those of the mirrored clip."""
        images, joints, squares, flow = self.images, self.joints, self.squares, self.flow
        if mirror:
            images = np.ascontiguousarray(images[:, :, ::-1])
            joints, flow = posture.mirrored(joints, WIDTH), joint_flow.mirrored(flow)
            squares = squares * np.array([-1, 1, 1], np.float32) + np.array([WIDTH, 0, 0], np.float32)
        return {
            "rgb": looks.appearance(images, squares, networks.backbone),
            "flow": joint_flow.flow_at_joints(flow, joints, squares),
            "joints": posture.joint_numbers(joints, (HEIGHT, WIDTH), self.timing),
        }


def find_person(images: NDArray[np.uint8], timing: FrameTiming, networks: FrozenNetworks) -> Person:
    """Return the acting person in frames (T, H, W, 3) of any size; black bars are cut away first."""
    bars = find_bars(images)
    fitted = fit_frames(bars.cut(images))
    joints = track_joints(fitted, networks.pose)
    squares = person_squares(joints, (HEIGHT, WIDTH))
    flow = joint_flow.person_flow(fitted, squares, timing)
    return Person(fitted, joints, squares, flow, timing, bars)
