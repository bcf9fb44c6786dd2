"""Explore without a part: the page names the change, and draws the two networks beside each other."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app import keys
from app.explorer.component import Selection
from app.opening.files import Source
from app.opening.session import Session
from app.screens.leaving_out import part_label, part_options
from app.state import clips
from app.state.opened import Choice, OpenedClip
from peerattn.graph.structure import Structure
from peerattn.recording.interventions import frozen, silenced, swapped, without
from peerattn.recording.leaving_out import leave_out_while
from peerattn.recording.recorder import record
from tests.app.screens.test_explore_and_prune import PATIENCE, app, checked, plain_text, shown
from tests.conftest import ROOT
from tests.small import small_structure

__all__ = ["app"]
CONNECTION = "connection rgb1_to_top"
PEER = "attention rgb1_to_top:flow1"


def leave_out(app: AppTest, *parts: str) -> AppTest:
    return checked(app.multiselect(key="without").set_value(list(parts)).run())


def sentence(app: AppTest) -> str:
    """The sentence that says what changed; empty if nothing is left out."""
    lines = (plain_text(line.value) for line in app.markdown)
    return next((line for line in lines if line.endswith("One clip.")), "")


def expected(app: AppTest, probabilities: np.ndarray) -> tuple[str, str]:
    """The probabilities of the clip's best class with the whole network, and with the altered one."""
    before = shown(app).trace.probabilities
    best = int(before.argmax())
    return f"{100 * before[best]:.1f} %", f"{100 * probabilities[best]:.1f} %"


def test_the_parts_are_the_modalities_blocks_and_connections() -> None:
    options = part_options(small_structure())
    assert [part_label(part) for part in options[:5]] == [
        "all of rgb",
        "all of flow",
        "all of object",
        "block rgb1",
        "block flow1",
    ]
    assert part_label(CONNECTION) == "rgb1 → top" and CONNECTION in options
    assert part_label(PEER) == "peer flow1 of rgb1 → top" and PEER in options
    assert len({part_label(part) for part in options}) == len(options)
    blocks, modalities = small_structure().blocks, small_structure().modalities
    self_attending = Structure.complete(blocks, modalities=modalities, attention="self")
    assert not any(part.startswith("attention") for part in part_options(self_attending))


def test_what_is_left_out_changes_the_answer_as_the_network_says(app: AppTest) -> None:
    assert sentence(app) == ""
    opened = shown(app)
    network, window = opened.checkpoint.network, opened.checkpoint.settings.window
    interventions = {
        CONNECTION: without(network, connections="rgb1_to_top"),
        "modality object": without(network, modality="object"),
        "block mid1": without(network, blocks="mid1"),
        PEER: without(network, attention="rgb1_to_top:flow1"),
    }
    for part, intervention in interventions.items():
        with intervention:
            trace = record(
                network, opened.clip, window=window, baselines=opened.checkpoint.settings.baselines
            )
        before, after = expected(app, trace.probabilities)
        line = sentence(leave_out(app, part))
        assert f"{before} → **{after}** without {part_label(part)}" in line
    assert sentence(leave_out(app)) == ""


def test_factors_can_be_held_and_a_part_left_out_for_a_while(app: AppTest) -> None:
    opened = shown(app)
    network, window = opened.checkpoint.network, opened.checkpoint.settings.window
    leave_out(app, CONNECTION)
    times = next(slider for slider in app.slider if slider.label == "From, to (s)")
    checked(times.set_value((1.0, 2.0)).run())
    seconds = opened.trace.times - opened.trace.times[0]
    inside = np.flatnonzero((seconds >= 1.0 - 1e-6) & (seconds <= 2.0 + 1e-6))
    span = int(inside[0]), int(inside[-1]) + 1
    left_out = leave_out_while(network, opened.clip, window=window, connections=["rgb1_to_top"], spans=[span])
    _, after = expected(app, next(iter(left_out.after.values())))
    assert f"→ **{after}** without rgb1 → top from 1.00 to 2.00 s" in sentence(app)
    checked(app.selectbox(key="without-how").set_value("one").run())
    with frozen(network, connections="rgb1_to_top", to="one"):
        _, after = expected(app, record(network, opened.clip, window=window).probabilities)
    assert f"→ **{after}** rgb1 → top: factors at 1" in sentence(app)


