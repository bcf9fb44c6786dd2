"""The connectivity drawing: every part is drawn once and legibly, and names are text."""

from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerattn.figures.connectivity import connectivity_svg
from peerattn.figures.connectivity_layout import MAX_ROUTED_CONNECTIONS, NUMBER_SIZE, bezier_points, lay_out
from peerattn.figures.scene import EXPLORER, PAPER, Colors, Style
from peerattn.figures.svg import blend
from peerattn.graph import published
from peerattn.graph.connectivity import initial_weights, survey
from peerattn.graph.specs import BlockSpec
from peerattn.graph.structure import Structure
from tests.strategies import MODALITIES, structures
from tests.traces import HOSTILE

SVG = "{http://www.w3.org/2000/svg}"
RELEASED = published.full_asnp50


def drawing(structure: Structure, threshold: float = 0.0, **look: object) -> ElementTree.Element:
    weights = initial_weights(structure)
    svg = connectivity_svg(structure, weights, survey(structure, weights, threshold), **look)
    return ElementTree.fromstring(svg)


def connections(root: ElementTree.Element) -> dict[str, ElementTree.Element]:
    found = [item for item in root.iter(f"{SVG}g") if "data-connection" in item.attrib]
    by_key = {item.attrib["data-connection"]: item for item in found}
    assert len(by_key) == len(found)
    return by_key


def width(item: ElementTree.Element) -> float:
    return float(next(path for path in item.iter(f"{SVG}path")).attrib["stroke-width"])


def lines(root: ElementTree.Element) -> list[str]:
    return [line.text or "" for line in root.iter(f"{SVG}text")]


@given(structures(), st.floats(0, 1), st.sampled_from([EXPLORER, PAPER, Style(removed=False)]))
def test_every_block_and_kept_connection_is_drawn_once(structure, threshold, style):
    root = drawing(structure, threshold, style=style, title="mine")
    blocks = [item.attrib["data-block"] for item in root.iter() if "data-block" in item.attrib]
    assert blocks == [block.id for block in structure.blocks]
    found = survey(structure, initial_weights(structure), threshold)
    assert connections(root).keys() == {*found.kept, *(found.removed if style.removed else ())}
    left, top, across, down = map(float, root.attrib["viewBox"].split())
    for line in root.iter(f"{SVG}text"):
        assert left <= float(line.attrib["x"]) <= left + across
        assert top <= float(line.attrib["y"]) <= top + down


@given(structures(), st.floats(0, 1))
def test_nothing_moves_with_the_threshold(structure, threshold):
    before, after = (connections(drawing(structure, value)) for value in (0.0, threshold))
    heads = {key: [path.attrib["d"] for path in item.iter(f"{SVG}path")] for key, item in before.items()}
    assert heads == {
        key: [path.attrib["d"] for path in item.iter(f"{SVG}path")] for key, item in after.items()
    }


def test_connection_weights_are_widths_and_numbers():
    root = drawing(RELEASED)
    numbers = {
        line.attrib["data-connection"]: line.text
        for line in root.iter(f"{SVG}text")
        if "data-connection" in line.attrib
    }
    for key, item in connections(root).items():
        weight = initial_weights(RELEASED)[key]
        assert width(item) == pytest.approx(0.6 + 5 * weight, abs=0.01)
        assert numbers[key].rstrip("°") == f"{weight:.2f}"
        assert numbers[key].endswith("°") == (key.split("_to_")[1] in ("9", "12"))
        assert f"connection weight {weight:.4f}" in item[0].text


def test_the_papers_style_has_object_connections_thick_and_kept_ones_only():
    root = drawing(RELEASED, 0.2, style=PAPER)
    widths = {key: width(item) for key, item in connections(root).items()}
    thick = {key for key, value in widths.items() if value == max(widths.values())}
    assert (len(thick), len(widths)) == (9, 35)
    assert all(key.startswith("4_to_") for key in thick)
    assert {"from an object input (9)", "other connections (26)"} <= set(lines(root))
    assert not any("data-connection" in line.attrib for line in root.iter(f"{SVG}text"))


