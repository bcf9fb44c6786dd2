"""Where checkpoints are found: `$PEERATTN_CHECKPOINTS`, `./checkpoints`, then those beside the package."""

import os
import re
from pathlib import Path

from peerattn.errors import PeerattnError
from peerattn.files.cards import CARD_FILE

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def checkpoint_folders() -> list[Path]:
    """Where checkpoints are looked up, first to last."""
    chosen = os.environ.get("PEERATTN_CHECKPOINTS")
    beside_package = Path(__file__).resolve().parents[2] / "checkpoints"
    return [*([Path(chosen)] if chosen else []), Path("checkpoints"), beside_package]


def checked_name(name: str) -> str:
    """The name; raises PeerattnError when no checkpoint can have it."""
    if not _NAME.fullmatch(name):
        raise PeerattnError(f"{name!r} is not a checkpoint's name: use letters, digits, '.', '_', '-'")
    return name


def is_path(name: str) -> bool:
    """Whether a name can only be that of a file or folder."""
    separators = filter(None, (os.sep, os.altsep))
    return name.endswith(".json") or any(separator in name for separator in separators)


def folder_of(name: str) -> Path | None:
    """The folder of a checkpoint, given by its path, or by its name in the first place that holds it."""
    if is_path(name):
        return Path(name) if (Path(name) / CARD_FILE).is_file() else None
    if not _NAME.fullmatch(name):
        return None
    folders = (folder / name for folder in checkpoint_folders())
    return next((folder for folder in folders if (folder / CARD_FILE).is_file()), None)


def find_checkpoint(name: str) -> Path:
    """The folder of the checkpoint `name`; raises PeerattnError when no folder holds it."""
    checked_name(name)
    if found := folder_of(name):
        return found
    looked = ", ".join(dict.fromkeys(str(folder.resolve()) for folder in checkpoint_folders()))
    raise PeerattnError(f"there is no checkpoint {name!r} in {looked}: train it, or set PEERATTN_CHECKPOINTS")
