"""The layout of a connectivity drawing: boxes, curves that avoid them, and numbers that do not overlap.

It depends on the structure alone, so changing a threshold moves nothing. Units are pixels; y points down.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from peerattn.figures.pyvis_graph import COLUMN, ROW, lane, lanes, positions
from peerattn.graph.structure import Structure

Points = NDArray[np.float64]
Point = tuple[float, float]

LEVEL_HEIGHT = 180.0
BOX_HEIGHT = 38.0
CHARACTER_WIDTH = 7.6
"""Average width of a character in a block's name."""
MAX_NAME_LENGTH = 16
PORT_SPACING = 10.0
"""Distance between two connections that arrive at a block, if the box is wide enough."""
OUTGOING_PORT_SHARE = 0.8
"""Distance between two connections that leave a block, as a share of `PORT_SPACING`."""
LANE_GAP, LANE_PADDING = 22.0, 14.0
"""Gap between two lanes, and space inside a lane to each side of its boxes."""
MAX_ROUTED_CONNECTIONS = 300
"""With more connections than this, curves do not avoid boxes and there are no numbers."""
CELL_SIZE = 9.0
"""Side of a grid cell: curves that share a cell count as too close to each other."""
MIN_BOX_WIDTH, MAX_BOX_WIDTH = 54.0, 112.0
BOX_GAP = 30.0
"""Minimum space between two boxes."""
NUMBER_SIZE = (27.0, 12.0)
NOTE_WIDTH, NOTE_HEIGHT = 84.0, 16.0
"""Size of the space above a box that is reserved for a note, such as "dead"."""

CURVE_PARAMETERS = np.linspace(0, 1, 33)
"""Bézier parameters of the points that stand for a curve."""
NUMBER_STEPS = range(5, 29)
"""Indices of the curve points at which a number may be placed: not near the ends, where curves converge."""
BENDS = (0.45, 0.1, 0.25, 0.65, 0.85)
"""Candidate heights of a curve's inner control points, as shares of its rise; the first is preferred."""
BOWS = (0.0, -40.0, 40.0, -80.0, 80.0, -120.0, 120.0)
"""Candidate sideways shifts of the inner control points."""


@dataclass(frozen=True)
class Box:
    """The box of a block, by its centre and size."""

    x: float
    y: float
    width: float
    height: float = BOX_HEIGHT

    @property
    def top(self) -> float:
        return self.y - self.height / 2

    @property
    def bottom(self) -> float:
        return self.y + self.height / 2


