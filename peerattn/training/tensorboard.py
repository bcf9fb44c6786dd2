"""Logs of a training run for TensorBoard, an optional dependency."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from peerattn.errors import PeerattnError
from peerattn.training import distributed
from peerattn.training.callbacks import Epoch


@contextmanager
def tensorboard(folder: Path | None) -> Iterator[Callable[[Epoch], None]]:
    """Yield a function that writes an epoch's numbers to a log folder; without a folder it does nothing.

    Raises PeerattnError if TensorBoard is not installed.
    """
    if folder is None or not distributed.current().leads:
        yield lambda epoch: None
        return
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise PeerattnError(
            "TensorBoard is not installed: pip install 'peerattn[tensorboard]', or leave out --tensorboard"
        ) from error
    with SummaryWriter(str(folder)) as writer:

        def write(epoch: Epoch) -> None:
            writer.add_scalar("loss", epoch.loss, epoch.number)
            writer.add_scalar("connections", epoch.connections, epoch.number)
            for name, score in epoch.scores.items():
                writer.add_scalar(f"val/{name}", score.value, epoch.number)
            for name, seconds in epoch.seconds.items():
                writer.add_scalar(f"seconds/{name}", seconds, epoch.number)

        yield write
