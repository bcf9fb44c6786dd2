"""The health report: faults at twice the limits are found, networks at half of them raise no alarm."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from peerattn.data.examples import Example
from peerattn.errors import CancelledError, PeerattnError
from peerattn.graph import published
from peerattn.graph.connectivity import at_initialisation, initial_weights, survey
from peerattn.graph.structure import Structure
from peerattn.network.network import Network
from peerattn.pruning.health import limits
from peerattn.pruning.health.activity import NO_ATTENTION, FactorSpread, Spread, dead_share, measure_activity
from peerattn.pruning.health.choice import NO_CHOICE, attention_weights, check_attention_weights
from peerattn.pruning.health.findings import KINDS, Finding, Report
from peerattn.pruning.health.modalities import decide
from peerattn.pruning.health.report import NO_CLIPS, UNTRAINED, examine, examine_structure, examine_weights
from peerattn.pruning.health.structural import check_structure, paths_from_inputs, paths_to_outputs
from peerattn.recording import stretches
from peerattn.recording.recorder import record
from peerattn.scores.comparison import Difference
from peerattn.traces.trace import Trace
from tests.kinds import EVERY_KIND
from tests.peerattn.graph.test_connectivity import WEIGHTS, hand_made
from tests.peerattn.recording.test_effects import brightness_network, light_clip, noise_clips
from tests.peerattn.recording.test_recorder import Failure
from tests.strategies import lively, structures

FRAMES = 6
TEN = {"0", "1", "2", "4", "5", "6", "7", "8"}
"""The blocks that feed block 9 of the released AssembleNet++-50, each at initialisation."""


def found(report: Report) -> set[tuple[str, str]]:
    return {(finding.kind, finding.place) for finding in report.findings}


def of_kind(findings: list[Finding], kind: str) -> dict[str, float]:
    return {finding.place: finding.value for finding in findings if finding.kind == kind}


# The structure and its connection weights


def test_of_the_released_network_the_ten_connections_and_block_9_are_reported_and_nothing_else() -> None:
    structure = published.structure("full_asnp50")
    report = examine_structure(structure, initial_weights(structure))
    ten = {*(f"{source}_to_9" for source in TEN), "4_to_12", "11_to_12"}
    assert found(report) == {*(("at_initialisation", key) for key in ten), ("dead_block", "9")}
    assert report.checked == ("at_initialisation", "dead_block", "starved_block")
    assert set(report.not_checked.values()) == {UNTRAINED}


@st.composite
def weighted(draw: st.DrawFn) -> tuple[Structure, dict[str, float]]:
    structure = draw(structures())
    weights = {key: draw(st.floats(0, 1)) for key in initial_weights(structure)}
    return structure, weights


@given(weighted(), st.floats(0, 1))
def test_the_best_paths_say_at_every_threshold_which_blocks_are_cut_off(
    case: tuple[Structure, dict[str, float]], threshold: float
) -> None:
    structure, weights = case
    cut = survey(structure, weights, threshold)
    onward, inward = paths_to_outputs(structure, weights), paths_from_inputs(structure, weights)
    if threshold:
        assert {name for name, best in onward.items() if best < threshold} == set(cut.dead_blocks)
        kept = {name for name in inward if name not in cut.skipped}
        assert {name for name in kept if inward[name] < threshold} == set(cut.starved)


@given(weighted())
def test_structural_findings_are_those_of_the_survey_with_their_values(
    case: tuple[Structure, dict[str, float]],
) -> None:
    structure, weights = case
    findings, cut = check_structure(structure, weights), survey(structure, weights, limits.CUT_OFF)
    assert set(of_kind(findings, "at_initialisation")) == set(at_initialisation(structure, weights))
    assert set(of_kind(findings, "dead_block")) == set(cut.dead_blocks)
    assert set(of_kind(findings, "starved_block")) == set(cut.starved)
    assert all(finding.value <= KINDS[finding.kind].limit for finding in findings)


@pytest.mark.parametrize(("times", "dead", "starved"), [(0.5, {"c", "flow2"}, {"c"}), (2, set(), set())])
def test_blocks_behind_weak_connections_are_dead_or_starved(
    times: float, dead: set[str], starved: set[str]
) -> None:
    weak = times * limits.CUT_OFF
    onward = WEIGHTS | {"c_to_top": weak}
    assert of_kind(check_structure(hand_made(), onward), "dead_block").keys() >= dead
    inward = WEIGHTS | {"b_to_c": weak, "flow2_to_c": weak}
    assert of_kind(check_structure(hand_made(), inward), "starved_block") == dict.fromkeys(starved, weak)


# Attention weights


def law_of_attention(check: Callable[[dict[str, list[float]]], list[Finding]]) -> None:
    """The strongest peer's lead over an equal share, and the weight of all others, are compared."""

    def kinds(*shares: float) -> list[str]:
        return [finding.kind for finding in check({"a_to_b": list(shares)})]

    for peers in (2, 5, 12):
        for times, expected in ((0.5, ["uniform_attention"]), (2, [])):
            strongest = (1 + times * limits.UNIFORM) / peers
            assert kinds(*[(1 - strongest) / (peers - 1)] * (peers - 1), strongest) == expected
        for times, expected in ((0.5, ["one_hot_attention"]), (2, [])):
            others = times * limits.ONE_HOT
            assert kinds(1 - others, *[others / (peers - 1)] * (peers - 1)) == expected


