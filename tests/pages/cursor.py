"""The explorer at the size of a published network, over numbered frames, for tests in a browser."""

import streamlit as st

from app import keys
from app.explorer.component import load_script, pack_trace, show_explorer
from peerattn.graph import published
from tests.traces import bar_codes, moving_joints, object_ids, quarters_flow, trace_of

FRAMES = 64


@st.cache_resource
def shown():
    trace = trace_of(published.structure("full_asnp50"), frames=FRAMES, rate=24)
    ids = object_ids(FRAMES, side=320)
    overlays = {"object_ids": ids, "flow": quarters_flow(FRAMES), "joints": moving_joints(FRAMES)}
    return trace, pack_trace(trace, bar_codes(FRAMES), **overlays)


st.set_page_config(layout="wide")
st.session_state.runs = st.session_state.get("runs", 0) + 1
trace, packed = shown()
load_script()
selection = show_explorer(trace, packed, key=keys.EXPLORER)
st.text(f"runs: {st.session_state.runs}")
st.text(f"selected: {selection.kind} {selection.id}" if selection else "selected: nothing")
