"""The cost of logging the history, compared with a training step: `python -m benchmarks.history`.

Uses the structure of `actionworld` on one thread. A step is forward, backward and update on 16 clips; a log
is one call of `HistoryLog.log` that records a point.
"""

from __future__ import annotations

from itertools import count

import torch
import torch.nn.functional as F

from benchmarks.interleaved import interleaved, milliseconds, ratio
from peerattn.actionworld.clips import CLASS_NAMES
from peerattn.training.actionworld import SETTINGS, actionworld_structure
from peerattn.training.config import TrainingConfig
from peerattn.training.history_log import HistoryLog
from peerattn.training.initialisation import new_network
from peerattn.training.optimisation import build_optimiser


def main() -> None:
    torch.set_num_threads(1)
    config, structure = TrainingConfig(), actionworld_structure()
    network = new_network(structure, CLASS_NAMES, seed=0).train()
    optimiser, log, steps = build_optimiser(network, config.optimisation), HistoryLog(network), count()
    size, frames = SETTINGS.size, SETTINGS.window
    clip = {m.name: torch.randn(config.batch, m.channels, frames, size, size) for m in structure.modalities}
    labels = torch.arange(config.batch) % len(CLASS_NAMES)

    def step() -> None:
        loss = F.cross_entropy(network(clip), labels)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()

    taken = interleaved({"step": step, "log": lambda: log.log(next(steps), loss=0.5, top1=0.5)}, rounds=11)
    print(f"{len(structure.connections)} connections:", *(f"{n} {milliseconds(s)}" for n, s in taken.items()))
    percent = [100 * seconds for seconds in taken["log"]]
    print(f"log / step, in percent: {ratio(percent, taken['step'])}, when every step is logged")


if __name__ == "__main__":
    main()
