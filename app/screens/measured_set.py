"""What the Effect screen says of measurements that ship, on clips that do not."""

from __future__ import annotations

import streamlit as st

from app import keys
from app.parts import labelled_set_choice
from app.parts.words import plain
from app.work import shipped
from peerattn.graph.components import CHANGES_IN_WORDS, INTERVENTIONS, PLURALS

MISSING = (
    "{asked}: this was not measured on these clips, which are not part of the app. Measure it on a folder of "
    "your own labelled clips, or look at what was measured."
)


def say_origin(checkpoint: str, file: str) -> None:
    """Say on which clips a measurement was made, if it ships without them."""
    if clips := shipped.origin(checkpoint, file).clips:
        st.caption(plain(f"Measured on {clips}. The clips themselves are not part of this app."))


def ways(checkpoint: str, of: str) -> tuple[str, ...]:
    """Return the interventions on a kind of component, those measured on clips that do not ship first."""
    measured = [how for kind, how in shipped.measured(checkpoint) if kind == of]
    return (*measured, *(how for how in INTERVENTIONS[of] if how not in measured))


def follow_measured(checkpoint: str, of: str) -> None:
    """After another checkpoint or kind of component was chosen, choose what was measured of it."""
    last, asked = keys.EFFECT_ASKED.get(), (checkpoint, of)
    keys.EFFECT_ASKED.value = asked
    if last in (None, asked) or keys.LABELLED_SET.get() == labelled_set_choice.FOLDER:
        return
    measured = [how for kind, how in shipped.measured(checkpoint) if kind == of]
    if measured and keys.EFFECT_HOW.get() not in measured:
        keys.EFFECT_HOW.value = measured[0]


def say_missing(checkpoint: str, asked: str, of: str = "") -> None:
    """Say that a question was not measured on the clips that do not ship; offer what to do instead.

    These are what was measured of the same kind of component, or else of the other kinds, and a folder.
    """
    st.info(MISSING.format(asked=f"{asked[0].upper()}{asked[1:]}"))
    measured = shipped.measured(checkpoint)
    row = st.container(horizontal=True)
    for kind, how in [one for one in measured if one[0] == of] or measured:
        title = f"Show {PLURALS[kind]}: {CHANGES_IN_WORDS[how]}"
        row.button(title, key=keys.EFFECT_INSTEAD.scoped(f"{kind}-{how}"), on_click=_ask, args=(kind, how))
    row.button("Choose a folder of clips", key=keys.EFFECT_INSTEAD.scoped("folder"), on_click=_choose_folder)


def _ask(of: str, how: str) -> None:
    keys.EFFECT_OF.value, keys.EFFECT_HOW.value = of, how


def _choose_folder() -> None:
    keys.LABELLED_SET.value = labelled_set_choice.FOLDER