def test_attention_weights_at_twice_their_limits_are_found_and_at_half_they_are_not() -> None:
    law_of_attention(check_attention_weights)


def test_attention_weights_are_those_that_a_recording_holds() -> None:
    network = lively(EVERY_KIND["own"])
    traced = {one.key: one.attention_weights for one in traces(network, noise_clips(network.structure, 1))[0]}
    weights = attention_weights(network)
    assert weights.keys() == {spec.key for spec in network.structure.connections if len(spec.peers) > 1}
    for key, shares in weights.items():
        np.testing.assert_allclose(shares, traced[key], rtol=1e-6)


def test_a_single_peer_is_no_choice() -> None:
    own = EVERY_KIND["own"]
    others = {s.key: ("flow1" if s.source == "rgb1" else "rgb1",) for s in own.connections}
    structure = attending(own, "peer", others)
    assert attention_weights(lively(structure)) == {}
    assert examine_weights(lively(structure)).not_checked["uniform_attention"] == NO_CHOICE


def test_a_network_without_attention_says_that_there_was_none_to_check() -> None:
    network, clips = brightness_network(), [light_clip(number) for number in range(limits.LEAST_CLIPS)]
    reasons = examine(network, clips, window=2).not_checked
    kinds = ("saturated_factors", "constant_factors", "still_factors")
    assert {reasons[kind] for kind in kinds} == {NO_ATTENTION}
    assert {reasons[kind] for kind in ("uniform_attention", "one_hot_attention")} == {NO_CHOICE}
    assert "dead_channels" not in reasons


def attending(structure: Structure, mode: str, peers: Mapping[str, tuple[str, ...]]) -> Structure:
    """The same structure, with this attention for every connection, and the peers of each."""
    connections = (
        dataclasses.replace(spec, attention=mode, peers=peers.get(spec.key, ()))
        for spec in structure.connections
    )
    return dataclasses.replace(structure, connections=tuple(connections))


# What it does on clips


def traces(network: Network, clips: list[Example]) -> list[tuple]:
    """The connections of the recordings of clips."""
    return [_trace(network, clip).connections for clip in clips]


def _trace(network: Network, clip: Example) -> Trace:
    frames = next(iter(clip.tensors.values())).shape[2]
    as_clip = SimpleNamespace(
        tensors=clip.tensors,
        times=np.arange(frames) / 8,
        origin=None,
        remarks=(),
        person_found=None,
        moves=None,
    )
    return record(network, as_clip, window=frames)  # type: ignore[arg-type]


