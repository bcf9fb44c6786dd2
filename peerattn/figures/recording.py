"""What the browser needs to explore one clip without asking Python again, packed into one byte string.

Layout: the header's length (uint32, little endian), the header (JSON, padded to a multiple of 4 bytes), then
the body. The header says where in the body each float32 array and image lies, and how long it is.
T frames, K connections, N blocks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.figures.level_graph import COLUMN, ROW, lane, lanes, level_graph
from peerattn.figures.palette import VIRIDIS, looks, object_colors
from peerattn.structure import Structure
from peerattn.tables import attention_by, frame_ends
from peerattn.trace import Array, Trace, WindowTrace

FRAME_BUDGET = 32 * 1024
"""Mean bytes a frame may take: 64 frames stay under 2 MiB."""
QUALITIES = (85, 70, 50, 30, 10)
"""JPEG qualities, tried until the clip is within its budget; WebP is a third smaller and 8 times slower."""
MAX_SIDE = 320
"""Longest side of a frame in the browser, px."""


class _Body:
    """The part after the header, and where each piece of it lies."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0

    def add(self, part: bytes) -> int:
        """Offset of the part; parts start at multiples of 4, as a browser's Float32Array must."""
        offset = self.size
        part += b"\0" * (-len(part) % 4)
        self.parts.append(part)
        self.size += len(part)
        return offset

    def array(self, values: NDArray[Any]) -> dict[str, Any]:
        return {"offset": self.add(values.astype("<f4").tobytes()), "shape": list(values.shape)}

    def images(self, images: Sequence[bytes]) -> list[list[int]]:
        return [[self.add(image), len(image)] for image in images]


def recording(
    trace: Trace,
    images: NDArray[np.uint8],
    *,
    object_ids: NDArray[np.uint8] | None = None,
    object_names: Mapping[int, str] | None = None,
) -> bytes:
    """The trace's numbers, the frames (T, h, w, 3) the network saw and the object maps (T, h, w) over them.

    `object_names` names the class ids; ids without a name are shown by number. PeerattnError unless there
    is one image, and one object map, per frame of the trace.
    """
    for name, stack in {"images": images, "object maps": object_ids}.items():
        if stack is not None and len(stack) != len(trace.times):
            raise PeerattnError(
                f"{len(stack)} {name} for {len(trace.times)} frames of the trace: give one per frame"
            )
    body = _Body()
    header = {**_trace_header(trace, body), **_image_header(images, object_ids, object_names or {}, body)}
    text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    return b"".join([len(text).to_bytes(4, "little"), text, *body.parts])


def digest(payload: bytes) -> str:
    """A short name for a payload: equal names mean that nothing needs to be sent again."""
    return hashlib.blake2b(payload, digest_size=12).hexdigest()


def _trace_header(trace: Trace, body: _Body) -> dict[str, Any]:
    structure = trace.structure
    weights = {connection.key: connection.connection_weight for connection in trace.connections}
    nodes, edges, _, _, _, options = level_graph(structure, weights).get_network_data()
    styles = looks([modality.name for modality in structure.modalities])
    return {
        "times": trace.times.tolist(),
        "end": float(frame_ends(trace.times)[-1]),
        "graph": {"nodes": nodes, "edges": edges, "options": json.loads(options)},
        "row": ROW,
        "column": COLUMN,
        "lanes": [[name, *span] for name, span in lanes(structure).items()],
        "looks": {name: {"color": look.color, "pattern": look.pattern} for name, look in styles.items()},
        "viridis": VIRIDIS,
        "windows": [_window(trace, window) for window in trace.windows],
        "lines": list(attention_by(trace).columns),
        "connections": _connections(trace),
        "blocks": _blocks(structure),
        "arrays": _arrays(trace, body),
    }


def _window(trace: Trace, window: WindowTrace) -> dict[str, Any]:
    best = int(np.argmax(window.probabilities))
    return {
        "start": window.start,
        "stop": window.stop,
        "top": trace.class_names[best],
        "probability": float(window.probabilities[best]),
    }


