"""The networks compared on real clips, and the table of their results."""

from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.actions import CONTENDERS, MAPS, RECIPE, joined, recipe_for, table
from peerattn.training.initialisation import new_network
from peerattn.training.recipe import read_recipe

CHANNELS = {"rgb": 3, "flow": 2, "object": 1}


def clip() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {name: torch.rand(2, count, 4, 32, 32, generator=generator) for name, count in CHANNELS.items()}


@pytest.mark.parametrize("name", CONTENDERS)
def test_each_contender_answers_clips_of_the_three_modalities(name: str) -> None:
    contender = CONTENDERS[name]
    network = new_network(contender.structure, ("run", "sit", "walk"), seed=0).eval()
    assert network(joined(clip(), contender.joined)).shape == (2, 3)


@pytest.mark.parametrize("name", CONTENDERS)
def test_only_networks_that_read_object_maps_are_shown_what_the_maps_show(name: str) -> None:
    recipe = read_recipe(RECIPE)
    adapted = recipe_for(recipe, CONTENDERS[name])
    if name == "peer, rgb and flow":
        assert (adapted.clip.view, adapted.augmentation.elsewhere) == ("centre", 0)
        assert (adapted.clip.steady, adapted.augmentation.warp) == (
            recipe.clip.steady,
            recipe.augmentation.warp,
        )
    else:
        assert adapted == recipe


def test_joined_modalities_are_concatenated_in_the_given_order() -> None:
    tensors = clip()
    together = joined(tensors, ("flow", "object"))["joined"]
    assert torch.equal(together[:, :2], tensors["flow"]) and torch.equal(together[:, 2:], tensors["object"])


@pytest.mark.parametrize("name", ["plain, all joined", "plain, flow and object joined"])
def test_a_plain_network_is_a_chain_of_07_million_numbers_without_weights_or_attention(name: str) -> None:
    structure = CONTENDERS[name].structure
    ends = [(one.source, one.target) for one in structure.connections]
    assert ends == [("stem", "a"), ("a", "b"), ("b", "top")]
    assert all(one.weight is None and one.attention == "none" for one in structure.connections)
    network = new_network(structure, tuple("abcdefghijklmn"), seed=0)
    assert 0.65e6 < sum(parameter.numel() for parameter in network.parameters()) < 0.85e6


def test_the_table_pairs_each_contender_with_peer_attention(tmp_path: Path) -> None:
    labels = np.arange(20) % 2
    right = np.eye(2, dtype=np.float32)[labels]
    half = right.copy()
    half[:10] = half[:10, ::-1]
    for name, answers in {"peer": right, "self": half}.items():
        found = dict.fromkeys(MAPS, answers)
        np.savez(
            tmp_path / f"{name}.npz",
            **found,
            labels=labels,
            groups=np.array([str(number) for number in range(20)]),
            classes=np.array(["run", "sit"]),
            parameters=np.array(1234),
        )
    rows = table(tmp_path).splitlines()[2:]
    assert [row.split(" | ")[0] for row in rows] == ["| peer", "| self"]
    assert "1,234" in rows[1] and "50.0 %" in rows[1] and "+50.0 points (23.0 to 71.2 %)" in rows[1]
