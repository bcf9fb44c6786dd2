"""Measurements that ship with the app: those of its own checkpoints, kept under a digest as on disk.

For networks of real clips, whose clips are not part of the app, `SHIPPED_SET` stands for the clips on which
they were measured. `python -m benchmarks.shipped` measures everything anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peerattn.data.labelled_set import LabelledSet
from peerattn.errors import PeerattnError
from peerattn.files.decoding import decode
from peerattn.graph.components import INTERVENTIONS

FOLDER = Path(__file__).resolve().parents[1] / "effects"
SHIPPED_CLIPS = 192
"""How many generated clips the measurements that ship were made on."""
SHIPPED_SET = LabelledSet()
"""The clips on which the measurements of a network of real clips were made, which do not ship."""
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Origin:
    """Which clips a shipped measurement was made on, in words, and the connection weights of the networks
    that answered: their mean, if there were several.
    """

    clips: str = ""
    weights: dict[str, float] = field(default_factory=dict)


def read(checkpoint: str, what: str, key: str) -> Arrays | None:
    """Return the arrays that ship under this key; None if there are none, or if they are of another key."""
    arrays = _arrays(checkpoint, what)
    if arrays is None or str(arrays.pop("key", "")) != key:
        return None
    arrays.pop("origin", None)
    return arrays


def origin(checkpoint: str, what: str) -> Origin:
    """Return what is known of a shipped measurement."""
    arrays = _arrays(checkpoint, what)
    if arrays is None or "origin" not in arrays:
        return Origin()
    try:
        return decode(json.loads(arrays["origin"].tobytes()), Origin, "origin")
    except (PeerattnError, ValueError):
        return Origin()


def has_own_set(checkpoint: str) -> bool:
    """Whether measurements ship that were made on clips which do not."""
    return any(FOLDER.glob(f"{Path(checkpoint).name}-of-its-clips-*.npz"))


def measured(checkpoint: str) -> tuple[tuple[str, str], ...]:
    """Return the kinds of component and interventions that ship, measured on clips which do not."""
    asked = [(of, how) for of, ways in INTERVENTIONS.items() for how in ways]
    return tuple(one for one in asked if _path(checkpoint, name_of(SHIPPED_SET, "-".join(one))).is_file())


def write(
    checkpoint: str, what: str, key: str, arrays: Mapping[str, NDArray[Any]], about: Origin | None = None
) -> Path:
    """Write a measurement to be shipped."""
    FOLDER.mkdir(exist_ok=True)
    path = _path(checkpoint, what)
    extra = {"key": np.array(key)}
    if about:
        extra["origin"] = np.frombuffer(json.dumps(asdict(about)).encode(), np.uint8)
    np.savez_compressed(path, **extra, **arrays)
    return path


def name_of(labelled_set: LabelledSet, what: str) -> str:
    """Return what a measurement is called in its file's name."""
    return f"of-its-clips-{what}" if labelled_set == SHIPPED_SET else what


def _arrays(checkpoint: str, what: str) -> Arrays | None:
    path = _path(checkpoint, what)
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def _path(checkpoint: str, what: str) -> Path:
    return FOLDER / f"{Path(checkpoint).name}-{what}.npz"