def test_the_spread_of_several_batches_is_that_of_all_their_values() -> None:
    values = np.random.default_rng(0).normal(3, [0.1, 2.0], (5, 4, 2))
    spread = Spread()
    for batch in (values[:2], values[2:]):
        spread.add(batch)
    np.testing.assert_allclose(spread.deviations, values.std(axis=(0, 1)))
    assert spread.overall == pytest.approx(np.sqrt(values.var(axis=(0, 1)).mean()))
    assert spread.within_clips == pytest.approx(np.sqrt(values.var(axis=1).mean()))


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_activity_is_that_of_recordings(kind: str) -> None:
    """Batches through hooks of this room, and single clips through the recorder, give the same spread."""
    check_activity_against_recordings(EVERY_KIND[kind])


def test_activity_of_self_attention_is_that_of_recordings() -> None:
    check_activity_against_recordings(attending(EVERY_KIND["own"], "self", {}))


def check_activity_against_recordings(structure: Structure) -> None:
    network = lively(structure)
    clips = noise_clips(network.structure, 3, frames=4) + noise_clips(network.structure, 2, frames=5)
    activity, recorded = measure_activity(network, clips, window=4), traces(network, clips)
    assert activity.clips == 5
    for number, spec in enumerate(network.structure.connections):
        assert (spec.key in activity.factors) == (spec.attention in ("self", "peer"))
        if spec.key in activity.factors:
            expected = FactorSpread()
            for each in recorded:
                connection = each[number]
                (start, end), frames = connection.reached, len(connection.attention_factors)
                inner = slice(start, frames - end) if 2 * (start + end) <= frames else slice(None)
                expected.add(connection.attention_factors[None, inner].astype(float))
            assert activity.factors[spec.key].overall == pytest.approx(expected.overall, rel=1e-3)
            assert activity.factors[spec.key].slope == pytest.approx(expected.slope, rel=1e-4)
            assert activity.factors[spec.key].within_clips == pytest.approx(expected.within_clips, rel=1e-3)


def test_clips_that_run_in_stretches_have_the_activity_of_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    network = lively(EVERY_KIND["own"])
    clips = noise_clips(network.structure, 2, frames=70)
    whole = measure_activity(network, clips, window=70)
    monkeypatch.setattr(stretches, "MEMORY", 1)
    parts = measure_activity(network, clips, window=70)
    for key, spread in whole.factors.items():
        assert parts.factors[key].frames == spread.frames
        assert parts.factors[key].within_clips == pytest.approx(spread.within_clips, rel=1e-4)
    for name, block in whole.blocks.items():
        np.testing.assert_allclose(parts.blocks[name].deviations, block.deviations, rtol=1e-4, atol=1e-6)


def test_blocks_that_pass_on_what_they_read_are_not_blamed_for_it() -> None:
    network = lively(EVERY_KIND["assemblenet"])
    activity = measure_activity(network, noise_clips(network.structure, 2), window=4)
    assert set(network.blocks) - set(activity.blocks) == {"object1"}


@pytest.mark.parametrize(("silent", "share"), [(0.5, 0.5), (2, 0.0)])
def test_a_channel_is_dead_relative_to_the_liveliest_of_its_block(silent: float, share: float) -> None:
    for unit in (1e-6, 1.0, 1e6):
        assert dead_share(unit * np.array([1.0, silent * limits.SILENT_CHANNEL])) == share
    assert dead_share(np.zeros(4)) == 1


KEY = "rgb1_to_mid1"


def prepared() -> tuple[Network, list[Example]]:
    network = lively(EVERY_KIND["own"])
    return network, noise_clips(network.structure, limits.LEAST_CLIPS, frames=FRAMES)


