"""Official TensorFlow variables to a published network and back, by name and without loss.

    network = Network(published.full_asnp50, class_names)
    load_tf_variables(network, read_tf_variables(Path("model.npz")))

`peerattn.network.tf_variables` knows the names.
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

GREATEST = np.finfo(np.float32).max
CLASSES = "dense/bias"
"""The variable with one number a class."""
TRAINING_ONLY = ("global_step", "/Momentum", "/Adam", "/Adam_1", "/ExponentialMovingAverage")
"""How the names of variables end that a checkpoint holds for training, beside the network's."""


def load_tf_variables(network: Network, variables_by_name: Mapping[str, Any]) -> None:
    """Fill a published network with official variables (name → array), all or nothing.

    Raises PeerattnError, naming them, for variables that are missing, unknown or of another shape.
    """
    values = _arrays(variables_by_name)
    needed = _checked(network, values)
    for name, variable in needed.items():
        variable.write(values[name])


def network_from(
    structure: Structure,
    variables_by_name: Mapping[str, Any],
    class_names: Sequence[str] | None = None,
    answer: Answer | None = None,
) -> Network:
    """The network of a published structure with these variables, of as many classes as they have.

    It is asked `answer`; without one labels where it has the classes of Charades, whose clips show several,
    else what the structure says.

    Everything is checked before the network is allocated; raises PeerattnError as `load_tf_variables` does.
    """
    values = _arrays(variables_by_name)
    count = len(values[CLASSES]) if CLASSES in values and values[CLASSES].ndim == 1 else 1
    names = class_names or [f"class {number}" for number in range(1, count + 1)]
    if len(names) != count:
        raise PeerattnError(f"the variables tell {count} classes, but {len(names)} names are given")
    if answer is None and count == published.CLASSES and structure.answer == answers.CLASSES:
        answer = answers.LABELS
    structure = structure.with_answer(answer) if answer else structure
    with torch.device("meta"):
        _checked(Network(structure, names), values)
    network = Network(structure, names)
    for variable in variables(network):
        variable.write(values[variable.name])
    return network.eval()


def _arrays(variables_by_name: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    return {name.removesuffix(":0"): np.asarray(value) for name, value in variables_by_name.items()}


def _checked(network: Network, values: Mapping[str, NDArray[Any]]) -> dict[str, Variable]:
    """The network's variables by name, if these are exactly those of the values, and of their shapes."""
    needed = {variable.name: variable for variable in variables(network)}
    if missing := needed.keys() - values.keys():
        raise PeerattnError(f"the file lacks {_some(missing)}: choose the structure the variables are of")
    if extra := values.keys() - needed.keys():
        raise PeerattnError(
            f"the network does not have {_some(extra)}: choose the structure of the variables"
        )
    for name, variable in needed.items():
        if values[name].shape != variable.shape:
            raise PeerattnError(
                f"variable {name} has shape {values[name].shape}, but the network's is {variable.shape}: "
                "choose the structure, number of classes and clip width the variables are of"
            )
        if values[name].dtype.kind != "f" or not (np.abs(values[name]) <= GREATEST).all():
            raise PeerattnError(f"variable {name} holds what is not a finite number of float32")
    return needed


def to_tf_variables(network: Network) -> dict[str, Array]:
    """Official name → float32 array of TensorFlow's shape: what `load_tf_variables` reads back unchanged."""
    return {variable.name: variable.read() for variable in variables(network)}


def read_tf_variables(path: Path) -> dict[str, Array]:
    """The variables in an `.npz` file, or in a TensorFlow checkpoint where TensorFlow is installed.

    What only training needs is left out. Raises PeerattnError for any other file.
    """
    if path.suffix == ".npz":
        try:
            with np.load(path, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files if not _only_training(name)}
        except (ValueError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise PeerattnError(f"{path} cannot be read as an npz of plain arrays ({error})") from error
    try:
        import tensorflow
    except ImportError:
        raise PeerattnError(
            f"{path} is not an .npz: to read a TensorFlow checkpoint, pip install tensorflow-cpu"
        ) from None
    try:
        reader = tensorflow.train.load_checkpoint(str(path))
    except (ValueError, tensorflow.errors.OpError) as error:
        raise PeerattnError(f"{path} is not a TensorFlow checkpoint ({error})") from error
    names = [name for name in reader.get_variable_to_shape_map() if not _only_training(name)]
    return {name: reader.get_tensor(name) for name in names}


def _only_training(name: str) -> bool:
    return name.removesuffix(":0").endswith(TRAINING_ONLY)


def _some(names: Collection[str]) -> str:
    first = sorted(names)[:3]
    return ", ".join(first) + (f" and {len(names) - len(first)} more" if len(names) > len(first) else "")
