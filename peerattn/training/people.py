"""The structure for clips of people: the graph for generated clips, with persons as object maps."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from peerattn.actionworld.clips import MAP_NAMES
from peerattn.graph.specs import Modality
from peerattn.graph.structure import Structure
from peerattn.training.actionworld import actionworld_structure

PERSON = Modality("object", 1, (MAP_NAMES[1],), (1,))
"""The acting person: the only class of the package's segmenters that real masks can confirm."""


def people_structure(
    attention: str = "peer", modalities: Sequence[str] = ("rgb", "flow", "object")
) -> Structure:
    """Return the blocks and connections of `actionworld_structure`, so that its weights fit.

    Raises PeerattnError for a modality that it does not have.
    """
    structure = actionworld_structure(attention, modalities)
    read = tuple(PERSON if one.name == PERSON.name else one for one in structure.modalities)
    return dataclasses.replace(structure, modalities=read)
