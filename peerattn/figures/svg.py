"""Helpers for building SVG as an element tree, which escapes all text."""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import Element, SubElement

CASE_SENSITIVE = {"viewBox"}
"""Attributes written unchanged; in all other names _ is replaced by -."""

INVALID_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML does not allow, not even escaped."""


def add_element(parent: Element, tag: str, **attributes: Any) -> Element:
    """Append a child to an element and return it."""
    child = SubElement(parent, tag)
    set_attributes(child, **attributes)
    return child


def add_title(parent: Element, title: str) -> None:
    """Give an element a title, which browsers show as a tooltip and screen readers read aloud."""
    add_element(parent, "title").text = INVALID_XML.sub("�", title)


def add_text(parent: Element, x: float, y: float, content: str, **attributes: Any) -> Element:
    """Append a line of text with its baseline at y, and return it."""
    line = add_element(parent, "text", x=x, y=y, **attributes)
    line.text = INVALID_XML.sub("�", content)
    return line


def set_attributes(element: Element, **attributes: Any) -> None:
    """Set attributes, except those that are None; floats are rounded to two decimals."""
    for name, value in attributes.items():
        if value is not None:
            element.set(name if name in CASE_SENSITIVE else name.replace("_", "-"), _written(value))


def _written(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return INVALID_XML.sub("�", str(value))


def bezier_path(points: Any) -> str:
    """Return the path data of a cubic Bézier curve with these four control points."""
    start, *others = (f"{x:.1f} {y:.1f}" for x, y in points)
    return f"M{start}C{' '.join(others)}"


def blend(color: str, other: str, share: float) -> str:
    """Return the CSS colour that mixes `share` of `color` with `1 - share` of `other`.

    Two colours of the form `#rrggbb` give a colour of that form; other CSS colours give a `color-mix`.
    """
    if not (color.startswith("#") and other.startswith("#")):
        return f"color-mix(in srgb, {color} {share:.0%}, {other})"
    pairs = zip(bytes.fromhex(color[1:]), bytes.fromhex(other[1:]), strict=True)
    return "#" + "".join(f"{round(share * one + (1 - share) * two):02x}" for one, two in pairs)
