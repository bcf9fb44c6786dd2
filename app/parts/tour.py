"""The guided tour: ten steps on a shipped clip. Each asks before it tells; every number is the clip's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

THRESHOLD = 0.4


@dataclass(frozen=True)
class Step:
    """`look` says what to look at; `told` what is shown once one of the `options` was chosen.

    `settings` are those of the explorer, and the `frame` (from 1) at which it starts.
    """

    title: str
    look: str
    question: str
    options: tuple[str, ...]
    answer: int
    told: str
    selection: Selection | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    network: Literal["peer", "self"] = "peer"
    threshold: float = 0.0
    revealing: bool = False
    """The picture gives the answer away: what the threshold removes, and the panels, come with it."""
    panels: bool = False


@dataclass(frozen=True)
class Gain:
    """Top-1 with peer minus with self attention, its 95 % interval, and the number of test clips.

    `earlier`: the interval is by the earlier method.
    """

    value: float
    interval: tuple[float, float] | None
    clips: int
    earlier: bool = False

    @property
    def words(self) -> str:
        by = f", {EARLIER_METHOD}" if self.earlier else ""
        verdict = Difference(self.value, self.interval, "too few clips", self.clips).verdict
        told = {BETTER: "a small gain", WORSE: "a loss"}.get(verdict, verdict)
        return f"{points(self.value)} points ({points_interval(self.interval, 'too few clips')}{by}): {told}"


@dataclass(frozen=True)
class Example:
    """The same clip through the network with peer attention, with self attention, and pruned."""

    label: str
    peer: Trace
    own: Trace
    pruned: Trace
    gain: Gain
    rgb_alone: tuple[float, int]
    """Top-1 of the same recipe on rgb alone, and the number of test clips."""


def steps(example: Example) -> tuple[Step, ...]:
    """The tour in order: modalities, connections, attention, self against peer, time, pruning."""
    return (
        _modalities(example),
        _levels(example.peer.structure),
        _connection_weights(example.peer),
        _attention_factor(example.peer),
        _attention_weights(example.peer),
        _peers_without_a_voice(example.peer),
        _self_attention(example),
        _time(example.peer),
        _pruning(example.peer),
        _after_pruning(example),
    )


def _modalities(example: Example) -> Step:
    accuracy, count = example.rgb_alone
    return Step(
        "Three ways to see one clip",
        f"This clip shows *{plain(example.label)}*. The network reads it three times: as video frames "
        "(rgb), as optical flow, which says where every point moves, and as object maps, which say what "
        "every point belongs to. Flow lies over the frame now: press play, then choose **objects** below "
        "the frame.",
        "The figure wears the colours of the room, and other things move too. Which modality alone gives "
        "the action and the object away?",
        ("video frames", "optical flow", "object maps", "none of them"),
        3,
        "Flow shows *that* something is pushed, the object maps show *what* things are, and the frames "
        f"hold both, hidden. Trained on rgb alone, the same recipe is right on {percent(accuracy)} of "
        f"{count} test clips; chance would be {percent(1 / len(example.peer.class_names))}.",
        settings={"overlay": "flow"},
    )


def _levels(structure: Structure) -> Step:
    modalities = [modality.name for modality in structure.modalities]
    counts = {name: sum(block.modality == name for block in structure.blocks) for name in modalities}
    right = sum(counts.values())
    options = tuple(sorted({right - 2, right, right + 2, len(structure.blocks)}))
    said = ", ".join(f"{plain(name)} {count}" for name, count in counts.items())
    return Step(
        "Blocks in levels",
        "Every mark in the graph is a *block*: a group of convolutions. Blocks stand in *levels*, the "
        "inputs at the bottom, and every connection goes up. Colour and shape say which modality a block "
        "belongs to; grey ones mix several.",
        "How many blocks are input blocks, which read the clip itself?",
        tuple(map(str, options)),
        options.index(right),
        f"By modality: {said}. The {len(structure.blocks) - right} others read blocks below them, through "
        f"{len(structure.connections)} connections.",
    )


def _connection_weights(trace: Trace) -> Step:
    weights = _weights(trace)
    means = {
        name: (float(np.mean(found)), len(found))
        for name, found in weights_by_modality(trace.structure, weights).items()
    }
    named = {name: means[name] for name in means if name != "mixed"}
    strongest = max(named, key=lambda name: named[name][0])
    said = ", ".join(f"{plain(name)} {mean:.2f} (n = {count})" for name, (mean, count) in means.items())
    return Step(
        "Connections have weights",
        "The width of a connection is its *connection weight*, between 0 and 1. Training began with all at "
        "0.5 and was free to strengthen or starve each of them. Click some connections, or walk through "
        "the list beside the graph.",
        "Which modality's input blocks kept the strongest connections, on average?",
        tuple(plain(name) for name in named),
        list(named).index(strongest),
        f"Mean connection weight by source: {said}. The network learned for itself what to listen to.",
    )


def _attention_factor(trace: Trace) -> Step:
    connection = max(
        trace.connections, key=lambda one: (one.connection_weight or 0) * float(np.ptp(one.shade[one.inner]))
    )
    frame = connection.inner.start + int(np.argmin(connection.shade[connection.inner]))
    shade = float(connection.shade[frame])
    return Step(
        "Attention factors open and close channels",
        "A connection carries many channels. Before they arrive, each is multiplied by its own *attention "
        f"factor*, between 0 and 1, anew in every frame. {_arrow(connection)} is pinned: its colour in the "
        f"graph is the mean of its {connection.attention_factors.shape[1]} factors.",
        f"At frame {frame + 1} that mean is {shade:.2f}. What becomes of what the connection carries?",
        (
            f"nothing of it arrives, because {shade:.2f} is below 0.5",
            f"on average a channel arrives at {100 * shade:.0f} % of its strength",
            f"{100 * shade:.0f} % of the pixels arrive",
        ),
        1,
        "It multiplies. The channels differ: at this frame the least factor is "
        f"{connection.attention_factors[frame].min():.2f}, the greatest "
        f"{connection.attention_factors[frame].max():.2f}. The connection weight multiplies as well, but is "
        "the same in every frame of every clip.",
        _pin(connection),
        {"frame": frame + 1},
    )


def _attention_weights(trace: Trace) -> Step:
    connection = _gated(trace)
    best = int(np.argmax(connection.attention_weights))
    options = _candidates(connection)
    return Step(
        "Who decides? The peers",
        f"The factors of {_arrow(connection)} are computed from *other* blocks, its peers. Each peer has an "
        "*attention weight*; together they sum to 1. The dotted arcs lead from the peers to the connection "
        "they gate.",
        "Which peer has most to say here?",
        tuple(map(plain, options)),
        options.index(connection.peers[best]),
        f"It has {connection.attention_weights[best]:.2f} of 1; if all {len(connection.peers)} counted "
        f"alike, each would have {1 / len(connection.peers):.2f}. The weights are learned once. What the "
        "peers *see* changes with every frame, and with it the factors: **Inside one factor**, below the "
        "timeline, goes through it number by number, from the pooled peers to the scaled channel.",
        _pin(connection),
        {"arcs": "true", "panel": "inside"},
        revealing=True,
        panels=True,
    )


def _peers_without_a_voice(trace: Trace) -> Step:
    weights = weights_by_modality(trace.structure, _weights(trace))
    means = {name: float(np.mean(found)) for name, found in weights.items() if name != "mixed"}
    faint = min(means, key=lambda name: means[name])
    blocks = [block.id for block in trace.structure.blocks if block.modality == faint]
    gated = max(
        (one for one in trace.connections if one.source not in blocks),
        key=lambda one: _share(one, blocks) * (one.connection_weight or 0.0),
    )
    share = _share(gated, blocks)
    return Step(
        "Heard, or only asked",
        f"The connections that leave {plain(faint)} are the weakest: {means[faint]:.2f} on average. Hardly "
        f"anything of {plain(faint)} is *added* to the blocks above. Look at {_arrow(gated)}, which starts "
        f"elsewhere and has a weight of {gated.connection_weight or 1:.2f}.",
        f"Does {plain(faint)} still decide something there?",
        ("no: its connections are too weak", "yes: as a peer", "only in the first frame"),
        1,
        f"Of the attention on {_arrow(gated)}, {100 * share:.0f} % belongs to {plain(faint)}. A block can "
        "matter by what it sends, or by what it lets others send. Nothing but the attention weights shows "
        "the second.",
        _pin(gated),
        {"arcs": "true"},
    )


def _self_attention(example: Example) -> Step:
    connection = _gated(example.peer)
    gain = example.gain
    own = next(one for one in example.own.connections if one.key == connection.key)
    return Step(
        "Self attention, for comparison",
        "This is the sister network with *self* attention: same blocks, same training, but the factors of "
        f"a connection come from its own source alone. {_arrow(connection)} is pinned, as two steps ago; "
        "its list of peers has one name now.",
        "What can self attention not do, by its construction?",
        (
            "change from frame to frame",
            f"let another block decide what of {plain(connection.source)} arrives",
            "treat channels differently",
        ),
        1,
        f"Here the mean factor is {float(own.attention_factors.mean()):.2f}, with peers it is "
        f"{float(connection.attention_factors.mean()):.2f}. On {gain.clips} test clips peer "
        f"attention changes top-1 accuracy by {gain.words}, and one number would not show where it comes "
        "from.",
        Selection("connection", own.key),
        network="self",
    )


def _time(trace: Trace) -> Step:
    ranked = sorted(trace.connections, key=lambda one: -float(one.shade[one.inner].std()))
    fed = ranked[0].target
    drawn = [one for one in ranked if fed in (one.source, one.target)]
    chosen = list({one.key: one for one in (drawn[0], drawn[len(drawn) // 2], drawn[-1])}.values())
    options = sorted(chosen, key=lambda one: one.key)
    said = ", ".join(f"{_arrow(one)} ±{one.shade[one.inner].std():.3f}" for one in chosen)
    all_counted = all(one.inner == slice(0, len(trace.times)) for one in chosen)
    counted = "frames" if all_counted else "frames that no end of the clip reaches"
    return Step(
        "Attention moves with the clip",
        f"Press play and watch the graph breathe. Block *{plain(fed)}* is pinned: the timeline draws its "
        "connections as lines, each the mean attention factor over time. Move the pointer along the lines "
        "to look ahead, or walk with the arrow keys; point at a name above them to make its line stand out.",
        "Which of these connections changes most over the clip?",
        tuple(map(_arrow, options)),
        options.index(ranked[0]),
        f"Standard deviation of the mean factor over the {counted}: {said}. The network ran over "
        "the whole clip at once; dotted verticals part its windows, stretches of that one recording over "
        f"each of which an answer is taken.{_ends(trace)}",
        Selection("block", fed),
        {"lines": "connections", "fit": "true"},
    )


def _pruning(trace: Trace) -> Step:
    removal = _survey(trace)
    total = len(trace.connections)
    right = len(removal.removed)
    options = tuple(sorted({right, total - right, total // 10, total - 2}))
    return Step(
        "What can go?",
        f"The network has {total} connections; thin lines are those of little weight. Suppose all whose "
        f"connection weight is below {THRESHOLD} are removed. Guess first: the graph shows it afterwards.",
        "How many go?",
        tuple(map(str, options)),
        options.index(right),
        f"That leaves {total - right} of {total}. What went is dotted now, and nothing moved. "
        f"{_dies(removal)}",
        threshold=THRESHOLD,
        revealing=True,
    )


def _after_pruning(example: Example) -> Step:
    before, after = example.peer, example.pruned
    best = int(before.probabilities.argmax())
    then = int(after.probabilities.argmax())
    same = best == then
    removal = _survey(before)
    return Step(
        "Does it still know?",
        f"The same clip through the network without those {len(removal.removed)} connections. Before, it "
        f"said *{plain(before.class_names[best])}* with probability {percent(before.probabilities[best])}.",
        "And after?",
        ("the same class", "another class"),
        0 if same else 1,
        f"It says *{plain(after.class_names[then])}* with probability {percent(after.probabilities[then])}. "
        "One clip proves little: the Prune screen measures the accuracy on many, with its interval, at "
        "every threshold. Explore is yours now: bring a clip of your own.",
        threshold=THRESHOLD,
    )


def _ends(trace: Trace) -> str:
    """What the hatching means, where the clip has frames that an end reaches."""
    reached = reached_frames(trace.connections)
    if not reached or not any(reached):
        return ""
    return (
        " Hatched are frames that an end of the clip reaches: what lies beyond it is not part of the clip, "
        "and it decides these numbers too."
    )


def _weights(trace: Trace) -> dict[str, float]:
    found = {one.key: one.connection_weight for one in trace.connections}
    return {key: weight for key, weight in found.items() if weight is not None}


def _survey(trace: Trace) -> Removal:
    return survey(trace.structure, _weights(trace), THRESHOLD)


def _dies(removal: Removal) -> str:
    """What the removal does to whole modalities and blocks."""
    lost, asked = removal.lost_modalities, removal.peer_only
    said = f"No path leads from {plain(', '.join(lost))} to the output any more. " if lost else ""
    if asked:
        said += f"{plain(', '.join(asked))} are still computed, because attention asks them."
    return said or "Every block still has a path to the output."


def _pin(connection: ConnectionTrace) -> Selection:
    return Selection("connection", connection.key)


def _arrow(connection: ConnectionTrace) -> str:
    return f"{plain(connection.source)} → {plain(connection.target)}"


def _gated(trace: Trace) -> ConnectionTrace:
    """The connection on which a peer from aside has most to say."""
    return max(trace.connections, key=lambda one: _lead(one) if _gated_from_aside(trace, one) else -1)


def _gated_from_aside(trace: Trace, connection: ConnectionTrace) -> bool:
    """Whether its strongest peer is another block, which does not stand in the way of its line."""
    level = trace.structure.block(connection.source).level
    others = [peer for peer in _leader(connection) if peer != connection.source]
    return any(trace.structure.block(peer).level <= level for peer in others)


def _leader(connection: ConnectionTrace) -> tuple[str, ...]:
    """The peer of the greatest attention weight, if there are peers."""
    if not connection.peers:
        return ()
    return (connection.peers[int(np.argmax(connection.attention_weights))],)


def _lead(connection: ConnectionTrace) -> float:
    """How far the greatest attention weight stands above uniform, for a connection that carries something."""
    if len(connection.peers) < 2:
        return -1.0
    return float(connection.attention_weights.max()) * (connection.connection_weight or 0.0)


def _share(connection: ConnectionTrace, blocks: Sequence[str]) -> float:
    """The attention weight that these blocks have together."""
    pairs = zip(connection.peers, connection.attention_weights, strict=True)
    return float(sum(weight for peer, weight in pairs if peer in blocks))


def _candidates(connection: ConnectionTrace) -> list[str]:
    """The four peers of the greatest attention weights, in the order of the structure."""
    strongest = np.argsort(-connection.attention_weights, kind="stable")[:4]
    return [connection.peers[index] for index in sorted(strongest)]