@dataclass(frozen=True)
class ConnectivityLayout:
    """The positions of everything in a connectivity drawing.

    `boxes` are by block id. `curves` (4, 2 control points) and `numbers` (centres) are by connection key;
    with too many connections there are no numbers. `lanes` maps each lane to its left and right edge.
    """

    boxes: Mapping[str, Box]
    curves: Mapping[str, Points]
    numbers: Mapping[str, tuple[float, float]]
    lanes: Mapping[str, tuple[float, float]]

    @cached_property
    def sides(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the drawing without its margins."""
        boxes, edges = self.boxes.values(), self.lanes.values()
        curves = np.concatenate(
            [bezier_points(curve) for curve in self.curves.values()] or [np.zeros((0, 2))]
        )
        xs = [*(edge for pair in edges for edge in pair), *curves[:, 0]]
        return min(xs), min(box.top for box in boxes), max(xs), max(box.bottom for box in boxes)


@lru_cache(maxsize=16)
def lay_out(structure: Structure) -> ConnectivityLayout:
    """Lay out the drawing of a structure."""
    boxes: dict[str, Box] = {}
    edges: dict[str, tuple[float, float]] = {}
    for name in lanes(structure):
        lane_boxes = _lane_boxes(structure, name)
        start = max((right for _, right in edges.values()), default=-LANE_GAP) + LANE_GAP
        left, right = (
            sign * max(sign * box.x + box.width / 2 for box in lane_boxes.values()) for sign in (-1, 1)
        )
        shift = start + LANE_PADDING - left
        boxes |= {block: replace(box, x=box.x + shift) for block, box in lane_boxes.items()}
        edges[name] = (start, right + shift + LANE_PADDING)
    curves = _route_curves(structure, boxes)
    notes = [Box(box.x, box.top - NOTE_HEIGHT / 2, NOTE_WIDTH, NOTE_HEIGHT) for box in boxes.values()]
    return ConnectivityLayout(boxes, curves, _place_numbers(curves, [*boxes.values(), *notes]), edges)


def _lane_boxes(structure: Structure, name: str) -> dict[str, Box]:
    """Return the boxes of one lane: placed as in the level graph, but as close as their widths allow."""
    block_positions = positions(structure)
    members = [block.id for block in structure.blocks if lane(structure, block.id) == name]
    widths = {block_id: _box_width(structure, block_id) for block_id in members}
    scale = (max(widths.values()) + BOX_GAP) / COLUMN
    return {
        block_id: Box(
            block_positions[block_id][0] * scale, block_positions[block_id][1] / ROW * LEVEL_HEIGHT, width
        )
        for block_id, width in widths.items()
    }


def _box_width(structure: Structure, block_id: str) -> float:
    """Return a width with room for the block's name and for its incoming and outgoing connections."""
    name = CHARACTER_WIDTH * min(len(block_id), MAX_NAME_LENGTH) + 18
    leaving = sum(spec.source == block_id for spec in structure.connections)
    ports = PORT_SPACING * (max(len(structure.into(block_id)), OUTGOING_PORT_SHARE * leaving) + 1)
    return max(MIN_BOX_WIDTH, name, min(MAX_BOX_WIDTH, ports))


def bezier_points(curves: Points) -> Points:
    """Return points (..., steps, 2) on cubic Bézier curves with control points (..., 4, 2)."""
    t = CURVE_PARAMETERS[:, None]
    weights = np.concatenate([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3], axis=1)
    points: Points = weights @ curves
    return points


def _route_curves(structure: Structure, boxes: Mapping[str, Box]) -> dict[str, Points]:
    """Return a curve for each connection, from the top of its source to the bottom of its target."""
    leaving: dict[str, list[str]] = {}
    for spec in structure.connections:
        leaving.setdefault(spec.source, []).append(spec.target)
    ends = {}
    for spec in structure.connections:
        source, target = boxes[spec.source], boxes[spec.target]
        sources = [other.source for other in structure.into(spec.target)]
        start = _port_x(source, spec.target, leaving[spec.source], boxes), source.top
        ends[spec.key] = start, (_port_x(target, spec.source, sources, boxes), target.bottom)
    if len(ends) > MAX_ROUTED_CONNECTIONS:
        return {key: _direct_curve(*both) for key, both in ends.items()}
    occupied = _OccupiedCells()
    curves = {}
    for key in sorted(ends, key=lambda key: math.dist(*ends[key])):  # short curves have the fewest options
        curves[key] = _route_curve(*ends[key], list(boxes.values()), occupied)
    return {spec.key: curves[spec.key] for spec in structure.connections}


def _port_x(box: Box, block: str, connected: Iterable[str], boxes: Mapping[str, Box]) -> float:
    """Return the x at which the connection to `block` meets a box.

    `connected` are all blocks whose connections meet the same side of the box. Flat connections are placed
    towards its corners and steep ones towards its middle.
    """
    order = sorted(connected, key=lambda name: (boxes[name].x - box.x) / abs(boxes[name].y - box.y))
    spacing = min(PORT_SPACING, (box.width - 16) / max(1, len(order) - 1))
    return box.x + (order.index(block) - (len(order) - 1) / 2) * spacing


class _OccupiedCells:
    """The grid cells that the curves routed so far pass through."""

    def __init__(self) -> None:
        self.cells = np.zeros(0, np.int64)

    def add(self, points: Points) -> None:
        self.cells = np.union1d(self.cells, self._cells(points))

    def count(self, points: Points) -> Points:
        """Return for curves (n, steps, 2) how many points each, except its ends, has in occupied cells.

        A mere crossing counts little; running along another curve counts a lot.
        """
        shared: Points = np.isin(self._cells(points[:, 4:-4]), self.cells).sum(axis=1)
        return shared

    def _cells(self, points: Points) -> NDArray[np.int64]:
        columns, rows = np.moveaxis((points // CELL_SIZE).astype(np.int64), -1, 0)
        cells: NDArray[np.int64] = columns * 1_000_003 + rows
        return cells


def _direct_curve(start: Point, end: Point) -> Points:
    middle = (start[1] + end[1]) / 2
    return np.array([start, (start[0], middle), (end[0], middle), end])


def _route_curve(start: Point, end: Point, boxes: Sequence[Box], occupied: _OccupiedCells) -> Points:
    """Return the best of the candidate curves: little bent, across few boxes, along few other curves."""
    rise = start[1] - end[1]
    bow, leave, arrive = np.array(list(product(BOWS, BENDS, BENDS))).T
    curves = np.zeros((len(bow), 4, 2))
    curves[:, 0], curves[:, 3] = start, end
    curves[:, 1] = np.stack([start[0] + bow, start[1] - leave * rise], axis=1)
    curves[:, 2] = np.stack([end[0] + bow, end[1] + arrive * rise], axis=1)
    points = bezier_points(curves)
    bending = abs(bow) / 25 + abs(leave - BENDS[0]) + abs(arrive - BENDS[0])
    covered = _boxes_covering(points[:, 2:-2], boxes, margin=7).sum(axis=1)
    best = int(np.argmin(bending + 20 * covered + 0.35 * occupied.count(points)))
    occupied.add(points[best])
    best_curve: Points = curves[best]
    return best_curve


def _boxes_covering(points: Points, boxes: Sequence[Box], *, margin: float) -> Points:
    """Return in how many boxes, enlarged by a margin, each of the points (..., 2) lies."""
    centres = np.array([(box.x, box.y) for box in boxes])
    halves = np.array([(box.width / 2, box.height / 2) for box in boxes]) + margin
    counts: Points = (np.abs(points[..., None, :] - centres) < halves).all(axis=-1).sum(axis=-1)
    return counts


def _place_numbers(curves: Mapping[str, Points], boxes: Sequence[Box]) -> dict[str, tuple[float, float]]:
    """Return a position on each curve for its number, away from boxes, other numbers and other curves."""
    if not 0 < len(curves) <= MAX_ROUTED_CONNECTIONS:
        return {}
    points = np.stack([bezier_points(curve) for curve in curves.values()])  # (curves, steps, 2)
    candidates = points[:, NUMBER_STEPS]
    fixed = _fixed_cost(candidates, points, boxes)
    chosen = np.full(len(points), len(NUMBER_STEPS) // 2)
    for _ in range(4):  # move each number in turn to its best position, given those of the other numbers
        for index in range(len(points)):
            others = np.delete(candidates[np.arange(len(points)), chosen], index, axis=0)
            distance = np.abs(candidates[index][:, None] - others) / np.array(NUMBER_SIZE)
            overlap = np.clip(1.15 - distance, 0, None).prod(axis=2).sum(axis=1)
            chosen[index] = int(np.argmin(fixed[index] + 30 * overlap))
    centres = candidates[np.arange(len(points)), chosen]
    return {key: (float(x), float(y)) for key, (x, y) in zip(curves, centres, strict=True)}


def _fixed_cost(candidates: Points, points: Points, boxes: Sequence[Box]) -> Points:
    """Return the cost (curves, candidates) of each position, apart from the other numbers.

    It counts covered boxes, covered points of other curves, and the distance from the curve's middle.
    """
    half = np.array(NUMBER_SIZE) / 2
    costs = np.zeros(candidates.shape[:2])
    for index, centres in enumerate(candidates):
        others = np.delete(points, index, axis=0).reshape(-1, 2)
        covered = (np.abs(centres[:, None] - others) < half + 1).all(axis=2).sum(axis=1)
        off_centre = np.abs(np.linspace(-1, 1, len(centres)))
        costs[index] = covered + 40 * _boxes_covering(centres, boxes, margin=9) + 0.8 * off_centre
    return costs
