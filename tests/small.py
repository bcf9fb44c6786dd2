"""Small untrained checkpoints for tests of the app: fast, with a range of connection weights to prune."""

from pathlib import Path

import torch

from peerattn.actionworld.clips import CLASS_NAMES, MAP_NAMES
from peerattn.checkpoints import checkpoint
from peerattn.data.generated import MODALITIES
from peerattn.files.cards import write_card
from peerattn.files.weights import WEIGHTS_FILE, write_weights
from peerattn.graph.specs import BlockSpec
from peerattn.graph.structure import Structure
from peerattn.modalities.segmentation_network import SegmentationNetwork
from peerattn.modalities.segmenter import SEGMENTER
from peerattn.modalities.settings import ClipSettings
from peerattn.network.network import Network
from peerattn.network.state_arrays import as_arrays

SETTINGS = ClipSettings(size=32, window=8)


def small_structure() -> Structure:
    """One input block per modality and two levels above them, each block connected to all below."""
    inputs = [
        BlockSpec(modality.name + "1", 1, "video_input", 8, spatial_stride=4, modality=modality.name)
        for modality in MODALITIES
    ]
    middle = [BlockSpec(f"mid{dilation}", 2, "bottleneck", 8, dilation) for dilation in (1, 2)]
    return Structure.complete(
        [*inputs, *middle, BlockSpec("top", 3, "bottleneck", 16)], modalities=MODALITIES
    )


def write_small_checkpoints(folder: Path) -> Path:
    """Write `small`, with connection weights from 0.1 to 0.9, and the segmenter for its object maps."""
    torch.manual_seed(0)
    network = Network(small_structure(), CLASS_NAMES)
    weights = [connection.weight for connection in network.connections.values()]
    for weight, value in zip(weights, torch.linspace(0.1, 0.9, len(weights)), strict=True):
        weight.data = torch.logit(value)
    checkpoint.save(folder / "small", network, SETTINGS, {"command": "none", "metrics": {}})
    segmenter = SegmentationNetwork(
        tuple(range(1, len(MAP_NAMES))), MAP_NAMES[1:], size=32, widths=(4, 12, 20, 32)
    )
    classes = {"class_ids": segmenter.class_ids, "class_names": segmenter.class_names}
    write_weights(folder / SEGMENTER / WEIGHTS_FILE, as_arrays(segmenter.state_dict()))
    write_card(folder / SEGMENTER, "segmenter", {**classes, "settings": segmenter.settings})
    return folder
