"""The recording of one clip: everything the browser needs to explore it without Python, packed by `packing`.

The body ends with object maps, flow and frames, in this order, as far as they are available.
Shapes: T frames, H height, W width of the flow; h height, w width of the frames.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from peerattn.errors import PeerattnError
from peerattn.figures.browser_graph import block_header, graph_header
from peerattn.figures.overlays import (
    DIRECTIONS,
    STRENGTHS,
    encode_grey_png,
    flow_levels,
    heat_levels,
    unusual_levels,
)
from peerattn.figures.packing import Body, encode_header, pack
from peerattn.figures.palette import SHIFT, direction_colors, object_colors
from peerattn.figures.pictures import encode_jpeg, shrink
from peerattn.figures.skeleton import skeleton_header, skeleton_rows
from peerattn.figures.timeline import trace_charts
from peerattn.graph.structure import Structure
from peerattn.tables.clip import frame_ends
from peerattn.tables.moments import moment_in_words, moments_of, moments_remark
from peerattn.traces.comparison import align_to_layout, missing_parts
from peerattn.traces.moments import frames_that_show_the_clip
from peerattn.traces.shift import shift
from peerattn.traces.shift import usual as usual_value
from peerattn.traces.trace import Array, BlockTrace, Trace, WindowTrace
from peerattn.traces.usual import Usual, shift_scale

BYTES_PER_FRAME = 31_000
"""Maximum bytes per frame of the clip, including all recorded numbers: 64 frames stay under 2 MB."""
JPEG_QUALITIES = (85, 70, 50, 30, 10)
"""JPEG qualities, tried in turn until the frames fit. WebP is a third smaller but takes 8 times as long."""
MAX_SIDE = 320
"""Longest side of a frame in the browser, in pixels."""
CLASSES_PER_WINDOW = 3
"""Number of classes stored for each window, the most probable ones."""

Images = NDArray[np.uint8]


def pack_recording(
    trace: Trace,
    images: Images,
    *,
    object_ids: Images | None = None,
    object_names: Mapping[int, str] | None = None,
    flow: Array | None = None,
    flow_step: float | None = None,
    joints: Array | None = None,
    layout: Structure | None = None,
    usual: Usual | None = None,
) -> bytes:
    """Pack the numbers of a trace, the frames (T, h, w, 3) that the network saw, and their overlays.

    Overlays are the heat maps of the blocks, the object maps (T, h, w), the optical flow (2, T, H, W) that
    the network read, in pixels per nominal step of `flow_step` seconds, and a person's joints (T, 17, 3): x
    and y in pixels of the frames, and score. `object_names` maps class ids to names; ids without a name are
    shown by number. `layout` is a larger structure to draw the trace on: blocks
    and connections that the trace lacks have no numbers. `usual` is what is usual for the network; without
    it, shifts of attention are drawn on a default scale. Raises PeerattnError unless there is one image, one
    object map, one flow field and one set of joints per frame of the trace.
    """
    counts = {
        "images": images,
        "object maps": object_ids,
        "flows": None if flow is None else flow[0],
        "sets of joints": joints,
    }
    for name, stack in counts.items():
        if stack is not None and len(stack) != len(trace.times):
            raise PeerattnError(
                f"{len(stack)} {name} for {len(trace.times)} frames of the trace: give one per frame"
            )
    body = Body()
    header = _trace_header(trace, layout or trace.structure, body, usual)
    header |= _objects_header(object_ids, object_names or {}, body)
    header["shift"] = {"most": shift_scale(usual), **SHIFT}
    header |= {"flow": None if flow is None else _flow_header(flow, flow_step, body)}
    if joints is not None:
        header["skeleton"] = skeleton_header()
        header["arrays"]["joints"] = body.array(skeleton_rows(joints, images.shape[1:3]))
    left = BYTES_PER_FRAME * len(images) - body.size - len(encode_header(header))
    header |= {
        "frames": body.images(_encode_frames(images, left)),
        "size": [images.shape[2], images.shape[1]],
    }
    return pack(header, body)


def digest(payload: bytes) -> str:
    """Return a short hash of a payload: the browser keeps payloads by it, so none is sent twice."""
    return hashlib.blake2b(payload, digest_size=12).hexdigest()


def _trace_header(trace: Trace, structure: Structure, body: Body, usual: Usual | None) -> dict[str, Any]:
    completed = align_to_layout(trace, structure)
    weights = {connection.key: connection.connection_weight for connection in trace.connections}
    return {
        **graph_header(structure, weights),
        "times": trace.times.tolist(),
        "end": float(frame_ends(trace.times)[-1]),
        "windows": [_window_header(trace, window) for window in trace.windows],
        "moments": [
            {"frame": moment.frame, "text": moment_in_words(trace, moment)} for moment in moments_of(trace)
        ],
        "momentsRemark": moments_remark(trace),
        "charts": {name: chart.header for name, chart in trace_charts(trace).items()},
        "absent": missing_parts(trace, structure),
        "connections": _connection_headers(completed, trace.structure),
        "blocks": _block_headers(structure, trace.structure),
        "heat": {block.block: _heat_map_header(block, body, usual) for block in trace.blocks},
        "usualClips": usual.clips if usual else 0,
        "arrays": _arrays(completed, body)
        | {name: body.array(chart.table.to_numpy().T) for name, chart in trace_charts(trace).items()},
    }


def _window_header(trace: Trace, window: WindowTrace) -> dict[str, Any]:
    """Return the frames of a window and its most probable classes."""
    order = np.argsort(-window.probabilities, kind="stable")[:CLASSES_PER_WINDOW]
    classes = [[trace.class_names[index], float(window.probabilities[index])] for index in order]
    return {"start": window.start, "stop": window.stop, "classes": classes}


def _heat_map_header(block: BlockTrace, body: Body, usual: Usual | None) -> dict[str, Any]:
    """Add a block's heat map (T, h, w) to the body as levels; `range` is the values of levels 0 and 255.

    `unusual` is where the levels of the same map begin that compare it with what is usual, if that is known.
    """
    low, high = float(block.heatmap.min()), float(block.heatmap.max())
    offset = body.add(heat_levels(block.heatmap).tobytes())
    header = {"offset": offset, "shape": list(block.heatmap.shape[1:]), "range": [low, high]}
    known = usual.heatmaps.get(block.block) if usual else None
    if known is None or block.added is None or known.deciles.shape[1:] != block.added.shape[1:]:
        return header
    return {**header, "unusual": body.add(unusual_levels(known.share_below(block.added)).tobytes())}


def _connection_headers(trace: Trace, own: Structure) -> list[dict[str, Any]]:
    """Describe the connections as in the trace's `own` structure, or as in the layout if it lacks them."""
    attention = {spec.key: spec.attention for spec in (*trace.structure.connections, *own.connections)}
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
            "reached": connection.reached,
            "shows": _frame_range(frames_that_show_the_clip(trace, connection)),
            "usualShift": _number(usual_value(connection, shift(connection))),
        }
        for connection in trace.connections
    ]


