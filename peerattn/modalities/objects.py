"""Read and write files of object maps: the class ids of pixels, with a declaration of the ids that may occur.

There are four forms:
- an `.npz` with `ids` (N, H, W)
- a folder of PNGs, each with a name that ends in its frame number, and `classes.json`
- a lossless video `NAME.mkv` and `NAME.json`
- for persons only, an `.npz` with `mask`, in which eight pixels of a row are packed into a byte, and `shape`,
  the unpacked shape (N, H, W)

The npz or the JSON declares `class_ids` (not needed for packed masks). It may also have `class_names`, and
either `frames` (source frame numbers, from 0) or `times` (s). Without these, map n belongs to source frame n.
"""

import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peerattn.errors import MissingError, PeerattnError
from peerattn.modalities.clip import ObjectMaps, Origin
from peerattn.video.decoding import decode_ids
from peerattn.video.frames import Limits

_LIMITS = Limits()
_DECLARATION_LIMIT = 1_000_000  # bytes of the JSON file, and of each small array in an npz
_MEMBERS = ("ids", "class_ids", "class_names", "frames", "times", "mask", "shape")
_BYTE_LIMITS = {"ids": _LIMITS.id_pixels, "mask": _LIMITS.id_pixels // 8}
_CLASSES_FILE = "classes.json"
PERSON = 1
"""The class id of persons in packed masks and in all object maps that this package makes itself."""


def read_objects(path: str | Path, *, origin: Origin = "attached") -> ObjectMaps:
    """Read object maps from an `.npz`, a folder of PNGs or a lossless video.

    Raises PeerattnError, which names the file and says what is wrong with it.
    """
    path = Path(path)
    try:
        if path.is_dir():
            ids, declared = _read_folder(path)
        elif not path.is_file():
            raise MissingError("there is no such file or folder")
        elif zipfile.is_zipfile(path):
            ids, declared = _read_npz(path)
        else:
            ids, declared = decode_ids(path), _read_json(path.with_suffix(".json"))
        return _maps(ids, declared, origin)
    except PeerattnError as error:
        raise error.with_subject(f"object maps {path.name}") from None


def write_objects(path: str | Path, maps: ObjectMaps) -> None:
    """Write object maps to a compressed `.npz`, which `read_objects` reads back."""
    positions = {"frames": maps.frames, "times": maps.times}
    arrays: dict[str, Any] = {name: values for name, values in positions.items() if values is not None}
    np.savez_compressed(
        path,
        ids=maps.ids,
        class_ids=np.array(maps.class_ids),
        class_names=np.array(maps.class_names),
        **arrays,
    )


def _maps(ids: NDArray[Any], declared: Mapping[str, Any], origin: Origin) -> ObjectMaps:
    """Check the declaration and build the maps; id 0, the background, may be declared, too."""
    if ids.dtype.kind not in "iub" or (ids.size and not 0 <= ids.min() <= ids.max() <= 255):
        raise PeerattnError("their ids must be whole numbers from 0 to 255")
    if "class_ids" not in declared:
        raise PeerattnError("they do not declare their class_ids: add them")
    class_ids = _numbers(declared, "class_ids", np.int64).tolist()
    names = [
        str(name) for name in declared.get("class_names", [f"class {class_id}" for class_id in class_ids])
    ]
    if len(names) != len(class_ids):
        raise PeerattnError(f"they have {len(class_ids)} class_ids but {len(names)} class_names")
    classes = [(class_id, name) for class_id, name in zip(class_ids, names, strict=True) if class_id]
    return ObjectMaps(
        ids=ids.astype(np.uint8, copy=False),
        frames=_numbers(declared, "frames", np.int64) if "frames" in declared else None,
        class_ids=tuple(class_id for class_id, _ in classes),
        class_names=tuple(name for _, name in classes),
        origin=origin,
        times=_numbers(declared, "times", np.float64) if "times" in declared else None,
    )


def _numbers(declared: Mapping[str, Any], name: str, kind: type[np.generic]) -> NDArray[Any]:
    """Return a declared list of numbers as an array of `kind`; whole numbers are required for integers."""
    try:
        numbers = np.asarray(declared[name])
        whole = numbers.dtype.kind in "iu" and np.abs(numbers.astype(object)).max(initial=0) < 2**62
    except ValueError:
        raise PeerattnError(f"their {name} are not a list of numbers") from None
    if numbers.ndim != 1 or not (whole or (kind is np.float64 and numbers.dtype.kind == "f")):
        raise PeerattnError(f"their {name} are not a list of {'whole ' if kind is np.int64 else ''}numbers")
    return numbers.astype(kind)


def _read_folder(folder: Path) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    declared = _read_json(folder / _CLASSES_FILE)
    files = sorted((_trailing_number(file.stem), file) for file in folder.glob("*.png"))
    if not files:
        raise PeerattnError("there is no .png in the folder")
    if len({number for number, _ in files}) < len(files) or files[0][0] < 0:
        raise PeerattnError("the name of each .png must end in a different frame number, as in map_00012.png")
    first = decode_ids(files[0][1])
    if first.size * len(files) > _LIMITS.id_pixels:
        raise PeerattnError(f"{len(files)} maps of {first.size:,} pixels are too large: scale them down")
    maps = np.empty((len(files), *first.shape[1:]), np.uint8)
    for index, (_, file) in enumerate(files):
        ids = decode_ids(file)
        if ids.shape != first.shape:
            raise PeerattnError(
                f"{file.name} and {files[0][1].name} differ in size: all maps must have the same size"
            )
        maps[index] = ids[0]
    if "times" not in declared:
        declared.setdefault("frames", [number for number, _ in files])
    return maps, declared


def _trailing_number(stem: str) -> int:
    """Return the frame number at the end of a file's name, or -1 if there is none."""
    digits = re.search(r"[0-9]{1,15}$", stem)
    return int(digits.group()) if digits else -1


def _read_json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _DECLARATION_LIMIT:
            raise PeerattnError(f"{path.name} is larger than {_DECLARATION_LIMIT:,} bytes")
        declared = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PeerattnError(f"{path.name}, which declares their class_ids, is missing next to them") from None
    except (OSError, RecursionError, UnicodeDecodeError, json.JSONDecodeError):
        raise PeerattnError(f"{path.name} is not readable JSON") from None
    if not isinstance(declared, dict):
        raise PeerattnError(f'{path.name} must be an object, as in {{"class_ids": [1, 2]}}')
    return declared


def _read_npz(path: Path) -> tuple[NDArray[Any], dict[str, Any]]:
    """Read the arrays of an npz without pickles; each header is checked against limits before allocation."""
    if path.stat().st_size > _LIMITS.file_bytes:
        raise PeerattnError(f"the file is larger than {_LIMITS.file_bytes:,} bytes: scale the maps down")
    arrays: dict[str, Any] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for name in set(archive.namelist()) & {f"{member}.npy" for member in _MEMBERS}:
                member = name.removesuffix(".npy")
                limit = _BYTE_LIMITS.get(member, _DECLARATION_LIMIT)
                with archive.open(name) as file:
                    arrays[member] = _read_npy(file, limit)
    except PeerattnError:
        raise
    except Exception as error:  # zipfile, zlib and numpy raise almost any exception for damaged files
        reason = " ".join(str(error).split())
        raise PeerattnError(f"the file is damaged or not an .npz of plain arrays ({reason})") from None
    if "ids" in arrays:
        return arrays.pop("ids"), arrays
    if {"mask", "shape"} <= arrays.keys():
        ids = _unpacked(arrays.pop("mask"), arrays.pop("shape"))
        return ids, {**arrays, "class_ids": [PERSON], "class_names": ["person"]}
    raise PeerattnError("the .npz has no array named ids")


def _unpacked(mask: NDArray[Any], shape: NDArray[Any]) -> NDArray[np.uint8]:
    """Unpack a mask (N, H, ceil(W / 8)) to maps (N, H, W): `PERSON` where the mask has a 1, else 0."""
    if shape.shape != (3,) or shape.dtype.kind not in "iu" or shape.min() < 1:
        raise PeerattnError("the shape of their mask is not three whole numbers: maps, height, width")
    count, height, width = shape.tolist()
    if mask.dtype != np.uint8 or mask.shape != (count, height, -(-width // 8)):
        raise PeerattnError(
            f"their mask {mask.shape} {mask.dtype} is not packed from {count} maps of {width}x{height}"
        )
    return np.unpackbits(mask, axis=-1, count=width) * np.uint8(PERSON)


def _read_npy(file: Any, limit: int) -> NDArray[Any]:
    """Read one array; raise PeerattnError if it is larger than `limit` bytes or has pickled objects."""
    version = np.lib.format.read_magic(file)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise PeerattnError(f"the arrays have npy version {version}: save them with numpy.savez_compressed")
    shape, _, kind = readers[version](file)
    size = int(np.prod([int(length) for length in shape], dtype=object)) * kind.itemsize
    if size > limit:
        raise PeerattnError(f"an array of {size:,} bytes exceeds the limit of {limit:,}: scale the maps down")
    if kind.hasobject:
        raise PeerattnError("they contain pickled objects, which are never read: save plain arrays")
    file.seek(0)
    array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    return array
