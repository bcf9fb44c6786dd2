"""The frame of the page: its screens, and above those that show a clip the choice of checkpoint and clip."""

import streamlit as st

from peerattn import threads

threads.configure_environment()  # before what follows loads torch

from app.parts import bar  # noqa: E402
from app.state import caches  # noqa: E402

caches.settle()
st.set_page_config(page_title="peerattn", layout="wide", initial_sidebar_state="collapsed")
# Streamlit's charts write in a grey of a contrast of 3.7 on white: they get the page's ink, in either theme.
st.html(
    "<style>[data-testid=stPlotlyChart] :is(.cartesianlayer, .infolayer) text"
    " { fill: currentColor !important; }"
    # While a network runs a spinner comes and goes there: alone it takes no room, so that the page stays.
    "[data-testid=stLayoutWrapper]:has(> .st-key-alerts):not(:has([data-testid=stAlert]))"
    " { position: absolute; }</style>"
)
data = st.Page("screens/data.py", title="Data")
replay = st.Page("screens/replay.py", title="Replay")
structures = st.Page("screens/structures.py", title="Structures")
tour = st.Page("screens/tour.py", title="Tour")
screen = st.navigation(
    [
        st.Page("screens/explore.py", title="Explore", default=True),
        st.Page("screens/prune.py", title="Prune"),
        st.Page("screens/compare.py", title="Compare"),
        data,
        replay,
        structures,
        tour,
    ],
    position="top",
)
if screen in (data, replay, structures, tour):
    bar.away()
else:
    bar.show()
screen.run()
