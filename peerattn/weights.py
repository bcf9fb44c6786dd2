"""Checkpoint folders: weights as safetensors and a JSON card, all checked before anything is allocated.

checkpoints/<name>/weights.safetensors
checkpoints/<name>/card.json      format, kind (network, segmenter), classes, settings, metrics, command
"""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from peerattn.errors import PeerattnError

FORMAT = "peerattn-checkpoint/1"
CARD_FILE, WEIGHTS_FILE = "card.json", "weights.safetensors"
HEADER_LIMIT = 1_000_000  # bytes; a header of 400,000 names takes 27 MB in the file and 551 MB once read
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
    """Write a checkpoint's card."""
    card = {"format": FORMAT, "kind": kind, **contents}
    text = json.dumps(card, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CARD_FILE).write_text(text, encoding="utf-8")


def write_weights(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors (float32, int64) as a safetensors file; an interrupted write leaves the old one whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    save_file({name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}, partial)
    partial.replace(path)


def read_weights(path: Path, expected: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """The tensors of a safetensors file that holds exactly the `expected` names and shapes.

    Names, shapes and number types are compared with the file's header before any tensor is allocated; raises
    PeerattnError that names what is missing, unknown or of another shape.
    """
    _check_entries(path, _read_header(path), expected)
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise PeerattnError(f"{path} is damaged ({error}): copy or save the checkpoint again") from error
    broken = [name for name, tensor in tensors.items() if not torch.isfinite(tensor).all()]
    if broken:
        raise PeerattnError(f"{path}: {_some(broken)} hold numbers that are not finite: train it again")
    return tensors


def _read_header(path: Path) -> dict[str, Any]:
    """A safetensors file's JSON header: 8 bytes of length (little-endian), then the JSON."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= HEADER_LIMIT:
                raise PeerattnError(f"{path}: a header of {length:,} bytes is not that of a weights file")
            header = json.loads(file.read(length))
    except (OSError, RecursionError, ValueError) as error:
        if isinstance(error, PeerattnError):
            raise
        raise PeerattnError(f"{path} is not a safetensors file: save the checkpoint again") from error
    if not isinstance(header, dict):
        raise PeerattnError(f"{path} is not a safetensors file: save the checkpoint again")
    header.pop("__metadata__", None)
    return header


def _check_entries(path: Path, header: Mapping[str, Any], expected: Mapping[str, tuple[int, ...]]) -> None:
    if missing := sorted(expected.keys() - header.keys()):
        raise PeerattnError(f"{path} lacks {_some(missing)}: it belongs to another structure")
    if unknown := sorted(header.keys() - expected.keys()):
        raise PeerattnError(f"{path} holds {_some(unknown)}, unknown here: it belongs to another structure")
    for name, shape in expected.items():
        entry = header[name] if isinstance(header[name], dict) else {}
        if entry.get("shape") != list(shape):
            raise PeerattnError(f"{path}: {name} has shape {entry.get('shape')}, not {list(shape)}")
        if entry.get("dtype") not in _DTYPES:
            raise PeerattnError(f"{path}: {name} is stored as {entry.get('dtype')}, where float32 is needed")


def _some(names: list[str]) -> str:
    """The first three names and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
