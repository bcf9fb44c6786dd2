"""Where a connectivity drawing puts everything: boxes, curves beside them, numbers that do not pile up.

Depends on the structure alone, so that nothing moves with a threshold. Pixels; y grows downward.
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
"""Width of a character of a block's name, on average."""
MAX_NAME_LENGTH = 16
PORT_SPACING = 10.0
"""Between two connections that arrive at a block, where its width allows."""
OUTGOING_PORT_SHARE = 0.8
"""Share of that between two connections that leave one."""
LANE_GAP, LANE_PADDING = 22.0, 14.0
"""Between two lanes; in a lane, beside its boxes."""
MAX_ROUTED_CONNECTIONS = 300
"""With more connections, curves take the shortest way, and there are no numbers."""
CELL_SIZE = 9.0
"""Curves closer than this run along each other."""
MIN_BOX_WIDTH, MAX_BOX_WIDTH = 54.0, 112.0
BOX_GAP = 30.0
"""Least space between two boxes."""
NUMBER_SIZE = (27.0, 12.0)
NOTE_WIDTH, NOTE_HEIGHT = 84.0, 16.0
"""Above a box, for a note that a threshold may bring."""

CURVE_PARAMETERS = np.linspace(0, 1, 33)
NUMBER_STEPS = range(5, 29)
"""The steps of a curve at which its number may stand: not at its ends, where others are near."""
BENDS = (0.45, 0.1, 0.25, 0.65, 0.85)
BOWS = (0.0, -40.0, 40.0, -80.0, 80.0, -120.0, 120.0)


