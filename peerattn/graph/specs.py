"""The parts of a structure, as plain data: modalities, blocks, connections, outputs."""

from __future__ import annotations

from dataclasses import dataclass

from peerattn.graph.answers import CLASSES, Answer, Number


@dataclass(frozen=True)
class Modality:
    """A kind of input and the meaning of its channels; for `object`, channel k shows class `class_ids[k]`.

    `iterations` is the number of iterations of the representation flow layer if the network computes this
    modality from another one, or 0 if it reads the modality from the clip. `pixels` is False for a modality
    that describes each frame by numbers without a place in the picture: its frames are 1 × 1.
    """

    name: str
    channels: int
    meanings: tuple[str, ...] = ()
    class_ids: tuple[int, ...] = ()
    iterations: int = 0
    pixels: bool = True


@dataclass(frozen=True)
class BlockSpec:
    """A node of the network: layers with one temporal dilation that produce `width` channels.

    Every input is brought to ceil(clip size / input_reduction) pixels and `input_width` channels, whichever
    connections exist. `attention_width` is the width to which the pooled peers of the incoming connections
    are projected. `reads` names the modality that an input block reads, if it computes its own modality from
    that.

    `inner_width` and `middle_width` are the channels inside a block whose kind leaves them open. `pooling`
    says how larger sources are pooled to the input size: `reduction` uses windows as wide as the ratio of the
    reductions, for any clip; `height` derives them from heights in pixels, as the published networks do,
    which fits only some clips. `unused_projections` names blocks whose pooled output is projected although no
    connection reads it: published networks with self attention own those weights.

    `time_padding` says what the temporal convolutions read beyond the ends of the clip: `zeros`, as
    published, or `repeat`, which repeats the first and last frame and is available in this package's own
    kinds only. `channels` are the first channel of its modality that an input block reads and the one after
    the last; it is empty for a block that reads all of them. `heads` and `over` (`places` or `frames`) belong
    to blocks of kind `attention`.
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
    channels: tuple[int, ...] = ()

    @property
    def is_input(self) -> bool:
        return self.modality is not None

    def count_channels(self, modality: Modality) -> int:
        """Return how many channels of this modality an input block reads."""
        return self.channels[1] - self.channels[0] if self.channels else modality.channels

    @property
    def reduction(self) -> int:
        """The number of clip pixels per output pixel, along each side."""
        return self.input_reduction * self.spatial_stride


@dataclass(frozen=True)
class ConnectionSpec:
    """A connection. `weight` is the initial σ(w); with None it always counts fully and is never pruned."""

    source: str
    target: str
    peers: tuple[str, ...] = ()
    attention: str = "none"
    weight: Number | None = 0.5
    learned: bool = True

    @property
    def key(self) -> str:
        """The name of the connection in tables, checkpoints and pages."""
        return f"{self.source}_to_{self.target}"

    @property
    def attending(self) -> tuple[str, ...]:
        """The blocks that determine its attention factors: its peers or, with self attention, its source."""
        return (self.source,) if self.attention == "self" else self.peers

    @property
    def attention_keys(self) -> tuple[str, ...]:
        """The names of its attention connections, one for each attending block."""
        return tuple(f"{self.key}:{peer}" for peer in self.attending)


@dataclass(frozen=True)
class OutputSpec:
    """An output block, the head that turns its output into logits, and the kind of answer.

    The head's logits are divided by `temperature`: the calibration temperature, where it cannot be folded
    into the head's weights.
    """

    block: str
    head: str = "classification"
    answer: Answer = CLASSES
    temperature: Number = 1.0
