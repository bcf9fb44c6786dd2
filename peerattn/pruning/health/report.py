"""The health report of a trained network, or of a structure whose filters do not exist or are random."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from operator import length_hint

from peerattn.graph.structure import Structure
from peerattn.network.network import Network
from peerattn.network.unwrapping import unwrap
from peerattn.pruning.health.activity import NO_ATTENTION, check_activity, measure_activity
from peerattn.pruning.health.choice import NO_CHOICE, attention_weights, check_attention_weights
from peerattn.pruning.health.findings import KINDS, Finding, Report
from peerattn.pruning.health.limits import LEAST_CLIPS
from peerattn.pruning.health.modalities import check_modalities
from peerattn.pruning.health.structural import Weights, check_structure
from peerattn.recording.donors import LabelledClips
from peerattn.recording.stretches import Progress

UNTRAINED = "there are no trained filters"
NO_CLIPS = "no clips were run"


def examine_structure(structure: Structure, weights: Weights) -> Report:
    """Return the report of a structure without trained filters: its graph and connection weights only."""
    findings = check_structure(structure, weights)
    left_out = {kind: UNTRAINED for kind, known in KINDS.items() if known.needs != "structure"}
    return Report(_in_order(findings), left_out)


def examine_weights(network: Network, *, no_clips: str = NO_CLIPS) -> Report:
    """Return the report of a trained network without clips, for the reason `no_clips`."""
    network = unwrap(network)
    choices = attention_weights(network)
    findings = check_structure(network.structure, network.connection_weights())
    findings += check_attention_weights(choices)
    left_out = {} if choices else dict.fromkeys(("uniform_attention", "one_hot_attention"), NO_CHOICE)
    left_out |= {kind: no_clips for kind, known in KINDS.items() if known.needs == "clips"}
    return Report(_in_order(findings), left_out)


def examine(
    network: Network, examples: LabelledClips, *, window: int, progress: Progress | None = None
) -> Report:
    """Return the report of a trained network, on labelled clips over whose windows its heads answer.

    Clips run once for activity; then they are read, run as they are, and run once for each modality.
    `progress(done, total)` counts clips read and run, and may raise to cancel. Raises PeerattnError if no
    clip can be read.
    """
    network, clips = unwrap(network), length_hint(examples)
    rounds = 3 + len(network.structure.modalities)

    def report_progress(before: int, done: int, _: int) -> None:
        if progress:
            progress(before + done, max(rounds * clips, before + done))

    still = examine_weights(network)
    activity = measure_activity(network, examples, window=window, progress=partial(report_progress, 0))
    left_out = _left_out(activity.clips, any_attention=bool(activity.factors))
    active = check_activity(activity) if activity.clips >= LEAST_CLIPS else []
    tested, why = check_modalities(
        network, examples, window=window, progress=partial(report_progress, activity.clips)
    )
    reasons = {kind: reason for kind, reason in still.not_checked.items() if KINDS[kind].needs != "clips"}
    reasons |= left_out | ({"modality_without_effect": why} if why else {})
    return Report(_in_order([*still.findings, *active, *tested]), reasons, activity.clips)


def _left_out(clips: int, *, any_attention: bool) -> dict[str, str]:
    """Return the kinds about activity that cannot be decided, each with the reason."""
    factors = ("saturated_factors", "constant_factors", "still_factors")
    if clips < LEAST_CLIPS:
        few = f"too few clips ({clips}, at least {LEAST_CLIPS} needed)"
        return dict.fromkeys((*factors, "dead_channels"), few)
    return {} if any_attention else dict.fromkeys(factors, NO_ATTENTION)


def _in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings in the order of their kinds."""
    kinds = list(KINDS)
    return tuple(sorted(findings, key=lambda finding: kinds.index(finding.kind)))
