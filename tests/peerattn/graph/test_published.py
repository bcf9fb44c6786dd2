"""The published list format: what it reads and refuses, and the released structures."""

import copy
import dataclasses
import random
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from peerattn.errors import PeerattnError
from peerattn.graph import published
from peerattn.graph.list_format.options import DEPTHS, Options
from peerattn.graph.specs import BlockSpec, Modality
from peerattn.graph.structure import Structure
from peerattn.network.network import Network
from peerattn.pruning.threshold import prune
from tests.strategies import CLASSES, lively, tensors

LITE = Options("assemblenet_plus_lite", lite_repeats=(1, 1, 1, 1))
"""Few repeats make networks small, and are not part of the format."""


@st.composite
def lists(draw: st.DrawFn, *, lite: bool = False, alike: bool = False) -> tuple[list[Any], list[Any]]:
    """A random list with or without edge weights; it may skip levels and have nodes that none reads.

    With `alike`, the nodes of the top level have the same width, so that one head can read them all.
    """
    stems = st.sampled_from((-1, -2) if lite else (-1, -2, -3))
    nodes: list[Any] = [
        [level, draw(st.integers(0, 4))] for level in draw(st.lists(stems, min_size=1, max_size=4))
    ]
    levels = [*sorted(draw(st.lists(st.integers(0, 3), max_size=5))), 3]
    for level in levels:
        below = [number for number, node in enumerate(nodes) if node[0] < level]
        inputs = draw(st.lists(st.sampled_from(below), min_size=1, max_size=4, unique=True))
        width = draw(st.integers(1, 3)) if level < 3 or not alike else 2
        filters = [width, draw(st.integers(1, 3)), draw(st.integers(1, 3))] if lite else width
        nodes.append([level, inputs, filters, draw(st.integers(1, 4)), draw(st.sampled_from((1, 2))), 0])
    return nodes, draw(st.just([]) | edge_weights(nodes))


@st.composite
def edge_weights(draw: st.DrawFn, nodes: list[Any]) -> list[Any]:
    """Weights between 0 and 1 for the inputs of each node that has several."""
    counts = [len(node[1]) if len(node) > 2 else 0 for node in nodes]
    one = st.floats(0.001, 0.999)
    return [[[draw(one) for _ in range(count)]] if count > 1 else [] for count in counts]


LISTS = st.booleans().flatmap(lambda lite: lists(lite=lite))
BUILDABLE = st.booleans().flatmap(lambda lite: lists(lite=lite, alike=True))


def has_undetermined_width(nodes: list[Any]) -> bool:
    """Whether a node has several inputs that are all object maps, so that its width is not determined."""
    return any(
        len(node) > 2 and len(node[1]) > 1 and all(nodes[source][0] == -3 for source in node[1])
        for node in nodes
    )


@given(LISTS, st.sampled_from(("peer", "self", "none")))
def test_a_list_is_read_and_written_unchanged(
    given_list: tuple[list[Any], list[Any]], attention: str
) -> None:
    nodes, weights = given_list
    before = copy.deepcopy(given_list)
    if has_undetermined_width(nodes):
        with pytest.raises(PeerattnError, match="its width is not determined"):
            Structure.from_published(nodes, weights)
        return
    structure = Structure.from_published(nodes, weights, Options(attention=attention))
    assert structure.to_published() == before == (nodes, weights)
    assert Structure.from_json(structure.to_json()) == structure


@pytest.mark.parametrize("name", published.NAMES)
def test_every_released_structure_is_read_and_written_unchanged(name: str) -> None:
    structure = published.structure(name)
    nodes, weights = structure.to_published()
    assert Structure.from_published(nodes, weights).to_published() == (nodes, weights)
    depth = int("".join(filter(str.isdigit, name)) or 0)
    if depth:
        assert [structure.levels[level + 2][0].repeats for level in range(4)] == list(DEPTHS[depth])


def test_released_structures_are_available_by_name_and_as_attributes() -> None:
    for name in ("asn50", "asn101", "full_asnp50", "asnp_lite"):
        assert getattr(published, name) == published.structure(name)


def test_the_depth_option_overrides_the_depth_in_the_name() -> None:
    assert published.structure("full_asnp50", depth=26) == published.structure("full_asnp26")


def test_an_unknown_name_is_refused_with_the_most_similar_one() -> None:
    with pytest.raises(PeerattnError, match="did you mean full_asnp50"):
        published.structure("full_asn50")


def nested(times: int) -> list[Any]:
    """An empty list inside this many lists."""
    whole: list[Any] = []
    for _ in range(times):
        whole = [whole]
    return whole


