"""How much TF32 and bf16 would change, emulated without a GPU: `python -m benchmarks.precision [--clips N]`.

The operands of every convolution and matrix product are rounded to 10 bits of mantissa (TF32) or to 7
(bf16), and their products are summed in float32. A GPU may round and sum differently, which `benchmarks.gpu`
measures. bf16 by autocast, which also rounds the results, is the CPU's own. For each network, prints how much
this changes the logits, attention factors and contributions of clips, and how many answers on generated clips
change to another class. Published networks have random filters, so their factors stay near 0.5.
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

from benchmarks.controls import FIRST_SEED, generated, interval_text
from benchmarks.published import processor
from benchmarks.subjects import Numbers, Subject, differences, noise, numbers, shipped
from peerattn.checkpoints import checkpoint
from peerattn.data.examples import Example
from peerattn.network.network import Network
from peerattn.network.precision import precision
from peerattn.recording.predictions import predict
from peerattn.scores.intervals import share_interval

MANTISSA = 23
"""The number of bits of a float32's mantissa that are stored."""
OPERANDS = {
    torch.ops.aten.convolution.default: (0, 1),
    torch.ops.aten.mm.default: (0, 1),
    torch.ops.aten.bmm.default: (0, 1),
    torch.ops.aten.addmm.default: (1, 2),
    torch.ops.aten.baddbmm.default: (1, 2),
}
"""The operations that convolutions and matrix products decompose into → the arguments multiplied."""
SEEDS = range(FIRST_SEED, FIRST_SEED + 16)
"""Seeds of the generated clips for the bundled networks; the published ones record one clip of noise."""
SUBJECTS: dict[str, Callable[[], list[Subject]]] = {
    "actionworld": lambda: [shipped("actionworld", seed=seed) for seed in SEEDS],
    "actions14": lambda: [shipped("actions14", seed=seed) for seed in SEEDS],
    "asnp_lite": lambda: [noise("asnp_lite", frames=16, side=112)],
    "full_asnp50": lambda: [noise("full_asnp50", frames=16, side=112)],
}
TRAINED = ("actionworld", "actions14")
CLIPS = 400


def round_mantissa(numbers: Tensor, bits: int) -> Tensor:
    """Round to the nearest float32 numbers with this many bits of mantissa, ties to even."""
    dropped = MANTISSA - bits
    whole = numbers.view(torch.int32)
    odd = (whole >> dropped) & 1
    nearest = (whole + (2 ** (dropped - 1) - 1) + odd) & -(2**dropped)
    return torch.where(numbers.isfinite(), nearest.view(torch.float32), numbers)


class RoundedOperands(TorchDispatchMode):
    """Rounds the operands of convolutions and matrix products to this many bits inside the `with` block."""

    def __init__(self, bits: int) -> None:
        super().__init__()
        self.bits = bits

    def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if places := OPERANDS.get(operation):
            multiplied = {place: round_mantissa(args[place], self.bits) for place in places}
            return operation(*(multiplied.get(place, one) for place, one in enumerate(args)), **kwargs)
        with self:  # decompose composite operations, so that their parts arrive here too
            parts = operation.decompose(*args, **kwargs)
        return operation(*args, **kwargs) if parts is NotImplemented else parts


ROUNDINGS: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "TF32": partial(RoundedOperands, 10),
    "bf16": partial(RoundedOperands, 7),
    "bf16 by autocast": partial(precision, "bf16"),
}


def run_copies(
    subjects: Sequence[Subject], rounding: Callable[[], AbstractContextManager[object]]
) -> Numbers:
    """Run copies of the subjects, without a cached baseline; return the numbers of all clips together."""
    with rounding():
        copies = [subject.on(torch.device("cpu")) for subject in subjects]
        found = [numbers(one.forward(), one.record()) for one in copies]
    return {name: np.concatenate([each[name].ravel() for each in found]) for name in found[0]}


def changes_by_rounding(subjects: Sequence[Subject]) -> dict[str, list[str]]:
    """Rounding → the largest and the median change in logits, in factors and in contributions."""
    exact = run_copies(subjects, nullcontext)
    rows = {"none: greatest number": [f"{np.abs(exact[name]).max():.3g}" for name in exact]}
    for name, rounding in ROUNDINGS.items():
        found = differences(run_copies(subjects, rounding), exact).values()
        rows[name] = [f"{each.max():.1e}, {np.median(each):.1e}" for each in found]
    return rows


def answers_changed(network: Network, examples: Sequence[Example], window: int) -> dict[str, str]:
    """Rounding → how many answers change to another class, and the largest change of a probability."""
    exact = predict(network, examples, window=window).clips
    texts = {}
    for name, rounding in ROUNDINGS.items():
        with rounding():
            probabilities = predict(network, examples, window=window).clips
        differs = probabilities.argmax(axis=1) != exact.argmax(axis=1)
        bounds = share_interval(differs, np.array([example.group for example in examples]))
        texts[name] = (
            f"{differs.sum()} of {len(examples)} ({interval_text(bounds)}), probabilities by at most "
            f"{np.abs(probabilities - exact).max():.1e}"
        )
    return texts


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--clips", type=int, default=CLIPS, help="number of generated clips to answer")
    options = parser.parse_args()
    print(f"{processor()}, {torch.get_num_threads()} threads, torch {torch.__version__}\n")
    print("| network | rounding | logits: greatest, median difference | factors | contributions |")
    print("|---|---|---|---|---|")
    for name, make in SUBJECTS.items():
        for rounding, cells in changes_by_rounding(make()).items():
            print(f"| {name} | {rounding} | {' | '.join(cells)} |", flush=True)
    print("\nAnswers that change to another class:\n")
    for name in TRAINED:
        loaded = checkpoint.load(name)
        seeds, window = range(FIRST_SEED, FIRST_SEED + options.clips), loaded.settings.window
        examples = list(generated(loaded, seeds, window))
        for rounding, text in answers_changed(loaded.network, examples, window).items():
            print(f"- {name}, {rounding}: {text}", flush=True)


if __name__ == "__main__":
    main()
