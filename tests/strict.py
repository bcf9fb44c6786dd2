"""A second device in the CPU's memory, as strict as CUDA about mixing devices and forgetting `.cpu()`.

    with strict.device() as device:
        network.to(device)(clip.to(device)).cpu()

The CPU computes its numbers, so they equal the CPU's to the bit. It rejects what CUDA rejects: tensors of
both devices in one operation (except a single number where CUDA accepts one), `.numpy()`, a generator of the
CPU, and any work in a forked process. It does not emulate CUDA's rounding (autocast changes nothing here),
its speed or its memory.

It is torch's PrivateUse1 device, whose backend may be written in Python: a tensor on it is a `StrictTensor`,
which wraps the CPU tensor with the numbers. Once registered, the device exists for the rest of the process;
code that does not use it is not affected.
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
"""Operations that copy from one device to another."""
INDEXING = {"aten::index.Tensor", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_"}
"""Operations whose second argument, the indices, may be on the CPU."""
FILLING = {"aten::fill_.Tensor", "aten::masked_fill.Tensor", "aten::masked_fill_.Tensor"}
"""Operations that accept a single number from the CPU, in addition to the pointwise ones."""


@contextmanager
def device() -> Iterator[torch.device]:
    """Register and yield the device. Backward passes inside the `with` block run in the calling thread.

    Otherwise autograd runs the backward passes of each device in a separate thread. It creates these threads
    in the first backward pass of a process: if that pass ran on the CPU, there is none for this device.
    """
    _register()
    with torch.autograd.set_multithreading_enabled(False):
        yield torch.device(STRICT, 0)


class StrictTensor(torch.Tensor):
    """A tensor on the strict device; `on_cpu` is the CPU tensor with which it shares its numbers."""

    on_cpu: Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def of(on_cpu: Tensor) -> StrictTensor:
        """Return a tensor on the device with the numbers of this CPU tensor."""
        with torch.inference_mode(on_cpu.is_inference()):
            made = torch.Tensor._make_wrapper_subclass(
                StrictTensor,
                on_cpu.shape,
                strides=on_cpu.stride(),
                storage_offset=on_cpu.storage_offset(),
                dtype=on_cpu.dtype,
                device=torch.device(STRICT, 0),
            )
        made.on_cpu = on_cpu
        return made

    @classmethod
    def __torch_dispatch__(cls, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation with a tensor of this device: on the CPU, if CUDA would accept it."""
        kwargs = kwargs or {}
        if _is_composite(operation):  # composite operations arrive here in inference mode only
            with (
                torch.overrides.enable_reentrant_dispatch()
            ):  # run its parts as if they had been called directly
                return operation._op_dk(DispatchKey.CompositeImplicitAutograd, *args, **kwargs)
        _check_process()
        _check_devices(operation, args, kwargs)
        result = operation(
            *_unwrap(args), **{name: _unwrap(one) for name, one in _cpu_arguments(kwargs).items()}
        )
        written = _written(operation, args, kwargs)
        for one in written:
            if isinstance(one, StrictTensor) and _layout(one) != _layout(one.on_cpu):
                one.data = StrictTensor.of(one.on_cpu)
        if operation._schema.returns and _returns_written(operation):
            return written[0] if len(written) == 1 else tuple(written)
        return result if _is_for_other_device(kwargs) else _each(StrictTensor.of, result)

    @property
    def data(self) -> Tensor:
        return self.detach()

    @data.setter
    def data(self, value: StrictTensor) -> None:
        torch.Tensor.data.__set__(self, value)
        self.on_cpu = value.on_cpu

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
    """Apply `change` to a tensor or to each tensor in a list; return anything else unchanged."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, list | tuple):
        return type(value)([_each(change, one) for one in value])
    return value


def _layout(tensor: Tensor) -> tuple[tuple[int, ...], ...]:
    return tuple(tensor.shape), tensor.stride()


def _unwrap(value: Any) -> Any:
    return _each(lambda tensor: tensor.on_cpu if isinstance(tensor, StrictTensor) else tensor, value)


def _parts(value: Any) -> Iterator[Any]:
    """The items of a list, recursively; any other value itself."""
    if isinstance(value, list | tuple):
        for one in value:
            yield from _parts(one)
    else:
        yield value


def _is_for_other_device(kwargs: Mapping[str, Any]) -> bool:
    """Whether the result is requested on another device."""
    return kwargs.get("device") is not None and torch.device(kwargs["device"]).type != STRICT


def _cpu_arguments(kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same arguments for the wrapped tensors, which are on the CPU."""
    stays = kwargs.get("device") is not None and not _is_for_other_device(kwargs)
    return {**kwargs, "device": torch.device(CPU)} if stays else kwargs


