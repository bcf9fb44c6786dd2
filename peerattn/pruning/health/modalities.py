"""The check of modalities: which of them a network does without, by swapping each for another clip's."""

from __future__ import annotations

from collections.abc import Sequence

from peerattn.errors import CancelledError, PeerattnError
from peerattn.network.network import Network
from peerattn.pruning.health.findings import Finding
from peerattn.pruning.health.limits import NOT_EXCLUDED_LOSS
from peerattn.recording.donors import LabelledClips
from peerattn.recording.effects import Effect, Effects, effects
from peerattn.recording.stretches import Progress
from peerattn.scores.comparison import SAME
from peerattn.scores.kinds import headline


def check_modalities(
    network: Network, examples: LabelledClips, *, window: int, progress: Progress | None = None
) -> tuple[list[Finding], str]:
    """Return the modalities that change nothing, and why this could not be checked, or an empty string.

    A modality changes nothing if the interval that holds for all modalities at once includes no difference,
    and excludes a loss of `NOT_EXCLUDED_LOSS`. `progress(done, total)` counts clips read and run, and may
    raise to cancel.
    """
    try:
        measured = effects(network, examples, of="modality", how="swap", window=window, progress=progress)
    except CancelledError:
        raise
    except PeerattnError as error:
        return [], str(error)
    if why := _no_test(measured):
        return [], why
    return decide(measured.effects)


def decide(measured: Sequence[Effect]) -> tuple[list[Finding], str]:
    """Return the modalities that change nothing, and in words those for which the clips are too few."""
    findings, undecided = [], []
    for one in measured:
        if one.adjusted.verdict != SAME or one.adjusted.interval is None:
            continue
        loss = max(-one.adjusted.interval[0], 0.0)
        if loss < NOT_EXCLUDED_LOSS:
            findings.append(Finding("modality_without_effect", one.name, loss))
        else:
            undecided.append(f"for {one.name} {one.adjusted.not_excluded}")
    return findings, f"{', '.join(undecided)}: give more clips" if undecided else ""


def _no_test(measured: Effects) -> str:
    """Say why no modality can be tested on these clips; empty if they can."""
    score = headline(measured.before)
    if score.interval is None:
        return f"{score.remark}: give more clips"
    if score.interval[0] < NOT_EXCLUDED_LOSS:
        least = f"{100 * NOT_EXCLUDED_LOSS:g} points"
        return f"the network is right so rarely ({score.value:.1%}) that it has hardly {least} to lose"
    return ""
