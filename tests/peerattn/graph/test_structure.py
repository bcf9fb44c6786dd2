"""Structures: which ones are refused with which message, derived properties, and JSON."""

import copy
import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peerattn.errors import PeerattnError
from peerattn.graph.specs import BlockSpec, ConnectionSpec, Modality, OutputSpec
from peerattn.graph.structure import Structure
from peerattn.network.network import Network
from tests.conftest import ROOT
from tests.strategies import CLASSES, MODALITIES, structures, tensors

RGB, FLOW, _ = MODALITIES


def small() -> Structure:
    """Two input blocks, two inner blocks at the same level, and one output block."""
    blocks = [
        BlockSpec("eye", 1, "video_input", 4, modality="rgb"),
        BlockSpec("ear", 1, "video_input", 4, modality="flow"),
        BlockSpec("left", 2, "bottleneck", 4),
        BlockSpec("right", 2, "bottleneck", 4),
        BlockSpec("top", 3, "bottleneck", 4),
    ]
    return Structure.complete(blocks, modalities=(RGB, FLOW))


def with_block(name: str, **changes: Any) -> Structure:
    blocks = [dataclasses.replace(b, **changes) if b.id == name else b for b in small().blocks]
    return dataclasses.replace(small(), blocks=tuple(blocks))


def with_first(**changes: Any) -> Structure:
    """The small structure with its first connection, eye to left, changed."""
    first, *others = small().connections
    return dataclasses.replace(small(), connections=(dataclasses.replace(first, **changes), *others))


def with_head(head: str) -> Structure:
    return dataclasses.replace(small(), outputs=(OutputSpec("top", head),))


def with_more(*connections: ConnectionSpec) -> Structure:
    return dataclasses.replace(small(), connections=(*small().connections, *connections))


def with_rgb(**changes: Any) -> Structure:
    return dataclasses.replace(small(), modalities=(dataclasses.replace(RGB, **changes), FLOW))


def read_with(name: str, **changes: Any) -> Structure:
    """The small structure from JSON, with the first entry of a list changed."""
    document = small().to_json()
    document[name][0] |= changes
    return Structure.from_json(document)


