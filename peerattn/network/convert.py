"""Load official TensorFlow variables into a published network and write them back, by name and without loss.

    network = Network(published.full_asnp50, class_names)
    load_tf_variables(network, read_tf_variables(Path("model.npz")))

The variables' names are listed in `peerattn.network.tf_variables`.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.graph import answers, published
from peerattn.graph.answers import Answer
from peerattn.graph.structure import Structure
from peerattn.network.network import Network
from peerattn.network.tf_variables import Array, Variable, variables

FLOAT32_MAX = np.finfo(np.float32).max
CLASS_BIAS = "dense/bias"
"""The variable with one number per class: its length is the number of classes."""
TRAINING_ONLY = ("global_step", "/Momentum", "/Adam", "/Adam_1", "/ExponentialMovingAverage")
"""Endings of the names of variables that a TensorFlow checkpoint holds for training only."""


def load_tf_variables(network: Network, variables_by_name: Mapping[str, Any]) -> None:
    """Fill a published network with official variables (name → array).

    Raises PeerattnError, and leaves the network unchanged, if variables are missing, unknown, of another
    shape or not finite; the message names them.
    """
    values = _arrays(variables_by_name)
    needed = _check_variables(network, values)
    for name, variable in needed.items():
        variable.write(values[name])


def network_from_tf_variables(
    structure: Structure,
    variables_by_name: Mapping[str, Any],
    class_names: Sequence[str] | None = None,
    answer: Answer | None = None,
) -> Network:
    """Build the network of a published structure from its variables, which determine the number of classes.

    Without `answer`, a network with as many classes as Charades, whose clips show several actions each,
    answers with labels; any other network answers as the structure says.

    Everything is checked before the network is allocated. Raises PeerattnError as `load_tf_variables` does,
    and if the number of class names is not that of the classes.
    """
    values = _arrays(variables_by_name)
    has_classes = CLASS_BIAS in values and values[CLASS_BIAS].ndim == 1
    count = len(values[CLASS_BIAS]) if has_classes else 1
    names = class_names or [f"class {number}" for number in range(1, count + 1)]
    if len(names) != count:
        raise PeerattnError(
            f"the variables have {count} classes, but {len(names)} class names were specified"
        )
    if answer is None and count == published.CLASSES and structure.answer == answers.CLASSES:
        answer = answers.LABELS
    structure = structure.with_answer(answer) if answer else structure
    with torch.device("meta"):
        _check_variables(Network(structure, names), values)
    network = Network(structure, names)
    for variable in variables(network):
        variable.write(values[variable.name])
    return network.eval()


def _arrays(variables_by_name: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    return {name.removesuffix(":0"): np.asarray(value) for name, value in variables_by_name.items()}


def _check_variables(network: Network, values: Mapping[str, NDArray[Any]]) -> dict[str, Variable]:
    """Return the network's variables by name; raise PeerattnError unless `values` match them one to one."""
    needed = {variable.name: variable for variable in variables(network)}
    if missing := needed.keys() - values.keys():
        raise PeerattnError(
            f"the file lacks {_list_some(missing)}: choose the structure that its variables belong to"
        )
    if extra := values.keys() - needed.keys():
        raise PeerattnError(
            f"the network does not have {_list_some(extra)}: choose the structure that they belong to"
        )
    for name, variable in needed.items():
        if values[name].shape != variable.shape:
            raise PeerattnError(
                f"variable {name} has shape {values[name].shape}, but the network's is {variable.shape}: "
                "choose the structure, number of classes and clip width that these variables belong to"
            )
        if values[name].dtype.kind != "f" or not (np.abs(values[name]) <= FLOAT32_MAX).all():
            raise PeerattnError(f"variable {name} holds values that are not finite float32 numbers")
    return needed


def to_tf_variables(network: Network) -> dict[str, Array]:
    """Return official name → float32 array in TensorFlow's shape, as `load_tf_variables` reads it."""
    return {variable.name: variable.read() for variable in variables(network)}


def read_tf_variables(path: Path) -> dict[str, Array]:
    """Read the variables of an `.npz` file, or of a TensorFlow checkpoint if TensorFlow is installed.

    Variables that only training needs are left out. Raises PeerattnError for any other file.
    """
    if path.suffix == ".npz":
        try:
            with np.load(path, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files if not _is_training_only(name)}
        except (ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise PeerattnError(f"{path} cannot be read as an .npz file of plain arrays ({error})") from error
    try:
        import tensorflow
    except ImportError:
        raise PeerattnError(
            f"{path} is not an .npz file: to read a TensorFlow checkpoint, pip install tensorflow-cpu"
        ) from None
    try:
        reader = tensorflow.train.load_checkpoint(str(path))
    except (ValueError, tensorflow.errors.OpError) as error:
        raise PeerattnError(f"{path} is not a TensorFlow checkpoint ({error})") from error
    names = [name for name in reader.get_variable_to_shape_map() if not _is_training_only(name)]
    return {name: reader.get_tensor(name) for name in names}


def _is_training_only(name: str) -> bool:
    return name.removesuffix(":0").endswith(TRAINING_ONLY)


def _list_some(names: Collection[str]) -> str:
    """List the first three names and say how many more there are."""
    first = sorted(names)[:3]
    return ", ".join(first) + (f" and {len(names) - len(first)} more" if len(names) > len(first) else "")
