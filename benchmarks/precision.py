"""What TF32 and bf16 would move, worked out without a GPU: `python -m benchmarks.precision [--clips N]`.

The operands of every convolution and matrix product are rounded to 10 bits of mantissa (TF32) or to 7 (bf16),
their products added up in float32. A GPU may round and add in other ways, which `benchmarks.gpu` measures.
bf16 by autocast, which also rounds what comes out, is the CPU's own. Of each network: how far that moves the
logits, attention factors and contributions of clips; and how many answers on generated clips become another
class. Published networks have random filters, so that their factors stay near 0.5.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks.controls import FIRST_SEED, generated, held
from benchmarks.published import processor
from benchmarks.subjects import Numbers, Subject, differences, noise, numbers, shipped
from peerattn.checkpoints import checkpoint
from peerattn.data.examples import Example
from peerattn.network.network import Network
from peerattn.network.precision import precision
from peerattn.recording.predictions import predict
from peerattn.scores.intervals import share_interval

MANTISSA = 23
"""Bits of a float32 that are stored after the point."""
OPERANDS = {
    torch.ops.aten.convolution.default: (0, 1),
    torch.ops.aten.mm.default: (0, 1),
    torch.ops.aten.bmm.default: (0, 1),
    torch.ops.aten.addmm.default: (1, 2),
    torch.ops.aten.baddbmm.default: (1, 2),
}
"""What all convolutions and matrix products come down to, and which of its arguments are multiplied."""
SEEDS = range(FIRST_SEED, FIRST_SEED + 16)
"""Of the generated clips that the shipped networks record; the published ones record one clip of noise."""
SUBJECTS: dict[str, Callable[[], list[Subject]]] = {
    "actionworld": lambda: [shipped("actionworld", seed=seed) for seed in SEEDS],
    "actions14": lambda: [shipped("actions14", seed=seed) for seed in SEEDS],
    "asnp_lite": lambda: [noise("asnp_lite", frames=16, side=112)],
    "full_asnp50": lambda: [noise("full_asnp50", frames=16, side=112)],
}
TRAINED = ("actionworld", "actions14")
CLIPS = 400


def rounded(numbers: Tensor, bits: int) -> Tensor:
    """The nearest float32 numbers with so many bits of mantissa; of two as near, the even one."""
    dropped = MANTISSA - bits
    whole = numbers.view(torch.int32)
    odd = (whole >> dropped) & 1
    nearest = (whole + (2 ** (dropped - 1) - 1) + odd) & -(2**dropped)
    return torch.where(numbers.isfinite(), nearest.view(torch.float32), numbers)


class RoundedOperands(TorchDispatchMode):
    """Inside the `with` block, convolutions and matrix products multiply numbers of so many bits."""

    def __init__(self, bits: int) -> None:
        super().__init__()
        self.bits = bits

    def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if places := OPERANDS.get(operation):
            multiplied = {place: rounded(args[place], self.bits) for place in places}
            return operation(*(multiplied.get(place, one) for place, one in enumerate(args)), **kwargs)
        with self:  # what consists of other operations, as these
            parts = operation.decompose(*args, **kwargs)
        return operation(*args, **kwargs) if parts is NotImplemented else parts


ROUNDINGS: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "TF32": partial(RoundedOperands, 10),
    "bf16": partial(RoundedOperands, 7),
    "bf16 by autocast": partial(precision, "bf16"),
}


def given(subjects: Sequence[Subject], rounding: Callable[[], AbstractContextManager[object]]) -> Numbers:
    """What copies give, which have not kept a baseline yet: of all clips together."""
    with rounding():
        copies = [subject.on(torch.device("cpu")) for subject in subjects]
        found = [numbers(one.forward(), one.record()) for one in copies]
    return {name: np.concatenate([each[name].ravel() for each in found]) for name in found[0]}


def moved(subjects: Sequence[Subject]) -> dict[str, list[str]]:
    """Rounding → of logits, factors and contributions: the greatest and the median difference it makes."""
    exact = given(subjects, nullcontext)
    rows = {"none: greatest number": [f"{np.abs(exact[name]).max():.3g}" for name in exact]}
    for name, rounding in ROUNDINGS.items():
        found = differences(given(subjects, rounding), exact).values()
        rows[name] = [f"{each.max():.1e}, {np.median(each):.1e}" for each in found]
    return rows


def changed(network: Network, examples: Sequence[Example], window: int) -> dict[str, str]:
    """Rounding → how many answers become another class, and how far a probability moves at most."""
    exact = predict(network, examples, window=window).clips
    said = {}
    for name, rounding in ROUNDINGS.items():
        with rounding():
            found = predict(network, examples, window=window).clips
        others = found.argmax(axis=1) != exact.argmax(axis=1)
        bounds = share_interval(others, np.array([example.group for example in examples]))
        said[name] = (
            f"{others.sum()} of {len(examples)} ({held(bounds)}), probabilities by at most "
            f"{np.abs(found - exact).max():.1e}"
        )
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--clips", type=int, default=CLIPS, help="generated clips to ask for answers")
    options = parser.parse_args()
    print(f"{processor()}, {torch.get_num_threads()} threads, torch {torch.__version__}\n")
    print("| network | rounding | logits: greatest, median difference | factors | contributions |")
    print("|---|---|---|---|---|")
    for name, make in SUBJECTS.items():
        for rounding, cells in moved(make()).items():
            print(f"| {name} | {rounding} | {' | '.join(cells)} |", flush=True)
    print("\nAnswers that become another class:\n")
    for name in TRAINED:
        loaded = checkpoint.load(name)
        seeds, window = range(FIRST_SEED, FIRST_SEED + options.clips), loaded.settings.window
        examples = list(generated(loaded, seeds, window))
        for rounding, said in changed(loaded.network, examples, window).items():
            print(f"- {name}, {rounding}: {said}", flush=True)


if __name__ == "__main__":
    main()
