"""The cost of generating a clip, compared with a training step on it: `python -m benchmarks.training_step`.

Both run on one thread and are given per clip: drawing the clip and computing its optical flow, compared with
forward, backward and update.
"""

from __future__ import annotations

import cv2
import torch
import torch.nn.functional as F

from benchmarks.interleaved import interleaved, milliseconds, ratio
from peerattn.actionworld.clips import CLASS_NAMES, generate
from peerattn.data.generated import GeneratedExamples, collate
from peerattn.modalities.flow import optical_flow
from peerattn.network.network import Network
from peerattn.training.actionworld import SETTINGS, actionworld_structure
from peerattn.training.config import TrainingConfig
from peerattn.training.optimisation import parameter_groups


def main() -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    structure, config = actionworld_structure(), TrainingConfig()
    network = Network(structure, CLASS_NAMES).train()
    optimiser = torch.optim.AdamW(parameter_groups(network, config.optimisation))
    examples = GeneratedExamples(
        config.batch, CLASS_NAMES, modalities=structure.read_modalities, settings=SETTINGS
    )
    clip, labels = collate(list(examples))
    worlds = [generate(seed) for seed in range(config.batch)]
    seeds = iter(range(10**6, 10**7))

    def step() -> None:
        loss = F.cross_entropy(network(clip), labels)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()

    tasks = {
        "step": step,
        "draw": lambda: [generate(next(seeds)) for _ in range(config.batch)],
        "flow": lambda: [optical_flow(world.images, SETTINGS.flow) for world in worlds],
    }
    taken = {
        name: [s / config.batch for s in seconds] for name, seconds in interleaved(tasks, rounds=11).items()
    }
    print("per clip:", ", ".join(f"{name} {milliseconds(seconds)}" for name, seconds in taken.items()))
    print(f"draw / step: {ratio(taken['draw'], taken['step'])}")
    print(f"flow / step: {ratio(taken['flow'], taken['step'])}")


if __name__ == "__main__":
    main()
