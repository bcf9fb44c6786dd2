"""What the commands share: device options, progress on stderr, results on stdout, and error messages."""

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

EXIT_ERROR = 2
"""The exit code after any error that is reported in one line: an invalid input or option, a device that fails
or runs out of memory, a file that cannot be read or written."""
USAGE_ERROR: Any = typer.BadParameter.__bases__[0]
"""What typer raises for an invalid option: click.UsageError, or typer's own copy of it in newer versions."""


class Device(StrEnum):
    """The values of `--device`."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class MapOrigin(StrEnum):
    """Where object maps come from: the values of `--objects`."""

    true = "true"
    estimated = "estimated"


DeviceOption = Annotated[Device, typer.Option(help="The device to run on.")]
FastOption = Annotated[
    bool,
    typer.Option(
        "--fast", help="Allow TF32 on CUDA: faster, but attention factors may differ by up to 0.002."
    ),
]
JsonOption = Annotated[
    str | None, typer.Option("--json", help="Write the result as JSON to this file, or to stdout for '-'.")
]


def torch_device(device: Device) -> torch.device:
    """Return the device to run on. Raises PeerattnError if CUDA is requested but not available."""
    import torch

    available = torch.cuda.is_available()
    if device is Device.cuda and not available:
        raise PeerattnError("this machine has no CUDA device that torch can use: choose --device cpu")
    return torch.device("cuda" if available and device is not Device.cpu else "cpu")


def float_precision(fast: bool) -> AbstractContextManager[None]:
    """Compute in float32 inside the `with` block, or, if `fast`, allow TF32 on CUDA."""
    from peerattn.network.precision import precision

    return precision("tf32" if fast else "float32")


@contextmanager
def exit_on_error() -> Iterator[None]:
    """End the program with one line on stderr after an error that the user can act on, or a cancellation.

    These are invalid inputs and options, a device that fails or runs out of memory, and files that cannot be
    read or written. Any other exception is a bug, and passes through.
    """
    try:
        yield
    except PeerattnError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        raise SystemExit(EXIT_ERROR) from None
    except USAGE_ERROR as error:
        message = " ".join(error.format_message().split())
        print(f"{message} (see --help for all options)", file=sys.stderr)
        raise SystemExit(EXIT_ERROR) from None
    except _torch_error("OutOfMemoryError"):
        print("the device's memory is full: use a smaller --batch, or --device cpu", file=sys.stderr)
        raise SystemExit(EXIT_ERROR) from None
    except _torch_error("AcceleratorError") as error:
        message = str(error).partition("\n")[0]
        print(f"the device failed ({message}): try again, or use --device cpu", file=sys.stderr)
        raise SystemExit(EXIT_ERROR) from None
    except OSError as error:
        print(f"{error.filename or 'a file'}: {error.strerror or error}", file=sys.stderr)
        raise SystemExit(EXIT_ERROR) from None
    except KeyboardInterrupt:
        print("cancelled", file=sys.stderr)
        raise SystemExit(130) from None


def _torch_error(name: str) -> tuple[type[BaseException], ...]:
    """Return torch's exception of this name as a tuple for `except`; empty if torch has not been loaded."""
    loaded = sys.modules.get("torch")
    return (getattr(loaded, name),) if loaded else ()


def command_line() -> str:
    """Return an equivalent command line, quoted for a shell; a checkpoint's card records it."""
    return shlex.join(["peerattn", *sys.argv[1:]])


@contextmanager
def progress_bar(description: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar if stderr is a terminal; yields the callback `progress(done, total)` to move it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    # Even a transient bar makes rich write empty lines when stderr is a file.
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(description, total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield progress


def as_folder(context: typer.Context, data: Path | None) -> Path | None:
    """Unpack a zip to a temporary folder, which is deleted when the command ends, and return that folder.

    Anything else is returned unchanged. This is a typer callback, for options that take a folder or a zip.
    """
    if data is None or data.suffix.lower() != ".zip" or not data.is_file():
        return data
    from peerattn.data.zips import unpack

    temporary = TemporaryDirectory(prefix="peerattn-")
    try:
        unpacked = unpack(data, Path(temporary.name) / data.stem)
    except PeerattnError:
        temporary.cleanup()  # the context's resources are not closed when an option's callback fails
        raise
    context.with_resource(temporary)
    return unpacked.folder


def report(result: Mapping[str, Any] | str, table: Table | Group, json_file: str | None) -> None:
    """Print the table, or write the result as JSON to a file (`-`: stdout). A string is taken to be JSON."""
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
    """Return a share in percent with its 95 % interval, or with the remark that says why there is none."""
    return f"{share:.1%} ({f'{interval[0]:.1%} to {interval[1]:.1%}' if interval else remark})"
