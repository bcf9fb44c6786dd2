"""How a segmentation network is built and trained."""

from dataclasses import dataclass, replace

from peerattn.data.generated import TEST_SEED
from peerattn.errors import PeerattnError

FRAMES_A_CLIP = 4
"""Frames of one generated clip resemble each other, but more of them cost less to generate."""


@dataclass(frozen=True)
class SegmenterConfig:
    """Saved on the card of the network. The default learns from generated clips alone."""

    clips: int = 16_000  # generated, each seen once
    batch: int = 16  # frames of generated clips in a step
    people: int = 0  # frames with person masks in a step
    rate: float = 4e-3
    averaging: float = 0.0  # how much of the average of the weights a step keeps; 0: no average
    size: int = 64  # px a side
    widths: tuple[int, ...] = (8, 24, 40, 64)  # channels, at the largest size first
    reduction: int = 1  # of the largest size, against the images
    motion: bool = False  # whether it reads how things move, beside the colours
    seed: int = 0

    def __post_init__(self) -> None:
        if self.batch < 1 or self.batch % FRAMES_A_CLIP:
            raise PeerattnError(f"a batch of {self.batch} frames is not a multiple of {FRAMES_A_CLIP}")
        if not 0 < self.clips * (self.seed + 1) < TEST_SEED or self.seed < 0:
            raise PeerattnError(
                f"{self.clips} clips and seed {self.seed} would reach the test clips: give fewer"
            )
        if self.people < 0 or not 0 <= self.averaging < 1:
            raise PeerattnError("people must be 0 or more, averaging from 0 to below 1")

    @property
    def steps(self) -> int:
        return max(1, self.clips * FRAMES_A_CLIP // self.batch)


GENERATED = SegmenterConfig()
"""Of `actionworld-objects`: objects and the figure of the generated clips."""

START = SegmenterConfig(clips=8_000, averaging=0.99, widths=(24, 48, 96, 128), reduction=2, motion=True)
"""Of the network that then learns people: what moves by itself, and what objects look like."""

PEOPLE = replace(START, clips=1_600, batch=4, people=12, averaging=0.996)
"""Of `people-objects`: people of real clips as well."""
