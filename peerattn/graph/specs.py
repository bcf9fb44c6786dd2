"""The parts of a structure, as plain data: modalities, blocks, connections, outputs."""

from __future__ import annotations

from dataclasses import dataclass

from peerattn.graph.answers import CLASSES, Answer


@dataclass(frozen=True)
class Modality:
    """A kind of input and what its channels mean; for `object`, channel k shows class `class_ids[k]`.

    `iterations` counts those of the representation flow layer, where the network computes this modality
    from another one instead of reading it from the clip; 0 where it is read.
    """

    name: str
    channels: int
    meanings: tuple[str, ...] = ()
    class_ids: tuple[int, ...] = ()
    iterations: int = 0


@dataclass(frozen=True)
class BlockSpec:
    """A node of the network: convolutions at one temporal dilation that produce `width` channels.

    What arrives is brought to ceil(clip size / input_reduction) pixels and to `input_width` channels,
    whichever connections exist; `attention_width` is the width to which the pooled peers of what arrives
    are projected. `reads` is what an input block computes its modality from, where that is another one.

    `inner_width` and `middle_width` are the channels inside a block whose kind leaves them open. `pooling`
    says which windows bring larger sources to size: `reduction` as wide as the ratio of the reductions, for
    any clip; `height` as the published networks do, from the heights in pixels, which fit some clips only.
    `unused_projections` name blocks whose pooled output is projected though no connection reads it, as
    published networks with self attention do: they own those weights.

    `time_padding` says what the temporal convolutions read beyond the clip's ends: `zeros`, as published, or
    with `repeat` the first and the last frame again, which only kinds of our own can do. `heads` and `over`
    (`places` or `frames`) are those of a block that attends.
    """

    id: str
    level: int
    kind: str
    width: int
    temporal_dilation: int = 1
    spatial_stride: int = 1
    repeats: int = 1
    modality: str | None = None
    reads: str | None = None
    input_reduction: int = 1
    input_width: int = 0
    attention_width: int = 0
    inner_width: int = 0
    middle_width: int = 0
    pooling: str = "reduction"
    unused_projections: tuple[str, ...] = ()
    time_padding: str = "zeros"
    heads: int = 0
    over: str = ""

    @property
    def is_input(self) -> bool:
        return self.modality is not None

    @property
    def reduction(self) -> int:
        """Clip pixels per output pixel, along each side."""
        return self.input_reduction * self.spatial_stride


@dataclass(frozen=True)
class ConnectionSpec:
    """An edge: `weight` is σ(w) at the start; with None it counts fully and no threshold removes it."""

    source: str
    target: str
    peers: tuple[str, ...] = ()
    attention: str = "none"
    weight: float | None = 0.5
    learned: bool = True

    @property
    def key(self) -> str:
        """The name of the connection in tables, checkpoints and pages."""
        return f"{self.source}_to_{self.target}"

    @property
    def attending(self) -> tuple[str, ...]:
        """The blocks that its factors come from: its peers, or with self attention its own source."""
        return (self.source,) if self.attention == "self" else self.peers

    @property
    def attention_keys(self) -> tuple[str, ...]:
        """The names of its attention connections, one for each block that attends it."""
        return tuple(f"{self.key}:{peer}" for peer in self.attending)


@dataclass(frozen=True)
class OutputSpec:
    """An output block, the head that turns its output into logits, and what it is asked.

    The head's logits are divided by `temperature`: that of calibration, where it cannot be folded into the
    head's weights.
    """

    block: str
    head: str = "classification"
    answer: Answer = CLASSES
    temperature: float = 1.0