def saturate(network: Network, slope: float) -> None:
    """Give the factors of a connection this slope in all frames."""
    root = (1 - slope) ** 0.5
    dense = network.connection(KEY).attention.dense
    nn.init.constant_(dense.bias, float(torch.logit(torch.tensor((1 + root) / 2))))
    nn.init.zeros_(dense.weight)


@pytest.mark.parametrize("times", [0.5, 2])
def test_saturated_factors(times: float) -> None:
    network, clips = prepared()
    saturate(network, times * limits.SATURATED)
    places = of_kind([*examine(network, clips, window=FRAMES).findings], "saturated_factors")
    assert (KEY in places) == (times < 1)
    assert not places or places[KEY] == pytest.approx(times * limits.SATURATED, rel=1e-3)


@pytest.mark.parametrize("times", [0.5, 2])
def test_constant_factors_are_not_called_still_as_well(times: float) -> None:
    network, clips = prepared()
    dense = network.connection(KEY).attention.dense
    nn.init.constant_(dense.bias, 0.0)
    for _ in range(3):  # the sigmoid is not quite linear
        spread = measure_activity(network, clips, window=FRAMES).factors[KEY]
        dense.weight.data *= times * limits.STILL / spread.overall
    findings = [*examine(network, clips, window=FRAMES).findings]
    assert (KEY in of_kind(findings, "constant_factors")) == (times < 1)
    assert times > 1 or KEY not in of_kind(findings, "still_factors")


def test_factors_that_only_differ_between_clips_never_move_within_one() -> None:
    network, clips = prepared()
    still = [
        dataclasses.replace(
            clip, tensors={name: t[:, :, :1].repeat(1, 1, FRAMES, 1, 1) for name, t in clip.tensors.items()}
        )
        for clip in clips
    ]
    repeating = dataclasses.replace(
        network.structure,
        blocks=tuple(dataclasses.replace(b, time_padding="repeat") for b in network.structure.blocks),
    )
    copy = lively(repeating)
    copy.load_state_dict(network.state_dict())
    findings = [*examine(copy, still, window=FRAMES).findings]
    attending = {spec.key for spec in repeating.connections if spec.attending}
    assert of_kind(findings, "still_factors").keys() == attending
    assert not of_kind([*examine(copy, clips, window=FRAMES).findings], "still_factors")


def test_frames_that_padding_reaches_do_not_count_as_movement() -> None:
    """Zeros beyond the ends of a still clip move the factors near them."""
    network = lively(EVERY_KIND["own"])
    clips = noise_clips(network.structure, 2, frames=1)
    long = [Example((0,), {n: t.repeat(1, 1, 60, 1, 1) for n, t in one.tensors.items()}, "") for one in clips]
    spread = measure_activity(network, long, window=60).factors["rgb1_to_mid1"]
    every = FactorSpread()
    for each in traces(network, long):
        every.add(each[0].attention_factors[None].astype(float))
    assert spread.within_clips < 1e-5 < 1e-3 < every.within_clips


def silence(network: Network, channels: list[int]) -> None:
    norm = network.blocks["rgb1"][1][1]
    for numbers in (norm.weight, norm.bias):
        numbers.data[channels] = 0.0


@pytest.mark.parametrize(("channels", "share"), [([], 0.0), ([1], 0.25), ([0, 1, 2, 3], 1.0)])
def test_dead_channels(channels: list[int], share: float) -> None:
    network, clips = prepared()
    silence(network, channels)
    places = of_kind([*examine(network, clips, window=FRAMES).findings], "dead_channels")
    assert places.get("rgb1", 0.0) == share


# Modalities


def measured(low: float, high: float) -> SimpleNamespace:
    return SimpleNamespace(name="rgb", adjusted=Difference((low + high) / 2, (low, high), "", 200))