def _written(operation: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
    """The arguments that an operation writes to."""
    arguments = dict(enumerate(args)) | dict(kwargs)
    return [arguments[key] for key in _written_keys(operation) if key in arguments]


@cache
def _written_keys(operation: Any) -> tuple[int | str, ...]:
    """Their positions, or the names of keyword-only arguments."""
    arguments = enumerate(operation._schema.arguments)
    return tuple(
        one.name if one.kwarg_only else place
        for place, one in arguments
        if one.alias_info and one.alias_info.is_write
    )


@cache
def _is_composite(operation: Any) -> bool:
    return torch._C._dispatch_has_kernel_for_dispatch_key(
        operation.name(), DispatchKey.CompositeImplicitAutograd
    )


@cache
def _returns_written(operation: Any) -> bool:
    """Whether an operation returns the arguments that it writes to (in place, or with `out`)."""
    return all(one.alias_info and one.alias_info.is_write for one in operation._schema.returns)


def _check_process() -> None:
    """Raises RuntimeError in a process forked from the one that registered the device."""
    if os.getpid() != _PROCESS:
        raise RuntimeError(f"{STRICT} cannot be used in a forked process")


_PROCESS = os.getpid()


def _check_devices(operation: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Raises RuntimeError if an operation gets a generator of the CPU, or tensors of both devices."""
    name = operation.name()
    if name in BETWEEN_DEVICES:
        return
    read = (*args[:1], *args[2:]) if name in INDEXING else args
    arguments = list(_parts([*read, *kwargs.values()]))
    if any(isinstance(one, torch.Generator) for one in arguments):
        raise RuntimeError(f"{name}: expected a generator of {STRICT}, found one of the CPU")
    elsewhere = [one for one in arguments if isinstance(one, Tensor) and not isinstance(one, StrictTensor)]
    if torch.Tag.pointwise in operation.tags or name in INDEXING | FILLING:
        written = {id(one) for one in _written(operation, args, kwargs)}
        elsewhere = [one for one in elsewhere if one.ndim or not one.is_cpu or id(one) in written]
    if elsewhere:
        raise RuntimeError(f"{name}: expected all tensors on {STRICT}, found one on {elsewhere[0].device}")


@cache
def _register() -> tuple[torch.library.Library, ...]:
    """Register the device: its name, and the operations that run on it without a tensor of it as argument."""
    _setup_privateuseone_for_python_backend(STRICT)
    module: Any = torch.get_device_module(STRICT)
    module.get_amp_supported_dtype = lambda: [torch.bfloat16, torch.float16]
    library = torch.library.Library("aten", "IMPL")
    library.impl("empty.memory_format", _empty, "PrivateUse1")
    library.impl("empty_strided", _empty_strided, "PrivateUse1")
    library.impl("_copy_from", _copy_from, "PrivateUse1")
    every = torch.library.Library("_", "IMPL")
    every.fallback(torch.library.fallthrough_kernel, "AutocastPrivateUse1")
    return library, every  # keep references: deleting a library removes what it registered


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
    """Called by torch when it makes a tensor of Python numbers on the device."""
    _unwrap(target).copy_(_unwrap(source))
    return target
