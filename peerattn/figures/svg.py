"""SVG built as an element tree, so that whatever a text holds is escaped."""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from peerattn.moved import moved

__getattr__ = moved(__name__)

CASE_SENSITIVE = {"viewBox"}
"""Attributes written as they are; in all others _ stands for -."""

INVALID_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot hold, escaped or not."""


def add_element(parent: Element, tag: str, **attributes: Any) -> Element:
    """A new last child of an element."""
    child = SubElement(parent, tag)
    set_attributes(child, **attributes)
    return child


def add_title(parent: Element, title: str) -> None:
    """What a browser shows when the pointer rests on the element, and reads aloud."""
    add_element(parent, "title").text = INVALID_XML.sub("�", title)


def add_text(parent: Element, x: float, y: float, content: str, **attributes: Any) -> Element:
    """A line of text; y is its baseline."""
    line = add_element(parent, "text", x=x, y=y, **attributes)
    line.text = INVALID_XML.sub("�", content)
    return line


def set_attributes(element: Element, **attributes: Any) -> None:
    """Set attributes; those that are None are left out, numbers rounded to a hundredth."""
    for name, value in attributes.items():
        if value is not None:
            element.set(name if name in CASE_SENSITIVE else name.replace("_", "-"), _written(value))


def _written(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return INVALID_XML.sub("�", str(value))


def bezier_path(points: Any) -> str:
    """The path data of a cubic curve, of its four control points."""
    start, *others = (f"{x:.1f} {y:.1f}" for x, y in points)
    return f"M{start}C{' '.join(others)}"


def blend(color: str, other: str, share: float) -> str:
    """The CSS colour that has this share of one `#rrggbb` and the rest of the other; any CSS colours do."""
    if not (color.startswith("#") and other.startswith("#")):
        return f"color-mix(in srgb, {color} {share:.0%}, {other})"
    pairs = zip(bytes.fromhex(color[1:]), bytes.fromhex(other[1:]), strict=True)
    return "#" + "".join(f"{round(share * one + (1 - share) * two):02x}" for one, two in pairs)
