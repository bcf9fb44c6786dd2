"""A page with the explorer and its panels, for tests in a browser: `streamlit run tests/pages/panels.py`."""

import streamlit as st

from app import keys
from app.explorer import panels
from app.explorer.component import Selection, load_script, pack_trace, show_explorer
from peerattn.figures.panels import block_panels, clip_panels, connection_panels
from peerattn.recording.inside import inside
from tests.panels import CLIP, NETWORK, TRACE, VECTORS

st.set_page_config(layout="wide")
st.session_state.runs = st.session_state.get("runs", 0) + 1
packed = pack_trace(TRACE, CLIP.images)


@st.fragment
def explored() -> None:
    selection = show_explorer(
        TRACE, packed, key=keys.EXPLORER, selected=Selection("connection", "inner1_to_top")
    )
    own = []
    if selection and selection.kind == "connection":
        own = connection_panels(TRACE, selection.id, inside(NETWORK, VECTORS, selection.id))
    elif selection:
        own = block_panels(TRACE, selection.id)
    clip = clip_panels(TRACE)
    title = selection.id if selection else ""
    panels.show_panels(packed, clip, key=keys.PANELS, selection=selection, title=title, selection_panels=own)


load_script()
panels.load_script()
explored()
st.button("unrelated")
st.text(f"runs: {st.session_state.runs}")
