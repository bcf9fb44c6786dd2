"""The strict device computes like the CPU, and rejects what CUDA rejects."""

import copy
import os
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests import strict


@pytest.fixture
def device() -> Iterator[torch.device]:
    with strict.device() as found:
        yield found


def numbers(*shape: int) -> Tensor:
    return torch.arange(np.prod(shape), dtype=torch.float32).reshape(shape)


def test_tensors_are_moved_to_and_from_the_strict_device_by_ordinary_calls(device: torch.device) -> None:
    there = numbers(2, 3).to("strict")
    assert there.device == device == there.to(device).device
    assert type(there.cpu()) is type(there.to("cpu")) is Tensor
    assert torch.equal(there.cpu(), numbers(2, 3))
    assert (there.tolist(), there.sum().item()) == (numbers(2, 3).tolist(), 15.0)
    assert f"{there.sum():.1f}" == "15.0"
    assert repr(there[0, :1]) == "tensor([0.]) on strict:0"
    assert torch.equal(torch.zeros(2, 3).copy_(there), numbers(2, 3))


def test_tensors_can_be_made_on_it(device: torch.device) -> None:
    there = numbers(3).to(device)
    made = [
        *(
            torch.zeros(3, device=device),
            torch.full((3,), 2.0, device=device),
            torch.arange(3, device=device),
        ),
        *(torch.tensor([1.0, 2.0, 3.0], device=device), torch.rand(3, device=device)),
        *(
            torch.ones_like(there),
            there.new_zeros(3),
            there.new_tensor([1.0, 2.0, 3.0]),
            torch.eye(3).to(there),
        ),
    ]
    assert {one.device for one in made} == {device}
    assert {one.shape[0] for one in made} == {3}
    assert there.new_zeros(3, device="cpu").device.type == "cpu"


def test_autocast_is_allowed_and_changes_nothing(device: torch.device) -> None:
    there = numbers(2, 3).to(device)
    with torch.autocast("strict", torch.bfloat16):
        found = F.linear(there + 0.123, there)
    assert torch.equal(found.cpu(), F.linear(numbers(2, 3) + 0.123, numbers(2, 3)))


def test_a_seed_gives_the_numbers_that_it_gives_on_the_cpu(device: torch.device) -> None:
    drawn = []
    for where in ("cpu", device):
        torch.manual_seed(3)
        drawn.append((torch.rand(4, device=where).cpu(), F.dropout(torch.ones(50, device=where)).cpu()))
    assert all(map(torch.equal, *drawn))


def test_views_share_their_numbers_and_what_is_written_in_place_stays(device: torch.device) -> None:
    there = numbers(2, 3).to(device)
    view = there.transpose(0, 1)[1:]
    assert view.add_(10) is view
    there[0, 0] = 5.0
    there[there > 13] = -1.0
    assert there.tolist() == [[5.0, 11.0, 12.0], [3.0, -1.0, -1.0]]
    assert there.unsqueeze_(0).shape == there.shape == (1, 2, 3)
    assert numbers(3, 3).to(device).t_().stride() == (1, 3)
    out = torch.empty(0, device=device)
    assert torch.add(there, 1, out=out) is out
    assert out.shape == (1, 2, 3)


def test_gradients_go_through_views_that_are_written_to(device: torch.device) -> None:
    found = []
    for where in ("cpu", device):
        leaf = numbers(2, 3).to(where).requires_grad_()
        double = leaf * 2
        double[0].mul_(3)
        double.square().sum().backward()
        found.append(leaf.grad.cpu())
    assert torch.equal(*found)