def _frame_range(frames: slice) -> list[int]:
    return [frames.start, frames.stop]


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _block_headers(structure: Structure, own: Structure) -> list[dict[str, Any]]:
    """Describe the blocks of the layout as in the trace's `own` structure, or as in the layout."""
    return [block_header(structure, own.by_id.get(block.id, block)) for block in structure.blocks]


def _arrays(trace: Trace, body: Body) -> dict[str, Any]:
    """Add arrays (rows, T) to the body: shift, mean, min and max factor per connection, activity per block.

    A shift is NaN where a frame is a gap.
    """
    frames = len(trace.times)
    factors = [connection.attention_factors for connection in trace.connections]
    activity = {block.block: block.activity for block in trace.blocks}
    return {
        "shade": body.array(
            _stack_rows([connection.mean_factor for connection in trace.connections], frames)
        ),
        "shift": body.array(_stack_rows([shift(each) for each in trace.connections], frames)),
        "least": body.array(_stack_rows([each.min(axis=1) for each in factors], frames)),
        "greatest": body.array(_stack_rows([each.max(axis=1) for each in factors], frames)),
        "activity": body.array(_stack_rows([activity[block.id] for block in trace.structure.blocks], frames)),
    }


def _stack_rows(rows: Sequence[NDArray[Any]], frames: int) -> Array:
    """Stack rows into an array (rows, frames), even if there are no rows."""
    return np.array(rows, np.float32).reshape(len(rows), frames)


def _objects_header(object_ids: Images | None, names: Mapping[int, str], body: Body) -> dict[str, Any]:
    """Add the object maps to the body, and return their header with id, name and colour of each class."""
    if object_ids is None:
        return {"overlays": [], "objects": []}
    ids = sorted({*names, *(int(value) for value in np.unique(object_ids))} - {0})
    colors = zip(ids, object_colors(len(ids)), strict=True)
    maps = [encode_grey_png(shrink(ids_of_frame, MAX_SIDE, cv2.INTER_NEAREST)) for ids_of_frame in object_ids]
    return {
        "overlays": body.images(maps),
        "objects": [[value, names.get(value, f"class {value}"), color] for value, color in colors],
    }


def _flow_header(flow: Array, step: float | None, body: Body) -> dict[str, Any]:
    """Add the optical flow to the body as levels (see `FlowLevels`), and return the header to decode them."""
    flow_pictures = flow_levels(flow)
    return {
        "pictures": body.images([encode_grey_png(levels) for levels in flow_pictures.levels]),
        "hues": direction_colors(DIRECTIONS),
        "strengths": STRENGTHS,
        "width": flow.shape[3],
        "step": step,
        "full": flow_pictures.full_speed,
        "greatest": flow_pictures.greatest_speed,
    }


def _encode_frames(images: Images, budget: int) -> list[bytes]:
    """Encode the frames as JPEG in the best quality that fits the budget in bytes, or else the lowest."""
    small = [shrink(image[..., ::-1], MAX_SIDE) for image in images]
    for quality in JPEG_QUALITIES:
        encoded = [encode_jpeg(image, quality) for image in small]
        if sum(map(len, encoded)) <= budget:
            break
    return encoded