def test_dead_and_starved_blocks_are_marked():
    assert "dead, still a peer" in lines(drawing(RELEASED))
    cut_off = drawing(RELEASED, 0.6, title="x")
    assert "starved" in lines(cut_off) and lines(cut_off).count("dead") == 14
    assert any("the output is cut off" in line for line in lines(cut_off))


def test_blocks_name_their_temporal_dilation():
    shown = lines(drawing(RELEASED))
    for block in RELEASED.blocks:
        assert shown[shown.index(block.id) + 1] == f"d {block.temporal_dilation}"


def test_levels_and_lanes_are_named():
    assert {"level 1", "level 5", "rgb", "mixed", "flow", "object"} <= set(lines(drawing(RELEASED)))


@pytest.mark.parametrize(
    "name", [HOSTILE.replace(".", ""), "</svg><script>x", "\x00\x1b\ud800", "a" * 400, "]]>"]
)
def test_markup_in_names_is_drawn_as_text(name):
    blocks = [BlockSpec(name, 1, "video_input", 2, modality="rgb"), BlockSpec("top", 2, "bottleneck", 2)]
    root = drawing(Structure.complete(blocks, modalities=MODALITIES[:1], attention="none"), title=name)
    assert {item.tag.removeprefix(SVG) for item in root.iter()} <= {
        "svg",
        "title",
        "rect",
        "text",
        "g",
        "path",
    }
    attributes = {attribute for item in root.iter() for attribute in item.attrib}
    assert not any(attribute.startswith("on") or "href" in attribute for attribute in attributes)
    assert ElementTree.tostring(root)


def test_a_single_block_can_be_drawn():
    block = BlockSpec("only", 1, "video_input", 2, modality="rgb")
    structure = Structure.complete([block], modalities=MODALITIES[:1])
    assert "only" in lines(drawing(structure))


@pytest.mark.parametrize("name", ["full_asnp50", "asn50", "asnp_lite"])
def test_no_number_lies_on_another_or_on_a_block(name):
    places = lay_out(published.structure(name))
    centres = np.array(list(places.numbers.values()))
    apart = np.abs(centres[:, None] - centres) / np.array(NUMBER_SIZE)
    overlapping = (apart < 0.9).all(axis=2).sum() - len(centres)
    assert overlapping == 0
    for box in places.boxes.values():
        inside = np.abs(centres - (box.x, box.y)) < (box.width / 2 + 10, box.height / 2 + 4)
        assert not inside.all(axis=1).any()


@pytest.mark.parametrize("name", ["full_asnp50", "asn50", "asnp_lite"])
def test_no_connection_runs_through_a_block_that_it_does_not_join(name):
    structure = published.structure(name)
    places = lay_out(structure)
    for spec in structure.connections:
        points = bezier_points(places.curves[spec.key])
        for block_id, box in places.boxes.items():
            if block_id not in (spec.source, spec.target):
                inside = np.abs(points - (box.x, box.y)) < (box.width / 2, box.height / 2)
                assert not inside.all(axis=1).any(), (spec.key, block_id)


def test_very_many_connections_are_drawn_without_numbers():
    inputs = [BlockSpec(f"in{number}", 1, "video_input", 2, modality="rgb") for number in range(20)]
    tops = [BlockSpec(f"top{number}", 2, "bottleneck", 2) for number in range(20)]
    structure = Structure.complete([*inputs, *tops], modalities=MODALITIES[:1], attention="none")
    assert len(structure.connections) > MAX_ROUTED_CONNECTIONS
    root = drawing(structure)
    assert len(connections(root)) == 400
    assert not any("data-connection" in line.attrib for line in root.iter(f"{SVG}text"))


def test_a_drawing_for_a_page_uses_the_colours_of_the_page():
    svg = ElementTree.tostring(
        drawing(RELEASED, colors=Colors("currentColor", "var(--page)")), encoding="unicode"
    )
    assert "currentColor" in svg and "var(--page)" in svg and "#FFFFFF" not in svg


def test_blended_colours():
    assert blend("#ff0000", "#0000ff", 0.6) == "#990066"
    assert blend("#ff0000", "currentColor", 0.6) == "color-mix(in srgb, #ff0000 60%, currentColor)"
