"""A segmentation network as a checkpoint."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from peerattn.modalities.segmentation_network import SegmentationNetwork
from peerattn.segmentation.config import SegmenterConfig
from peerattn.segmentation.quality import PersonSegmentation, Segmentation
from peerattn.weights import WEIGHTS_FILE, write_card, write_weights


def save_segmenter(
    folder: Path,
    segmenter: SegmentationNetwork,
    *,
    config: SegmenterConfig,
    metrics: Mapping[str, Any],
    facts: Mapping[str, Any],
) -> None:
    """Write the checkpoint that `load_segmenter` reads: what builds it, its quality, and what made it."""
    card: dict[str, Any] = {
        **facts,
        "class_ids": list(segmenter.class_ids),
        "class_names": list(segmenter.class_names),
        "settings": segmenter.settings,
        "training": asdict(config),
        "metrics": metrics,
    }
    write_weights(folder / WEIGHTS_FILE, segmenter.state_dict())
    write_card(folder, "segmenter", card)


def metrics_of(generated: Segmentation, people: PersonSegmentation | None = None) -> dict[str, Any]:
    """What a card says of quality; of real clips only persons have true maps to compare with."""
    if people is None:
        return asdict(generated)
    return {"people": asdict(people), "generated": asdict(generated)}
