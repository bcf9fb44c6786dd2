"""The frame of the page: its screens, and above those that show a clip the choice of checkpoint and clip."""

import streamlit as st

from app import bar

st.set_page_config(page_title="peerattn", layout="wide", initial_sidebar_state="collapsed")
structures = st.Page("screens/structures.py", title="Structures")
tour = st.Page("screens/tour.py", title="Tour")
screen = st.navigation(
    [
        st.Page("screens/explore.py", title="Explore", default=True),
        st.Page("screens/prune.py", title="Prune"),
        st.Page("screens/compare.py", title="Compare"),
        structures,
        tour,
    ],
    position="top",
)
if screen in (structures, tour):
    bar.away()
else:
    bar.show()
screen.run()
