"""How the answer on one clip changes without parts of a network, as plain arrays. K classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Probabilities = NDArray[np.float32]
"""(K,): the mean over the windows of a clip, as in a trace."""


@dataclass(frozen=True)
class LeftOut:
    """A clip's probabilities with the whole network, and with each part of it left out.

    `not_measured` has the parts that cannot be left out, and why.
    """

    class_names: tuple[str, ...]
    before: Probabilities
    after: Mapping[str, Probabilities]
    not_measured: Mapping[str, str]

    @property
    def best(self) -> str:
        """The most probable class, or label, with the whole network."""
        return self.class_names[int(self.before.argmax())]

    def changes(self, class_name: str) -> dict[str, float]:
        """Return part → the probability of a class without it, minus that with the whole network."""
        index = self.class_names.index(class_name)
        return {name: float(own[index] - self.before[index]) for name, own in self.after.items()}
