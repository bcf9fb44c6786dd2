"""Texts from files are shown as text, and numbers in the usual form."""

import ast
import re

from hypothesis import given
from hypothesis import strategies as st

from app.parts.words import (
    JOINER,
    interval,
    memory,
    multiples,
    percent,
    plain,
    points,
    points_interval,
    thousands,
)
from tests.rooms import IMPORTS, MODULES, room


@given(st.text())
def test_plain_escapes_all_markup_and_joins_lines(text):
    shown = plain(text)
    assert re.sub(r"\\(.)", r"\1", shown).replace(JOINER, "") == " ".join(text.split()).replace(JOINER, "")
    assert not re.search(r"(?<!\\)(\\\\)*[`*_\[\]<>$:#|~!]", shown)


def test_markup_is_escaped():
    shown = plain("**x** <img src=a> $y$ :smile:").replace(JOINER, "")
    assert shown == r"\*\*x\*\* \<img src=a\> \$y\$ \:smile\:"


def test_addresses_and_icon_names_are_shown_as_text():
    """The page looks for these once backslashes are gone."""
    said = "https://a.example www.a.example me@a.example :material/home: at 12:30"
    shown = re.sub(r"\\(.)", r"\1", plain(said))
    assert not re.search(r"://|www\.|\w@\w|:material", shown) and "12:30" in shown
    assert shown.replace(JOINER, "") == said


def test_percentages_points_and_intervals_in_words():
    assert percent(0.9583) == "95.8 %"
    assert interval((0.5, 1.0), "") == "95 % interval 50.0 to 100.0 %"
    assert points(-0.0625) == "−6.2"
    assert interval(None, "too few clips (3)") == "no interval: too few clips (3)"
    assert points_interval((-0.125, 0.01)) == "95 % interval −12.5 to +1.0"
    assert thousands(196_329) == "196,329" and thousands(105_670_144) == "105.7 M"


def test_large_counts_and_memory_in_words():
    assert multiples(137_970_451_872) == "137.97 G" and multiples(107_000_000) == "107.0 M"
    assert memory(1_482_789_568) == "1.38 GiB" and memory(7 * 2**20) == "7.0 MiB"


def words_of(module):
    """The string literals of a module that are not docstrings."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return [node.value for node in constants if isinstance(node.value, str) and id(node) not in documented]


def test_no_screen_mentions_a_command_line_option():
    """The texts of the app and of the rooms from which it takes texts."""
    read = {room(name) for module in IMPORTS for name in IMPORTS[module] if module.startswith("app.")}
    spoken = [module for module in MODULES if room(module) in read or module.startswith("app.")]
    assert "peerattn.data.generated" in spoken
    named = {
        module: [text for text in words_of(module) if re.search(r"(^|\s)--[a-z]", text)] for module in spoken
    }
    found = {module for module, texts in named.items() if texts}
    assert found == {"app.state.saved"}  # the command on the card of a network that the page pruned
