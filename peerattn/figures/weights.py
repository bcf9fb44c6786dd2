"""Connection weights by the modality they come from: every one, and the mean of each modality."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from peerattn.figures.palette import escape_label, looks
from peerattn.graph.connectivity import source_modality, weights_by_modality
from peerattn.graph.structure import Structure

MARGIN = {"l": 8, "r": 16, "t": 28, "b": 8}


def weights_by_source(structure: Structure, weights: Mapping[str, float], *, threshold: float) -> go.Figure:
    """A dot a connection, a line at the mean of its source's modality; dashed: the threshold."""
    figure = go.Figure()
    styles = looks([modality.name for modality in structure.modalities])
    found = weights_by_modality(structure, weights)
    rows = {name: len(found) - 1 - row for row, name in enumerate(found)}
    for name, values in found.items():
        specs = [spec for spec in structure.connections if source_modality(structure, spec.source) == name]
        shown = [escape_label(f"{spec.source} → {spec.target}") for spec in specs if spec.key in weights]
        color, mean = styles[name].color, sum(values) / len(values)
        figure.add_scatter(
            x=values,
            y=[rows[name]] * len(values),
            mode="markers",
            marker={"color": color, "size": 9, "opacity": 0.55},
            customdata=shown,
            hovertemplate="%{customdata}: %{x:.4f}<extra></extra>",
        )
        line = {"color": color, "width": 3}
        figure.add_shape(type="line", x0=mean, x1=mean, y0=rows[name] - 0.32, y1=rows[name] + 0.32, line=line)
        label = {"text": f"{mean:.3f}", "x": mean, "y": rows[name] + 0.3, "yanchor": "bottom"}
        figure.add_annotation(**label, showarrow=False)
    figure.add_vline(x=threshold, line={"color": "#7F7F7F", "dash": "dash", "width": 1.5})
    figure.update_layout(margin=MARGIN, height=110 + 56 * len(found), showlegend=False)
    figure.update_xaxes(title="connection weight", range=[-0.02, 1.02], automargin=True)
    names = [escape_label(f"{name} ({len(values)})") for name, values in found.items()]
    figure.update_yaxes(automargin=True)
    return figure.update_yaxes(
        title="from", tickvals=list(rows.values()), ticktext=names, range=[-0.6, len(found) - 0.3]
    )
