"""Readable titles of table columns, with units, for pages and reports; CSV exports keep the column names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

TITLES: Mapping[str, str] = {
    "a_peer_of": "Peer of (connections)",
    "accuracy": "Accuracy",
    "activity": "Activity",
    "all": "All",
    "answer_without": "Most probable without it",
    "at_initialisation": "Near initial weight",
    "attention": "Attention",
    "attention_weight": "Attention weight",
    "average_precision": "Average precision",
    "block": "Block",
    "candidates": "Candidate peers",
    "change_over_frames": "SD of mean factor over frames",
    "change_without": "Change without it (points)",
    "class": "Class",
    "class or label": "Class or label",
    "clips": "Clips",
    "connection": "Connection",
    "connection_weight": "Connection weight",
    "connections": "Connections",
    "contribution_share": "Share of contributions",
    "counterpart": "Present in",
    "difference": "Difference (B − A)",
    "entropy": "Entropy of the attention weights (nats)",
    "epoch": "Epoch",
    "epoch_loss": "Mean training loss of the epoch",
    "factor_difference": "Factor difference (B − A)",
    "factor_first": "Mean factor A",
    "factor_second": "Mean factor B",
    "fed_by": "Incoming connections",
    "feeds": "Outgoing connections",
    "finding": "Finding",
    "frame": "Frame",
    "greatest": "Maximum",
    "high": "95 % interval, upper",
    "kept": "Kept",
    "kind": "Kind",
    "label": "Label",
    "label or class": "Label or class",
    "least": "Minimum",
    "level": "Level",
    "limit": "Limit",
    "loss": "Training loss of the step",
    "low": "95 % interval, lower",
    "macro": "Mean per-class accuracy",
    "map": "Mean average precision",
    "max_factor": "Maximum factor",
    "max_weight": "Maximum connection weight",
    "mean": "Mean",
    "mean_activity": "Mean activity",
    "mean_factor": "Mean factor",
    "mean_weight": "Mean connection weight",
    "median": "Median",
    "min_factor": "Minimum factor",
    "min_weight": "Minimum connection weight",
    "modality": "Modality",
    "multiply_adds": "Multiply-adds",
    "n": "n",
    "normalised_entropy": "Entropy of the attention weights (0 to 1)",
    "of": "Clip or window",
    "output": "Output (C × T × H × W)",
    "output_MiB": "Output (MiB)",
    "p5": "5th percentile",
    "p95": "95th percentile",
    "parameters": "Parameters",
    "part": "Part",
    "peer": "Peer",
    "peers": "Peers",
    "place": "Where",
    "predicted": "Predicted class",
    "probability": "Probability",
    "probability_first": "Probability A",
    "probability_second": "Probability B",
    "probability_without": "Probability without it",
    "q1": "First quartile",
    "q3": "Third quartile",
    "rank": "Rank",
    "remark": "Remark",
    "removed": "Removed",
    "share": "Share",
    "source": "Source block",
    "start_s": "Start (s)",
    "state": "State",
    "step": "Step",
    "stop_s": "End (s)",
    "target": "Target block",
    "temporal_dilation": "Temporal dilation (frames)",
    "temporal_dilation_frames": "Temporal dilation (frames)",
    "threshold": "Threshold",
    "time_padding": "Time padding",
    "time_s": "Time (s)",
    "times_uniform": "Attention weight × peers (1 is uniform)",
    "top1": "Top-1 accuracy",
    "top5": "Top-5 accuracy",
    "true": "True class",
    "value": "Value",
    "weight_difference": "Weight difference (B − A)",
    "weight_first": "Connection weight A",
    "weight_second": "Connection weight B",
    "what": "What is wrong",
    "width": "Width (channels)",
    "width_channels": "Width (channels)",
    "window": "Window",
    "window_top1": "Top-1 accuracy of single windows",
}
"""Name of a column → its title. Other names, such as those of modalities, are shown as they are."""

OVER_FRAMES: Mapping[str, str] = {
    "mean_factor": "Mean factor (all frames)",
    "min_factor": "Minimum factor (all frames)",
    "max_factor": "Maximum factor (all frames)",
}
"""Name of a column → its title in a table that has no column `frame`."""


def table_titles(names: Sequence[str]) -> dict[str, str]:
    """Map the columns of a table to their titles, which say if a factor is that of all frames."""
    titles = {name: column_title(name) for name in names}
    if "frame" not in names:
        titles |= {name: OVER_FRAMES[name] for name in names if name in OVER_FRAMES}
    return titles


def column_title(name: str) -> str:
    """Return the title of a column: `time_s` is "Time (s)" and `channel_3` is "Channel 3"."""
    kind, _, number = name.rpartition("_")
    if kind == "channel" and number.isdigit():
        return f"Channel {number}"
    return TITLES.get(name, name)