def _connections(trace: Trace) -> list[dict[str, Any]]:
    attention = {spec.key: spec.attention for spec in trace.structure.connections}
    return [
        {
            "id": connection.key,
            "source": connection.source,
            "target": connection.target,
            "weight": connection.connection_weight,
            "attention": attention[connection.key],
            "channels": connection.attention_factors.shape[1],
            "peers": connection.peers,
            "attentionWeights": connection.attention_weights.tolist(),
        }
        for connection in trace.connections
    ]


def _blocks(structure: Structure) -> list[dict[str, Any]]:
    return [
        {
            "id": block.id,
            "level": block.level,
            "kind": block.kind,
            "lane": lane(structure, block.id),
            "reads": block.modality,
            "width": block.width,
            "dilation": block.temporal_dilation,
        }
        for block in structure.blocks
    ]


def _arrays(trace: Trace, body: _Body) -> dict[str, Any]:
    """Mean, least and greatest factor of each connection (K, T), activity of each block (N, T), the lines."""
    frames = len(trace.times)
    factors = [connection.attention_factors for connection in trace.connections]
    activity = {block.block: block.activity for block in trace.blocks}
    return {
        "shade": body.array(_rows([connection.shade for connection in trace.connections], frames)),
        "least": body.array(_rows([each.min(axis=1) for each in factors], frames)),
        "greatest": body.array(_rows([each.max(axis=1) for each in factors], frames)),
        "activity": body.array(_rows([activity[block.id] for block in trace.structure.blocks], frames)),
        "lines": body.array(attention_by(trace).to_numpy().T),
    }


def _rows(rows: Sequence[Array], frames: int) -> Array:
    """(rows, frames), also where there are no rows."""
    return np.array(rows, np.float32).reshape(len(rows), frames)


def _image_header(
    images: NDArray[np.uint8],
    object_ids: NDArray[np.uint8] | None,
    names: Mapping[int, str],
    body: _Body,
) -> dict[str, Any]:
    header: dict[str, Any] = {
        "frames": body.images(_frames(images)),
        "size": [images.shape[2], images.shape[1]],
        "overlays": [],
        "objects": [],
    }
    if object_ids is not None:
        ids = sorted({*names, *(int(value) for value in np.unique(object_ids))} - {0})
        colors = zip(ids, object_colors(len(ids)), strict=True)
        header["objects"] = [[value, names.get(value, f"class {value}"), color] for value, color in colors]
        header["overlays"] = body.images([_overlay(ids_of_frame) for ids_of_frame in object_ids])
    return header


def _frames(images: NDArray[np.uint8]) -> list[bytes]:
    scale = MAX_SIDE / max(images.shape[1:3])
    small = [_shrunk(image[..., ::-1], scale, cv2.INTER_AREA) for image in images]
    for quality in QUALITIES:
        encoded = [_encoded(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality]) for image in small]
        if sum(map(len, encoded)) <= FRAME_BUDGET * len(encoded):
            break
    return encoded


def _overlay(object_ids: NDArray[np.uint8]) -> bytes:
    """One frame's object map as a grey PNG whose levels are the class ids; the browser colours it."""
    ids = _shrunk(object_ids, MAX_SIDE / max(object_ids.shape), cv2.INTER_NEAREST)
    settings = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
    return _encoded(".png", ids, settings)


def _shrunk(image: NDArray[np.uint8], scale: float, interpolation: int) -> NDArray[np.uint8]:
    if scale >= 1:
        return np.ascontiguousarray(image)
    width, height = (max(1, round(side * scale)) for side in (image.shape[1], image.shape[0]))
    return np.asarray(cv2.resize(image, (width, height), interpolation=interpolation), np.uint8)


def _encoded(suffix: str, image: NDArray[np.uint8], settings: list[int]) -> bytes:
    _, encoded = cv2.imencode(suffix, image, settings)
    return encoded.tobytes()
