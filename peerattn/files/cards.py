"""The card of a checkpoint: its description, settings and measured results, as JSON and as Markdown.

A checkpoint is a folder:

checkpoints/<name>/weights.safetensors
checkpoints/<name>/card.json      format, kind (network, segmenter), classes, settings, metrics, command
checkpoints/<name>/card.md        the same as readable text
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from peerattn.errors import PeerattnError
from peerattn.files.header import HEADER_LIMIT
from peerattn.files.model_card import markdown
from peerattn.files.writing import write_atomically

FORMAT = "peerattn-checkpoint/1"
CARD_FILE, READABLE_FILE = "card.json", "card.md"


def read_card(folder: Path, kind: str) -> dict[str, Any]:
    """Read the card of a checkpoint folder; raises PeerattnError unless it is a card of this kind."""
    path = folder / CARD_FILE
    try:
        if path.stat().st_size > HEADER_LIMIT:
            raise PeerattnError(
                f"{path} is larger than {HEADER_LIMIT:,} bytes, so it is not a checkpoint's card: "
                "copy or save the checkpoint again"
            )
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, RecursionError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise PeerattnError(f"{path} cannot be read as JSON: save the checkpoint again") from error
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        raise PeerattnError(f"{path} is not the card of a peerattn checkpoint: its format must be {FORMAT!r}")
    if card.get("kind") != kind:
        raise PeerattnError(
            f"{path} is a checkpoint of kind {card.get('kind')!r}, but a {kind} is needed: choose another"
        )
    return card


def write_card(folder: Path, kind: str, contents: Mapping[str, Any]) -> None:
    """Write a checkpoint's card as `card.json` and, for people to read, as `card.md`."""
    card = {"format": FORMAT, "kind": kind, **contents}
    text = json.dumps(card, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    write_atomically(folder / READABLE_FILE, markdown(card).encode())
    write_atomically(folder / CARD_FILE, text.encode())
