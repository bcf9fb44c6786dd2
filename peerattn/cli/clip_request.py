"""The options of a command that runs one clip, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from peerattn.cli.console import Device
from peerattn.errors import PeerattnError
from peerattn.files.cards import read_card
from peerattn.files.paths import folder_of
from peerattn.modalities.settings import ClipSettings


class ExportTable(StrEnum):
    """The tables that `export` can write."""

    connections = "connections"
    factors = "factors"
    attention_weights = "attention-weights"
    moments = "moments"
    blocks = "blocks"
    predictions = "predictions"


@dataclass(frozen=True)
class ClipRequest:
    """A clip and how to run it.

    `objects` is a file of object maps, and `hold` repeats each map for the frames after it that have none.
    `stretch` is the start and end of the part to read, in seconds (None: to the end of the clip).
    """

    clip: Path
    checkpoint: str
    objects: Path | None
    hold: bool
    stretch: tuple[float, float | None]
    device: Device
    segmenter: str | None = None
    fast: bool = False

    def check(self) -> None:
        """Raises PeerattnError if the clip's header already shows that the clip cannot be read."""
        from peerattn.video.decoding import check_header

        start, stop = self.stretch
        check_header(self.clip, frame_rate=_frame_rate(self.checkpoint), start=start, stop=stop)


def _frame_rate(checkpoint: str) -> float:
    """Frames/s at which a checkpoint reads clips, from its card; the default where it has no valid card."""
    try:
        folder = folder_of(checkpoint)
        card = (
            read_card(folder, "network") if folder else {"settings": {}}
        )  # an untrained network has no card
        return ClipSettings.from_json(card["settings"]).frame_rate
    except (KeyError, PeerattnError):  # loading the checkpoint will report the invalid card
        return ClipSettings.frame_rate