STEM, FLOW_STEM = [-1, 1], [-2, 1]
TOP = [3, [0, 1], 4, 1, 1, 0]
GOOD = [STEM, FLOW_STEM, TOP]
REFUSED: dict[str, tuple[Any, Any, str]] = {
    "nothing": ([], [], "give at least one"),
    "no list": ("asn50", [], "a list of nodes"),
    "a number for a node": ([STEM, 3], [], "node 1 is 3"),
    "a level too high": ([STEM, [4, [0], 4, 1, 1, 0]], [], "node 1 is"),
    "a stem with inputs": ([STEM, [-1, [0], 4, 1, 1, 0]], [], "node 1 is"),
    "a block without inputs": ([STEM, [3, 1]], [], "node 1 is"),
    "an empty list of inputs": ([STEM, [3, [], 4, 1, 1, 0]], [], "node 1: inputs is"),
    "a later input": ([STEM, [3, [1], 4, 1, 1, 0]], [], "node 1: input 1 is not an earlier node"),
    "an input of a level beside": (
        [STEM, [3, [0], 4, 1, 1, 0], [3, [1], 4, 1, 1, 0]],
        [],
        "node 2: input 1 is at",
    ),
    "an input twice": ([STEM, [3, [0, 0], 4, 1, 1, 0]], [], "node 1: inputs .* twice"),
    "no filters": ([STEM, [3, [0], 0, 1, 1, 0]], [], "node 1: filters is 0"),
    "two filters": ([STEM, [3, [0], [1, 2], 1, 1, 0]], [], "node 1: filters is"),
    "lite and others mixed": (
        [STEM, [0, [0], 4, 1, 1, 0], [3, [0], [1, 2, 3], 1, 1, 0]],
        [],
        "node 1: filters",
    ),
    "a dilation of true": ([STEM, [3, [0], 4, True, 1, 0]], [], "node 1: temporal dilation is True"),
    "a stride of a half": ([STEM, [3, [0], 4, 1, 0.5, 0]], [], "node 1: spatial stride is 0.5"),
    "another last number": ([STEM, [3, [0], 4, 1, 1, 7]], [], "node 1 ends in 7"),
    "no top level": ([STEM, [2, [0], 4, 1, 1, 0]], [], "node 1 is the last"),
    "an object stem in lite": (
        [[-3, 1], STEM, [3, [0, 1], [1, 2, 3], 1, 1, 0]],
        [],
        "node 0: .* no object input",
    ),
    "weights too few": (GOOD, [[], []], "node 2: 3 nodes have 2 entries"),
    "weights of a stem": (GOOD, [[[0.5]], [], [[0.5, 0.5]]], "node 0 has edge weights"),
    "a weight missing": (GOOD, [[], [], [[0.5]]], "node 2 has edge weights"),
    "a weight of one": (GOOD, [[], [], [[0.5, 1.0]]], "node 2: edge weight 1.0"),
    "a weight that is no number": (GOOD, [[], [], [[0.5, float("nan")]]], "node 2: edge weight nan"),
    "weights of another kind": (GOOD, {"a": 1}, "edge weights are"),
    "a weight too near to zero": (GOOD, [[], [], [[0.5, 1e-9]]], "node 2: edge weight 1e-09"),
    "a weight of numpy": (GOOD, [[], [], [[0.5, np.float32(0.5)]]], "node 2: edge weight .* plain number"),
    "a node of numpy": ([STEM, np.zeros((3, 3))], [], "node 1 is array"),
    "a number of thousands of digits": ([STEM, [3, [0], 10**5000, 1, 1, 0]], [], "node 1: filters is <int"),
    "a level of thousands of digits": ([[-(10**5000), 1], TOP], [], "node 0 is <list"),
    "lists in lists in lists": ([STEM, nested(5000)], [], "node 1 is <list too large to show>"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_an_invalid_list_is_refused_in_one_line_that_names_the_node(case: str) -> None:
    nodes, weights, said = REFUSED[case]
    with pytest.raises(PeerattnError, match=said) as refused:
        Structure.from_published(nodes, weights)
    assert "\n" not in str(refused.value)


def test_500_random_faults_are_refused_in_one_short_line_that_names_the_node() -> None:
    """Each is a released list with one fault, in a node, a field, an input or a weight."""
    dice = random.Random(0)
    junk: list[Any] = [
        None,
        "x",
        -9,
        10**9,
        2.5,
        True,
        [],
        {},
        [None],
        [[1]],
        float("nan"),
        float("inf"),
        "0",
        (),
    ]
    for _ in range(500):
        name = dice.choice(("asn50", "full_asnp50", "asnp_lite"))
        nodes, weights = map(copy.deepcopy, published.structure(name).to_published())
        position = dice.choice(
            [number for number, node in enumerate(nodes) if len(node) > 2 and len(node[1]) > 1]
        )
        break_something(dice, nodes, weights, position, junk)
        with pytest.raises(PeerattnError) as refused:
            Structure.from_published(nodes, weights)
        said = str(refused.value)
        assert f"node {position}" in said
        assert "\n" not in said
        assert len(said) < 300


def break_something(
    dice: random.Random, nodes: list[Any], weights: list[Any], position: int, junk: list[Any]
) -> None:
    """Replace or remove one value of a node or of its weights so that it becomes invalid."""
    node = nodes[position]
    place = dice.choice(("node", "level", "input", "inputs", "number", "short", "weight", "weights"))
    if place == "node":
        nodes[position] = dice.choice(junk)
    elif place == "level":
        node[0] = dice.choice([*junk, 4, -4])
    elif place == "input":
        node[1][dice.randrange(len(node[1]))] = dice.choice(
            [*(one for one in junk if one is not True), position]
        )
    elif place == "inputs":
        node[1] = dice.choice(junk)
    elif place == "number":
        node[dice.choice((2, 3, 4, 5))] = dice.choice([one for one in junk if one != 0])
    elif place == "short":
        del node[dice.randrange(1, 6)]
    elif place == "weight":
        weights[position][0][dice.randrange(len(weights[position][0]))] = dice.choice([*junk, 0.0, 1.0, 2])
    else:
        weights[position] = dice.choice([one for one in junk if one is not None])


def test_structures_with_other_kinds_of_blocks_or_pruned_inputs_cannot_be_written_as_a_list() -> None:
    own = Structure.complete(
        [BlockSpec("eye", 1, "video_input", 2, modality="rgb"), BlockSpec("top", 2, "bottleneck", 2)],
        modalities=[Modality("rgb", 3)],
        attention="self",
    )
    with pytest.raises(PeerattnError, match=r"block eye of kind 'video_input'"):
        own.to_published()
    whole = Structure.from_published(
        [STEM, FLOW_STEM, [0, [0], 2, 1, 2, 0], [3, [0, 2], 2, 1, 1, 0]], [[], [], [], [[0.9, 0.1]]]
    )
    pruned = dataclasses.replace(whole, connections=tuple(c for c in whole.connections if c.key != "2_to_3"))
    with pytest.raises(PeerattnError, match="block 3 was built for more incoming connections"):
        pruned.to_published()


def without_connection(structure: Structure, key: str) -> Structure:
    return dataclasses.replace(structure, connections=tuple(c for c in structure.connections if c.key != key))


def test_a_structure_that_would_be_read_back_differently_is_not_written_as_a_list() -> None:
    """Without its widest source, a node read from a list would get a smaller input width."""
    nodes = [STEM, FLOW_STEM, STEM, [0, [0], 32, 1, 1, 0], [3, [0, 1, 3], 2, 1, 1, 0]]
    whole = Structure.from_published(nodes, [[], [], [], [], [[0.9, 0.8, 0.1]]])
    with pytest.raises(PeerattnError, match="block 4 was built for more incoming connections"):
        without_connection(whole, "3_to_4").to_published()
    assert without_connection(whole, "0_to_4").to_published()[0][4][1] == [1, 3]
    learned = Structure.from_published(nodes)
    for weight, learns in ((0.7, True), (0.5, False)):
        first, *others = learned.connections[1:]
        changed = dataclasses.replace(first, weight=weight, learned=learns)
        with pytest.raises(PeerattnError, match="either all connection weights are fixed"):
            dataclasses.replace(
                learned, connections=(learned.connections[0], changed, *others)
            ).to_published()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("family", "resnet"),
        ("depth", 51),
        ("depth", [50]),
        ("object_classes", 0),
        ("object_classes", 10**5000),
        ("clip_width", 0),
        ("lite_repeats", (1, 2)),
        ("lite_repeats", (0, 1, 1, 1)),
        ("lite_repeats", None),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_invalid_options_are_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(PeerattnError, match=f"^{field} ") as refused:
        Options(**{field: value})
    assert len(str(refused.value)) < 120


def test_assemblenet_has_no_attention() -> None:
    assert published.asn50.attention_mode == "none"
    with pytest.raises(PeerattnError, match="AssembleNet has no attention"):
        Options("assemblenet", attention="peer")


def test_the_input_widths_of_lite_depend_on_the_clip_width_option() -> None:
    def widths(**changes: Any) -> list[int]:
        return [block.input_width for block in published.structure("asnp_lite", **changes).blocks[2:]]

    assert widths(clip_width=64) == [32] * 8 + [4]
    assert widths(clip_width=96) == [48] * 8 + [6]
    assert widths(clip_width=None) == [24] * 8 + [68]


@given(BUILDABLE, st.sampled_from(("peer", "self", "none")), st.data())
@settings(max_examples=25, deadline=None)
def test_removed_connection_equals_zero_weight(
    given_list: tuple[list[Any], list[Any]], attention: str, data: st.DataObject
) -> None:
    """Pruning equals setting weights to zero, also for structures in the published format."""
    nodes, weights = given_list
    if has_undetermined_width(nodes):
        return
    options = Options(attention=attention, object_classes=5, lite_repeats=(1, 1, 1, 1), depth=26)
    structure = Structure.from_published(nodes, weights, options)
    network = lively(structure)
    named = sorted(network.connection_weights().values())
    if not named:
        return
    threshold = data.draw(st.sampled_from(named))
    clip = tensors(structure, clips=2, size=(32, 32))
    try:
        smaller = prune(network, threshold)
    except PeerattnError:
        return
    for spec in structure.connections:
        module = network.connection(spec.key)
        if module.weight is not None and torch.sigmoid(module.weight) < threshold:
            module.weight.data.fill_(-float("inf"))
    with torch.no_grad():
        torch.testing.assert_close(smaller(clip), network(clip), atol=1e-5, rtol=1e-5)


@given(BUILDABLE)
@settings(max_examples=25, deadline=None)
def test_random_lists_can_be_built_and_run(given_list: tuple[list[Any], list[Any]]) -> None:
    nodes, weights = given_list
    if has_undetermined_width(nodes):
        return
    structure = Structure.from_published(nodes, weights, Options(object_classes=5, lite_repeats=(1, 1, 1, 1)))
    with torch.no_grad():
        scores = Network(structure, CLASSES).eval()(tensors(structure, size=(64, 64)))
    assert scores.shape == (1, len(CLASSES))
    assert scores.isfinite().all()


def test_clips_that_do_not_fit_the_published_pooling_are_refused() -> None:
    structure = published.structure("asnp_lite", clip_width=50)
    network = Network(structure, CLASSES).eval()
    with pytest.raises(PeerattnError, match=r"does not fit clips of 50x66 px.*multiples of 32"):
        network(tensors(structure, size=(66, 50)))


TWO_TOPS = [STEM, FLOW_STEM, [3, [0], 4, 1, 1, 0], [3, [0, 1], 4, 2, 2, 0]]


def test_the_head_reads_the_mean_of_top_nodes_of_different_sizes() -> None:
    network = lively(Structure.from_published(TWO_TOPS, [], Options(depth=26)))
    clip = tensors(network.structure, size=(32, 32))
    outputs = {}
    for block_id in ("2", "3"):
        network.blocks[block_id].register_forward_hook(
            lambda module, inputs, output, block_id=block_id: outputs.update({block_id: output})
        )
    with torch.no_grad():
        scores = network(clip)
        vectors = [output.mean(dim=(2, 3, 4)) for output in outputs.values()]
        (head,) = network.heads.values()
        torch.testing.assert_close(scores, head.dense(torch.stack(vectors).mean(dim=0)))
    assert outputs["2"].shape[3:] != outputs["3"].shape[3:]


def test_top_nodes_of_different_widths_can_be_read_but_not_built() -> None:
    nodes = [*TWO_TOPS[:3], [3, [0, 1], 5, 2, 2, 0]]
    structure = Structure.from_published(nodes)
    assert structure.to_published()[0] == nodes
    with pytest.raises(PeerattnError, match=r"blocks 2, 3 share a head.*16, 20 channels"):
        Network(structure, CLASSES)


def test_a_single_frame_has_no_flow() -> None:
    network = Network(published.structure("asnp26"), CLASSES)
    with pytest.raises(PeerattnError, match="two frames or more"):
        network({"rgb": torch.zeros(1, 3, 1, 32, 32)})


def test_a_still_clip_has_no_flow_and_finite_scores() -> None:
    network = Network(published.structure("asnp26"), CLASSES).eval()
    with torch.no_grad():
        assert network({"rgb": torch.full((1, 3, 2, 32, 32), 0.5)}).isfinite().all()
