"""Laws of the bundled network: it needs every modality, and its attention weights say which peer decides.

Each law has a network that breaks it. Both use the same generated test clips, two of each class;
`peerattn effect` and `benchmarks.peers` measure the same on more.
"""

from functools import cache

import numpy as np
import pytest

from app.parts.tour import most_attended_connection
from app.screens.tour import CLIP, PEER
from benchmarks.peers import PeerChanges, chance, generated, peer_changes
from peerattn import api
from peerattn.checkpoints import checkpoint
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.checkpoints.resolving import resolve
from peerattn.data.examples import Example
from peerattn.network.network import Network
from peerattn.recording.effects import effects
from peerattn.scores.intervals import share_interval
from peerattn.training.initialisation import new_network
from tests.conftest import ROOT
from tests.test_laws import assert_fails

CLIPS = 64
LEAST_LOSS = 0.20
"""What swapping any one modality costs at least, as a share of the clips."""
LEAST_LEAD = 2.0
"""How many times as far as the next one the most attended peer moves the factors of the tour's connection."""


@cache
def shipped() -> Checkpoint:
    return checkpoint.load(PEER)


@cache
def clips() -> list[Example]:
    return generated(shipped(), CLIPS)


@cache
def shipped_changes() -> list[PeerChanges]:
    return peer_changes(shipped().network, clips())


@cache
def untrained() -> Network:
    return new_network(shipped().structure, shipped().class_names, seed=0)


def law_of_need(network: Network, examples: list[Example]) -> None:
    """Swapping any one modality for another clip's costs at least 20 points."""
    found = effects(network, examples, of="modality", how="swap", window=shipped().settings.window)
    print({effect.name: effect.difference.words for effect in found.effects})
    assert {effect.name for effect in found.effects} == {"rgb", "flow", "object"}
    for effect in found.effects:
        assert effect.difference.value <= -LEAST_LOSS, effect.name


def law_of_the_best_peer(found: list[PeerChanges]) -> None:
    """In more connections than by chance, the peer of greatest attention weight moves the factors most."""
    hits = np.array([one.best_moves_most for one in found])
    interval = share_interval(hits)
    print(f"{hits.sum()} of {len(hits)} connections, {interval}; by chance {chance(found):.2f}")
    assert interval and interval[0] > chance(found)


def test_swapping_any_one_modality_costs_at_least_20_points() -> None:
    law_of_need(shipped().network, clips())


def test_the_most_attended_peer_moves_the_factors_most_in_more_connections_than_by_chance() -> None:
    law_of_the_best_peer(shipped_changes())


def test_on_the_connection_of_the_tour_the_best_peer_moves_the_factors_twice_as_much_as_the_next() -> None:
    trace = api.record(shipped(), api.read_clip(f"app/samples/{CLIP}", shipped()))
    key = most_attended_connection(trace).key
    change = next(one for one in shipped_changes() if one.key == key)
    print(key, change)
    assert change.best_moves_most and change.lead >= LEAST_LEAD


# Each law can fail


def test_an_untrained_network_breaks_the_law_of_need() -> None:
    assert_fails(lambda: law_of_need(untrained(), clips()[:32]))


def test_an_untrained_network_breaks_the_law_of_the_best_peer() -> None:
    assert_fails(lambda: law_of_the_best_peer(peer_changes(untrained(), clips()[:16])))


@pytest.mark.parametrize("places", [1, 2])
def test_attention_weights_of_other_peers_break_the_law_of_the_best_peer(places: int) -> None:
    others = [
        PeerChanges(one.key, one.peers, np.roll(one.attention_weights, places), one.changes)
        for one in shipped_changes()
    ]
    assert_fails(lambda: law_of_the_best_peer(others))


def test_what_the_readme_says_of_attention_is_on_the_cards() -> None:
    """The cards are compared with the measurement itself where it ships (tests/app/screens)."""
    rows = [
        line for line in (ROOT / "README.md").read_text("utf-8").splitlines() if line.startswith("| `action")
    ]
    for name in ("actionworld", "actionworld-self", "actions21"):
        metrics = resolve(name).card["metrics"]["attention"]
        texts = []
        for question in ("match", "clip", "movement"):
            key = f"{question}_difference_beyond_random_batch_norm_anew"
            value, (low, high) = metrics[key], metrics[f"{key}_interval"]
            texts.append(f"{100 * value:+.1f}{{}} ({100 * low:+.1f} to {100 * high:+.1f})")
        expected = " | ".join([texts[0].format(" points"), *(text.format("") for text in texts[1:])])
        assert any(line.endswith(f"| {expected} |") for line in rows if f"`{name}`" in line), expected


def test_what_the_readme_concludes_about_attention_follows_from_the_intervals() -> None:
    """Factors of the clip are needed in `actionworld`; no other need of attention is shown."""

    def upper(name: str, question: str) -> float:
        metrics = resolve(name).card["metrics"]["attention"]
        return max(
            metrics[f"{question}_difference_beyond_random{anew}_interval"][1]
            for anew in ("", "_batch_norm_anew")
        )

    assert upper("actionworld", "match") < 0
    assert upper("actionworld", "clip") < 0
    assert upper("actionworld", "movement") > 0
    for question in ("match", "clip", "movement", "level"):
        assert upper("actions21", question) > 0
