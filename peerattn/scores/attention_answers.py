"""The answers behind the question whether attention matters: of the unchanged network, and of every change.

Everything about it can be computed from them, so they are what is stored. Shapes: N clips, K classes or
labels, D draws of donors or of random deviations.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.files.decoding import decode
from peerattn.scores.attention_questions import BATCH_NORMS, QUESTIONS

Array = NDArray[np.float16]


@dataclass(frozen=True)
class AblationAbout:
    """What was measured: everything but the probabilities.

    `kind` is the kind of answer. `clips`, `labels` and `groups` (N,) are the names of the clips, the class
    numbers of each and its source video; `total` is the number of clips of the set, and `left_out` has a line
    for each clip without a donor. `training_clips` is the number of clips from which batch norm was
    estimated.
    """

    kind: str
    class_names: tuple[str, ...]
    clips: tuple[str, ...]
    labels: tuple[tuple[int, ...], ...]
    groups: tuple[str, ...]
    total: int
    left_out: tuple[str, ...]
    training_clips: int


@dataclass(frozen=True)
class AblationAnswers:
    """Probabilities of the unchanged network, with replaced factors, and with random deviations.

    `unchanged` is batch norm → (N, K); `replaced` and `deviating` are "QUESTION BATCH_NORM" → (D, N, K), and
    `ratios` (D, N, G) how much deviations change the inputs of G blocks, relative to replaced factors (see
    `recording.matched_runs`); NaN where replaced factors change nothing.
    """

    about: AblationAbout
    unchanged: Mapping[str, Array]
    replaced: Mapping[str, Array]
    deviating: Mapping[str, Array]
    ratios: Mapping[str, Array]

    @classmethod
    def concatenated(cls, parts: Sequence[AblationAnswers]) -> AblationAnswers:
        """Return the answers to the clips of all parts, in order."""
        about = replace(
            parts[-1].about,
            clips=tuple(clip for part in parts for clip in part.about.clips),
            labels=tuple(labels for part in parts for labels in part.about.labels),
            groups=tuple(group for part in parts for group in part.about.groups),
        )
        tables = [
            {
                key: np.concatenate([getattr(part, field)[key] for part in parts], axis=-2)
                for key in getattr(parts[-1], field)
            }
            for field in _TABLES
        ]
        return cls(about, *tables)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the answers as arrays to store; text is UTF-8."""
        text = json.dumps(vars(self.about)).encode()
        tables = {f"{field} {key}": value for field in _TABLES for key, value in getattr(self, field).items()}
        return {"about": np.frombuffer(text, np.uint8), **tables}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> AblationAnswers:
        """The inverse of `to_arrays`; raises PeerattnError on anything else."""
        try:
            about = decode(json.loads(arrays["about"].tobytes()), AblationAbout, "about")
        except (KeyError, ValueError) as error:
            raise PeerattnError(f"these are not stored answers ({error}): measure them again") from error
        tables: dict[str, dict[str, Array]] = {field: {} for field in _TABLES}
        for name, value in arrays.items():
            field, _, key = name.partition(" ")
            if field in tables:
                tables[field][key] = value
        answers = cls(about, **tables)
        shape, keys = (len(about.clips), len(about.class_names)), set(answers.keys)
        every = [value for name in _ANSWERS for value in tables[name].values()]
        if any(value.shape[-2:] != shape for value in every) or not (
            keys and keys == set(answers.replaced) == set(answers.deviating) == set(answers.ratios)
        ):
            raise PeerattnError("the stored answers do not fit their clips: measure them again")
        return answers

    @property
    def keys(self) -> list[str]:
        """All "QUESTION BATCH_NORM" that were measured, in the order of the questions."""
        return [f"{one.key} {name}" for one in QUESTIONS for name in BATCH_NORMS if name in self.unchanged]


_ANSWERS = ("unchanged", "replaced", "deviating")
_TABLES = (*_ANSWERS, "ratios")
