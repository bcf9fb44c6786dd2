"""The entry point of the app: its screens, and the bar above those that show a clip."""

import streamlit as st

from peerattn import threads

threads.configure_environment()  # must precede the imports below, which load torch

from app.parts import bar  # noqa: E402
from app.state import caches  # noqa: E402

caches.freeze_loaded_objects()
st.set_page_config(layout="wide", initial_sidebar_state="collapsed")
# Streamlit's charts use a grey with a contrast of only 3.7 on white; give them the text colour of the theme.
st.html(
    "<style>[data-testid=stPlotlyChart] :is(.cartesianlayer, .infolayer) text"
    " { fill: currentColor !important; }"
    # While a network runs, a spinner appears and disappears there; it must not shift the page.
    "[data-testid=stLayoutWrapper]:has(> .st-key-alerts):not(:has([data-testid=stAlert]))"
    " { position: absolute; }"
    # The names of classes may be long: they wrap instead of ending in an ellipsis.
    "[data-testid=stMetricValue], [data-testid=stMetricValue] *"
    " { white-space: normal !important; line-height: 1.2; }</style>"
)
effect = st.Page("screens/effect.py", title="Effect")
data = st.Page("screens/data.py", title="Data")
replay = st.Page("screens/replay.py", title="Replay")
structures = st.Page("screens/structures.py", title="Structures")
tour = st.Page("screens/tour.py", title="Tour")
screen = st.navigation(
    [
        st.Page("screens/explore.py", title="Explore", default=True),
        tour,
        st.Page("screens/prune.py", title="Prune"),
        st.Page("screens/compare.py", title="Compare"),
        effect,
        data,
        replay,
        structures,
    ],
    position="top",
)
st.set_page_config(page_title=f"{screen.title} · peerattn")
if screen in (effect, data, replay, structures, tour):
    bar.retain_uploads()
else:
    bar.show()
screen.run()
