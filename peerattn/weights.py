"""Checkpoint folders: weights as safetensors and a JSON card, all checked before anything is allocated.

checkpoints/<name>/weights.safetensors
checkpoints/<name>/card.json      format, kind (network, segmenter), classes, settings, metrics, command
checkpoints/<name>/card.md        the same for people
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from peerattn.errors import PeerattnError
from peerattn.model_card import markdown
from peerattn.tensor_files import HEADER_LIMIT, Header, read_header, write_whole

FORMAT = "peerattn-checkpoint/1"
CARD_FILE, READABLE_FILE, WEIGHTS_FILE = "card.json", "card.md", "weights.safetensors"
_DTYPES = {"F32", "I64"}  # I64: the batch counters of batch norm
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def checkpoint_folders() -> list[Path]:
    """Where checkpoints are looked up, first to last."""
    chosen = os.environ.get("PEERATTN_CHECKPOINTS")
    beside_package = Path(__file__).resolve().parent.parent / "checkpoints"
    return [*([Path(chosen)] if chosen else []), Path("checkpoints"), beside_package]


def checked_name(name: str) -> str:
    """The name; raises PeerattnError when no checkpoint can have it."""
    if not _NAME.fullmatch(name):
        raise PeerattnError(f"{name!r} is not a checkpoint's name: use letters, digits, '.', '_', '-'")
    return name


def find_checkpoint(name: str) -> Path:
    """The folder of the checkpoint `name`; raises PeerattnError when no folder holds it."""
    checked_name(name)
    for folder in checkpoint_folders():
        if (folder / name / CARD_FILE).is_file():
            return folder / name
    looked = ", ".join(dict.fromkeys(str(folder.resolve()) for folder in checkpoint_folders()))
    raise PeerattnError(f"there is no checkpoint {name!r} in {looked}: train it, or set PEERATTN_CHECKPOINTS")


def read_card(folder: Path, kind: str) -> dict[str, Any]:
    """The card of a checkpoint folder; raises PeerattnError unless it is a card of this kind."""
    path = folder / CARD_FILE
    try:
        if path.stat().st_size > HEADER_LIMIT:
            raise PeerattnError(f"{path} is over {HEADER_LIMIT:,} bytes: it is not a checkpoint's card")
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, RecursionError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise PeerattnError(f"{path} cannot be read as JSON: save the checkpoint again") from error
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        raise PeerattnError(f"{path} does not say format {FORMAT!r}: it is not a checkpoint of this program")
    if card.get("kind") != kind:
        raise PeerattnError(f"{path} is a checkpoint of kind {card.get('kind')!r}, where a {kind} is needed")
    return card


def write_card(folder: Path, kind: str, contents: Mapping[str, Any]) -> None:
    """Write a checkpoint's card, and the same for people to read."""
    card = {"format": FORMAT, "kind": kind, **contents}
    text = json.dumps(card, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_whole(folder / READABLE_FILE, markdown(card).encode())
    write_whole(folder / CARD_FILE, text.encode())


def write_weights(
    path: Path, arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, str] | None = None
) -> None:
    """Write arrays as a safetensors file; an interrupted write leaves the old one whole.

    `metadata` are texts in its header. Raises PeerattnError where the disk is full or cannot be written to.
    """
    plain = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()}
    write_whole(path, save(plain, dict(metadata) if metadata else None))


def read_weights(path: Path, expected: Mapping[str, tuple[int, ...]]) -> dict[str, NDArray[Any]]:
    """The arrays of a safetensors file that holds exactly the `expected` names and shapes.

    Names, shapes and number types are compared with the file's header before any array is allocated; raises
    PeerattnError that names what is missing, unknown or of another shape.
    """
    _check_entries(path, read_header(path), expected)
    try:
        arrays: dict[str, NDArray[Any]] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise PeerattnError(f"{path} is damaged ({error}): copy or save the checkpoint again") from error
    broken = [name for name, array in arrays.items() if not np.isfinite(array).all()]
    if broken:
        raise PeerattnError(f"{path}: {_some(broken)} hold numbers that are not finite: train it again")
    return arrays


def _check_entries(path: Path, header: Header, expected: Mapping[str, tuple[int, ...]]) -> None:
    if missing := sorted(expected.keys() - header.shapes.keys()):
        raise PeerattnError(f"{path} lacks {_some(missing)}: it belongs to another structure")
    if unknown := sorted(header.shapes.keys() - expected.keys()):
        raise PeerattnError(f"{path} holds {_some(unknown)}, unknown here: it belongs to another structure")
    for name, shape in expected.items():
        if header.shapes[name] != shape:
            raise PeerattnError(f"{path}: {name} has shape {list(header.shapes[name])}, not {list(shape)}")
        if header.dtypes[name] not in _DTYPES:
            raise PeerattnError(f"{path}: {name} is stored as {header.dtypes[name]}, not as float32")


def _some(names: list[str]) -> str:
    """The first three names and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
