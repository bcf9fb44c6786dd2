"""The guided tour: one step at a time, first a question, then the answer on a live example."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from app import keys
from app.explorer import panels
from app.explorer.component import load_script, show_explorer
from app.parts.tour import THRESHOLD, Example, Gain, Step, steps
from app.parts.words import plain
from app.screens import details
from app.state import clips, pictures
from app.state.opened import Choice, OpenedClip
from peerattn.errors import PeerattnError
from peerattn.graph.connectivity import survey

PEER, SELF = "actionworld", "actionworld-self"
CLIP = "push-ball-by-lamplight-6s.mp4"
MINUTES = 10


def show() -> None:
    """Draw the screen, which needs the two checkpoints and the sample clip that come with the app."""
    try:
        opened = _open_sample()
        example = _example(opened)
    except PeerattnError as error:
        st.error(plain(f"The tour needs the checkpoints and the sample clip that come with the app: {error}"))
        return
    tour = steps(example)
    number = _step_number(len(tour))
    step = tour[number]
    st.caption(f"Guided tour · step {number + 1} of {len(tour)} · about {MINUTES} minutes in all")
    st.progress((number + 1) / len(tour))
    st.header(step.title, anchor=False)
    instructions, question = st.columns(2)
    instructions.markdown(step.instructions)
    with question:
        _ask(step, number)
        _navigation(number, len(tour))
    _live_example(opened[step.network], step, number)


def _open_sample() -> dict[str, OpenedClip]:
    """Open the sample with both networks; raises PeerattnError if one of the files is missing."""
    source = next((clip for clip in clips.sample_clips() if clip.name == CLIP), None)
    if source is None:
        raise PeerattnError(f"the sample {CLIP} is missing, install the program again")
    return {
        name: clips.open_clip(Choice(network, source)) for name, network in (("peer", PEER), ("self", SELF))
    }


def _example(opened: dict[str, OpenedClip]) -> Example:
    """Return the traces and accuracies that the tour quotes; raises PeerattnError if the card lacks one."""
    peer, self_attention = opened["peer"], opened["self"]
    removal = survey(peer.trace.structure, peer.checkpoint.network.connection_weights(), THRESHOLD)
    try:
        metrics = peer.checkpoint.card["metrics"]
        rgb_alone, swapped = metrics["rgb_alone"], metrics["swapped"]
        return Example(
            label=peer.choice.source.label or Path(CLIP).stem,
            peer_trace=peer.trace,
            self_trace=self_attention.trace,
            pruned_trace=clips.pruned_trace(peer, removal),
            gain=_gain(metrics["minus_self"], "difference"),
            rgb_alone=(rgb_alone["top1"], rgb_alone["n"]),
            swapped={
                modality.name: _gain(swapped, f"{modality.name}_difference")
                for modality in peer.trace.structure.modalities
            },
            unmatched=_gain(metrics["attention"], "match_difference_beyond_random_batch_norm_anew"),
        )
    except KeyError as error:
        raise PeerattnError(
            f"the card of {PEER} lacks {error}, use the checkpoint that comes with the app"
        ) from error


def _gain(measured: Mapping[str, Any], name: str) -> Gain:
    """Return a difference of accuracies on a card; raises KeyError if it is missing."""
    interval = measured[f"{name}_interval"]
    earlier = "interval_method" not in measured
    return Gain(measured[name], interval and (interval[0], interval[1]), measured["n"], earlier=earlier)


def _step_number(count: int) -> int:
    """Return the number of the step in the address, from 0."""
    text = st.query_params.get("step", "1")
    return min(max(int(text), 1), count) - 1 if text.isdecimal() else 0


def _ask(step: Step, number: int) -> None:
    """Draw the question; the explanation appears once an option has been chosen."""
    key = keys.ANSWER.scoped(number)
    chosen = st.radio(
        step.question,
        range(len(step.options)),
        index=None,
        format_func=lambda index: step.options[index],
        key=key,
        persist_state="session",
    )
    if chosen is None:
        st.caption("Pick the answer you expect; the explanation then appears.")
    elif chosen == step.answer:
        st.success(f"**Yes.** {step.explanation}")
    else:
        st.info(f"**Not quite. The answer is: {step.options[step.answer]}.** {step.explanation}")


def _navigation(number: int, count: int) -> None:
    with st.container(horizontal=True):
        st.button("Back", on_click=_go, args=(number - 1,), disabled=number == 0)
        if number + 1 < count:
            st.button("Next", on_click=_go, args=(number + 1,))
        else:
            st.page_link("screens/explore.py", label="Explore a clip")
            st.page_link("screens/prune.py", label="Prune the network")


def _go(number: int) -> None:
    st.query_params["step"] = str(number + 1)


def _live_example(opened: OpenedClip, step: Step, number: int) -> None:
    """Draw the example of the step, which is interactive and starts in the same view on every visit."""
    weights = opened.checkpoint.network.connection_weights()
    answered = keys.ANSWER.scoped(number).get() is not None
    revealed = answered or not step.reveals_answer
    prunes = step.threshold and revealed
    load_script()
    if step.panels:
        panels.load_script()
    selection = show_explorer(
        opened.trace,
        pictures.packed(opened),
        removal=survey(opened.trace.structure, weights, step.threshold) if prunes else None,
        key=keys.TOUR,
        selected=step.selection,
        initial_view={"token": f"{number}", "query": urlencode({"frame": 1, **step.settings})},
    )
    if step.panels and revealed:
        details.show(opened, selection)


show()