REFUSED = {
    "cycle": (
        lambda: with_more(ConnectionSpec("top", "left")),
        "top_to_left goes in a cycle.*must go to a higher level",
    ),
    "down": (
        lambda: dataclasses.replace(small(), connections=(ConnectionSpec("top", "left"),)),
        r"goes down \(level 3 to 2\)",
    ),
    "sideways": (lambda: with_more(ConnectionSpec("left", "right")), r"goes sideways \(level 2 to 2\)"),
    "itself": (lambda: with_more(ConnectionSpec("left", "left")), "goes in a cycle"),
    "unknown source": (lambda: with_more(ConnectionSpec("nose", "top")), "names block 'nose'"),
    "unknown target": (lambda: with_more(ConnectionSpec("eye", "nose")), "names block 'nose'"),
    "unknown peer": (lambda: with_first(peers=("ear", "nose")), "names block 'nose'"),
    "no path": (lambda: dataclasses.replace(small(), connections=()), "no path leads from an input block"),
    "peer not below": (lambda: with_first(peers=("ear", "right")), r"peer right \(level 2\) is not below"),
    "peer above": (lambda: with_first(peers=("ear", "top")), r"peer top \(level 3\) is not below"),
    "peer twice": (lambda: with_first(peers=("ear", "ear")), "needs peers, each named once"),
    "peer is source only": (lambda: with_first(peers=("eye",)), "at least one peer must differ"),
    "peer without peers": (
        lambda: with_first(peers=()),
        r"attention 'peer' and peers \[\]: attention 'peer' needs peers",
    ),
    "peers without peer": (lambda: with_first(attention="self"), "other kinds of attention have none"),
    "peers no list": (
        lambda: read_with("connections", peers="ear"),
        r"connections\[0\].peers is 'ear'.*a list",
    ),
    "unknown attention": (lambda: with_first(attention="mutual"), "attention 'mutual' must be one of none"),
    "weight 0": (lambda: with_first(weight=0.0), "weight 0.0 must lie between 0 and 1"),
    "weight 1": (lambda: with_first(weight=1), "weight 1 must lie between 0 and 1"),
    "weight nan": (lambda: with_first(weight=float("nan")), "weight nan must lie"),
    "weight infinite in float32": (
        lambda: with_first(weight=1 - 1e-12),
        "must lie between 0 and 1, at least 1e-06 away from both",
    ),
    "weight a word": (lambda: read_with("connections", weight="much"), "weight is 'much'.*a number or null"),
    "learned a word": (lambda: read_with("connections", learned="yes"), "learned is 'yes'.*true or false"),
    "same connection": (lambda: with_more(ConnectionSpec("eye", "top")), "eye_to_top appears twice"),
    "same id": (
        lambda: dataclasses.replace(small(), blocks=(*small().blocks, small().blocks[0])),
        "block id 'eye' must be a unique name",
    ),
    "dotted id": (lambda: with_block("eye", id="e.y.e"), "'e.y.e' must be a unique name without a dot"),
    "empty id": (lambda: with_block("eye", id=""), "block id '' must be"),
    "id a number": (lambda: read_with("blocks", id=7), r"blocks\[0\].id is 7, but must be text"),
    "absurd width": (lambda: with_block("left", width=10**9), "width is 1000000000.*from 1 to 8192"),
    "no width": (lambda: with_block("left", width=0), "left: width is 0"),
    "half a repeat": (lambda: with_block("left", repeats=0.5), "repeats is 0.5.*whole number"),
    "true dilation": (lambda: with_block("left", temporal_dilation=True), "temporal_dilation is True"),
    "absurd level": (lambda: with_block("top", level=10**6), "level is 1000000"),
    "kind no name": (lambda: with_block("top", kind=None), "kind None is not one of"),
    "input above level 1": (lambda: with_block("eye", level=2), "level 1 contains exactly the input blocks"),
    "inner in level 1": (lambda: with_block("left", level=1), "level 1 contains exactly the input blocks"),
    "unknown modality": (lambda: with_block("eye", modality="smell"), "reads 'smell', which is not among"),
    "reads the unknown": (lambda: with_block("eye", reads="smell"), "reads 'smell'"),
    "channels beyond the modality's": (
        lambda: with_block("eye", channels=(0, 99)),
        r"block eye: channels is \(0, 99\), but must be the first channel that it reads",
    ),
    "channels the wrong way round": (lambda: with_block("eye", channels=(1, 0)), r"channels is \(1, 0\)"),
    "channels of an inner block": (lambda: with_block("left", channels=(0, 1)), "from 0 to 0"),
    "pixels beside numbers": (
        lambda: dataclasses.replace(
            small(), modalities=(*small().modalities, Modality("joints", 2, pixels=False))
        ),
        r"without \(joints\): choose one kind",
    ),
    "unknown time padding": (
        lambda: with_block("left", time_padding="mirror"),
        "block left: time_padding 'mirror' must be one of zeros, repeat",
    ),
    "time padding a list": (
        lambda: read_with("blocks", time_padding=["zeros"]),
        r"padding is \['zeros'\].*text",
    ),
    "published kind that repeats": (
        lambda: with_block("left", kind="assemblenet"),
        "block left of kind 'assemblenet': only video_input, bottleneck, temporal can repeat the edge frames",
    ),
    "object maps that repeat": (
        lambda: with_block("eye", kind="object_input"),
        "block eye of kind 'object_input': only video_input, bottleneck, temporal",
    ),
    "kind without its widths": (
        lambda: with_block("left", kind="assemblenet", time_padding="zeros"),
        "block left of kind 'assemblenet': inner_width is 0, but this kind needs one: set it",
    ),
    "stride that a kind does not have": (
        lambda: with_block("eye", kind="assemblenet_rgb", time_padding="zeros", spatial_stride=2),
        "block eye of kind 'assemblenet_rgb': spatial_stride is 2, but for this kind it must be 4",
    ),
    "filters where there are none": (
        lambda: with_block("eye", kind="object_input", time_padding="zeros"),
        "width is 4, but this kind only pools its 3 input channels",
    ),
    "no neighbours": (
        lambda: with_block("eye", temporal_dilation=0),
        "temporal_dilation is 0, but this kind",
    ),
    "heads that share unevenly": (
        lambda: with_block("left", kind="attention", time_padding="zeros", heads=3, over="frames"),
        "width 4 cannot be split among 3 heads",
    ),
    "attention over nothing": (
        lambda: with_block("left", kind="attention", time_padding="zeros", heads=2, over="clips"),
        "over is 'clips', but must be places or frames",
    ),
    "attention without heads": (
        lambda: with_block("left", kind="attention", time_padding="zeros"),
        "heads is 0, but this kind needs one",
    ),
    "inner block that reads": (lambda: with_block("left", reads="rgb"), "only input blocks read"),
    "reduced input": (
        lambda: with_block("eye", input_reduction=2),
        "an input block reads the clip at full size",
    ),
    "no input width": (lambda: with_block("left", input_width=0), "left: input_width is 0"),
    "no attention width": (lambda: with_block("left", attention_width=0), "left: attention_width is 0"),
    "sizes that do not divide": (
        lambda: with_block("eye", spatial_stride=3),
        "reads at 1/1 of the clip's size, which 1/3 cannot be pooled to: set its input_reduction to a "
        "multiple of 3",
    ),
    "no output": (lambda: dataclasses.replace(small(), outputs=()), "at least one output block"),
    "output twice": (
        lambda: dataclasses.replace(small(), outputs=(OutputSpec("top"),) * 2),
        "at least one output block, and must name each only once",
    ),
    "unknown output": (
        lambda: dataclasses.replace(small(), outputs=(OutputSpec("nose"),)),
        "'nose' is not a",
    ),
    "head no name": (lambda: read_with("outputs", head=3), "head is 3, but must be text"),
    "unknown head": (
        lambda: with_head("guess"),
        "output top: there is no head 'guess': choose among assemblenet, assemblenet_over_time, class",
    ),
    "nearly a head": (
        lambda: with_head("lite_overtime"),
        "output top: there is no head 'lite_overtime': did you mean lite_over_time",
    ),
    "no channels": (lambda: with_rgb(channels=0), "rgb: channels is 0"),
    "absurd channels": (lambda: with_rgb(channels=10**7), "from 1 to 8192"),
    "meanings no list": (lambda: read_with("modalities", meanings="red"), "meanings is 'red'.*be a list"),
    "class ids for two of three": (lambda: with_rgb(class_ids=(1, 2)), "for each of its 3 channels"),
    "class id 256": (lambda: with_rgb(class_ids=(1, 2, 256)), "from 1 to 255"),
    "modality twice": (
        lambda: dataclasses.replace(small(), modalities=(RGB, FLOW, RGB)),
        "modality 'rgb' must have a unique name",
    ),
    "too many blocks": (
        lambda: dataclasses.replace(
            small(),
            blocks=tuple(BlockSpec(f"b{n}", 1, "video_input", 4, modality="rgb") for n in range(2001)),
        ),
        "2001 blocks and .* are too many",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_invalid_structure_is_refused_in_one_line_that_names_the_fault(case: str) -> None:
    build, message = REFUSED[case]
    with pytest.raises(PeerattnError, match=message) as refusal:
        build()
    assert "\n" not in str(refusal.value)


def test_blocks_whose_connections_would_share_a_name_are_refused() -> None:
    """`a` to `b_to_c` and `a_to_b` to `c` would both be called `a_to_b_to_c`."""
    blocks = [BlockSpec(name, 1, "video_input", 4, modality="rgb") for name in ("a", "a_to_b")]
    blocks += [BlockSpec(name, 2, "bottleneck", 4) for name in ("b_to_c", "c")]
    with pytest.raises(PeerattnError, match=r"a_to_b_to_c appears twice.*'_to_'"):
        Structure.complete(blocks, modalities=(RGB,))


def test_each_output_block_needs_a_path() -> None:
    two = dataclasses.replace(small(), outputs=(OutputSpec("top"), OutputSpec("left")))
    kept = tuple(spec for spec in two.connections if spec.target != "left")
    with pytest.raises(PeerattnError, match="to output block left"):
        dataclasses.replace(two, connections=kept)


@pytest.mark.parametrize("attention", ["none", "static", "self", "peer"])
def test_complete_connects_each_block_to_all_blocks_of_lower_levels(attention: str) -> None:
    complete = Structure.complete(small().blocks, modalities=(RGB, FLOW), attention=attention)
    for block in complete.blocks:
        below = {other.id for other in complete.blocks if other.level < block.level}
        assert {spec.source for spec in complete.into(block.id)} == below
        peers = below if attention == "peer" else set()
        assert all(set(spec.peers) == peers for spec in complete.into(block.id))
    assert complete.attention_mode == attention
    assert [output.block for output in complete.outputs] == ["top"]


def test_complete_fills_in_the_widths_and_reduction_that_a_block_leaves_out() -> None:
    blocks = [
        BlockSpec("near", 1, "video_input", 4, spatial_stride=2, modality="rgb"),
        BlockSpec("far", 1, "video_input", 12, spatial_stride=4, modality="rgb"),
        BlockSpec("top", 2, "bottleneck", 6, input_width=5),
    ]
    top = Structure.complete(blocks, modalities=(RGB,)).block("top")
    assert (top.input_width, top.attention_width, top.input_reduction) == (5, 12, 4)


def test_complete_repeats_edge_frames_in_all_blocks_whose_kind_can() -> None:
    blocks = (*small().blocks, BlockSpec("maps", 1, "object_input", 2, modality="object"))
    default = Structure.complete(blocks, modalities=MODALITIES)
    zeros = Structure.complete(blocks, modalities=MODALITIES, time_padding="zeros")
    repeating = {block.id for block in default.blocks if block.time_padding == "repeat"}
    assert repeating == {block.id for block in small().blocks}
    assert {block.time_padding for block in zeros.blocks} == {"zeros"}


def test_reaching_modalities_follow_the_connections() -> None:
    kept = tuple(spec for spec in small().connections if spec.key != "ear_to_left")
    origins = dataclasses.replace(small(), connections=kept).reaching_modalities
    assert origins["ear"] == {"flow"}
    assert origins["left"] == {"rgb"}
    assert origins["top"] == {"rgb", "flow"}


def test_attention_mode_of_differing_connections_is_mixed() -> None:
    assert with_first(attention="none", peers=()).attention_mode == "mixed"


@given(structures())
def test_a_structure_read_back_from_json_is_equal(structure: Structure) -> None:
    text = json.dumps(structure.to_json())
    again = Structure.parse(text)
    assert again == structure
    assert json.dumps(again.to_json()) == text


@given(structures())
def test_time_padding_is_written_only_if_it_is_not_zeros(structure: Structure) -> None:
    """A file without the field means zeros, so older files keep their meaning."""
    document = structure.to_json()
    for block, written in zip(structure.blocks, document["blocks"], strict=True):
        assert written.pop("time_padding", None) == (None if block.time_padding == "zeros" else "repeat")
    assert {block.time_padding for block in Structure.from_json(document).blocks} == {"zeros"}


def test_the_structure_on_a_bundled_card_is_written_as_it_was_read() -> None:
    text = json.dumps(json.loads((ROOT / "checkpoints/actions14/card.json").read_text())["structure"])
    structure = Structure.parse(text)
    assert {block.time_padding for block in structure.blocks} == {"zeros"}
    assert json.dumps(structure.to_json()) == text


@given(structures())
def test_in_order_each_block_comes_after_its_sources_and_peers(structure: Structure) -> None:
    place = {block.id: number for number, block in enumerate(structure.in_order)}
    assert place.keys() == {block.id for block in structure.blocks}
    for spec in structure.connections:
        assert all(place[other] < place[spec.target] for other in (spec.source, *spec.peers))


ODD = st.sampled_from(
    [None, True, -1, 0, 2, 10**400, 1e308, float("nan"), float("inf"), "", "rgb", "a\0b", "💥" * 50, {}]
)
VALUES = ODD | st.lists(ODD, max_size=3) | st.dictionaries(st.text(max_size=3), ODD, max_size=2)


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value inside a JSON document."""
    inside = document.items() if isinstance(document, dict) else enumerate(document)
    found = [((*path, key), value) for key, value in inside]
    deeper = [places(value, here) for here, value in found if isinstance(value, dict | list)]
    return [here for here, _ in found] + [here for paths in deeper for here in paths]


PLACES = places(small().to_json())


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """The JSON of a structure with one or two values replaced, removed, renamed or repeated."""
    document = copy.deepcopy(small().to_json())
    for path in draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=2)):
        *parents, key = path
        try:
            parent = at(document, tuple(parents))
            change = draw(st.sampled_from(("replace", "remove", "rename", "double")))
            if change == "replace":
                parent[key] = draw(VALUES)
            elif change == "remove":
                del parent[key]
            elif change == "rename" and isinstance(parent, dict):
                parent[f"{key}s"] = parent.pop(key)
            elif isinstance(parent, list):
                parent.append(parent[key])
        except (KeyError, IndexError, TypeError):
            continue  # the first change removed the value that the second would have changed
    return document


@settings(max_examples=300)
@given(mutated())
def test_damaged_structures_are_refused_or_can_be_built(document: Any) -> None:
    """Any JSON gives either a structure that a network can run, or a PeerattnError."""
    try:
        structure = Structure.parse(json.dumps(document))
        network = Network(structure, CLASSES) if _affordable(structure) else None
    except PeerattnError:
        return
    if network:
        assert network.eval()(tensors(structure)).shape == (1, len(CLASSES))


def _affordable(structure: Structure) -> bool:
    return max(block.width for block in structure.blocks) < 100


@pytest.mark.parametrize("text", ["", "[", "7", '"word"', "[]", "{}", "null", "[" * 100_000, "9" * 5000])
def test_text_that_is_not_a_structure_is_refused(text: str) -> None:
    with pytest.raises(PeerattnError, match="this is not"):
        Structure.parse(text)


def test_an_unknown_kind_is_named_in_the_error() -> None:
    with pytest.raises(PeerattnError, match="kind 'sponge' is not one of"):
        with_block("left", kind="sponge", time_padding="zeros")


def test_complete_puts_the_given_head_on_every_output() -> None:
    blocks = [BlockSpec("eye", 1, "video_input", 4, modality="rgb")]
    blocks += [BlockSpec(name, 2, "bottleneck", 4) for name in ("left", "right")]
    given = Structure.complete(blocks, modalities=(RGB,), head="assemblenet")
    assert given.outputs == (OutputSpec("left", "assemblenet"), OutputSpec("right", "assemblenet"))
    assert {output.head for output in small().outputs} == {"classification"}


def test_random_structures_vary_in_attention_weights_outputs_padding_and_levels() -> None:
    """Properties tested on random structures are only tested as far as the structures vary."""
    seen: set[str] = set()

    @settings(max_examples=60, derandomize=True, database=None)
    @given(structures())
    def collect(structure: Structure) -> None:
        seen.update(spec.attention for spec in structure.connections)
        seen.update("no weight" for spec in structure.connections if spec.weight is None)
        seen.update("two outputs" for _ in structure.outputs[1:])
        seen.update(block.time_padding for block in structure.blocks)
        seen.update("starved" for block in structure.blocks if not structure.reaching_modalities[block.id])
        levels = {block.id: block.level for block in structure.blocks}
        seen.update("skips" for s in structure.connections if levels[s.target] > levels[s.source] + 1)

    collect()
    modes, ends = {"none", "static", "self", "peer"}, {"zeros", "repeat"}
    assert seen >= modes | ends | {"no weight", "two outputs", "starved", "skips"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 2]", "not a structure: it needs lists of blocks"),
        ('{"blocks": 3}', "not a structure: it needs lists of blocks"),
        (
            '{"blocks": [{"block": "a"}], "connections": [], "outputs": [], "modalities": []}',
            r"blocks\[0\]: there is no field 'block'",
        ),
        (
            '{"blocks": [7], "connections": [], "outputs": [], "modalities": []}',
            r"blocks\[0\] is 7, but must have id, level, kind, width",
        ),
    ],
)
def test_json_of_another_form_is_refused_without_naming_python_types(text: str, message: str) -> None:
    with pytest.raises(PeerattnError, match=message) as refusal:
        Structure.parse(text)
    assert "object" not in str(refusal.value) and "__init__" not in str(refusal.value)