@pytest.mark.parametrize(
    ("low", "high", "reported", "decided"),
    [
        (-0.025, 0.02, True, True),
        (-0.1, 0.02, False, False),  # twice the limit: these clips cannot tell
        (-0.04, -0.01, False, True),  # small, but something
        (-0.3, -0.2, False, True),
        (0.01, 0.03, False, True),  # it does harm
    ],
)
def test_a_modality_changes_nothing_only_if_a_loss_is_excluded(
    low: float, high: float, *, reported: bool, decided: bool
) -> None:
    findings, why = decide([measured(low, high)])  # type: ignore[list-item]
    assert [(one.place, one.value) for one in findings] == [("rgb", max(-low, 0.0))] * reported
    assert bool(why) != decided


def test_of_two_modalities_the_one_that_the_answers_need_is_not_reported() -> None:
    network, clips = brightness_network(), [light_clip(number) for number in range(150)]
    report = examine(network, clips, window=2)
    assert {place for kind, place in found(report) if kind == "modality_without_effect"} == {"noise"}
    assert "modality_without_effect" in report.checked
    few = examine(network, clips[:30], window=2)
    assert "for noise a loss of up to" in few.not_checked["modality_without_effect"]


def test_a_network_that_is_never_right_has_nothing_to_lose() -> None:
    network = brightness_network()
    wrong = [dataclasses.replace(light_clip(n), labels=((n + 1) % 2,)) for n in range(40)]
    assert "so rarely (0.0%)" in examine(network, wrong, window=2).not_checked["modality_without_effect"]


# The report


def test_every_kind_is_either_checked_or_not_with_a_reason() -> None:
    network, clips = prepared()
    for report in (examine(network, clips[:3], window=FRAMES), examine_weights(network)):
        document = report.to_json()
        left_out = {one["kind"]: one["reason"] for one in document["not_checked"]}
        assert [kind for kind in KINDS if kind not in left_out] == document["checked"]
        assert all(left_out.values())
        for one in document["findings"]:
            assert one["limit"] == KINDS[one["kind"]].limit
            assert one["meaning"].endswith(".") and one["measure"]
    assert examine_weights(network).not_checked["dead_channels"] == NO_CLIPS
    saturate(network, limits.SATURATED / 2)
    report = examine(network, clips[:3], window=FRAMES)
    few = report.not_checked
    assert not few.keys() & {finding.kind for finding in report.findings}
    assert few["constant_factors"] == few["dead_channels"] == "too few clips (3, at least 24 needed)"


def test_a_report_leaves_the_network_as_it_was() -> None:
    network, clips = prepared()
    network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    examine(network, clips, window=FRAMES)
    assert network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert hooks(network) == 0


def hooks(network: Network) -> int:
    return sum(len(module._forward_hooks) for module in network.modules())


@pytest.mark.parametrize("error", [Failure, CancelledError])
def test_a_report_that_fails_leaves_no_hooks(error: type[Exception]) -> None:
    network, clips = prepared()

    def fail(done: int, total: int) -> None:
        assert done <= total
        if done > limits.LEAST_CLIPS:  # while modalities are swapped
            raise error("stopped")

    with pytest.raises(error):
        examine(network, clips, window=FRAMES, progress=fail)
    network.blocks["top"].register_forward_pre_hook(refuse)
    with pytest.raises(Failure):
        examine(network, clips, window=FRAMES)
    assert hooks(network) == 0


def refuse(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    raise Failure


def test_progress_ends_at_its_total() -> None:
    network, clips = prepared()
    seen: list[tuple[int, int]] = []
    examine(network, clips, window=FRAMES, progress=lambda *counts: seen.append(counts))
    assert seen == sorted(seen) and seen[-1][0] == seen[-1][1]
    assert len({total for _, total in seen}) == 1


class Unreadable:
    """Clips none of which can be read."""

    def __iter__(self) -> Iterator[Example]:
        raise PeerattnError("no clip could be read")

    def __getitem__(self, number: int) -> Example:
        raise IndexError(number)


def test_clips_that_cannot_be_read_are_an_error() -> None:
    with pytest.raises(PeerattnError, match="no clip could be read"):
        examine(prepared()[0], Unreadable(), window=FRAMES)
