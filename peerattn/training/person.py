"""The structure that reads a person: what a frozen network sees, joints, and the flow at them."""

from __future__ import annotations

from collections.abc import Sequence

from peerattn.errors import PeerattnError
from peerattn.graph.specs import BlockSpec, ConnectionSpec, OutputSpec
from peerattn.graph.structure import Structure
from peerattn.modalities.person.features import MODALITIES
from peerattn.modalities.settings import ClipSettings
from peerattn.training.config import Loss, Optimisation, Schedule, TrainingConfig
from peerattn.training.recipe import Recipe

SETTINGS = ClipSettings(window=20, frame_rate=15.0)
"""How clips of people are read."""
WIDTHS = {"rgb": 128, "flow": 64, "joints": 64}
"""Modality → the width of its input block."""
RGB, MOTION, TOP = "rgb1", ("motion1", "motion2"), "top"
RECIPE = Recipe(
    TrainingConfig(
        epochs=60,
        batch=64,
        workers=0,
        measure_every=20,
        detached=(TOP,),
        optimisation=Optimisation(rate=4e-3, weight_decay=0.05),
        schedule=Schedule(warm_up=0.2),
        loss=Loss(pressure=0.0),
    ),
    SETTINGS,
)
"""How the structure is trained; the top learns from the streams without changing them."""
READS = {
    "motion1": ("flow1", "joints1"),
    "motion2": ("flow1", "joints1", "motion1"),
    TOP: (RGB, *MOTION),
}
"""Block → the blocks that it reads."""


def person_structure(
    attention: str = "peer", modalities: Sequence[str] = tuple(WIDTHS), width: int = 64
) -> Structure:
    """Return a level graph of streams: rgb, and motion from flow and joints, joined by the block at the top.

    Each stream has a head of its own, and so has the top; trained by `RECIPE`, the streams do not learn from
    it. The answer is the mean of the heads' log-probabilities. The peers of a connection are all blocks below
    its target; but rgb is no peer within the motion stream, which would learn to answer from rgb. Raises
    PeerattnError for an unknown modality.
    """
    if unknown := set(modalities) - set(WIDTHS):
        raise PeerattnError(f"there is no modality {sorted(unknown)}: choose among {sorted(WIDTHS)}")
    inputs = [
        BlockSpec(f"{name}1", 1, "vector_input", WIDTHS[name], modality=name)
        for name in WIDTHS
        if name in modalities
    ]
    ids = [block.id for block in inputs]
    blocks, connections = list(inputs), list[ConnectionSpec]()
    for level, (target, dilation) in enumerate(zip((*MOTION, TOP), (1, 2, 1), strict=True), start=2):
        sources = [source for source in READS[target] if source in ids]
        if not sources:
            continue
        blocks.append(
            BlockSpec(
                target,
                level,
                "temporal",
                width,
                dilation,
                input_width=width,
                attention_width=width,
                time_padding="repeat",
            )
        )
        peers = [one for one in ids if target == TOP or one != RGB] if attention == "peer" else []
        connections += [ConnectionSpec(source, target, tuple(peers), attention) for source in sources]
        ids.append(target)
    outputs = [OutputSpec(block_id, "temporal") for block_id in (RGB, MOTION[-1], TOP) if block_id in ids]
    read = tuple(modality for modality in MODALITIES if modality.name in modalities)
    return Structure(tuple(blocks), tuple(connections), tuple(outputs), read, "mean_of_log_probabilities")
