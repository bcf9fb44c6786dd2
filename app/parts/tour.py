"""The guided tour: ten steps on a sample clip, each with a question; all numbers come from that clip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from app.explorer.component import Selection
from app.parts.words import percent, plain, points, points_interval
from peerattn.files.model_card import EARLIER_METHOD
from peerattn.graph.connectivity import Removal, survey, weights_by_modality
from peerattn.graph.structure import Structure
from peerattn.scores.comparison import BETTER, WORSE, Difference
from peerattn.tables.clip import reached_frames
from peerattn.traces.trace import ConnectionTrace, Trace

THRESHOLD = 0.2


@dataclass(frozen=True)
class Step:
    """One step of the tour: instructions, a question with its options, and the explanation that follows.

    `answer` is the index of the correct option. `explanation` is shown once any option has been chosen.
    `settings` are those of the explorer, including the `frame` (from 1) at which it starts. With `threshold`,
    the connections below it are shown as removed.
    """

    title: str
    instructions: str
    question: str
    options: tuple[str, ...]
    answer: int
    explanation: str
    selection: Selection | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    network: Literal["peer", "self"] = "peer"
    threshold: float = 0.0
    reveals_answer: bool = False
    """Whether removed connections and panels give the answer away, so they are hidden until it is chosen."""
    panels: bool = False


@dataclass(frozen=True)
class Gain:
    """A difference of top-1 accuracies, its 95 % interval, and the number of test clips.

    `earlier` says that the interval was computed by the earlier method.
    """

    value: float
    interval: tuple[float, float] | None
    clips: int
    earlier: bool = False

    @property
    def words(self) -> str:
        method = f", {EARLIER_METHOD}" if self.earlier else ""
        verdict = Difference(self.value, self.interval, "too few clips", self.clips).verdict
        conclusion = {BETTER: "a small gain", WORSE: "a loss"}.get(verdict, verdict)
        bounds = points_interval(self.interval, "too few clips")
        return f"{points(self.value)} points ({bounds}{method}): {conclusion}"


@dataclass(frozen=True)
class Example:
    """The traces of one clip through the network with peer attention, with self attention, and pruned."""

    label: str
    peer_trace: Trace
    self_trace: Trace
    pruned_trace: Trace
    gain: Gain
    rgb_alone: tuple[float, int]
    """Top-1 accuracy of the same recipe trained on rgb alone, and the number of test clips."""
    swapped: Mapping[str, Gain]
    """Modality → the change of accuracy if it is replaced with that of another clip."""
    unmatched: Gain
    """The change with the attention factors of another clip, minus that by random deviations as large."""


def steps(example: Example) -> tuple[Step, ...]:
    """Return the steps in order: modalities, connections, attention, self against peer, time, pruning."""
    return (
        _modalities(example),
        _levels(example.peer_trace.structure),
        _connection_weights(example.peer_trace),
        _attention_factor(example.peer_trace),
        _attention_weights(example.peer_trace),
        _needed_modalities(example),
        _self_attention(example),
        _matching_factors(example),
        _time(example.peer_trace),
        _pruning(example.peer_trace),
        _after_pruning(example),
    )


def _modalities(example: Example) -> Step:
    accuracy, count = example.rgb_alone
    return Step(
        "Three ways to see one clip",
        f"This clip shows *{plain(example.label)}*. The network reads it three times: as video frames "
        "(rgb), as optical flow (how each pixel moves) and as object maps (which object each pixel belongs "
        "to). The frame is now overlaid with flow: press play, then choose **objects** below the frame.",
        "The object being moved is camouflaged in the room's colours, and other objects move too. Which "
        "modality alone reveals the action, the object and the light?",
        ("video frames", "optical flow", "object maps", "none of them"),
        3,
        "Flow shows *that* something is pushed, the object maps show *what* things are, and only the frames "
        "show whether the lamp is lit. The frames contain everything, but most of it is hidden: trained on "
        f"rgb alone, the same recipe is right on {percent(accuracy)} of {count} test clips; chance would be "
        f"{percent(1 / len(example.peer_trace.class_names))}.",
        settings={"overlay": "flow"},
    )


def _levels(structure: Structure) -> Step:
    modalities = [modality.name for modality in structure.modalities]
    counts = {name: sum(block.modality == name for block in structure.blocks) for name in modalities}
    right = sum(counts.values())
    options = tuple(sorted({right - 2, right, right + 2, len(structure.blocks)}))
    summary = ", ".join(f"{plain(name)} {count}" for name, count in counts.items())
    return Step(
        "Blocks in levels",
        "Every mark in the graph is a *block*: a group of convolutions. Blocks are arranged in *levels*, "
        "with the inputs at the bottom, and every connection goes up. Colour and shape say which modality a "
        "block belongs to; grey ones mix several.",
        "How many of the blocks are input blocks, which read the clip itself?",
        tuple(map(str, options)),
        options.index(right),
        f"By modality: {summary}. The other {len(structure.blocks) - right} read blocks below them, through "
        f"{len(structure.connections)} connections.",
    )


def _connection_weights(trace: Trace) -> Step:
    weights = _weights(trace)
    means = {
        name: (float(np.mean(values)), len(values))
        for name, values in weights_by_modality(trace.structure, weights).items()
    }
    named = {name: means[name] for name in means if name != "mixed"}
    strongest = max(named, key=lambda name: named[name][0])
    summary = ", ".join(f"{plain(name)} {mean:.2f} (n = {count})" for name, (mean, count) in means.items())
    return Step(
        "Connections have weights",
        "The width of a connection is its *connection weight*, between 0 and 1. Training started with all of "
        "them at 0.5 and could strengthen or weaken each one. Click some connections, or go through the list "
        "next to the graph.",
        "Which modality's input blocks kept the strongest connections, on average?",
        tuple(plain(name) for name in named),
        list(named).index(strongest),
        f"Mean connection weight by source: {summary}. The network learned them by itself.",
    )


def _attention_factor(trace: Trace) -> Step:
    connection = max(
        trace.connections,
        key=lambda one: (one.connection_weight or 0) * float(np.ptp(one.mean_factor[one.inner])),
    )
    frame = connection.inner.start + int(np.argmin(connection.mean_factor[connection.inner]))
    shade = float(connection.mean_factor[frame])
    return Step(
        "Attention factors open and close channels",
        "A connection carries many channels. In every frame, each channel is multiplied by its own "
        f"*attention factor*, between 0 and 1, before it arrives. {_arrow(connection)} is pinned: its colour "
        f"in the graph is the mean of its {connection.attention_factors.shape[1]} factors.",
        f"At frame {frame + 1} that mean is {shade:.2f}. What happens to the channels of this connection?",
        (
            f"none of them arrives, because {shade:.2f} is below 0.5",
            f"on average, a channel arrives at {100 * shade:.0f} % of its strength",
            f"{100 * shade:.0f} % of the pixels arrive",
        ),
        1,
        "The factor multiplies the channel. The channels differ: in this frame the smallest factor is "
        f"{connection.attention_factors[frame].min():.2f}, the largest "
        f"{connection.attention_factors[frame].max():.2f}. The connection weight multiplies too, but is the "
        "same in every frame of every clip.",
        _pin(connection),
        {"frame": frame + 1},
    )


def _attention_weights(trace: Trace) -> Step:
    connection = most_attended_connection(trace)
    best = int(np.argmax(connection.attention_weights))
    options = _strongest_peers(connection)
    own = ": its own source and others" if connection.source in connection.peers else ""
    return Step(
        "Who decides? The peers",
        f"The factors of {_arrow(connection)} are computed from several blocks, its *peers*{own}. Each peer "
        "has an *attention weight*, and these sum to 1. The dotted arcs lead from the peers to the "
        "connection that they control.",
        "Which peer has the most influence here?",
        tuple(map(plain, options)),
        options.index(connection.peers[best]),
        f"Its attention weight is {connection.attention_weights[best]:.2f}; if all {len(connection.peers)} "
        f"peers counted equally, each would have {1 / len(connection.peers):.2f}. The weights are fixed "
        "after training. What the peers *see* changes with every frame, and with it the factors: **How a "
        "factor is computed**, below the timeline, goes through it number by number, from the pooled peers "
        "to the scaled channel.",
        _pin(connection),
        {"arcs": "true", "panel": "inside"},
        reveals_answer=True,
        panels=True,
    )


def _needed_modalities(example: Example) -> Step:
    trace = example.peer_trace
    weights = _weights(trace)
    of_modalities = weights_by_modality(trace.structure, weights)
    means = {name: float(np.mean(values)) for name, values in of_modalities.items() if name != "mixed"}
    weakest = min(means, key=lambda name: means[name])
    blocks = [block.id for block in trace.structure.blocks if block.modality == weakest]
    connection = max(
        (one for one in trace.connections if one.source in blocks),
        key=lambda one: one.connection_weight or 0.0,
    )
    loss = example.swapped[weakest]
    needed = loss.interval is not None and loss.interval[1] < 0
    others = ", ".join(f"{plain(name)} {gain.words}" for name, gain in example.swapped.items())
    return Step(
        "What is sent, and what is needed",
        f"The connections from {plain(weakest)} are the weakest: {means[weakest]:.2f} on average. The "
        f"strongest of them, {_arrow(connection)}, is pinned: its connection weight is "
        f"{weights[connection.key]:.2f}.",
        f"Suppose the {plain(weakest)} of each clip is replaced with that of another clip, and the other "
        "modalities stay. Does the network still answer as well?",
        ("yes, as far as can be measured", "no, it answers worse"),
        1 if needed else 0,
        f"Change of top-1 accuracy on {loss.clips} test clips, one modality replaced at a time: {others}. "
        "Connection weights and attention weights say what a network does, not what it needs: only replacing "
        "or removing something shows that.",
        _pin(connection),
        {"arcs": "true"},
    )


def _self_attention(example: Example) -> Step:
    connection = most_attended_connection(example.peer_trace)
    gain = example.gain
    self_connection = next(one for one in example.self_trace.connections if one.key == connection.key)
    return Step(
        "Self attention, for comparison",
        "This network has the same blocks and was trained in the same way, but with *self* attention: the "
        f"factors of a connection are computed from its own source alone. {_arrow(connection)} is pinned, "
        "as two steps ago. Its list of peers now contains only one block.",
        "Which of these is impossible with self attention?",
        (
            "change from frame to frame",
            f"let another block decide which channels of {plain(connection.source)} arrive",
            "treat channels differently",
        ),
        1,
        "The attention factor of this connection, averaged over channels and frames, is "
        f"{float(self_connection.attention_factors.mean()):.2f}, compared with "
        f"{float(connection.attention_factors.mean()):.2f} with peers. On {gain.clips} test clips peer "
        f"attention changes top-1 accuracy by {gain.words}. This number alone does not show what causes "
        "the change.",
        Selection("connection", self_connection.key),
        network="self",
    )


def _matching_factors(example: Example) -> Step:
    gain = example.unmatched
    low, high = gain.interval or (-1.0, 1.0)
    answer = 0 if high < 0 else 1 if low > 0 else 2
    said = (
        "So the network needs the factors of the clip that it sees, and not just any.",
        "So this does not show that the network needs the factors of the clip that it sees.",
        "So it is not shown that the network needs the factors of the clip that it sees.",
    )[answer]
    return Step(
        "Does attention matter?",
        "Factors that move are no proof that they matter. So suppose that every connection gets the "
        "attention factors of *another* clip, of another class. Any disturbed input can cost accuracy, so "
        "the control is a random change of the factors, which changes what every block receives just as "
        "much.",
        "Which costs more accuracy?",
        ("the factors of another clip", "the random change", "no difference can be measured"),
        answer,
        f"On {gain.clips} test clips, the change of top-1 accuracy by the factors of another clip, minus "
        f"that by the random change, is {points(gain.value)} points "
        f"({points_interval(gain.interval, 'too few clips')}). {said} Networks differ in this: the Effect "
        "screen asks each of them, under **all attention factors**.",
    )


def _time(trace: Trace) -> Step:
    ranked = sorted(trace.connections, key=lambda one: -float(one.mean_factor[one.inner].std()))
    block = ranked[0].target
    lines = [one for one in ranked if block in (one.source, one.target)]
    candidates = list({one.key: one for one in (lines[0], lines[len(lines) // 2], lines[-1])}.values())
    options = sorted(candidates, key=lambda one: one.key)
    summary = ", ".join(f"{_arrow(one)} ±{one.mean_factor[one.inner].std():.3f}" for one in candidates)
    all_counted = all(one.inner == slice(0, len(trace.times)) for one in candidates)
    counted = "frames" if all_counted else "frames that are not affected by padding beyond the clip's ends"
    return Step(
        "Attention moves with the clip",
        f"Press play and watch the graph change. Block *{plain(block)}* is pinned: the timeline shows a line "
        "for each of its connections, the mean attention factor over time. Move the pointer along the lines "
        "or use the arrow keys to move through the clip; point at a name above them to highlight its line.",
        "Which of these connections changes the most over the clip?",
        tuple(map(_arrow, options)),
        options.index(ranked[0]),
        f"Standard deviation of the mean factor over the {counted}: {summary}. The network ran over "
        "the whole clip at once. Dotted vertical lines separate its windows, the parts of this recording "
        f"over each of which the network gives an answer.{_boundary_note(trace)}",
        Selection("block", block),
        {"lines": "connections", "fit": "true"},
    )


def _pruning(trace: Trace) -> Step:
    removal = _survey(trace)
    total = len(trace.connections)
    right = len(removal.removed)
    options = tuple(sorted({right, total - right, total // 10, total - 2}))
    return Step(
        "What can be removed?",
        f"The network has {total} connections; thin lines have a low weight. Suppose we remove all "
        f"connections with a connection weight below {THRESHOLD}. Guess first; the graph shows the result "
        "afterwards.",
        "How many are removed?",
        tuple(map(str, options)),
        options.index(right),
        f"That leaves {total - right} of {total}. The removed connections are now dotted, in their old "
        f"places. {_removal_summary(removal)}",
        threshold=THRESHOLD,
        reveals_answer=True,
    )


def _after_pruning(example: Example) -> Step:
    before, after = example.peer_trace, example.pruned_trace
    best = int(before.probabilities.argmax())
    predicted = int(after.probabilities.argmax())
    same = best == predicted
    removal = _survey(before)
    return Step(
        "Is the prediction still the same?",
        f"Now the same clip runs through the network without those {len(removal.removed)} connections. "
        f"Before, it predicted *{plain(before.class_names[best])}* with probability "
        f"{percent(before.probabilities[best])}.",
        "And after pruning?",
        ("the same class", "another class"),
        0 if same else 1,
        f"It predicts *{plain(after.class_names[predicted])}* with probability "
        f"{percent(after.probabilities[predicted])}. One clip proves little: the Prune screen measures the "
        "accuracy on many clips, with its interval, at every threshold. Now try Explore with a clip of your "
        "own.",
        threshold=THRESHOLD,
    )


def _boundary_note(trace: Trace) -> str:
    """Explain the hatching, if padding affects any frame."""
    reached = reached_frames(trace.connections)
    if not reached or not any(reached):
        return ""
    return (
        " Hatched frames are affected by padding beyond the clip's ends: their numbers also depend on what "
        "the network reads there."
    )


def _weights(trace: Trace) -> dict[str, float]:
    weights = {one.key: one.connection_weight for one in trace.connections}
    return {key: weight for key, weight in weights.items() if weight is not None}


def _survey(trace: Trace) -> Removal:
    return survey(trace.structure, _weights(trace), THRESHOLD)


def _removal_summary(removal: Removal) -> str:
    """Say which modalities are lost, and which blocks remain only as peers."""
    lost, peer_only = removal.lost_modalities, removal.peer_only
    text = f"There is no longer a path from {plain(', '.join(lost))} to the output. " if lost else ""
    if peer_only:
        text += f"{plain(', '.join(peer_only))} are still computed, because attention reads them as peers."
    return text or "Every block still has a path to the output."


def _pin(connection: ConnectionTrace) -> Selection:
    return Selection("connection", connection.key)


def _arrow(connection: ConnectionTrace) -> str:
    return f"{plain(connection.source)} → {plain(connection.target)}"


def most_attended_connection(trace: Trace) -> ConnectionTrace:
    """Return the connection with the most influential peer among those that another block attends to."""
    return max(
        trace.connections,
        key=lambda one: _attention_lead(one) if _is_attended_by_another_block(trace, one) else -1,
    )


def _is_attended_by_another_block(trace: Trace, connection: ConnectionTrace) -> bool:
    """Whether the strongest peer is another block, at the level of the source or below it.

    A block at a higher level could cover the line of the connection in the graph.
    """
    level = trace.structure.block(connection.source).level
    others = [peer for peer in _strongest_peer(connection) if peer != connection.source]
    return any(trace.structure.block(peer).level <= level for peer in others)


def _strongest_peer(connection: ConnectionTrace) -> tuple[str, ...]:
    """Return the peer with the largest attention weight, if there are peers."""
    if not connection.peers:
        return ()
    return (connection.peers[int(np.argmax(connection.attention_weights))],)


def _attention_lead(connection: ConnectionTrace) -> float:
    """Return the largest attention weight times the connection weight; −1 with fewer than two peers."""
    if len(connection.peers) < 2:
        return -1.0
    return float(connection.attention_weights.max()) * (connection.connection_weight or 0.0)


def _strongest_peers(connection: ConnectionTrace) -> list[str]:
    """Return the four peers with the largest attention weights, in the order of the structure."""
    strongest = np.argsort(-connection.attention_weights, kind="stable")[:4]
    return [connection.peers[index] for index in sorted(strongest)]
