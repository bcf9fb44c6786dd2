"""The keys of the session state: all are declared in one list, and no other code writes one."""

import ast
from collections.abc import Iterator

import pytest
import streamlit as st

from app import keys
from app.keys import Key
from tests.rooms import MODULES

APP = {module: file for module, file in MODULES.items() if module.startswith("app.") and module != "app.keys"}
KEYS = [value for value in vars(keys).values() if isinstance(value, Key)] + list(keys.CLIP_SIZE.values())


def written(tree: ast.AST) -> Iterator[ast.AST]:
    """Each use of the session state, and each literal that is passed to a widget as its key."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "session_state":
            yield node
        if (
            isinstance(node, ast.keyword)
            and node.arg == "key"
            and isinstance(node.value, ast.Constant | ast.JoinedStr)
        ):
            yield node


@pytest.mark.parametrize("module", APP)
def test_session_keys_are_named_only_in_keys_py(module: str) -> None:
    tree = ast.parse(APP[module].read_text(encoding="utf-8"))
    assert [ast.unparse(node) for node in written(tree)] == []


def test_session_keys_are_unique() -> None:
    assert len(set(KEYS)) == len(KEYS)


def test_every_key_is_used() -> None:
    named = {
        node.attr
        for file in APP.values()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "keys"
    }
    names = {name for name, value in vars(keys).items() if isinstance(value, Key)}
    assert names - named - {"CSV_DOWNLOAD"} == set()


def test_a_key_stores_and_returns_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {})
    key = Key[int]("count")
    assert (key.get(), key.get(3), key.is_set) == (None, 3, False)
    with pytest.raises(KeyError):
        _ = key.value
    key.value = 5
    assert (key.value, key.get(), key.is_set, st.session_state) == (5, 5, True, {"count": 5})
    assert (key.setdefault(7), key.scoped("mine").setdefault(7)) == (5, 7)
    assert st.session_state == {"count": 5, "count-mine": 7}
    del key.value
    assert (key.pop(), key.scoped("mine").pop(), st.session_state) == (None, 7, {})
