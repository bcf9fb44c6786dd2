"""A second device in the CPU's memory, as strict as CUDA: what mixes devices or forgets `.cpu()` raises.

    with strict.device() as device:
        network.to(device)(clip.to(device)).cpu()

The CPU computes its numbers, so they are the CPU's to the bit. It refuses what CUDA refuses: tensors of both
devices in one operation (but for a single number, where CUDA takes one), `.numpy()`, a generator of the CPU,
and any work in a forked process. It does not show what CUDA rounds (autocast changes nothing here), how fast
it is, or how much it holds.

It is torch's PrivateUse1 device, whose backend may be written in Python: a tensor on it is a `StrictTensor`,
which wraps the CPU tensor that holds the numbers. Once made, the device stays for the rest of the process;
whoever does not name it meets nothing of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch._C import DispatchKey
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

CPU, STRICT = "cpu", "strict"
BETWEEN_DEVICES = {"aten::_to_copy", "aten::copy_"}
"""Operations that are there to go from one device to another."""
INDEXING = {"aten::index.Tensor", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_"}
"""Operations whose second argument, the indices, may lie on the CPU."""
FILLING = {"aten::fill_.Tensor", "aten::masked_fill.Tensor", "aten::masked_fill_.Tensor"}
"""Operations that take a single number from the CPU, beside those that go element by element."""


@contextmanager
def device() -> Iterator[torch.device]:
    """The device. Backward passes inside the `with` block run in its own thread.

    Otherwise autograd runs those of each device in a thread of their own. It makes these threads in the first
    backward pass of a process: where that was one on the CPU, none for this device.
    """
    _register()
    with torch.autograd.set_multithreading_enabled(False):
        yield torch.device(STRICT, 0)


class StrictTensor(torch.Tensor):
    """A tensor on the strict device; `held` is the CPU tensor with its numbers, which it shares."""

    held: Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def of(held: Tensor) -> StrictTensor:
        """The tensor on the device with these numbers."""
        with torch.inference_mode(held.is_inference()):
            made = torch.Tensor._make_wrapper_subclass(
                StrictTensor,
                held.shape,
                strides=held.stride(),
                storage_offset=held.storage_offset(),
                dtype=held.dtype,
                device=torch.device(STRICT, 0),
            )
        made.held = held
        return made

    @classmethod
    def __torch_dispatch__(cls, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Runs an operation that was given a tensor of this device: on the CPU, if CUDA would run it."""
        kwargs = kwargs or {}
        if _consists_of_others(operation):  # only in inference mode do these arrive here
            with torch.overrides.enable_reentrant_dispatch():  # the others as if they had been called at once
                return operation._op_dk(DispatchKey.CompositeImplicitAutograd, *args, **kwargs)
        _check_process()
        _check_devices(operation, args, kwargs)
        result = operation(*_held(args), **{name: _held(one) for name, one in _on_cpu(kwargs).items()})
        written = _written(operation, args, kwargs)
        for one in written:
            if isinstance(one, StrictTensor) and _layout(one) != _layout(one.held):
                one.data = StrictTensor.of(one.held)
        if operation._schema.returns and _gives_back(operation):
            return written[0] if len(written) == 1 else tuple(written)
        return result if _goes_away(kwargs) else _each(StrictTensor.of, result)

    @property
    def data(self) -> Tensor:
        return self.detach()

    @data.setter
    def data(self, value: StrictTensor) -> None:
        torch.Tensor.data.__set__(self, value)
        self.held = value.held

    def numpy(self, *, force: bool = False) -> Any:
        if not force:
            raise TypeError(f"can't convert {self.device} tensor to numpy: use Tensor.cpu() first")
        return self.detach().cpu().numpy()

    def tolist(self) -> Any:
        return self.cpu().tolist()

    def __repr__(self, **_: Any) -> str:
        return f"{self.cpu()!r} on {self.device}"

    def __format__(self, how: str) -> str:
        return format(self.cpu(), how)


def _each(change: Callable[[Tensor], Tensor], value: Any) -> Any:
    """A tensor changed, or each tensor in a list; anything else as it is."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, list | tuple):
        return type(value)([_each(change, one) for one in value])
    return value


def _layout(tensor: Tensor) -> tuple[tuple[int, ...], ...]:
    return tuple(tensor.shape), tensor.stride()


def _held(value: Any) -> Any:
    return _each(lambda tensor: tensor.held if isinstance(tensor, StrictTensor) else tensor, value)


def _parts(value: Any) -> Iterator[Any]:
    """What a value consists of: what is in it if it is a list, else itself."""
    if isinstance(value, list | tuple):
        for one in value:
            yield from _parts(one)
    else:
        yield value


def _goes_away(kwargs: Mapping[str, Any]) -> bool:
    """Whether the result is asked for on another device."""
    return kwargs.get("device") is not None and torch.device(kwargs["device"]).type != STRICT


def _on_cpu(kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same arguments for the tensors held, which lie on the CPU."""
    stays = kwargs.get("device") is not None and not _goes_away(kwargs)
    return {**kwargs, "device": torch.device(CPU)} if stays else kwargs


