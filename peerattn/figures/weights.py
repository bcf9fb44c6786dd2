"""Plotly figure of the connection weights, grouped by the modality of their source."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from peerattn.figures.palette import escape_label, looks
from peerattn.graph.connectivity import source_modality, weights_by_modality
from peerattn.graph.structure import Structure

MARGIN = {"l": 8, "r": 16, "t": 28, "b": 8}


def weights_by_source(structure: Structure, weights: Mapping[str, float], *, threshold: float) -> go.Figure:
    """Plot connection weights by source modality: a dot per connection and a line at each modality's mean.

    A dashed line, labelled, marks the pruning threshold.
    """
    figure = go.Figure()
    styles = looks([modality.name for modality in structure.modalities])
    values_by_modality = weights_by_modality(structure, weights)
    rows = {name: len(values_by_modality) - 1 - row for row, name in enumerate(values_by_modality)}
    for name, values in values_by_modality.items():
        specs = [spec for spec in structure.connections if source_modality(structure, spec.source) == name]
        labels = [escape_label(f"{spec.source} → {spec.target}") for spec in specs if spec.key in weights]
        color, mean = styles[name].color, sum(values) / len(values)
        figure.add_scatter(
            x=values,
            y=[rows[name]] * len(values),
            mode="markers",
            marker={"color": color, "size": 9, "opacity": 0.55},
            customdata=labels,
            hovertemplate="%{customdata}: %{x:.4f}<extra></extra>",
        )
        line = {"color": color, "width": 3}
        figure.add_shape(type="line", x0=mean, x1=mean, y0=rows[name] - 0.32, y1=rows[name] + 0.32, line=line)
        label = {"text": f"mean {mean:.3f}", "x": mean, "y": rows[name] + 0.3, "yanchor": "bottom"}
        figure.add_annotation(**label, showarrow=False)
    line = {"color": "#7F7F7F", "dash": "dash", "width": 1.5}
    side = "left" if threshold < 0.5 else "right"
    look = {"text": "threshold", "xanchor": side, "yanchor": "bottom", "y": 1}
    figure.add_vline(x=threshold, line=line, annotation=look)
    figure.update_layout(margin=MARGIN, height=110 + 56 * len(values_by_modality), showlegend=False)
    figure.update_xaxes(title="connection weight", range=[-0.02, 1.02], automargin=True)
    names = [escape_label(f"{name} (n = {len(values)})") for name, values in values_by_modality.items()]
    figure.update_yaxes(automargin=True)
    return figure.update_yaxes(
        title="modality of the source",
        tickvals=list(rows.values()),
        ticktext=names,
        range=[-0.6, len(values_by_modality) - 0.3],
    )
