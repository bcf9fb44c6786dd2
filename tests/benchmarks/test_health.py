"""The benchmark of the health report: it knows the report only by its function, and plants what it says."""

import ast
import random
from copy import deepcopy

import pytest
import torch

from benchmarks import health, health_networks
from benchmarks.health import ENTRY, at_most, bound, entry
from benchmarks.health_changes import CHANGES, rounded, with_dropout
from benchmarks.health_faults import PLANTS
from benchmarks.health_networks import FEW, LIMITS, MIDDLE, SILENT_CHANNEL, at_half, clips, joined, structure
from peerattn.actionworld.clips import CLASS_NAMES
from peerattn.network.network import Network
from peerattn.pruning.health import limits
from peerattn.pruning.health.findings import KINDS
from tests.conftest import ROOT

CHEAP = [kind for kind in PLANTS if kind != health.NO_FAULT]


@pytest.fixture(scope="module")
def clean() -> Network:
    """A network without training, brought to half of the limits."""
    torch.manual_seed(0)
    return at_half(Network(structure(), CLASS_NAMES).eval(), clips(FEW))


def test_no_part_of_the_benchmark_imports_the_report() -> None:
    for path in (ROOT / "benchmarks").glob("health*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            module = node.module if isinstance(node, ast.ImportFrom) else None
            assert not (module or "").startswith("peerattn.pruning"), path


def test_its_limits_are_those_of_the_report() -> None:
    assert {kind: known.limit for kind, known in KINDS.items()} == LIMITS
    assert SILENT_CHANNEL == limits.SILENT_CHANNEL
    assert FEW == limits.LEAST_CLIPS


def test_a_network_at_half_of_the_limits_raises_no_alarm_but_faults_planted_in_it_are_found(
    clean: Network,
) -> None:
    examine, examples = entry(ENTRY), clips(FEW)
    assert [one for one in examine(clean, examples) if one["kind"] != health.NO_FAULT] == []
    for kind in CHEAP:
        network = deepcopy(clean)
        place, own = PLANTS[kind](network, random.Random(0), examples)
        values = {(one["kind"], one["place"]): one["value"] for one in examine(network, own)}
        strength = LIMITS[kind] / values[kind, place]
        twice = 0.5 if kind == "dead_channels" else 2
        assert strength == pytest.approx(twice, rel=0.2), kind


@pytest.mark.parametrize("change", CHANGES[:-1], ids=lambda change: change.__name__)
def test_harmless_changes_leave_the_answers_as_they_are(clean: Network, change) -> None:
    examples = clips(4)
    changed, own = change(clean, examples)
    tolerance = 2e-2 if change is rounded else 1e-4
    assert changed.training == (change is with_dropout)
    with torch.no_grad():
        before = clean(joined(examples))
        batch = {name: changed.to_own_device(t) for name, t in joined(own).items()}
        after = changed.eval()(batch).float()
    torch.testing.assert_close(after, before, rtol=0, atol=tolerance * float(before.abs().max()))


def test_half_of_a_limit_means_half_of_it(clean: Network) -> None:
    weights = clean.connection_weights()
    assert min(abs(weight - 0.5) for weight in weights.values()) == pytest.approx(0.02, rel=1e-3)
    assert weights["mid2_to_top"] == pytest.approx(0.02, rel=1e-3)
    moving = health_networks.factors(clean, clips(FEW))
    assert min(map(health_networks.within, moving.values())) == pytest.approx(0.002, rel=0.1)
    for name in MIDDLE:
        deviations = health_networks.channel_deviations(clean, name, clips(FEW))
        assert int((deviations == 0).sum()) == (name == "mid1")


def test_the_bound_on_a_share_is_the_exact_one() -> None:
    assert at_most(0, 20, 0.139) == pytest.approx(0.05, abs=0.001)
    assert at_most(1, 2, 0.5) == pytest.approx(0.75)
    assert bound(0, 100) == "0 of 100; up to 3.0 % is not excluded"