def _written(operation: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
    """The arguments that an operation writes to."""
    given = dict(enumerate(args)) | dict(kwargs)
    return [given[key] for key in _written_keys(operation) if key in given]


@cache
def _written_keys(operation: Any) -> tuple[int | str, ...]:
    """Their places, or their names where they have no place."""
    arguments = enumerate(operation._schema.arguments)
    return tuple(
        one.name if one.kwarg_only else place
        for place, one in arguments
        if one.alias_info and one.alias_info.is_write
    )


@cache
def _consists_of_others(operation: Any) -> bool:
    return torch._C._dispatch_has_kernel_for_dispatch_key(
        operation.name(), DispatchKey.CompositeImplicitAutograd
    )


@cache
def _gives_back(operation: Any) -> bool:
    """Whether an operation returns what it writes to: one in place, or with `out`."""
    return all(one.alias_info and one.alias_info.is_write for one in operation._schema.returns)


def _check_process() -> None:
    """Raises in a process that was forked from the one that made the device."""
    if os.getpid() != _PROCESS:
        raise RuntimeError(f"{STRICT} cannot be used in a forked process")


_PROCESS = os.getpid()


def _check_devices(operation: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Raises where an operation is given a generator of the CPU, or tensors of both devices."""
    name = operation.name()
    if name in BETWEEN_DEVICES:
        return
    read = (*args[:1], *args[2:]) if name in INDEXING else args
    given = list(_parts([*read, *kwargs.values()]))
    if any(isinstance(one, torch.Generator) for one in given):
        raise RuntimeError(f"{name}: expected a generator of {STRICT}, found one of the CPU")
    elsewhere = [one for one in given if isinstance(one, Tensor) and not isinstance(one, StrictTensor)]
    if torch.Tag.pointwise in operation.tags or name in INDEXING | FILLING:
        written = {id(one) for one in _written(operation, args, kwargs)}
        elsewhere = [one for one in elsewhere if one.ndim or not one.is_cpu or id(one) in written]
    if elsewhere:
        raise RuntimeError(f"{name}: expected all tensors on {STRICT}, found one on {elsewhere[0].device}")


@cache
def _register() -> tuple[torch.library.Library, ...]:
    """Makes the device: its name, and what runs on it without being given a tensor that lies there."""
    _setup_privateuseone_for_python_backend(STRICT)
    module: Any = torch.get_device_module(STRICT)
    module.get_amp_supported_dtype = lambda: [torch.bfloat16, torch.float16]
    library = torch.library.Library("aten", "IMPL")
    library.impl("empty.memory_format", _empty, "PrivateUse1")
    library.impl("empty_strided", _empty_strided, "PrivateUse1")
    library.impl("_copy_from", _copy_from, "PrivateUse1")
    every = torch.library.Library("_", "IMPL")
    every.fallback(torch.library.fallthrough_kernel, "AutocastPrivateUse1")
    return library, every  # kept, since what they registered goes with them


def _empty(
    size: Sequence[int],
    *,
    dtype: torch.dtype | None = None,
    layout: torch.layout | None = None,
    device: torch.device | None = None,
    pin_memory: bool | None = None,
    memory_format: torch.memory_format | None = None,
) -> Tensor:
    _check_process()
    layout_in_memory = memory_format or torch.contiguous_format
    return StrictTensor.of(torch.empty(size, dtype=dtype, memory_format=layout_in_memory))


def _empty_strided(
    size: Sequence[int],
    stride: Sequence[int],
    *,
    dtype: torch.dtype | None = None,
    layout: torch.layout | None = None,
    device: torch.device | None = None,
    pin_memory: bool | None = None,
) -> Tensor:
    _check_process()
    return StrictTensor.of(torch.empty_strided(size, stride, dtype=dtype))


def _copy_from(source: Tensor, target: Tensor, non_blocking: bool = False) -> Tensor:
    """What torch calls where it makes a tensor of Python numbers on the device."""
    _held(target).copy_(_held(source))
    return target
