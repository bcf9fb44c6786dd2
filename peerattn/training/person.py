"""The structure that reads a person: what a frozen network sees, their joints, and the flow at them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from peerattn.errors import PeerattnError
from peerattn.graph.specs import BlockSpec, ConnectionSpec, OutputSpec
from peerattn.graph.structure import Structure
from peerattn.modalities.person.features import MODALITIES
from peerattn.modalities.pretrained.efficientnet import POOLED_WIDTH
from peerattn.modalities.settings import ClipSettings
from peerattn.training.config import Loss, Optimisation, Schedule, TrainingConfig
from peerattn.training.recipe import Recipe

SETTINGS = ClipSettings(window=20, frame_rate=15.0)
"""How clips of people are read."""
WIDTH = 64
SHAPE: dict[str, Any] = {"input_width": WIDTH, "attention_width": WIDTH, "time_padding": "repeat"}


def _frozen_input(block_id: str, first: int) -> BlockSpec:
    """Return an input block that passes on the features of one of the two pictures that rgb describes."""
    channels = (first, first + POOLED_WIDTH)
    return BlockSpec(block_id, 1, "standardised_input", POOLED_WIDTH, modality="rgb", channels=channels)


INPUTS = (
    _frozen_input("scene1", 0),
    _frozen_input("person1", POOLED_WIDTH),
    BlockSpec("flow1", 1, "vector_input", WIDTH, modality="flow"),
    BlockSpec("joints1", 1, "vector_input", WIDTH, modality="joints"),
)
"""The input blocks: what is seen in the whole picture and around the person, motion, and posture."""
MOTION = tuple(
    BlockSpec(f"{name}{level}", level, "temporal", WIDTH, dilation, **SHAPE)
    for level in (2, 3)
    for name, dilation in (("fast", 1), ("slow", 2))
)
"""The blocks that read flow, joints and the motion blocks of lower levels, over short and longer times."""
TOP = BlockSpec("top", 4, "temporal", WIDTH, 1, **SHAPE)
"""The block that joins the streams."""
HEADS = ("scene1", "person1", "fast3", "slow3", "top")
"""The blocks with heads of their own."""
NAMES = tuple(modality.name for modality in MODALITIES)

RECIPE = Recipe(
    TrainingConfig(
        epochs=40,
        batch=64,
        workers=0,
        measure_every=20,
        detached=("top",),
        closed_form=("scene1", "person1"),
        optimisation=Optimisation(rate=4e-3, weight_decay=0.05),
        schedule=Schedule(warm_up=0.2),
        loss=Loss(label_smoothing=0.15, pressure=0.0),
    ),
    SETTINGS,
)
"""How the structure is trained; the top learns from the streams without changing them."""


def person_structure(attention: str = "peer", modalities: Sequence[str] = NAMES) -> Structure:
    """Return a level graph of streams: scene, person, and two of motion, joined by the block at the top.

    Each stream has a head of its own, and so has the top; trained by `RECIPE`, the streams do not learn from
    it. The heads of scene and person are linear and fitted in closed form. The answer is the mean of the
    heads' log-probabilities. The peers of a connection are all blocks below its target that the target may
    read: rgb is no peer within the motion streams, which would learn to answer from rgb. Raises PeerattnError
    for an unknown modality.
    """
    if unknown := set(modalities) - set(NAMES):
        raise PeerattnError(f"there is no modality {sorted(unknown)}: choose among {sorted(NAMES)}")
    blocks = [block for block in INPUTS if block.modality in modalities]
    motion = [block for block in blocks if block.modality != "rgb"]
    connections = list[ConnectionSpec]()
    for target in MOTION if motion else ():
        below = [block for block in motion if block.level < target.level]
        connections += _connected(below, target, below, attention)
        motion.append(target)
    blocks = [*dict.fromkeys([*blocks, *motion])]
    connections += _connected([block for block in blocks if block.id in HEADS], TOP, blocks, attention)
    blocks.append(TOP)
    outputs = [OutputSpec(block.id, "temporal") for block in blocks if block.id in HEADS]
    read = [modality for modality in MODALITIES if modality.name in modalities]
    combination = "mean_of_log_probabilities"
    return Structure(tuple(blocks), tuple(connections), tuple(outputs), tuple(read), combination)


def _connected(
    sources: Sequence[BlockSpec], target: BlockSpec, peers: Sequence[BlockSpec], attention: str
) -> list[ConnectionSpec]:
    attending = tuple(peer.id for peer in peers) if attention == "peer" else ()
    return [ConnectionSpec(source.id, target.id, attending, attention) for source in sources]