@pytest.mark.parametrize("kind", [torch.optim.AdamW, torch.optim.SGD])
def test_a_module_is_trained_and_saved_as_on_the_cpu(device: torch.device, kind: type) -> None:
    given = {"momentum": 0.9} if kind is torch.optim.SGD else {}
    here = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(inplace=True), nn.Conv2d(3, 1, 1))
    there = copy.deepcopy(here).to(device)
    for module, clip in ((here, numbers(2, 2, 5, 5) / 100), (there, numbers(2, 2, 5, 5).to(device) / 100)):
        optimiser = kind(module.parameters(), lr=0.1, **given)
        for _ in range(3):
            optimiser.zero_grad()
            module(clip).square().mean().backward()
            nn.utils.clip_grad_norm_(module.parameters(), 1.0)
            optimiser.step()
    state = {name: tensor.cpu() for name, tensor in there.state_dict().items()}
    assert all(torch.equal(tensor, state[name]) for name, tensor in here.state_dict().items())
    other = copy.deepcopy(there)
    nn.init.zeros_(other[0].weight)
    other.load_state_dict(here.state_dict())
    assert torch.equal(other[0].weight.cpu(), there[0].weight.cpu())
    assert {tensor.device for tensor in other.state_dict().values()} == {device}
    assert other.double()(numbers(1, 2, 5, 5).to(device).double()).dtype is torch.float64


def test_inference_mode_is_what_it_is_on_the_cpu(device: torch.device) -> None:
    there, module = numbers(2, 3).to(device), nn.Linear(3, 4).to(device)
    with torch.inference_mode():
        made = module(there)
        assert there.to(device) is there
        assert there.transpose(0, 1).shape == (3, 2)
        resized = F.interpolate(there[None, None], scale_factor=2.0, mode="bilinear")
    assert made.is_inference()
    assert not there.is_inference()
    assert torch.equal(resized.cpu(), F.interpolate(numbers(1, 1, 2, 3), scale_factor=2.0, mode="bilinear"))


@pytest.mark.parametrize(
    "mixed",
    [
        lambda there: there + numbers(2, 3),
        lambda there: numbers(2, 3) * there,
        lambda there: there @ numbers(3, 2),
        lambda there: torch.cat([there, numbers(2, 3)]),
        lambda there: torch.stack([there.sum(), torch.tensor(1.0)]),
        lambda there: torch.where(there > 2, there, numbers(2, 3)),
        lambda there: nn.Linear(3, 4)(there),
        lambda there: F.cross_entropy(there, torch.tensor([0, 1]).to(there.device), weight=torch.ones(3)),
        lambda there: numbers(2, 3)[there > 2],
        lambda there: torch.tensor(1.0).add_(there.sum()),
        lambda there: there.normal_(generator=torch.Generator()),
    ],
)
def test_devices_are_not_mixed(device: torch.device, mixed: Callable[[Tensor], Tensor]) -> None:
    with pytest.raises(RuntimeError, match="expected"):
        mixed(numbers(2, 3).to(device))


@pytest.mark.parametrize(
    "taken",
    [
        lambda there: there + torch.tensor(1.0),
        lambda there: torch.where(there > 2, there, torch.tensor(0.0)),
        lambda there: there[torch.tensor([1, 0])],
        lambda there: there.masked_fill(there > 2, torch.tensor(0.0)),
    ],
)
def test_scalars_and_indices_may_be_on_the_cpu(
    device: torch.device, taken: Callable[[Tensor], Tensor]
) -> None:
    assert torch.equal(taken(numbers(2, 3).to(device)).cpu(), taken(numbers(2, 3)))


def test_only_tensors_on_the_cpu_can_become_numpy_arrays(device: torch.device) -> None:
    there = numbers(2, 3).to(device)
    for asked in (there.numpy, lambda: np.asarray(there), lambda: np.concatenate([there])):
        with pytest.raises(TypeError, match=r"use Tensor.cpu\(\) first"):
            asked()
    assert there.cpu().numpy().shape == (2, 3)


def test_a_forked_process_cannot_use_it(device: torch.device, monkeypatch: pytest.MonkeyPatch) -> None:
    there = numbers(2, 3).to(device)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    for asked in (lambda: there + 1, lambda: torch.zeros(3, device=device)):
        with pytest.raises(RuntimeError, match="forked process"):
            asked()
