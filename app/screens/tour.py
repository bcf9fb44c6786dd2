"""The guided tour on the page: one step at a time, a question first, then the live example's own answer."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from app import keys
from app.explorer import panels
from app.explorer.component import load_script, show_explorer
from app.parts.tour import THRESHOLD, Example, Gain, Step, steps
from app.parts.words import plain
from app.screens import details
from app.state import clips, pictures
from app.state.shown import Choice, Opened
from peerattn.errors import PeerattnError
from peerattn.graph.connectivity import survey

PEER, SELF = "actionworld", "actionworld-self"
CLIP = "push-ball-6s.mp4"
MINUTES = 10


def show() -> None:
    """The screen; it needs the two networks and the sample that ship."""
    try:
        networks = _networks()
        example = _example(networks)
    except PeerattnError as error:
        st.error(plain(f"The tour needs the networks and the clip that ship: {error}"))
        return
    tour = steps(example)
    number = _number(len(tour))
    step = tour[number]
    st.caption(f"Guided tour · step {number + 1} of {len(tour)} · about {MINUTES} minutes in all")
    st.progress((number + 1) / len(tour))
    st.header(step.title, anchor=False)
    words, question = st.columns(2)
    words.markdown(step.look)
    with question:
        _ask(step, number)
        _turn(number, len(tour))
    _live(networks[step.network], step, number)


def _networks() -> dict[str, Opened]:
    """The sample through both networks; raises PeerattnError where a part of it is missing."""
    source = next((clip for clip in clips.sample_clips() if clip.name == CLIP), None)
    if source is None:
        raise PeerattnError(f"the sample {CLIP} is not here, install the program again")
    return {
        name: clips.open_clip(Choice(network, source)) for name, network in (("peer", PEER), ("self", SELF))
    }


def _example(networks: dict[str, Opened]) -> Example:
    shown, own = networks["peer"], networks["self"]
    removal = survey(shown.trace.structure, shown.checkpoint.network.connection_weights(), THRESHOLD)
    try:
        metrics = shown.checkpoint.card["metrics"]
        gain, alone = metrics["minus_self"], metrics["rgb_alone"]
        interval, earlier = gain["difference_interval"], "interval_method" not in gain
        return Example(
            label=shown.choice.source.label or Path(CLIP).stem,
            peer=shown.trace,
            own=own.trace,
            pruned=clips.pruned_trace(shown, removal),
            gain=Gain(
                gain["difference"], interval and (interval[0], interval[1]), gain["n"], earlier=earlier
            ),
            rgb_alone=(alone["top1"], alone["n"]),
        )
    except KeyError as error:
        raise PeerattnError(f"the card of {PEER} does not say {error}, use the one that ships") from error


def _number(count: int) -> int:
    """The step of the address, from 0."""
    said = st.query_params.get("step", "1")
    return min(max(int(said), 1), count) - 1 if said.isdecimal() else 0


def _ask(step: Step, number: int) -> None:
    """The question; what is true comes once something was chosen."""
    key = keys.ANSWER.of(number)
    chosen = st.radio(
        step.question,
        range(len(step.options)),
        index=None,
        format_func=lambda index: step.options[index],
        key=key,
        persist_state="session",
    )
    if chosen is None:
        st.caption("Choose what you expect: the answer comes after it.")
    elif chosen == step.answer:
        st.success(f"**Yes.** {step.told}")
    else:
        st.info(f"**Not quite: {step.options[step.answer]}.** {step.told}")


def _turn(number: int, count: int) -> None:
    with st.container(horizontal=True):
        st.button("Back", on_click=_go, args=(number - 1,), disabled=number == 0)
        if number + 1 < count:
            st.button("Next", on_click=_go, args=(number + 1,))
        else:
            st.page_link("screens/explore.py", label="Explore a clip")
            st.page_link("screens/prune.py", label="Prune the network")


def _go(number: int) -> None:
    st.query_params["step"] = str(number + 1)


def _live(shown: Opened, step: Step, number: int) -> None:
    """The step's example: it can be played with, and stands again as it was on the way back."""
    weights = shown.checkpoint.network.connection_weights()
    answered = keys.ANSWER.of(number).get() is not None
    open_now = answered or not step.revealing
    prunes = step.threshold and open_now
    load_script()
    if step.panels:
        panels.load_script()
    selection = show_explorer(
        shown.trace,
        pictures.packed(shown),
        removal=survey(shown.trace.structure, weights, step.threshold) if prunes else None,
        key=keys.TOUR,
        selected=step.selection,
        start={"token": f"{number}", "query": urlencode({"frame": 1, **step.settings})},
    )
    if step.panels and open_now:
        details.show(shown, selection)


show()
