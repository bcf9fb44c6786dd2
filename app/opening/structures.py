"""The structures that can be looked at: published ones, those of checkpoints, the visitor's own files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from peerattn.checkpoints.subject import Subject
from peerattn.errors import PeerattnError
from peerattn.graph import published, structure_file
from peerattn.graph.list_format.options import Options

RELEASED = ("full_asnp50", "asn50", "asn101", "asnp_lite")
"""Those whose lists were released; the others are their other depths."""


@dataclass(frozen=True)
class Chosen:
    """What a visitor looks at: `name` is a published name, a checkpoint's or a file's.

    `text` is what an own file holds; `options` are those of `Options` that were changed.
    """

    name: str
    kind: Literal["published", "checkpoint", "own"]
    text: str = ""
    options: tuple[tuple[str, Any], ...] = ()

    @property
    def label(self) -> str:
        note = {"published": "", "checkpoint": " (checkpoint)", "own": " (your file)"}
        return self.name + note[self.kind]

    @property
    def stem(self) -> str:
        """What its downloads are called."""
        return self.name.removesuffix(".json")

    @property
    def optional(self) -> bool:
        """Whether options apply: to published structures, and to own ones in their format."""
        return self.kind == "published" or (
            self.kind == "own" and structure_file.is_published_list(self.text)
        )

    @property
    def attends(self) -> bool:
        """Whether its attention mode can be chosen: AssembleNet has none."""
        return self.optional and not re.fullmatch(r"asn\d+", self.name)

    @property
    def lite(self) -> bool:
        return self.kind == "published" and self.name == "asnp_lite"

    def read(self) -> Subject:
        """A structure that needs no checkpoint; raises PeerattnError with the one line to show."""
        options = dict(self.options)
        if self.kind == "published":
            return Subject.untrained(self.name, published.structure(self.name, **options))
        given = Options(**options) if options else None
        return Subject.untrained(self.name, structure_file.parse(self.text, given))


def choices(checkpoints: Iterable[str], own: Mapping[str, str]) -> dict[str, Chosen]:
    """Label → what it stands for: own files (name → text), published structures, checkpoints."""
    others = (name for name in published.NAMES if name not in RELEASED)
    found = [
        *(Chosen(name, "own", text) for name, text in own.items()),
        *(Chosen(name, "published") for name in (*RELEASED, *others)),
        *(Chosen(name, "checkpoint") for name in checkpoints),
    ]
    return {chosen.label: chosen for chosen in found}


def read_file(name: str, content: bytes) -> str:
    """The text of a structure's file; raises PeerattnError where it holds no structure."""
    try:
        text = content.decode()
        structure_file.parse(text)
    except UnicodeDecodeError as error:
        raise PeerattnError(f"{name} is not a text file: give a structure as JSON") from error
    except PeerattnError as error:
        raise PeerattnError(f"{name}: {error}") from error
    return text
