"""What the commands share: devices, progress on stderr, results on stdout, and the one line of a refusal."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from peerattn.errors import PeerattnError

if TYPE_CHECKING:
    import torch
    from rich.console import Group
    from rich.table import Table

REFUSED = 2
"""The exit code of a refused input."""
USAGE_ERROR: Any = typer.BadParameter.__bases__[0]
"""What typer raises for a wrong option: click's UsageError, or the copy of it that newer versions carry."""


class Device(StrEnum):
    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class Objects(StrEnum):
    true = "true"
    estimated = "estimated"


DeviceOption = Annotated[Device, typer.Option(help="Where to run.")]
FastOption = Annotated[
    bool, typer.Option("--fast", help="Let CUDA round to TF32: faster, and factors may differ by 0.002.")
]
JsonOption = Annotated[str | None, typer.Option("--json", help="Write JSON to FILE, or to stdout for '-'.")]


def chosen_device(device: Device) -> torch.device:
    """The device to run on; raises PeerattnError when CUDA is asked for and absent."""
    import torch

    available = torch.cuda.is_available()
    if device is Device.cuda and not available:
        raise PeerattnError("this machine has no CUDA device that torch can use: choose --device cpu")
    return torch.device("cuda" if available and device is not Device.cpu else "cpu")


def allowed_precision(fast: bool) -> AbstractContextManager[None]:
    """What is computed inside the `with` block is exact to float32, or may be rounded where that is fast."""
    from peerattn.network.precision import precision

    return precision("tf32" if fast else "float32")


@contextmanager
def refusals() -> Iterator[None]:
    """A refused input ends the program with one plain line; Ctrl-C with another."""
    try:
        yield
    except PeerattnError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        raise SystemExit(REFUSED) from None
    except USAGE_ERROR as error:
        print(f"{' '.join(error.format_message().split())} (--help shows the rest)", file=sys.stderr)
        raise SystemExit(REFUSED) from None
    except _torch_error("OutOfMemoryError"):
        print("the device's memory is full: give a smaller --batch, or --device cpu", file=sys.stderr)
        raise SystemExit(REFUSED) from None
    except _torch_error("AcceleratorError") as error:
        said = str(error).partition("\n")[0]
        print(f"the device failed ({said}): try again, or --device cpu", file=sys.stderr)
        raise SystemExit(REFUSED) from None
    except OSError as error:
        print(f"{error.filename or 'a file'}: {error.strerror or error}", file=sys.stderr)
        raise SystemExit(REFUSED) from None
    except KeyboardInterrupt:
        print("cancelled", file=sys.stderr)
        raise SystemExit(130) from None


def _torch_error(name: str) -> tuple[type[BaseException], ...]:
    """An exception of torch: none, where torch was not needed yet."""
    loaded = sys.modules.get("torch")
    return (getattr(loaded, name),) if loaded else ()


def command_line() -> str:
    """The command as it was given: what a card says of how a checkpoint was made."""
    return shlex.join(["peerattn", *sys.argv[1:]])


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr where that is a terminal, and the callback `progress(done, total)` that moves it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    # Into a file rich writes empty lines even for a bar that it takes away again.
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield progress


def as_folder(context: typer.Context, data: Path | None) -> Path | None:
    """A folder of labelled clips as it is; a zip of one unpacked, until the command ends."""
    if data is None or data.suffix.lower() != ".zip" or not data.is_file():
        return data
    from peerattn.data.zips import unpack

    place = TemporaryDirectory(prefix="peerattn-")
    try:
        found = unpack(data, Path(place.name) / data.stem)
    except PeerattnError:
        place.cleanup()  # a command that never begins does not end either
        raise
    context.with_resource(place)
    return found.folder


def report(result: Mapping[str, Any] | str, table: Table | Group, json_file: str | None) -> None:
    """The table on stdout, or the result as JSON (a text already is) to a file or, for `-`, to stdout."""
    if json_file is None:
        from rich.console import Console

        Console().print(table)
        return
    text = (
        result
        if isinstance(result, str)
        else json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    )
    if json_file == "-":
        print(text.rstrip("\n"))
    else:
        Path(json_file).write_text(text, encoding="utf-8")


def percent(share: float, interval: tuple[float, float] | None, remark: str) -> str:
    """A share with its 95 % interval, or with why it has none."""
    return f"{share:.1%} ({f'{interval[0]:.1%} to {interval[1]:.1%}' if interval else remark})"
