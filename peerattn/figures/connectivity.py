"""The connectivity of a structure as an SVG drawing: levels are rows, modalities are lanes.

There are two styles. `EXPLORER` shows connection weights as line widths and numbers. `PAPER` is the style of
the figure in the AssembleNet++ paper: connections from object inputs are thick, other connections are thin,
and removed connections are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np

from peerattn.figures.connectivity_layout import MAX_NAME_LENGTH, Box
from peerattn.figures.legend import draw_legend
from peerattn.figures.scene import EXPLORER, LIGHT, Colors, Scene, Style
from peerattn.figures.svg import add_element, add_text, add_title, bezier_path, set_attributes
from peerattn.graph.connectivity import Removal
from peerattn.graph.specs import BlockSpec, ConnectionSpec
from peerattn.graph.structure import Structure

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
LEFT, RIGHT = 80.0, 16.0
"""Margins to the left, which holds the names of the levels, and to the right of the graph."""
ABOVE, BELOW = 34.0, 40.0
"""Space above the boxes of a lane, for the arrow out of the output block, and below, for the lane's name."""
TITLE = 56.0


def connectivity_svg(
    structure: Structure,
    weights: Mapping[str, float],
    removal: Removal,
    *,
    style: Style = EXPLORER,
    title: str = "",
    colors: Colors = LIGHT,
) -> str:
    """Return the drawing as SVG with vector lines and selectable text, without external resources.

    Each connection has its key in the attribute `data-connection`, each block its id in `data-block`.
    """
    scene = Scene(structure, weights, removal, style, colors)
    root = Element("svg", xmlns="http://www.w3.org/2000/svg", role="img")
    set_attributes(root, font_family=FONT, font_size=12, fill=colors.text)
    add_title(root, title or "Connectivity")
    background = add_element(root, "rect", fill=colors.background)
    left, top, right, bottom = scene.layout.sides
    left, top, right = left - LEFT, top - ABOVE - (TITLE if title else 12), right + RIGHT
    if title:
        add_text(root, left + 16, top + 24, title, font_size=15, font_weight=600)
        add_text(root, left + 16, top + 42, summary(removal), opacity=0.75)
    _lanes(root, scene)
    _levels(root, scene)
    _connections(root, scene)
    _blocks(root, scene)
    if style.numbers:
        _numbers(root, scene)
    bottom = draw_legend(root, scene, left=left + 16, right=right, top=bottom + BELOW + 22)
    frame = {"width": right - left, "height": bottom - top}
    set_attributes(background, x=left, y=top, **frame)
    set_attributes(root, viewBox=f"{left:.1f} {top:.1f} {right - left:.1f} {bottom - top:.1f}", **frame)
    return ElementTree.tostring(root, encoding="unicode")


def summary(removal: Removal) -> str:
    """Return one line on what the pruning threshold removes."""
    total = len(removal.kept) + len(removal.removed)
    parts = [f"threshold {removal.threshold:g}: {len(removal.kept)} of {total} connections kept"]
    if removal.dead_blocks:
        parts.append(f"dead blocks: {', '.join(removal.dead_blocks)}")
    if removal.lost_modalities:
        parts.append(f"lost modalities: {', '.join(removal.lost_modalities)}")
    if not removal.output_connected:
        parts.append("the output is cut off")
    return " · ".join(parts)


def _lanes(root: Element, scene: Scene) -> None:
    _, top, _, bottom = scene.layout.sides
    group = add_element(root, "g", text_anchor="middle", font_weight=600)
    for name, (left, right) in scene.layout.lanes.items():
        color = scene.looks[name].color
        band = {"x": left, "y": top - ABOVE, "width": right - left, "height": bottom - top + ABOVE + BELOW}
        add_element(group, "rect", **band, rx=8, fill=color, fill_opacity=0.07)
        add_text(group, (left + right) / 2, bottom + 25, name, fill=scene.colors.legible(color))


def _levels(root: Element, scene: Scene) -> None:
    left = scene.layout.sides[0]
    group = add_element(root, "g", opacity=0.8)
    for level, blocks in scene.structure.levels.items():
        add_text(group, left - LEFT + 16, scene.layout.boxes[blocks[0].id].y + 4, f"level {level}")


def _connections(root: Element, scene: Scene) -> None:
    group = add_element(root, "g", fill="none")
    for spec in scene.visible_connections:
        removed = spec.key in scene.removed
        item = add_element(group, "g", data_connection=spec.key, opacity=0.22 if removed else None)
        add_title(item, _connection_title(scene, spec))
        _line(item, scene, spec)


