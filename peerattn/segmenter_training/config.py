"""Settings for building and training a segmentation network."""

from dataclasses import dataclass, replace

from peerattn.actionworld.casting import LATEST_VERSION
from peerattn.data.generated import TEST_SEED
from peerattn.errors import PeerattnError

FRAMES_A_CLIP = 4
"""Frames per generated clip. They resemble each other, but more frames per clip are cheaper to generate."""


@dataclass(frozen=True)
class SegmenterConfig:
    """The settings, as stored on the network's card. The defaults train on generated clips alone."""

    clips: int = 16_000  # generated clips, each seen once
    batch: int = 16  # frames of generated clips per step
    people: int = 0  # frames with person masks per step
    rate: float = 4e-3
    averaging: float = 0.0  # share of the averaged weights that each step keeps; 0: no averaging
    size: int = 64  # px a side
    widths: tuple[int, ...] = (8, 24, 40, 64)  # channels, from the largest resolution to the smallest
    reduction: int = 1  # of the largest resolution, relative to the images
    motion: bool = False  # whether it reads motion in addition to colours
    seed: int = 0
    generator_version: int = LATEST_VERSION  # of the generated clips

    def __post_init__(self) -> None:
        if self.batch < 1 or self.batch % FRAMES_A_CLIP:
            raise PeerattnError(f"a batch of {self.batch} frames is not a multiple of {FRAMES_A_CLIP}")
        if not 0 < self.clips * (self.seed + 1) < TEST_SEED or self.seed < 0:
            raise PeerattnError(
                f"{self.clips} clips with seed {self.seed} would reach the test clips: use fewer clips or a "
                "smaller seed"
            )
        if self.people < 0 or not 0 <= self.averaging < 1:
            raise PeerattnError("people must be at least 0, and averaging at least 0 and below 1")

    @property
    def steps(self) -> int:
        """The number of training steps."""
        return max(1, self.clips * FRAMES_A_CLIP // self.batch)


GENERATED = SegmenterConfig()
"""For `actionworld-objects`: objects and the person in generated clips."""

START = SegmenterConfig(clips=8_000, averaging=0.99, widths=(24, 48, 96, 128), reduction=2, motion=True)
"""For the network from which learning people starts: what moves by itself, and what objects look like."""

PEOPLE = replace(START, clips=1_600, batch=4, people=12, averaging=0.996)
"""For `people-objects`: also people in real clips."""


@dataclass(frozen=True)
class ViewPlan:
    """Which views of a clip are taken.

    They are `frames` evenly spaced whole frames, the same ones mirrored, and `varied` random views of random
    frames in other colours.
    """

    frames: int = 5
    varied: int = 5

    @property
    def count(self) -> int:
        """The number of views of a clip."""
        return 2 * self.frames + self.varied


@dataclass(frozen=True)
class DecoderConfig:
    """The settings of a decoder for a frozen network, as stored on the segmenter's card."""

    views: ViewPlan = ViewPlan()  # of each clip
    steps: int = 2000
    batch: int = 16  # views per step
    rate: float = 4e-3
    decay: float = 1e-2  # of weights
    averaging: float = 0.99  # share of the averaged weights that each step keeps
    dropout: float = 0.1  # share of the frozen network's channels that are left out
    widths: tuple[int, ...] = (24, 48, 64, 96)  # channels, from the largest resolution to the smallest
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.steps, self.batch, self.views.frames) < 1 or min(self.views.varied, self.seed) < 0:
            raise PeerattnError("steps, batch and frames must be at least 1, varied and seed at least 0")


DECODER = DecoderConfig()
"""For `people`: the acting person in real clips."""
