"""The structures that can be shown: published ones, those of checkpoints, and the user's own files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from peerattn.checkpoints.weighted_structure import WeightedStructure
from peerattn.errors import PeerattnError
from peerattn.graph import published, structure_file
from peerattn.graph.list_format.options import Options

RELEASED = ("full_asnp50", "asn50", "asn101", "asnp_lite")
"""Structures whose lists were released; the other published names are other depths of them."""
DEFAULT_STRUCTURE = "full_asnp50"
"""The structure that the screen first shows; the label of a published structure is its name."""


@dataclass(frozen=True)
class StructureChoice:
    """A structure to show: `name` is that of a published structure, a checkpoint or a file.

    `text` is the content of the user's own file; `options` are the fields of `Options` that were changed.
    """

    name: str
    kind: Literal["published", "checkpoint", "own"]
    text: str = ""
    options: tuple[tuple[str, Any], ...] = ()

    @property
    def label(self) -> str:
        """The name in the list of structures, with its kind."""
        note = {"published": "", "checkpoint": " (checkpoint)", "own": " (your file)"}
        return self.name + note[self.kind]

    @property
    def stem(self) -> str:
        """The first part of the names of its downloads."""
        return self.name.removesuffix(".json")

    @property
    def has_options(self) -> bool:
        """Whether options apply: they do to published structures and to files in the published format."""
        return self.kind == "published" or (
            self.kind == "own" and structure_file.is_published_list(self.text)
        )

    @property
    def has_attention_mode(self) -> bool:
        """Whether its attention mode can be chosen; AssembleNet has no attention."""
        return self.has_options and not re.fullmatch(r"asn\d+", self.name)

    @property
    def is_lite(self) -> bool:
        return self.kind == "published" and self.name == "asnp_lite"

    def read(self) -> WeightedStructure:
        """Read a structure that needs no checkpoint; raises PeerattnError if it is not valid."""
        options = dict(self.options)
        if self.kind == "published":
            return WeightedStructure.untrained(self.name, published.structure(self.name, **options))
        list_options = Options(**options) if options else None
        return WeightedStructure.untrained(self.name, structure_file.parse(self.text, list_options))


def structure_choices(checkpoints: Iterable[str], own: Mapping[str, str]) -> dict[str, StructureChoice]:
    """Return all structures by label: the user's own (file name → text), published ones, checkpoints."""
    other_depths = (name for name in published.NAMES if name not in RELEASED)
    choices = [
        *(StructureChoice(name, "own", text) for name, text in own.items()),
        *(StructureChoice(name, "published") for name in (*RELEASED, *other_depths)),
        *(StructureChoice(name, "checkpoint") for name in checkpoints),
    ]
    return {choice.label: choice for choice in choices}


def read_structure_text(name: str, content: bytes) -> str:
    """Return the text of a structure file; raises PeerattnError if it does not contain a valid structure."""
    try:
        text = content.decode()
        structure_file.parse(text)
    except UnicodeDecodeError as error:
        raise PeerattnError(f"{name} is not a text file: upload a structure as JSON") from error
    except PeerattnError as error:
        raise PeerattnError(f"{name}: {error}") from error
    return text
