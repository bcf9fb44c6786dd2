"""Tables of a structure: the numbers of its connections, blocks, modalities and costs."""

from types import SimpleNamespace

from peerattn.graph import published
from peerattn.graph.connectivity import initial_weights, survey
from peerattn.graph.structure import Structure
from peerattn.tables import structure as structure_tables

RELEASED = published.full_asnp50
WEIGHTS = initial_weights(RELEASED)
AT_A_FIFTH = survey(RELEASED, WEIGHTS, 0.2)


def test_the_connections_table_says_which_connections_are_kept():
    table = structure_tables.connections_table(RELEASED, WEIGHTS, AT_A_FIFTH)
    assert (len(table), table["kept"].sum(), table["at_initialisation"].sum()) == (45, 35, 10)
    assert table["candidates"].sum() == 392
    assert table["connection_weight"].tolist() == list(WEIGHTS.values())
    assert (table["kept"] == (table["connection_weight"] >= 0.2)).all()
    assert set(table.loc[table["modality"] == "object", "source"]) == {"4"}


def test_a_connection_without_a_weight_has_none_in_its_table():
    table = structure_tables.connections_table(
        published.asn50, initial_weights(published.asn50), survey(published.asn50, {}, 0.0)
    )
    assert table["connection_weight"].isna().sum() == 2


def test_blocks_are_counted_on_both_sides_and_named_by_their_state():
    table = structure_tables.blocks_table(RELEASED, AT_A_FIFTH).set_index("block")
    assert table["fed_by"].sum() == table["feeds"].sum() == 45
    assert table["a_peer_of"].sum() == 392
    assert table.loc["9", "state"] == "peer only" and (table["state"] == "alive").sum() == 14
    cut_off = structure_tables.blocks_table(RELEASED, survey(RELEASED, WEIGHTS, 0.6)).set_index("block")
    assert cut_off.loc["14", "state"] == "starved" and (cut_off["state"] == "dead").sum() == 14


def test_candidates_come_in_the_order_of_the_attention_weights():
    table = structure_tables.candidates_table(RELEASED, "4_to_9", AT_A_FIFTH)
    assert table["peer"].tolist() == ["4", "2", "3", "0", "1", "5", "6", "7", "8"]
    assert structure_tables.candidates_table(published.asn50, "0_to_6", AT_A_FIFTH).empty


def test_modalities_have_their_mean_weights():
    table = structure_tables.modalities_table(RELEASED, WEIGHTS).set_index("modality")
    assert table["mean_weight"].round(3).to_dict() == {
        "rgb": 0.535,
        "flow": 0.245,
        "object": 0.743,
        "mixed": 0.441,
    }
    assert table["connections"].sum() == 45
    assert (table["min_weight"] <= table["mean_weight"]).all()
    assert list(structure_tables.modalities_table(published.asn50, {}).columns) == [
        "modality",
        *table.columns,
    ]


def test_costs_have_their_sizes_in_mebibytes():
    part = SimpleNamespace(id="9", part="block", parameters=7, multiply_adds=8, output=(256, 16, 32, 32))
    head = SimpleNamespace(id="9", part="head", parameters=1, multiply_adds=2, output=(5,))
    flow = SimpleNamespace(id="flow", part="flow", parameters=0, multiply_adds=3, output=())
    table = structure_tables.costs_table([part, head, flow])
    assert table["part"].tolist() == ["block 9", "head 9", "flow layer"]
    assert table["output"].tolist() == ["256 × 16 × 32 × 32", "5", ""]
    assert table["output_MiB"].tolist() == [16.0, 20 / 2**20, 0.0]


def test_structures_without_connections_have_tables():
    only = Structure.complete(RELEASED.blocks[:1], modalities=RELEASED.modalities[:1])
    removal = survey(only, {}, 0.0)
    assert structure_tables.connections_table(only, {}, removal).empty
    assert len(structure_tables.blocks_table(only, removal)) == 1
