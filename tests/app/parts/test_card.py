"""The card of a checkpoint on the page: nothing that a file says in it formats, links or loads."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from app.parts.card import text
from peerattn.checkpoints import checkpoint

LOADED = checkpoint.load("actionworld")
ACTIVE = ("https://example.com", "www.example.com", "me@example.com", ":material/home:", ":smile:")


@pytest.mark.parametrize("said", ACTIVE)
def test_what_a_card_says_is_text(said: str) -> None:
    card = {**LOADED.card, "description": said, "data": said, "more": {said: said}}
    assert said not in text(replace(LOADED, card=card))


def test_formulas_are_text() -> None:
    assert r"\$x^2\$" in text(replace(LOADED, card={**LOADED.card, "description": "$x^2$"}))


def test_tables_keep_their_columns_and_commands_their_letters() -> None:
    command = "peerattn train --out ~/x:y @z $HOME"
    shown = text(SimpleNamespace(card={**LOADED.card, "command": command}))
    assert f"`{command}`" in shown
    assert "|---|---:|---:|---:|" in shown and "\n# " not in shown
