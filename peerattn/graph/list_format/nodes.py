"""Reading the nodes and edge weights of a list; each node is checked on its own and against earlier nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from peerattn.errors import PeerattnError
from peerattn.graph.validation import SMALLEST_WEIGHT

STEMS = {-1: "rgb", -2: "flow", -3: "object"}
TOP_LEVEL = 3


class Node(NamedTuple):
    """One node of a list; a stem has no inputs."""

    level: int
    inputs: tuple[int, ...]
    filters: int | tuple[int, int, int]
    dilation: int
    stride: int


def read_nodes(items: Any) -> list[Node]:
    """Read the nodes of a list; raises PeerattnError, which names the node, if one does not follow the
    format.
    """
    if not isinstance(items, list | tuple) or not items:
        raise PeerattnError("a published structure is a list of nodes: give at least one")
    nodes = [_node(position, item) for position, item in enumerate(items)]
    for position, node in enumerate(nodes):
        _check_inputs(position, node, nodes)
    return nodes


def _node(position: int, item: Any) -> Node:
    """Read one node, checking it on its own."""
    invalid = PeerattnError(
        f"node {position} is {preview(item)}: give [level -1, -2 or -3, dilation], or "
        "[level 0 to 3, [inputs], filters, dilation, stride, 0]"
    )
    if not isinstance(item, list | tuple) or len(item) not in (2, 6) or not is_whole(item[0], -3, TOP_LEVEL):
        raise invalid
    if (item[0] < 0) != (len(item) == 2):
        raise invalid
    if item[0] < 0:
        return Node(item[0], (), 0, _number(position, "temporal dilation", item[1], 0, 64), 1)
    level, inputs, filters, dilation, stride, last = item
    if not is_whole(last, 0, 0):
        raise PeerattnError(f"node {position} ends in {preview(last)}: the last number of a node must be 0")
    if not isinstance(inputs, list | tuple) or not inputs:
        raise PeerattnError(f"node {position}: inputs is {preview(inputs)}, give a list of earlier nodes")
    return Node(
        level,
        tuple(inputs),
        _filters(position, filters),
        _number(position, "temporal dilation", dilation, 1, 64),
        _number(position, "spatial stride", stride, 1, 8),
    )


def _filters(position: int, filters: Any) -> int | tuple[int, int, int]:
    if isinstance(filters, list | tuple):
        if len(filters) != 3:
            raise PeerattnError(
                f"node {position}: filters is {preview(filters)}, but lite needs three numbers"
            )
        first, middle, last = (_number(position, "filters", one, 1, 8192) for one in filters)
        return first, middle, last
    return _number(position, "filters", filters, 1, 2048)


def _number(position: int, name: str, value: Any, least: int, most: int) -> int:
    if not is_whole(value, least, most):
        raise PeerattnError(
            f"node {position}: {name} is {preview(value)}, but must be a whole number from {least} to {most}"
        )
    number: int = value
    return number


def is_whole(value: Any, least: int, most: int) -> bool:
    """Whether a value is an integer from `least` to `most`; a bool is not."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def preview(value: Any) -> str:
    """Show a value on one line of at most 60 characters."""
    try:
        text = " ".join(repr(value).split())
    except (ValueError, RecursionError):  # numbers of thousands of digits, deeply nested lists
        return f"<{type(value).__name__} too large to show>"
    return text if len(text) <= 60 else text[:57] + "..."


def _check_inputs(position: int, node: Node, nodes: Sequence[Node]) -> None:
    for source in node.inputs:
        if not is_whole(source, 0, position - 1):
            raise PeerattnError(f"node {position}: input {preview(source)} is not an earlier node")
        if nodes[source].level >= node.level:
            raise PeerattnError(
                f"node {position}: input {source} is at level {nodes[source].level}, "
                f"which is not below level {node.level}"
            )
    if len(set(node.inputs)) < len(node.inputs):
        raise PeerattnError(f"node {position}: inputs {preview(list(node.inputs))} name a node twice")


def read_weights(edge_weights: Any, nodes: Sequence[Node]) -> list[tuple[float, ...]] | None:
    """Return each node's edge weights, empty for stems and single inputs; None if all weights are learned."""
    if not isinstance(edge_weights, list | tuple):
        raise PeerattnError(f"edge weights are {preview(edge_weights)}: give a list with one entry per node")
    if not edge_weights:
        return None
    if len(edge_weights) != len(nodes):
        raise PeerattnError(
            f"node {min(len(edge_weights), len(nodes))}: {len(nodes)} nodes have {len(edge_weights)} "
            "entries of edge weights, give one per node"
        )
    return [
        _node_weights(position, entry, node)
        for position, (entry, node) in enumerate(zip(edge_weights, nodes, strict=True))
    ]


def _node_weights(position: int, entry: Any, node: Node) -> tuple[float, ...]:
    if len(node.inputs) < 2:
        if not isinstance(entry, list | tuple) or entry:
            raise PeerattnError(
                f"node {position} has edge weights {preview(entry)}: with fewer than two inputs a node has "
                "none, give []"
            )
        return ()
    inner = entry[0] if isinstance(entry, list | tuple) and len(entry) == 1 else None
    if not isinstance(inner, list | tuple) or len(inner) != len(node.inputs):
        raise PeerattnError(
            f"node {position} has edge weights {preview(entry)}: give [[one weight for each of its "
            f"{len(node.inputs)} inputs]]"
        )
    for weight in inner:
        if not isinstance(weight, float) or not SMALLEST_WEIGHT <= weight <= 1 - SMALLEST_WEIGHT:
            raise PeerattnError(
                f"node {position}: edge weight {preview(weight)} must be a plain number between 0 and 1, "
                f"after the sigmoid, and at least {SMALLEST_WEIGHT:g} away from both"
            )
    return tuple(inner)
