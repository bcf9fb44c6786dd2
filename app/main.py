"""The frame of the page: its two screens, and the choice of checkpoint and clip that they share."""

import streamlit as st

from app import bar

st.set_page_config(page_title="peerattn", layout="wide", initial_sidebar_state="collapsed")
screen = st.navigation(
    [
        st.Page("screens/explore.py", title="Explore", default=True),
        st.Page("screens/prune.py", title="Prune"),
    ],
    position="top",
)
bar.show()
screen.run()
