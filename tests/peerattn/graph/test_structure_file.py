"""Structure files: both formats are read back, and other files are refused in one plain line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerattn.errors import PeerattnError
from peerattn.graph import published
from peerattn.graph.list_format.options import Options
from peerattn.graph.structure import Structure
from peerattn.graph.structure_file import is_published_list, parse
from tests.strategies import structures

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.sampled_from(["nodes", "a"]), inner),
)


@given(structures())
def test_the_package_s_own_form_is_read_back(structure):
    assert parse(json.dumps(structure.to_json())) == structure


@pytest.mark.parametrize("name", ["asn50", "full_asnp50", "asnp_lite"])
def test_published_lists_are_read_back(name):
    structure = published.structure(name)
    nodes, edge_weights = structure.to_published()
    options = Options("assemblenet") if name == "asn50" else None
    clip = Options(clip_width=published.CLIP_WIDTH) if name == "asnp_lite" else options
    assert parse(json.dumps({"nodes": nodes, "edge_weights": edge_weights}), clip) == structure
    learned = parse(json.dumps(nodes), clip)
    assert learned == Structure.from_published(nodes, (), clip)
    assert learned.to_published() == (nodes, [])


def test_options_are_refused_for_anything_but_lists():
    nodes, _ = published.full_asnp50.to_published()
    assert parse(json.dumps(nodes), Options(attention="none")).attention_mode == "none"
    with pytest.raises(PeerattnError, match="a list of nodes only"):
        parse(json.dumps(published.full_asnp50.to_json()), Options())


@given(JSON.map(json.dumps) | st.text())
def test_other_files_are_refused_in_one_plain_line(text):
    with pytest.raises(PeerattnError) as refusal:
        parse(text)
    assert str(refusal.value)
    if is_published_list(text):
        assert "node" in str(refusal.value)


def test_a_misspelt_key_is_refused():
    """Otherwise the weights in the file would be ignored."""
    nodes, edge_weights = published.full_asnp50.to_published()
    with pytest.raises(PeerattnError, match="'edge_weight' is neither nodes nor edge_weights: rename it"):
        parse(json.dumps({"nodes": nodes, "edge_weight": edge_weights}))


def test_deep_nesting_is_refused():
    with pytest.raises(PeerattnError, match="not JSON"):
        parse("[" * 100_000)
