"""Object maps from and to files: class ids of pixels, with the ids that they may hold declared in the file.

Four forms: an `.npz` with `ids` (N, H, W); a folder of PNGs, each name ending in its frame number, with
`classes.json`; a lossless video `NAME.mkv` with `NAME.json`; and, of persons only, an `.npz` with `mask`,
eight pixels of a row packed in a byte, and its unpacked `shape` (N, H, W). The npz or the JSON declares
`class_ids`, and may hold `class_names` and either `frames` (source frame numbers, from 0) or `times` (s).
Without these, map n belongs to source frame n.
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
_DECLARATION_LIMIT = 1_000_000  # bytes of JSON, values of a small npz array
_MEMBERS = ("ids", "class_ids", "class_names", "frames", "times", "mask", "shape")
_BYTE_LIMITS = {"ids": _LIMITS.id_pixels, "mask": _LIMITS.id_pixels // 8}
_CLASSES_FILE = "classes.json"
PERSON = 1
"""The class id of persons in packed masks, as in every object map that the package makes itself."""


def read_objects(path: str | Path, *, origin: Origin = "attached") -> ObjectMaps:
    """The object maps of an `.npz`, a folder of PNGs or a lossless video; an error names what is wrong."""
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
    """Write object maps as a compressed `.npz` that `read_objects` reads back."""
    places = {"frames": maps.frames, "times": maps.times}
    arrays: dict[str, Any] = {name: place for name, place in places.items() if place is not None}
    np.savez_compressed(
        path,
        ids=maps.ids,
        class_ids=np.array(maps.class_ids),
        class_names=np.array(maps.class_names),
        **arrays,
    )


def _maps(ids: NDArray[Any], declared: Mapping[str, Any], origin: Origin) -> ObjectMaps:
    """Maps with their declaration checked; id 0 may be declared, it is the background."""
    if ids.dtype.kind not in "iub" or (ids.size and not 0 <= ids.min() <= ids.max() <= 255):
        raise PeerattnError("its ids must be whole numbers from 0 to 255")
    if "class_ids" not in declared:
        raise PeerattnError("it does not declare its class_ids: add them")
    class_ids = _numbers(declared, "class_ids", np.int64).tolist()
    names = [
        str(name) for name in declared.get("class_names", [f"class {class_id}" for class_id in class_ids])
    ]
    if len(names) != len(class_ids):
        raise PeerattnError(f"it has {len(class_ids)} class_ids but {len(names)} class_names")
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
    """A declared list of numbers, whole where whole ones are needed."""
    try:
        numbers = np.asarray(declared[name])
        whole = numbers.dtype.kind in "iu" and np.abs(numbers.astype(object)).max(initial=0) < 2**62
    except ValueError:
        raise PeerattnError(f"its {name} are not a list of numbers") from None
    if numbers.ndim != 1 or not (whole or (kind is np.float64 and numbers.dtype.kind == "f")):
        raise PeerattnError(f"its {name} are not a list of {'whole ' if kind is np.int64 else ''}numbers")
    return numbers.astype(kind)


def _read_folder(folder: Path) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    declared = _read_json(folder / _CLASSES_FILE)
    files = sorted((_trailing_number(file.stem), file) for file in folder.glob("*.png"))
    if not files:
        raise PeerattnError("the folder holds no .png")
    if len({number for number, _ in files}) < len(files) or files[0][0] < 0:
        raise PeerattnError("each .png's name must end in a frame number of its own, as in map_00012.png")
    first = decode_ids(files[0][1])
    if first.size * len(files) > _LIMITS.id_pixels:
        raise PeerattnError(f"{len(files)} maps of {first.size:,} pixels are too large: scale them down")
    maps = np.empty((len(files), *first.shape[1:]), np.uint8)
    for place, (_, file) in enumerate(files):
        one = decode_ids(file)
        if one.shape != first.shape:
            raise PeerattnError(
                f"{file.name} has another size than {files[0][1].name}: all must have the same"
            )
        maps[place] = one[0]
    if "times" not in declared:
        declared.setdefault("frames", [number for number, _ in files])
    return maps, declared


def _trailing_number(stem: str) -> int:
    """The frame number at the end of a file's name; -1 where there is none."""
    digits = re.search(r"[0-9]{1,15}$", stem)
    return int(digits.group()) if digits else -1


def _read_json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _DECLARATION_LIMIT:
            raise PeerattnError(f"{path.name} is over {_DECLARATION_LIMIT:,} bytes")
        declared = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PeerattnError(f"{path.name}, which declares its class_ids, is missing beside it") from None
    except (OSError, RecursionError, UnicodeDecodeError, json.JSONDecodeError):
        raise PeerattnError(f"{path.name} is not readable JSON") from None
    if not isinstance(declared, dict):
        raise PeerattnError(f'{path.name} must be an object, as in {{"class_ids": [1, 2]}}')
    return declared


def _read_npz(path: Path) -> tuple[NDArray[Any], dict[str, Any]]:
    """The arrays of an npz, each allocated only after its header was found within limits; no pickles."""
    if path.stat().st_size > _LIMITS.file_bytes:
        raise PeerattnError(f"the file is over {_LIMITS.file_bytes:,} bytes: scale the maps down")
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
    except Exception as error:  # zip, zlib and npy headers raise nearly anything for mutated files
        reason = " ".join(str(error).split())
        raise PeerattnError(f"the file is damaged or no npz of plain arrays ({reason})") from None
    if "ids" in arrays:
        return arrays.pop("ids"), arrays
    if {"mask", "shape"} <= arrays.keys():
        ids = _unpacked(arrays.pop("mask"), arrays.pop("shape"))
        return ids, {**arrays, "class_ids": [PERSON], "class_names": ["person"]}
    raise PeerattnError("the npz has no array named ids")


def _unpacked(mask: NDArray[Any], shape: NDArray[Any]) -> NDArray[np.uint8]:
    """(N, H, W) `PERSON` where the packed mask (N, H, ceil(W / 8)) has a 1."""
    if shape.shape != (3,) or shape.dtype.kind not in "iu" or shape.min() < 1:
        raise PeerattnError("the shape of its mask is not three whole numbers: maps, height, width")
    count, height, width = shape.tolist()
    if mask.dtype != np.uint8 or mask.shape != (count, height, -(-width // 8)):
        raise PeerattnError(
            f"its mask {mask.shape} {mask.dtype} is not packed from {count} maps of {width}x{height}"
        )
    return np.unpackbits(mask, axis=-1, count=width) * np.uint8(PERSON)


def _read_npy(file: Any, limit: int) -> NDArray[Any]:
    """One array of at most `limit` bytes."""
    version = np.lib.format.read_magic(file)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise PeerattnError(f"its arrays are in npy version {version}: save them with numpy.savez_compressed")
    shape, _, kind = readers[version](file)
    size = int(np.prod([int(length) for length in shape], dtype=object)) * kind.itemsize
    if size > limit:
        raise PeerattnError(f"an array of {size:,} bytes exceeds the limit of {limit:,}: scale the maps down")
    if kind.hasobject:
        raise PeerattnError("it holds pickled objects, which are never read: save plain arrays")
    file.seek(0)
    array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    return array
