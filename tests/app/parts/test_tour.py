"""The steps of the guided tour: every answer agrees with the trace that is shown."""

import dataclasses

import numpy as np
import pytest

from app.parts.tour import THRESHOLD, Example, Gain, steps
from app.parts.words import plain
from peerattn.graph.connectivity import survey, weights_by_modality
from peerattn.traces.trace import Trace
from tests.traces import older, trace


def example(seed: int = 0, *, hostile: bool = False) -> Example:
    peer = trace(seed=seed, hostile=hostile)
    return Example(
        label=peer.class_names[0],
        peer_trace=peer,
        self_trace=trace(seed=seed, attention="self", hostile=hostile),
        pruned_trace=dataclasses.replace(peer, probabilities=peer.probabilities[::-1]),
        gain=Gain(0.01, (0.001, 0.02), 960),
        rgb_alone=(0.118, 960),
        swapped={
            "rgb": Gain(-0.5, (-0.6, -0.4), 192),
            "flow": Gain(-0.8, (-0.85, -0.7), 192),
            "object": Gain(0.0, (-0.05, 0.05), 192),
        },
        unmatched=Gain(-0.15, (-0.2, -0.1), 192),
    )


def weights(shown: Trace) -> dict[str, float]:
    return {one.key: one.connection_weight for one in shown.connections}


@pytest.mark.parametrize("seed", range(12))
def test_every_step_asks_one_question_with_different_answers_of_which_one_is_right(seed):
    tour = steps(example(seed))
    assert len(tour) == 11
    for step in tour:
        assert len(step.options) >= 2 and len(set(step.options)) == len(step.options), step.title
        assert 0 <= step.answer < len(step.options)
        assert step.question.endswith("?") and step.instructions and step.explanation


@pytest.mark.parametrize("seed", range(12))
def test_the_answers_of_the_tour_agree_with_the_trace(seed):
    shown = example(seed)
    named = {step.title: step for step in steps(shown)}
    means = weights_by_modality(shown.peer_trace.structure, weights(shown.peer_trace))
    means.pop("mixed")
    step = named["Connections have weights"]
    assert step.options[step.answer] == max(means, key=lambda name: np.mean(means[name]))
    step = named["Who decides? The peers"]
    pinned = shown.peer_trace.connection(step.selection.id)
    assert step.options[step.answer] == plain(pinned.peers[int(pinned.attention_weights.argmax())])
    step = named["Attention moves with the clip"]
    changes = {
        f"{plain(one.source)} → {plain(one.target)}": one.mean_factor[2:-3].std()  # as `reached` says
        for one in shown.peer_trace.connections
    }
    assert step.options[step.answer] == max(changes, key=changes.get)
    step = named["What is sent, and what is needed"]
    weakest = min(means, key=lambda name: np.mean(means[name]))
    assert step.options[step.answer].startswith("no" if weakest != "object" else "yes")
    assert shown.peer_trace.structure.block(step.selection.id.split("_to_")[0]).modality == weakest
    step = named["What can be removed?"]
    removed = survey(shown.peer_trace.structure, weights(shown.peer_trace), THRESHOLD).removed
    assert step.options[step.answer] == str(len(removed))
    step = named["Blocks in levels"]
    assert step.options[step.answer] == "5"
    step = named["Is the prediction still the same?"]
    same = shown.peer_trace.probabilities.argmax() == shown.pruned_trace.probabilities.argmax()
    assert step.options[step.answer] == ("the same class" if same else "another class")


@pytest.mark.parametrize(
    ("gain", "answer", "said"),
    [
        (Gain(-0.15, (-0.2, -0.1), 192), 0, "So the network needs the factors of the clip"),
        (Gain(0.1, (0.05, 0.2), 192), 1, "does not show that the network needs"),
        (Gain(-0.01, (-0.1, 0.08), 192), 2, "it is not shown that the network needs"),
        (Gain(-0.5, None, 12), 2, "no interval: too few clips"),
    ],
)
def test_what_is_said_of_attention_follows_from_the_measurement(gain, answer, said):
    tour = steps(dataclasses.replace(example(), unmatched=gain))
    [step] = [one for one in tour if one.title == "Does attention matter?"]
    assert step.answer == answer
    assert said in step.explanation


def test_the_selections_and_frames_of_the_steps_exist():
    shown = example()
    for step in steps(shown):
        traced = shown.peer_trace if step.network == "peer" else shown.self_trace
        if step.selection:
            kinds = {"connection": traced.connections, "block": traced.structure.blocks}
            names = {"connection": "key", "block": "id"}
            parts, name = kinds[step.selection.kind], names[step.selection.kind]
            assert step.selection.id in {getattr(part, name) for part in parts}
        assert 1 <= step.settings.get("frame", 1) <= len(traced.times)


def test_the_factor_step_shows_the_frame_with_the_smallest_mean_factor():
    shown = example()
    step = next(step for step in steps(shown) if "frame" in step.settings)
    frame = step.settings["frame"]
    shade = shown.peer_trace.connection(step.selection.id).mean_factor
    assert shade[frame - 1] == shade.min()
    assert f"frame {frame} that mean is {shade.min():.2f}" in step.question


def test_the_step_about_time_says_what_windows_and_hatching_are():
    told = {step.title: step.explanation for step in steps(example())}["Attention moves with the clip"]
    assert "the parts of this recording" in told and "affected by padding beyond the clip's ends" in told
    old = dataclasses.replace(example(), peer_trace=older(trace()))
    told = {step.title: step.explanation for step in steps(old)}["Attention moves with the clip"]
    assert "end of the clip" not in told


def test_markup_in_names_from_files_is_shown_as_text():
    for step in steps(example(hostile=True)):
        for text in (step.instructions, step.question, step.explanation, *step.options):
            assert "<b>" not in text and "<img" not in text


def test_a_difference_is_called_a_gain_only_if_its_interval_is_above_zero():
    assert Gain(0.01, (0.001, 0.02), 960).words.endswith(": a small gain")
    assert Gain(0.01, (-0.001, 0.02), 960).words.endswith(": not distinguishable")
    assert Gain(-0.01, (-0.02, -0.001), 960).words.endswith(": a loss")
    assert Gain(0.01, None, 9).words == "+1.0 points (no interval: too few clips): too few clips"
    assert "by the earlier method" in Gain(0.01, (0.001, 0.02), 960, earlier=True).words
