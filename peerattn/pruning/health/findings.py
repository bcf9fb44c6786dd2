"""What a health report can find: the kinds of finding, each with the sentence that says what it means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peerattn.pruning.health import limits


@dataclass(frozen=True)
class Kind:
    """A kind of finding: what it is called, what it needs, what its value is, and what it means.

    `needs` is `structure` (connection weights only), `weights` (all weights) or `clips`. `fault` is False for
    what a network may well be meant to do.
    """

    title: str
    needs: str
    limit: float
    measure: str
    meaning: str
    fault: bool = True


KINDS: Mapping[str, Kind] = {
    "at_initialisation": Kind(
        "Connection at its initial weight",
        "structure",
        limits.AT_INITIALISATION,
        "distance of the connection weight from 0.5, at most",
        "The weight is where training starts, so training has most likely not decided whether the "
        "connection is needed.",
    ),
    "dead_block": Kind(
        "Dead block",
        "structure",
        limits.CUT_OFF,
        "weakest connection weight on the best path to an output, less than",
        "Nothing it computes reaches an output; at most, others read it as a peer.",
    ),
    "starved_block": Kind(
        "Starved block",
        "structure",
        limits.CUT_OFF,
        "weakest connection weight on the best path from an input, less than",
        "Nothing of the clip reaches it, so its output is the same for every clip.",
    ),
    "uniform_attention": Kind(
        "Near-uniform attention weights",
        "weights",
        limits.UNIFORM,
        "attention weight of the strongest peer, relative to an equal share and above it, less than",
        "The connection reads the mean of its peers: training has not chosen among them.",
    ),
    "one_hot_attention": Kind(
        "One-hot attention weights",
        "weights",
        limits.ONE_HOT,
        "attention weight of all peers but the strongest together, less than",
        "The connection reads a single peer; the others could be left out, and can hardly be learned again.",
        fault=False,
    ),
    "saturated_factors": Kind(
        "Saturated attention factors",
        "clips",
        limits.SATURATED,
        "mean slope of the sigmoid, relative to its greatest, less than",
        "The factors are so close to 0 or 1 that the attention can hardly respond or learn.",
    ),
    "constant_factors": Kind(
        "Constant attention factors",
        "clips",
        limits.STILL,
        "standard deviation of the factors over all frames of all clips, less than",
        "The factors are the same for every clip: the attention acts as a fixed scale.",
    ),
    "still_factors": Kind(
        "Attention factors that never move within a clip",
        "clips",
        limits.STILL,
        "standard deviation of the factors over the frames of a clip, less than",
        "The factors differ from clip to clip but not in time: the attention does not follow the action.",
    ),
    "dead_channels": Kind(
        "Dead channels",
        "clips",
        limits.DEAD_CHANNELS,
        "share of the block's channels that never change, more than",
        "These channels are the same in every frame of every clip, so that they carry nothing.",
    ),
    "modality_without_effect": Kind(
        "Modality that changes nothing",
        "clips",
        limits.NOT_EXCLUDED_LOSS,
        "greatest loss by swapping it for another clip's that is not excluded, less than",
        "The answers on these clips do not need it; that may be right for what the network was made for.",
        fault=False,
    ),
}
"""Kind of finding → what it is."""


@dataclass(frozen=True)
class Finding:
    """One thing that was found: its kind, the block, connection or modality, and the value that was measured.

    The value is in the unit of its kind's limit; whether it lies below or above, `Kind.measure` says.
    """

    kind: str
    place: str
    value: float

    def to_json(self) -> dict[str, Any]:
        kind = KINDS[self.kind]
        numbers = {"value": self.value, "limit": kind.limit, "measure": kind.measure}
        named = {"kind": self.kind, "place": self.place}
        return {**named, **numbers, "fault": kind.fault, "meaning": kind.meaning}


@dataclass(frozen=True)
class Report:
    """What was found, in the order of `KINDS`; which kinds were looked for, and why others were not.

    `clips` is the number of clips that ran.
    """

    findings: tuple[Finding, ...]
    not_checked: Mapping[str, str]
    clips: int = 0

    @property
    def checked(self) -> tuple[str, ...]:
        """The kinds that were looked for."""
        return tuple(kind for kind in KINDS if kind not in self.not_checked)

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain data, as `health --json` writes it."""
        return {
            "n": self.clips,
            "findings": [finding.to_json() for finding in self.findings],
            "checked": list(self.checked),
            "not_checked": [{"kind": kind, "reason": why} for kind, why in self.not_checked.items()],
        }


def notes(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each kind that was found, and lines for what was checked and what was not.

    `report` is that of `Report.to_json`.
    """
    for kind in dict.fromkeys(one["kind"] for one in report["findings"]):
        known = KINDS[kind]
        not_wrong = "" if known.fault else " (not a fault)"
        yield f"{known.title}{not_wrong}: {known.measure} {known.limit:g}. {known.meaning}"
    yield f"Checked: {_titles(report['checked'])}"
    reasons: dict[str, list[str]] = {}
    for one in report["not_checked"]:
        reasons.setdefault(one["reason"], []).append(one["kind"])
    for reason, kinds in reasons.items():
        yield f"Not checked, because {reason}: {_titles(kinds)}"


def _titles(kinds: Sequence[str]) -> str:
    return ", ".join(KINDS[kind].title.lower() for kind in kinds)
