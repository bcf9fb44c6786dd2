"""Structures from files: the package's own JSON, or a list in the published format."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from peerattn.errors import PeerattnError
from peerattn.graph.list_format.nodes import short
from peerattn.graph.list_format.options import Options
from peerattn.graph.structure import Structure


def parse(text: str, options: Options | None = None) -> Structure:
    """The structure of a JSON text: as `Structure.to_json` gives it, or as published.

    Published is a list of nodes, or `{"nodes": …, "edge_weights": …}`; `options` hold what it leaves open,
    and go with it only. Raises PeerattnError on anything else.
    """
    listed = _list(text)
    if listed is not None:
        if unknown := sorted(listed.keys() - {"nodes", "edge_weights"}):
            raise PeerattnError(
                f"beside nodes and edge_weights there is {short(unknown[0])}: rename it, or leave it out"
            )
        return Structure.from_published(listed["nodes"], listed.get("edge_weights", ()), options)
    if options is not None:
        raise PeerattnError("options of published structures go with a list of nodes only: leave them out")
    return Structure.parse(text)


def read(path: Path, options: Options | None = None) -> Structure:
    """The structure of a JSON file; raises PeerattnError, which names the file, on anything else."""
    try:
        return parse(path.read_text(encoding="utf-8"), options)
    except UnicodeDecodeError as error:
        raise PeerattnError(f"{path} is not a text file: give a structure's JSON file") from error
    except PeerattnError as error:
        raise PeerattnError(f"{path}: {error}") from error


def is_list(text: str) -> bool:
    """Whether the text is meant as a published list, right or wrong."""
    return _list(text) is not None


def _list(text: str) -> dict[str, Any] | None:
    data: Any = None
    with suppress(ValueError, RecursionError):  # Structure.parse says what is wrong with the text
        data = json.loads(text)
    if isinstance(data, list):
        data = {"nodes": data}
    return data if isinstance(data, dict) and "nodes" in data else None