def test_connections_can_have_the_factors_of_another_clip(app: AppTest) -> None:
    opened = shown(app)
    network, window = opened.checkpoint.network, opened.checkpoint.settings.window
    leave_out(app, CONNECTION)
    checked(app.selectbox(key="without-how").set_value("swap").run())
    frames = len(opened.trace.times)
    donors = {one.name: clips.open_clip(Choice(opened.choice.checkpoint, one)) for one in others(opened)}
    long_enough = [name for name, donor in donors.items() if len(donor.trace.times) >= frames]
    assert app.selectbox(key="donor").options == long_enough
    assert 0 < len(long_enough) < len(donors)
    checked(app.selectbox(key="donor").set_value(name := long_enough[-1]).run())
    cut = {modality: tensor[:, :, :frames] for modality, tensor in donors[name].clip.tensors.items()}
    with swapped(network, cut, connections="rgb1_to_top"):
        _, after = expected(app, record(network, opened.clip, window=window).probabilities)
    assert f"→ **{after}** rgb1 → top: factors of {name}" in sentence(app)


def others(opened: OpenedClip) -> list[Source]:
    return [one for one in clips.offered_samples() if one.id != opened.choice.source.id]


def opened_at(**query: object) -> AppTest:
    """The app at an address with this query."""
    fresh = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=PATIENCE)
    fresh.query_params["checkpoint"] = "small"
    for name, value in query.items():
        fresh.query_params[name.replace("_", "-")] = value
    return checked(fresh.run())


def lines(app: AppTest) -> list[str]:
    return [plain_text(warning.value) for warning in app.warning]


def test_the_address_names_the_way_the_donor_and_the_span(app: AppTest) -> None:
    label = part_label(CONNECTION)
    [donor] = [one.name for one in others(shown(app)) if "6s" in one.name]
    swapping = opened_at(without=[label], without_how="factors of another clip", donor=donor)
    assert (swapping.selectbox(key="without-how").value, swapping.selectbox(key="donor").value) == (
        "swap",
        donor,
    )
    assert f"rgb1 → top: factors of {donor}" in sentence(swapping)
    for_a_while = opened_at(without=[label], without_times=["1.0", "2.0"])
    assert "without rgb1 → top from 1.00 to 2.00 s" in sentence(for_a_while)
    assert not swapping.warning and not for_a_while.warning


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"without_how": "melted"}, "The address says “melted” of the parts"),
        (
            {"without_how": "factors of another clip", "donor": "gone.mp4"},
            "The address takes attention factors of the clip gone.mp4, which was not found.",
        ),
        (
            {"without_times": ["1.0", "99.0"]},
            "The address names the span 1.0 to 99.0 s, which this clip does not",
        ),
        (
            {"without_times": ["now", "then"]},
            "The address names the span now to then s, which this clip does not",
        ),
    ],
)
def test_what_the_address_names_and_is_not_there_is_said(
    app: AppTest, query: dict[str, object], said: str
) -> None:
    fresh = opened_at(without=[part_label(CONNECTION)], **query)
    assert any(line.startswith(said) for line in lines(fresh))
    assert "rgb1 → top" in sentence(fresh)


def test_the_span_follows_a_shorter_clip(app: AppTest) -> None:
    leave_out(app, CONNECTION)
    slider = app.slider(key="without-times")
    assert slider.value == (0.0, slider.max)
    shorter = next(one.name for one in others(shown(app)) if "4s" in one.name)
    checked(app.selectbox(key="clip").set_value(shorter).run())
    assert app.slider(key="without-times").value == (0.0, app.slider(key="without-times").max)
    assert " from " not in sentence(app)
    checked(app.slider(key="without-times").set_value((1.0, 2.0)).run())
    longer = next(one.name for one in others(shown(app)) if "6s" in one.name)
    checked(app.selectbox(key="clip").set_value(longer).run())
    assert "from 1.00 to 2.00 s" in sentence(app)


def test_a_session_leaves_out_what_it_was_saved_with(app: AppTest) -> None:
    view = {
        "without": "\n".join([part_label(CONNECTION), part_label(PEER)]),
        "without-how": "left out",
        "without-times": "1.0\n2.0",
    }
    restored(app, view)
    assert app.multiselect(key="without").value == [CONNECTION, PEER]
    assert "from 1.00 to 2.00 s" in sentence(app)
    restored(app, {})
    assert sentence(app) == ""
    restored(app, {"without": f"{part_label(CONNECTION)}\nall of smell", "without-how": "factors at 1"})
    assert "rgb1 → top: factors at 1" in sentence(app)
    assert lines(app) == ["This network does not have all of smell, so it is not left out."]