def _line(item: Element, scene: Scene, spec: ConnectionSpec) -> None:
    """Draw a connection and its arrowhead; under a dashed line a faint solid one guides the eye."""
    look, width = scene.look(spec.source), scene.width(spec)
    half, length = 1.8 + 0.75 * width, 5 + width
    curve = scene.layout.curves[spec.key] + np.array([(0, 0), (0, 0), (0, length), (0, length - 1)])
    stroke = {"d": bezier_path(curve), "stroke": look.color, "stroke_width": width}
    dashes = scene.dashes(look, width)
    if dashes:
        add_element(item, "path", **stroke, opacity=0.3)
    add_element(item, "path", **stroke, stroke_dasharray=dashes)
    x, y = scene.layout.curves[spec.key][-1]
    head = f"M{x:.1f} {y + 0.5:.1f}l{half:.1f} {length:.1f}h{-2 * half:.1f}z"
    add_element(item, "path", d=head, fill=look.color)


def _connection_title(scene: Scene, spec: ConnectionSpec) -> str:
    weight = scene.weights.get(spec.key)
    parts = ["no connection weight" if weight is None else f"connection weight {weight:.4f}"]
    parts += ["removed"] * (spec.key in scene.removed)
    parts += ["within 0.01 of its initial weight"] * (spec.key in scene.at_initial_weight)
    return f"{spec.source} → {spec.target}: {', '.join(parts)}"


def _blocks(root: Element, scene: Scene) -> None:
    group = add_element(root, "g", text_anchor="middle")
    outputs = {output.block for output in scene.structure.outputs}
    for block in scene.structure.blocks:
        box = scene.layout.boxes[block.id]
        item = add_element(group, "g", data_block=block.id)
        facts = f"{block.kind}, {block.width} channels, temporal dilation {block.temporal_dilation}"
        add_title(item, f"block {block.id}: {facts}")
        _block(item, scene, block, box)
        if block.id in outputs:
            add_element(
                item, "path", d=f"M{box.x:.1f} {box.top:.1f}v-10", stroke=scene.colors.text, stroke_width=1.5
            )
            add_element(item, "path", d=f"M{box.x - 4:.1f} {box.top - 9:.1f}l4 -8l4 8z")


def _block(item: Element, scene: Scene, block: BlockSpec, box: Box) -> None:
    """Draw the box of a block: filled for an input block, dashed for a dead block."""
    color, dead = scene.look(block.id).color, block.id in scene.dead
    rectangle = {"x": box.x - box.width / 2, "y": box.top, "width": box.width, "height": box.height, "rx": 6}
    add_element(item, "rect", **rectangle, fill=scene.colors.background)
    content = add_element(item, "g", opacity=0.6 if dead else None)
    fill = {"fill": color if block.is_input else "none", "fill_opacity": 0.22}
    add_element(
        content,
        "rect",
        **rectangle,
        **fill,
        stroke=color,
        stroke_width=1.6,
        stroke_dasharray="4 3" if dead else None,
    )
    name = block.id if len(block.id) <= MAX_NAME_LENGTH else block.id[: MAX_NAME_LENGTH - 1] + "…"
    add_text(content, box.x, box.y - 1, name, font_size=13.5, font_weight=600)
    add_text(content, box.x, box.y + 12, f"d {block.temporal_dilation}", font_size=10.5)
    if note := _note(scene, block.id):
        add_text(item, box.x, box.top - 6, note, font_size=10.5, font_style="italic", **_halo(scene))


def _note(scene: Scene, block_id: str) -> str:
    if block_id in scene.removal.peer_only:
        return "dead, still a peer"
    if block_id in scene.dead:
        return "dead"
    return "starved" if block_id in scene.removal.starved else ""


def _numbers(root: Element, scene: Scene) -> None:
    group = add_element(root, "g", font_size=10.5, text_anchor="middle", **_halo(scene))
    for spec in scene.visible_connections:
        weight = scene.weights.get(spec.key)
        if weight is not None and spec.key in scene.layout.numbers:
            x, y = scene.layout.numbers[spec.key]
            label = f"{weight:.2f}{'°' if spec.key in scene.at_initial_weight else ''}"
            faint = 0.5 if spec.key in scene.removed else None
            fill = scene.colors.legible(scene.look(spec.source).color)
            add_text(group, x, y + 3.6, label, fill=fill, opacity=faint, data_connection=spec.key)


def _halo(scene: Scene) -> dict[str, Any]:
    """Return the attributes of an outline in the background colour, which keeps text legible on lines."""
    outline = {"stroke": scene.colors.background, "stroke_width": 3.5, "stroke_linejoin": "round"}
    return {**outline, "paint_order": "stroke"}