@dataclass(frozen=True)
class Box:
    """A block's place: its centre and sides."""

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
    """Boxes by block id; by connection the curve's control points (4, 2) and its number's centre; lanes.

    A lane is its left and right side. Where there are too many connections to place numbers, there are none.
    """

    boxes: Mapping[str, Box]
    curves: Mapping[str, Points]
    numbers: Mapping[str, tuple[float, float]]
    lanes: Mapping[str, tuple[float, float]]

    @cached_property
    def sides(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of what is drawn between the margins."""
        boxes, edges = self.boxes.values(), self.lanes.values()
        curves = np.concatenate(
            [bezier_points(curve) for curve in self.curves.values()] or [np.zeros((0, 2))]
        )
        xs = [*(edge for pair in edges for edge in pair), *curves[:, 0]]
        return min(xs), min(box.top for box in boxes), max(xs), max(box.bottom for box in boxes)


@lru_cache(maxsize=16)
def lay_out(structure: Structure) -> ConnectivityLayout:
    """Every place in the figure of a structure."""
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
    """The boxes of one lane, as the level graph places them but as close as their widths allow."""
    places = positions(structure)
    members = [block.id for block in structure.blocks if lane(structure, block.id) == name]
    widths = {block_id: _box_width(structure, block_id) for block_id in members}
    across = (max(widths.values()) + BOX_GAP) / COLUMN
    return {
        block_id: Box(places[block_id][0] * across, places[block_id][1] / ROW * LEVEL_HEIGHT, width)
        for block_id, width in widths.items()
    }


def _box_width(structure: Structure, block_id: str) -> float:
    """Wide enough for the name, for what arrives and for what leaves."""
    name = CHARACTER_WIDTH * min(len(block_id), MAX_NAME_LENGTH) + 18
    leaving = sum(spec.source == block_id for spec in structure.connections)
    ports = PORT_SPACING * (max(len(structure.into(block_id)), OUTGOING_PORT_SHARE * leaving) + 1)
    return max(MIN_BOX_WIDTH, name, min(MAX_BOX_WIDTH, ports))


def bezier_points(curves: Points) -> Points:
    """Points (..., steps, 2) of cubic Bézier curves (..., 4, 2)."""
    t = CURVE_PARAMETERS[:, None]
    weights = np.concatenate([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3], axis=1)
    points: Points = weights @ curves
    return points


def _route_curves(structure: Structure, boxes: Mapping[str, Box]) -> dict[str, Points]:
    """A curve for each connection, from its source's upper side to its target's lower one."""
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
    taken = _OccupiedCells()
    curves = {}
    for key in sorted(ends, key=lambda key: math.dist(*ends[key])):  # the short ones have least choice
        curves[key] = _route_curve(*ends[key], list(boxes.values()), taken)
    return {spec.key: curves[spec.key] for spec in structure.connections}


def _port_x(box: Box, other: str, others: Iterable[str], boxes: Mapping[str, Box]) -> float:
    """Where along a box's side one of several connections stands: flat ones outside, steep ones inside."""
    order = sorted(others, key=lambda name: (boxes[name].x - box.x) / abs(boxes[name].y - box.y))
    between = min(PORT_SPACING, (box.width - 16) / max(1, len(order) - 1))
    return box.x + (order.index(other) - (len(order) - 1) / 2) * between


class _OccupiedCells:
    """The cells of a grid through which curves run."""

    def __init__(self) -> None:
        self.cells = np.zeros(0, np.int64)

    def add(self, points: Points) -> None:
        self.cells = np.union1d(self.cells, self._cells(points))

    def count(self, points: Points) -> Points:
        """At how many steps each curve (n, steps, 2), its ends apart, shares a cell: few for a crossing."""
        shared: Points = np.isin(self._cells(points[:, 4:-4]), self.cells).sum(axis=1)
        return shared

    def _cells(self, points: Points) -> NDArray[np.int64]:
        columns, rows = np.moveaxis((points // CELL_SIZE).astype(np.int64), -1, 0)
        cells: NDArray[np.int64] = columns * 1_000_003 + rows
        return cells


def _direct_curve(start: Point, end: Point) -> Points:
    middle = (start[1] + end[1]) / 2
    return np.array([start, (start[0], middle), (end[0], middle), end])


def _route_curve(start: Point, end: Point, boxes: Sequence[Box], taken: _OccupiedCells) -> Points:
    """The least bent of the curves that cross the fewest boxes and run along the fewest others."""
    rise = start[1] - end[1]
    bow, leave, arrive = np.array(list(product(BOWS, BENDS, BENDS))).T
    curves = np.zeros((len(bow), 4, 2))
    curves[:, 0], curves[:, 3] = start, end
    curves[:, 1] = np.stack([start[0] + bow, start[1] - leave * rise], axis=1)
    curves[:, 2] = np.stack([end[0] + bow, end[1] + arrive * rise], axis=1)
    points = bezier_points(curves)
    bent = abs(bow) / 25 + abs(leave - BENDS[0]) + abs(arrive - BENDS[0])
    boxed = _boxes_covering(points[:, 2:-2], boxes, margin=7).sum(axis=1)
    chosen = int(np.argmin(bent + 20 * boxed + 0.35 * taken.count(points)))
    taken.add(points[chosen])
    best: Points = curves[chosen]
    return best


def _boxes_covering(points: Points, boxes: Sequence[Box], *, margin: float) -> Points:
    """Of points (..., 2), in how many boxes, with the margin around them, each lies."""
    centres = np.array([(box.x, box.y) for box in boxes])
    halves = np.array([(box.width / 2, box.height / 2) for box in boxes]) + margin
    counts: Points = (np.abs(points[..., None, :] - centres) < halves).all(axis=-1).sum(axis=-1)
    return counts


def _place_numbers(curves: Mapping[str, Points], boxes: Sequence[Box]) -> dict[str, tuple[float, float]]:
    """For each connection a place on its curve, away from boxes, other numbers and other curves."""
    if not 0 < len(curves) <= MAX_ROUTED_CONNECTIONS:
        return {}
    drawn = np.stack([bezier_points(curve) for curve in curves.values()])  # (curves, steps, 2)
    candidates = drawn[:, NUMBER_STEPS]
    fixed = _fixed_cost(candidates, drawn, boxes)
    chosen = np.full(len(drawn), len(NUMBER_STEPS) // 2)
    for _ in range(4):  # each number in turn finds its best place among the others as they stand
        for index in range(len(drawn)):
            others = np.delete(candidates[np.arange(len(drawn)), chosen], index, axis=0)
            away = np.abs(candidates[index][:, None] - others) / np.array(NUMBER_SIZE)
            crowded = np.clip(1.15 - away, 0, None).prod(axis=2).sum(axis=1)
            chosen[index] = int(np.argmin(fixed[index] + 30 * crowded))
    places = candidates[np.arange(len(drawn)), chosen]
    return {key: (float(x), float(y)) for key, (x, y) in zip(curves, places, strict=True)}


def _fixed_cost(candidates: Points, drawn: Points, boxes: Sequence[Box]) -> Points:
    """(curves, candidates): boxes covered, points of other curves covered, distance from the middle."""
    half = np.array(NUMBER_SIZE) / 2
    costs = np.zeros(candidates.shape[:2])
    for index, places in enumerate(candidates):
        others = np.delete(drawn, index, axis=0).reshape(-1, 2)
        near = (np.abs(places[:, None] - others) < half + 1).all(axis=2).sum(axis=1)
        middle = np.abs(np.linspace(-1, 1, len(places)))
        costs[index] = near + 40 * _boxes_covering(places, boxes, margin=9) + 0.8 * middle
    return costs
