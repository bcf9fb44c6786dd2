"""Rounding to fewer bits of mantissa, and passes whose operands are rounded."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks import precision as benchmark
from benchmarks.precision import RoundedOperands, answers_changed, changes_by_rounding, round_mantissa
from peerattn.data.examples import Example
from tests.benchmarks.test_gpu import small_subject
from tests.peerattn.graph.test_connectivity import hand_made
from tests.strategies import lively, tensors


def every_kind_of_number() -> Tensor:
    """Random bits: every sign and size, infinities and NaNs; and the edge cases."""
    bits = torch.randint(-(2**31), 2**31, (100_000,), generator=torch.Generator().manual_seed(0))
    edges = torch.tensor([0.0, -0.0, torch.inf, -torch.inf, torch.nan, 3.4028235e38, 1e-45, 1.17549435e-38])
    return torch.cat([bits.to(torch.int32).view(torch.float32), edges])


def test_rounding_to_seven_bits_equals_bf16() -> None:
    numbers = every_kind_of_number()
    result, expected = round_mantissa(numbers, 7), numbers.bfloat16().float()
    assert torch.equal(result.nan_to_num(1.0), expected.nan_to_num(1.0))
    assert torch.equal(result.isnan(), expected.isnan())


def test_ten_bits_are_those_of_half_precision_where_its_range_is_enough() -> None:
    numbers = torch.randn(100_000, generator=torch.Generator().manual_seed(0))
    numbers = numbers[numbers.abs() > 2**-14]
    assert torch.equal(round_mantissa(numbers, 10), numbers.half().float())


@pytest.mark.parametrize(
    ("number", "nearest"),
    [
        (1 + 2**-10, 1 + 2**-10),
        (1 + 2**-11, 1.0),  # as near to 1 + 2**-10, whose last bit is odd
        (1 + 3 * 2**-11, 1 + 2**-9),
        (1 + 2**-11 + 2**-23, 1 + 2**-10),
        (-1 - 2**-11, -1.0),
        (2 - 2**-23, 2.0),
        (0.1, 0.0999755859375),
    ],
)
def test_ties_go_to_the_even_number(number: float, nearest: float) -> None:
    (result,) = round_mantissa(torch.tensor([number]), 10)
    assert result == torch.tensor(nearest)


PRODUCTS = {
    "linear": (F.linear, (2, 3, 5), (4, 5)),
    "matmul": (torch.matmul, (2, 3, 5), (2, 5, 4)),
    "einsum": (lambda one, other: torch.einsum("p,pbta->bta", one, other), (3,), (3, 2, 4, 5)),
    "conv2d": (F.conv2d, (2, 3, 6, 6), (4, 3, 3, 3)),
    "conv3d": (F.conv3d, (2, 3, 4, 6, 6), (4, 3, 2, 3, 3)),
}


@pytest.mark.parametrize("inference", [True, False])
@pytest.mark.parametrize("name", PRODUCTS)
def test_products_are_of_rounded_operands(name: str, inference: bool) -> None:
    multiply, *shapes = PRODUCTS[name]
    random = torch.Generator().manual_seed(0)
    one, other = (torch.randn(shape, generator=random) for shape in shapes)
    with torch.inference_mode(inference), torch.no_grad():
        expected = multiply(round_mantissa(one, 10), round_mantissa(other, 10))
        exact = multiply(one, other)
        with RoundedOperands(10):
            result = multiply(one, other)
        assert torch.equal(multiply(one, other), exact)
    assert torch.equal(result, expected) and not torch.equal(result, exact)


def test_sums_are_not_rounded() -> None:
    one, other, added = torch.ones(1, 1), torch.ones(1, 1), torch.tensor([2**-20])
    with RoundedOperands(10), torch.inference_mode():
        assert F.linear(one, other, added).item() == 1 + 2**-20


def test_a_pass_is_the_same_to_the_bit_where_nothing_is_rounded(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = small_subject()
    expected = subject.forward()
    with RoundedOperands(10):
        assert (subject.forward() != expected).any()
    monkeypatch.setattr(benchmark, "round_mantissa", lambda numbers, bits: numbers)
    with RoundedOperands(10):
        assert (subject.forward() == expected).all()


def test_the_table_has_a_row_for_each_rounding_and_bf16_moves_more_than_tf32() -> None:
    rows = changes_by_rounding([small_subject(), small_subject()])
    assert list(rows) == ["none: greatest number", "TF32", "bf16", "bf16 by autocast"]
    greatest = {name: float(cells[0].split(",")[0]) for name, cells in rows.items()}
    assert 0 < 4 * greatest["TF32"] < greatest["bf16"] < greatest["none: greatest number"]
    assert all(len(cells) == 3 for cells in rows.values())


def test_answers_that_change_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    network = lively(hand_made())
    examples = [Example((0,), tensors(network.structure, frames=4, seed=n), str(n)) for n in range(5)]
    texts = answers_changed(network, examples, 4)
    assert all(" of 5 (" in text for text in texts.values())
    monkeypatch.setattr(benchmark, "round_mantissa", lambda numbers, bits: -numbers.sign())
    assert not answers_changed(network, examples, 4)["TF32"].endswith("at most 0.0e+00")
