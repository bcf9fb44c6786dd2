"""A checkpoint's card in the app: its texts cannot add formatting, links or images."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from app.parts.card import text
from peerattn.checkpoints import checkpoint

LOADED = checkpoint.load("actionworld")
ACTIVE = ("https://example.com", "www.example.com", "me@example.com", ":material/home:", ":smile:")


@pytest.mark.parametrize("said", ACTIVE)
def test_markup_on_a_card_is_shown_as_text(said: str) -> None:
    card = {**LOADED.card, "description": said, "data": said, "more": {said: said}}
    assert said not in text(replace(LOADED, card=card))


def test_formulas_on_a_card_are_shown_as_text() -> None:
    assert r"\$x^2\$" in text(replace(LOADED, card={**LOADED.card, "description": "$x^2$"}))


def test_tables_keep_their_columns_and_commands_their_letters() -> None:
    command = "peerattn train --out ~/x:y @z $HOME"
    shown = text(SimpleNamespace(card={**LOADED.card, "command": command}))
    assert f"`{command}`" in shown
    assert "|---|---:|---:|---:|" in shown and "\n# " not in shown
