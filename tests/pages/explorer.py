"""A page with the explorer alone, for tests in a browser: `streamlit run tests/pages/explorer.py`."""

import streamlit as st

from app import keys
from app.explorer.component import Selection, load_script, pack_trace, show_explorer
from peerattn.graph.connectivity import survey
from tests.traces import HOSTILE, images, object_ids, trace

st.set_page_config(layout="wide")
st.session_state.runs = st.session_state.get("runs", 0) + 1
clip = st.radio("clip", [0, 1, 2], horizontal=True)
threshold = st.radio("threshold", [0.0, 0.3, 0.6], horizontal=True)
frames = 1 if clip == 2 else 20
shown = trace(seed=clip, frames=frames, hostile=True)
weights = {each.key: each.connection_weight for each in shown.connections}
load_script()
selection = show_explorer(
    shown,
    pack_trace(shown, images(frames), object_ids=object_ids(frames), object_names={2: HOSTILE}),
    removal=survey(shown.structure, weights, threshold) if threshold else None,
    key=keys.EXPLORER,
    selected=Selection("block", "top"),
)
st.text(f"runs: {st.session_state.runs}")
st.text(f"selected: {selection.kind} {selection.id}" if selection else "selected: nothing")
