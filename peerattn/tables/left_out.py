"""Tables of how the answer on one clip changes without single connections, and without one for a while."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from peerattn.traces.left_out import LeftOut
from peerattn.traces.trace import Trace


def left_out_table(trace: Trace, left_out: LeftOut) -> pd.DataFrame:
    """Return a row per connection, greatest loss first, with the probability of the best class without it.

    `change_without` is that probability minus the one with the whole network, in percentage points;
    `answer_without` is the most probable class without the connection.
    """
    changes = left_out.changes(left_out.best)
    best = left_out.class_names.index(left_out.best)
    rows = [
        {
            "connection": connection.key,
            "source": connection.source,
            "target": connection.target,
            "connection_weight": connection.connection_weight,
            "probability_without": left_out.after[connection.key][best],
            "change_without": 100 * changes[connection.key],
            "answer_without": left_out.class_names[int(left_out.after[connection.key].argmax())],
        }
        for connection in trace.connections
        if connection.key in left_out.after
    ]
    columns = ["connection", "source", "target", "connection_weight", "probability_without"]
    table = pd.DataFrame(rows, columns=[*columns, "change_without", "answer_without"])
    return table.sort_values("change_without", kind="stable", ignore_index=True)


def left_out_spans_table(trace: Trace, left_out: LeftOut, spans: Sequence[tuple[int, int]]) -> pd.DataFrame:
    """Return a row per span of frames: its times in seconds, and the change if a part is left out there."""
    changes = list(left_out.changes(left_out.best).values())
    step = float(np.median(np.diff(trace.times))) if len(trace.times) > 1 else 1.0
    return pd.DataFrame(
        {
            "start_s": [float(trace.times[start]) for start, _ in spans],
            "stop_s": [float(trace.times[stop - 1]) + step for _, stop in spans],
            "change_without": [100 * change for change in changes],
        }
    )
