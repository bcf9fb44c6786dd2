"""Saving a segmentation network as a checkpoint, and writing a folder of maps completely or not at all."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.files.cards import write_card
from peerattn.files.weights import WEIGHTS_FILE, write_weights
from peerattn.modalities.backbone_segmenter import BackboneSegmenter
from peerattn.modalities.segmentation_network import SegmentationNetwork
from peerattn.network.state_arrays import as_arrays
from peerattn.segmenter_training.config import DecoderConfig, SegmenterConfig
from peerattn.segmenter_training.quality import PersonSegmentation, Segmentation


def save_segmenter(
    folder: Path,
    segmenter: SegmentationNetwork | BackboneSegmenter,
    *,
    config: SegmenterConfig | DecoderConfig,
    metrics: Mapping[str, Any],
    facts: Mapping[str, Any],
) -> None:
    """Write the checkpoint that `load_segmenter` reads: its weights, settings, metrics and origin.

    Of a `BackboneSegmenter` only the decoder is stored, in half precision.
    """
    card: dict[str, Any] = {
        **facts,
        "class_ids": list(segmenter.class_ids),
        "class_names": list(segmenter.class_names),
        "settings": segmenter.settings,
        "training": asdict(config),
        "metrics": metrics,
    }
    if isinstance(segmenter, BackboneSegmenter):
        arrays = in_half_precision(as_arrays(segmenter.decoder.state_dict()))
    else:
        arrays = as_arrays(segmenter.state_dict())
    write_weights(folder / WEIGHTS_FILE, arrays)
    write_card(folder, "segmenter", card)


def in_half_precision(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return the arrays with all floating-point numbers in half precision."""
    return {
        name: array.astype(np.float16) if array.dtype.kind == "f" else array for name, array in arrays.items()
    }


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder that is renamed to `folder` if the `with` block succeeds, and else deleted.

    It lies next to `folder`; what an interrupted call left there is removed. Raises PeerattnError if `folder`
    exists and is not empty.
    """
    folder = folder.resolve()
    if folder.exists() and any(folder.iterdir()):
        raise PeerattnError(f"{folder} is not empty: choose another folder for the maps")
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        if folder.exists():
            folder.rmdir()
        partial.replace(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def metrics_of(generated: Segmentation | None, people: PersonSegmentation | None = None) -> dict[str, Any]:
    """Return the metrics for a card; in real clips only persons have true masks to compare with."""
    if people is None:
        return generated.to_json() if generated else {}
    return {"people": people.to_json()} | ({"generated": generated.to_json()} if generated else {})
