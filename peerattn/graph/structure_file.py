"""Reading structures from files, in the package's own JSON format or as a list in the published format."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from peerattn.errors import PeerattnError
from peerattn.graph.list_format.nodes import preview
from peerattn.graph.list_format.options import Options
from peerattn.graph.structure import Structure


def parse(text: str, options: Options | None = None) -> Structure:
    """Read a structure from JSON text, in the format of `Structure.to_json` or in the published format.

    The published format is a list of nodes, or `{"nodes": …, "edge_weights": …}`. `options` settles what it
    leaves open, and is allowed with it only. Raises PeerattnError if the text is anything else.
    """
    published = _published_list(text)
    if published is not None:
        if unknown := sorted(published.keys() - {"nodes", "edge_weights"}):
            raise PeerattnError(
                f"{preview(unknown[0])} is neither nodes nor edge_weights: rename it, or leave it out"
            )
        return Structure.from_published(published["nodes"], published.get("edge_weights", ()), options)
    if options is not None:
        raise PeerattnError("options for published structures apply to a list of nodes only: leave them out")
    return Structure.parse(text)


def read(path: Path, options: Options | None = None) -> Structure:
    """Read a structure from a JSON file; raises PeerattnError, which names the file, if it contains none."""
    try:
        return parse(path.read_text(encoding="utf-8"), options)
    except UnicodeDecodeError as error:
        raise PeerattnError(f"{path} is not a text file: choose the JSON file of a structure") from error
    except PeerattnError as error:
        raise PeerattnError(f"{path}: {error}") from error


def is_published_list(text: str) -> bool:
    """Whether the text is meant to be a list in the published format, valid or not."""
    return _published_list(text) is not None


def _published_list(text: str) -> dict[str, Any] | None:
    """Return nodes and edge weights if the text looks like a published list, else None."""
    data: Any = None
    with suppress(ValueError, RecursionError):  # `Structure.parse` reports what is wrong with the text
        data = json.loads(text)
    if isinstance(data, list):
        data = {"nodes": data}
    return data if isinstance(data, dict) and "nodes" in data else None
