"""What is asked of the commands that run one clip."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from peerattn.cli.console import Device
from peerattn.errors import PeerattnError
from peerattn.files.cards import read_card
from peerattn.files.paths import folder_of
from peerattn.modalities.settings import ClipSettings


class Table(StrEnum):
    connections = "connections"
    factors = "factors"
    attention_weights = "attention-weights"
    blocks = "blocks"
    predictions = "predictions"


@dataclass(frozen=True)
class Asked:
    """A clip, and how it is to be run."""

    clip: Path
    checkpoint: str
    objects: Path | None
    hold: bool
    stretch: tuple[float, float | None]
    device: Device
    segmenter: str | None = None
    fast: bool = False

    def check(self) -> None:
        """Raises PeerattnError where the clip's header already says that it will not be read."""
        from peerattn.video.decoding import check_header

        start, stop = self.stretch
        check_header(self.clip, frame_rate=_frame_rate(self.checkpoint), start=start, stop=stop)


def _frame_rate(checkpoint: str) -> float:
    """Frames/s at which a network reads clips: its card says so, where it has one."""
    try:
        folder = folder_of(checkpoint)
        card = read_card(folder, "network") if folder else {"settings": {}}  # of an untrained network
        return ClipSettings(**card["settings"]).frame_rate
    except (KeyError, TypeError, PeerattnError):  # a card that is refused when it is loaded
        return ClipSettings.frame_rate
