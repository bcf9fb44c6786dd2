"""A page with two traces in one explorer, for tests in a browser: `streamlit run tests/pages/compare.py`."""

import streamlit as st

from app import keys
from app.explorer.component import Comparison, load_script, pack_trace, show_explorer
from peerattn.traces.comparison import merge_structures
from tests.traces import HOSTILE, images, part, trace

st.set_page_config(layout="wide")
st.session_state.runs = st.session_state.get("runs", 0) + 1
first = trace(seed=0)
second = st.radio("second", ["clip", "pruned"], horizontal=True)
shown = trace(seed=1, frames=15) if second == "clip" else part(first, 0.5)
layout = merge_structures(first.structure, shown.structure)
load_script()
show_explorer(
    first,
    pack_trace(first, images(20), layout=layout),
    comparison=Comparison(pack_trace(shown, images(len(shown.times)), layout=layout), ("first", HOSTILE)),
    key=keys.EXPLORER,
)
st.text(f"runs: {st.session_state.runs}")