def restored(app: AppTest, view: dict[str, str]) -> None:
    """Open a session of the clip on the page with this view."""
    opened = shown(app)
    session = Session("small", opened.choice.source.name, opened.trace.to_json(), stop=12.0, view=view)
    app.session_state[keys.SESSION_TO_RESTORE] = (session, opened.choice.source)
    checked(app.run())


def test_what_would_cut_the_output_off_is_refused_in_one_line(app: AppTest) -> None:
    leave_out(app, "modality rgb", "modality flow", "modality object")
    assert "cut an output block off from every input block" in app.warning[0].value
    assert sentence(app) == ""


def test_a_peer_can_only_be_left_out_always_or_for_a_while(app: AppTest) -> None:
    opened = shown(app)
    network, window = opened.checkpoint.network, opened.checkpoint.settings.window
    leave_out(app, CONNECTION)
    checked(app.selectbox(key="without-how").set_value("one").run())
    leave_out(app, CONNECTION, PEER)
    assert app.selectbox(key="without-how").options == ["left out"]
    leave_out(app, PEER)
    times = next(slider for slider in app.slider if slider.label == "From, to (s)")
    checked(times.set_value((1.0, 2.0)).run())
    seconds = opened.trace.times - opened.trace.times[0]
    inside = np.flatnonzero((seconds >= 1.0 - 1e-6) & (seconds <= 2.0 + 1e-6))
    span = int(inside[0]), int(inside[-1]) + 1
    with silenced(network, attention="rgb1_to_top:flow1", frames=span):
        _, after = expected(app, record(network, opened.clip, window=window).probabilities)
    assert f"→ **{after}** without peer flow1 of rgb1 → top from 1.00 to 2.00 s" in sentence(app)
    leave_out(app)
    assert not any(box.key == "without-how" for box in app.selectbox)


@pytest.mark.parametrize("part", ["connection nowhere_to_top", "modality smell"])
def test_a_part_that_the_network_lacks_is_dropped_and_named(app: AppTest, part: str) -> None:
    app.session_state["without"] = [part, CONNECTION]
    for _ in range(2):  # the line stays until another choice is made
        checked(app.run())
        assert app.multiselect(key="without").value == [CONNECTION]
        line = f"This network does not have {part_label(part)}, so it is not left out."
        assert line in [plain_text(warning.value) for warning in app.warning]
    leave_out(app)
    assert not app.warning


def test_the_address_names_parts_and_what_the_network_lacks_is_said(app: AppTest) -> None:
    fresh = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=PATIENCE)
    fresh.query_params["checkpoint"] = "small"
    named = [part_label(CONNECTION), part_label(PEER), "peer b7 of a1 → a2", "all of smell"]
    fresh.query_params["without"] = named
    checked(fresh.run())
    assert fresh.multiselect(key="without").value == [CONNECTION, PEER]
    (line,) = (plain_text(warning.value) for warning in fresh.warning)
    assert line == "This network does not have peer b7 of a1 → a2, all of smell, so they are not left out."


def test_the_selected_part_is_left_out_by_a_button(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any(button.key == "leave-out" for button in app.button)
    selection = Selection("connection", "rgb1_to_top")
    monkeypatch.setattr("app.explorer.component._selection", lambda clicked, structure: selection)
    checked(app.run())
    checked(app.button(key="leave-out").click().run())
    assert app.multiselect(key="without").value == [CONNECTION]
    assert "without rgb1 → top" in sentence(app)
    assert not any(button.key == "leave-out" for button in app.button)


def test_a_peer_of_the_selected_connection_is_left_out_by_choosing_it(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but the last peer can be left out, one after another."""
    selection = Selection("connection", "rgb1_to_top")
    monkeypatch.setattr("app.explorer.component._selection", lambda clicked, structure: selection)
    checked(app.run())
    connection = shown(app).trace.connection("rgb1_to_top")
    for peer, weight in list(zip(connection.peers, connection.attention_weights, strict=True))[:-1]:
        (choice,) = (box for box in app.selectbox if box.label == "Leave out a peer")
        assert choice.value is None and f"{peer} (attention weight {weight:.2f})" in choice.options
        checked(choice.set_value(peer).run())
        assert f"attention rgb1_to_top:{peer}" in app.multiselect(key="without").value
    assert not any(box.label == "Leave out a peer" for box in app.selectbox)
    assert "without peer" in sentence(app)
