"""Where checkpoints are found: `$PEERATTN_CHECKPOINTS`, `./checkpoints`, then those next to the package."""

import os
import re
from pathlib import Path

from peerattn.errors import PeerattnError
from peerattn.files.cards import CARD_FILE

REAL_CLIPS_CHECKPOINT = "actions21"
"""The bundled checkpoint for clips of people, unless another one is chosen."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def checkpoint_folders() -> list[Path]:
    """Return the folders in which checkpoints are looked up, in the order of the search."""
    configured = os.environ.get("PEERATTN_CHECKPOINTS")
    bundled = Path(__file__).resolve().parents[2] / "checkpoints"
    return [*([Path(configured)] if configured else []), Path("checkpoints"), bundled]


def checked_name(name: str) -> str:
    """Return the name if a checkpoint can have it; raises PeerattnError otherwise."""
    if not _NAME.fullmatch(name):
        raise PeerattnError(
            f"{name!r} is not a checkpoint's name: use letters, digits, '.', '_' and '-', at most 100"
        )
    return name


def is_path(name: str) -> bool:
    """Whether the name must be a path: it contains a path separator or ends in .json."""
    separators = filter(None, (os.sep, os.altsep))
    return name.endswith(".json") or any(separator in name for separator in separators)


def folder_of(name: str) -> Path | None:
    """Return the folder of a checkpoint, given by path or by name (the first match), or None."""
    if is_path(name):
        return Path(name) if (Path(name) / CARD_FILE).is_file() else None
    if not _NAME.fullmatch(name):
        return None
    folders = (folder / name for folder in checkpoint_folders())
    return next((folder for folder in folders if (folder / CARD_FILE).is_file()), None)


def find_checkpoint(name: str) -> Path:
    """Return the folder of the checkpoint `name`; raises PeerattnError if there is none."""
    checked_name(name)
    if folder := folder_of(name):
        return folder
    searched = ", ".join(dict.fromkeys(str(folder.resolve()) for folder in checkpoint_folders()))
    raise PeerattnError(
        f"there is no checkpoint {name!r} in {searched}: train it, or set PEERATTN_CHECKPOINTS to its folder"
    )
