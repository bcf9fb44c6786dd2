"""A trace, and what an evaluation found, as pandas tables: the numbers behind every figure and export.

Column names are the words of the field with their unit (`_s`: seconds); factors, weights and
probabilities have none. Frames and windows count from 1, as pages show them; T frames, C channels, P peers.
"""

from peerattn.tables.accuracy import accuracy_table
from peerattn.tables.attention import (
    Grouping,
    attention_by,
    attention_groups,
    attention_weights_table,
    channels_table,
    connections_table,
    entropies_table,
    factors_table,
    level_distribution,
    object_channels,
)
from peerattn.tables.clip import blocks_table, frame_ends, predictions_table, reached_frames, window_of_frame
from peerattn.tables.evaluation import classes_table, clips_table, confusion_table, faults_table, present
from peerattn.tables.history import attention_history, connection_history, scores_history
from peerattn.tables.share import (
    BASELINE,
    CHANGED_BY_PEERS,
    OLD_SHARES,
    block_shares,
    contributed,
    contribution_shares,
    modality_share,
)

__all__ = [
    "BASELINE",
    "CHANGED_BY_PEERS",
    "OLD_SHARES",
    "Grouping",
    "accuracy_table",
    "attention_by",
    "attention_groups",
    "attention_history",
    "attention_weights_table",
    "block_shares",
    "blocks_table",
    "channels_table",
    "classes_table",
    "clips_table",
    "confusion_table",
    "connection_history",
    "connections_table",
    "contributed",
    "contribution_shares",
    "entropies_table",
    "factors_table",
    "faults_table",
    "frame_ends",
    "level_distribution",
    "modality_share",
    "object_channels",
    "predictions_table",
    "present",
    "reached_frames",
    "scores_history",
    "window_of_frame",
]
