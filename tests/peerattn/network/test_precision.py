"""The precision of a device: how it is set and recorded; and devices that fail."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from peerattn.cli.console import float_precision
from peerattn.errors import PeerattnError
from peerattn.network.network import Network
from peerattn.network.precision import apply_precision, precision, precision_on
from peerattn.recording.recorder import record
from peerattn.traces.trace import ComputedBy, Trace
from tests.peerattn.recording.test_recorder import clip_of, three_modes

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
SETTINGS = (torch.backends.cudnn.conv, torch.backends.cuda.matmul)


def allowed() -> list[str]:
    """The precisions that torch allows CUDA's convolutions and matrix products."""
    return [setting.fp32_precision for setting in SETTINGS]


def test_passes_are_exact_by_default_and_torch_s_settings_are_restored() -> None:
    before = allowed()
    with apply_precision(CUDA):
        assert allowed() == ["ieee", "ieee"]
    with precision("tf32"), apply_precision(CUDA):
        assert allowed() == ["tf32", "tf32"]
        assert precision_on(CUDA) == "tf32"
        assert precision_on(CPU) == "float32"
    with pytest.raises(ZeroDivisionError), precision("tf32"), apply_precision(CUDA):
        _ = 1 / 0
    assert allowed() == before
    assert precision_on(CUDA) == "float32"


def test_a_tf32_pass_is_exact_while_an_exact_pass_runs() -> None:
    before = allowed()
    exact, rounding = apply_precision(CUDA), apply_precision(CUDA)
    exact.__enter__()
    with precision("tf32"):
        rounding.__enter__()
    assert allowed() == ["ieee", "ieee"]
    exact.__exit__(None, None, None)  # in whatever order they end
    assert allowed() == ["tf32", "tf32"]
    rounding.__exit__(None, None, None)
    assert allowed() == before


def test_the_precision_of_one_thread_does_not_affect_others() -> None:
    with precision("tf32"), ThreadPoolExecutor(1) as other:
        assert other.submit(precision_on, CUDA).result() == "float32"


def test_a_precision_that_does_not_exist_is_refused() -> None:
    with pytest.raises(PeerattnError, match="'half' is none of float32, tf32, bf16"), precision("half"):
        pass


def test_a_trace_says_what_computed_it_and_its_file_does_too() -> None:
    network = three_modes()
    clip = clip_of(network.structure)
    trace = record(network, clip, window=3)
    assert trace.computed_by == ComputedBy("eager", "cpu", "float32", torch.get_num_threads())
    assert Trace.from_json(trace.to_json()).computed_by == trace.computed_by
    old = dataclasses.replace(trace, computed_by=None)
    assert "computed_by" not in old.to_json()
    assert Trace.from_json(old.to_json()).computed_by is None
    with precision("bf16"):
        rounded = record(network, clip, window=3)
    assert rounded.computed_by is not None and rounded.computed_by.precision == "bf16"
    error = np.abs(rounded.probabilities - trace.probabilities).max()
    assert 0 < error < 0.05
    assert record(network, clip, window=3).to_json() == trace.to_json()  # the baseline kept is not bf16's


@pytest.mark.parametrize("threads", [0, "two", True])
def test_a_trace_with_an_invalid_precision_is_refused(threads: object) -> None:
    network = three_modes()
    text = record(network, clip_of(network.structure), window=3).to_json()
    said = f'"threads":{torch.get_num_threads()}'
    assert said in text
    wrong = text.replace(said, f'"threads":{str(threads).lower() if threads is True else repr(threads)}')
    with pytest.raises(PeerattnError, match="cannot be read"):
        Trace.from_json(wrong.replace("'", '"'))


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "memory is full"),
        (
            torch.AcceleratorError("CUDA error: unspecified launch failure\nmore"),
            "unspecified launch failure",
        ),
    ],
)
def test_a_device_that_fails_is_one_line_and_the_next_try_works(
    monkeypatch: pytest.MonkeyPatch, failure: Exception, said: str
) -> None:
    network = three_modes()
    clip = clip_of(network.structure)
    expected = record(network, clip, window=3).to_json()

    def fail(*_: object, **__: object) -> None:
        raise failure

    with monkeypatch.context() as patched, pytest.raises(PeerattnError, match=said) as refused:
        patched.setattr(Network, "run", fail)
        record(network, clip, window=3)
    assert "\n" not in str(refused.value)
    assert record(network, clip, window=3).to_json() == expected


def test_fast_allows_tf32_and_nothing_else() -> None:
    for fast, there in ((False, "float32"), (True, "tf32")):
        with float_precision(fast):
            assert (precision_on(CUDA), precision_on(CPU)) == (there, "float32")
    assert precision_on(CUDA) == "float32"
