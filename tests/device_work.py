"""Work whose results are compared between devices: each function does one thing and returns its numbers."""

import dataclasses
import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from benchmarks.resume import Noise, tiny
from peerattn.checkpoints import checkpoint
from peerattn.checkpoints.untrained import untrained
from peerattn.cli.calibration_run import collect_answers as calibration_answers
from peerattn.data.examples import Example
from peerattn.data.prepared import segmenter_digest
from peerattn.errors import PeerattnError
from peerattn.graph.answers import LABELS
from peerattn.graph.structure import Structure
from peerattn.modalities.backbone_segmenter import BackboneSegmenter, Decoder
from peerattn.modalities.pretrained.loading import load_backbone, load_pose_network
from peerattn.modalities.segmentation_network import SegmentationNetwork
from peerattn.modalities.segmenter import SEGMENTER, load_segmenter
from peerattn.network.convert import load_tf_variables, to_tf_variables
from peerattn.network.latency import measure_latencies
from peerattn.network.network import Network
from peerattn.network.size import count_parameters, multiply_adds
from peerattn.network.temperature import divide_logits
from peerattn.pruning.curve import threshold_curve
from peerattn.pruning.threshold import masked, prune, subnetwork
from peerattn.recording import recorder
from peerattn.recording.effects import effects
from peerattn.recording.evaluating import evaluate
from peerattn.recording.inside import inside
from peerattn.recording.recorder import record, record_inside
from peerattn.recording.stretches import window_logits
from peerattn.segmenter_training.config import DECODER, ViewPlan
from peerattn.segmenter_training.decoder import iou_on_views, train_decoder
from peerattn.segmenter_training.features import draw_shots, views_of
from peerattn.segmenter_training.quality import evaluate_segmenter
from peerattn.segmenter_training.saving import save_segmenter
from peerattn.segmenter_training.training import train_segmenter
from peerattn.training.config import Loss
from peerattn.training.loop import FitResult, fit
from tests import media
from tests.kinds import EVERY_KIND
from tests.peerattn.graph.test_connectivity import hand_made
from tests.peerattn.modalities.test_segformer import tiny_model
from tests.peerattn.network.test_convert import small, values
from tests.peerattn.recording.test_interventions import interventions_of_every_kind, whole_clip
from tests.peerattn.recording.test_recorder import clip_of, three_modes
from tests.peerattn.segmenter_training.test_segmentation import PEOPLE, TINY, person_video
from tests.peerattn.training.test_state import CONFIGS, QUICK, Broken, Interrupted, run
from tests.small import SETTINGS, small_structure, write_small_checkpoints
from tests.strategies import CLASSES, lively, tensors

Where = torch.device
Work = Callable[[Where], Any]


SAME_SUMS = sdpa_kernel(SDPBackend.MATH)
"""Torch's default attention differs between kinds of device in the order of summation; this one does not."""


@SAME_SUMS
def passed(structure: Structure, device: Where) -> Any:
    """The logits and gradients of a network."""
    network = lively(structure).to(device)
    logits = network(clips(structure, device))
    logits.square().sum().backward()
    return logits, {name: one.grad for name, one in network.named_parameters() if one.grad is not None}


def on_device(module: nn.Module, device: Where) -> Any:
    """Return the module after checking that it is on the device."""
    assert next(module.parameters()).device.type == device.type, f"not on {device}"
    return module


def clips(structure: Structure, device: Where) -> dict[str, Tensor]:
    return {name: tensor.to(device) for name, tensor in tensors(structure, clips=2).items()}


@SAME_SUMS
def recorded(structure: Structure, device: Where) -> Any:
    """A trace, and the steps that lead to every factor."""
    network, clip = lively(structure).to(device), clip_of(structure)
    trace, vectors = record_inside(network, clip, window=3)
    return trace, vectors, [inside(network, vectors, key) for key in network.connections]


def recorded_in_every_mode(device: Where) -> Any:
    return recorded(three_modes().structure, device)


def recorded_with_the_baseline_beside(device: Where) -> Any:
    network = three_modes().to(device)
    with patch.object(recorder, "CACHE_LIMIT", 0):
        return record(network, clip_of(network.structure), window=3)


def answered_in_stretches(device: Where) -> Any:
    network = lively(EVERY_KIND["lite"]).to(device)
    clip = {n: t.to(device) for n, t in tensors(network.structure, frames=9).items()}
    return window_logits(network, clip, [(0, 4), (4, 9)], most=2)


def examples(structure: Structure) -> list[Example]:
    """Three examples of two windows with four frames each."""
    return [Example((n % 3,), tensors(structure, frames=8, size=(8, 8), seed=n), str(n)) for n in range(3)]


def evaluated(device: Where) -> Any:
    found = examples(hand_made())
    asked = [hand_made(), hand_made().with_answer(LABELS)]
    return [evaluate(lively(structure).to(device), found, window=4) for structure in asked]


def calibrated(device: Where) -> Any:
    network = lively(hand_made()).to(device)
    divide_logits(network, 2.0)
    found = examples(network.structure)
    return calibration_answers(network, found, CLASSES, window=4, progress=lambda done, total: None)


def pruned(device: Where) -> Any:
    network = lively(hand_made()).to(device)
    smaller = prune(network, 0.25)
    with masked(network, 0.25):
        evaluation = evaluate(network, examples(network.structure), window=4)
    assert measure_latencies([network, smaller], frames=2, size=8, passes=1)[0].passes == 1
    size = count_parameters(smaller), multiply_adds(smaller, frames=4, size=16)
    return smaller(clips(smaller.structure, device)), evaluation, size


def changed(device: Where) -> Any:
    """A network's answers and its trace under every kind of intervention."""
    network, clip = lively(EVERY_KIND["own"]).to(device), whole_clip()
    found = []
    for change in interventions_of_every_kind(network, whole_clip(seed=2).tensors).values():
        with change(), torch.no_grad():
            logits = network({name: tensor.to(device) for name, tensor in clip.tensors.items()})
            found.append((logits, record(network, clip, window=3)))
    return found


def measured_without_things(device: Where) -> Any:
    network = lively(hand_made()).to(device)
    found = examples(network.structure)
    return [
        effects(network, found, of=of, how=how, window=4)
        for of, how in (
            ("modality", "swap"),
            ("block", "swap"),
            ("connection", "mean"),
            ("attention", "remove"),
        )
    ]


def curve(device: Where) -> Any:
    network = lively(hand_made()).to(device)
    return list(threshold_curve(network, examples(network.structure)[:2], window=4))


def learnt(trained: FitResult) -> Any:
    return trained.network.state_dict(), trained.history, trained.epochs


def trained(name: str, device: Where) -> Any:
    return learnt(run(CONFIGS[name], None, device=device))


class Counted(Noise):
    """A source that states how many clips of each class it has."""

    clips_of_classes = (2, 3, 3)


def trained_balanced(device: Where) -> Any:
    config = dataclasses.replace(QUICK, epochs=1, loss=Loss("binary", balance=1.0), dropout=0.5)
    network = tiny()
    asked = subnetwork(network, network.structure.with_answer(LABELS))
    return learnt(fit(asked.to(device), Counted(8), config))


def resumed(name: str, device: Where) -> Any:
    """A run that is interrupted in its second update and resumes from its state."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "training.safetensors"
        with pytest.raises(Interrupted):
            run(CONFIGS[name], path, stop_after=2, device=device)
        return learnt(run(CONFIGS[name], path, device=device))


def told_why_it_diverged(device: Where) -> str:
    with pytest.raises(PeerattnError) as refusal:
        fit(tiny().to(device), Broken(), QUICK)
    return str(refusal.value)


def converted(device: Where) -> Any:
    network = Network(small(), CLASSES).to(device)
    load_tf_variables(network, values(small()))
    return to_tf_variables(network)


def saved_and_loaded(device: Where) -> Any:
    """The files of a saved checkpoint, and the answers of the network loaded from it."""
    torch.manual_seed(0)
    network = Network(small_structure(), CLASSES).to(device)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "mine"
        checkpoint.save(folder, network, SETTINGS, {"command": "none"})
        loaded = checkpoint.load(folder, device)
        written = {path.name: path.read_bytes() for path in folder.iterdir()}
    with torch.inference_mode():
        return written, loaded.network(clips(small_structure(), device))


def opened_untrained(device: Where) -> Any:
    network = untrained("small", small_structure(), device).network
    with torch.inference_mode():
        return network(clips(network.structure, device))


def segmented(device: Where) -> Any:
    """Maps by a checkpoint and by a network that reads motion, and their names in the cache."""
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, PEERATTN_CHECKPOINTS=folder):
        write_small_checkpoints(Path(folder))
        loaded = on_device(load_segmenter(SEGMENTER, device), device)
    torch.manual_seed(0)
    reads_motion = SegmentationNetwork((4,), ("ball",), size=32, widths=(4, 8), reduction=2, motion=True)
    segmenters = loaded, reads_motion.eval().to(device)
    return [(one.estimate(media.moving_square(5)), segmenter_digest(one)) for one in segmenters]


def segmented_by_segformer(device: Where) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        tiny_model(labels=5).save_pretrained(folder)
        segmenter = load_segmenter(f"segformer:{folder}", device)
    on_device(segmenter.model, device)
    return segmenter.estimate(media.moving_square(2, height=48, width=64)), segmenter_digest(segmenter)


def segmented_on_a_backbone(device: Where) -> Any:
    """Maps by a decoder that is loaded from a checkpoint, and their name in the cache."""
    torch.manual_seed(0)
    made = BackboneSegmenter(load_backbone(), Decoder((4, 6, 8, 10)).eval())
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, PEERATTN_CHECKPOINTS=folder):
        save_segmenter(Path(folder) / "mine", made, config=DECODER, metrics={}, facts={})
        loaded = load_segmenter("mine", device)
    on_device(loaded.backbone, device)
    on_device(loaded.decoder, device)
    return loaded.estimate(media.moving_square(2)), segmenter_digest(loaded)


def learnt_on_a_backbone(device: Where) -> Any:
    """What the frozen network sees in a clip, and a decoder that learnt from it."""
    config = dataclasses.replace(DECODER, views=ViewPlan(1, 1), steps=2, batch=2, widths=(4, 6, 8, 10))
    shot = draw_shots(person_video(0), config.views, np.random.default_rng(0))
    views = views_of(shot, load_backbone(device))
    decoder = on_device(train_decoder(views, np.arange(3), config, device=device), device)
    return views, decoder.state_dict(), iou_on_views(decoder, views, np.arange(3))


def described_and_posed(device: Where) -> Any:
    """What the frozen networks make of two pictures, on the device."""
    backbone, pose_network = load_backbone(device), load_pose_network(device)
    on_device(backbone, device)
    on_device(pose_network, device)
    pictures = media.moving_square(2, height=192, width=192)
    return backbone.describe(pictures), pose_network.joints(pictures)[..., 2]


def learnt_to_segment(device: Where) -> Any:
    segmenter = on_device(train_segmenter(dataclasses.replace(TINY, clips=8), device=device), device)
    return segmenter.state_dict(), evaluate_segmenter(segmenter, clips=1)


def learnt_people(device: Where) -> Any:
    config, videos = dataclasses.replace(PEOPLE, clips=8), [person_video(seed) for seed in range(2)]
    pretrained = train_segmenter(dataclasses.replace(config, people=0), device=device)
    return train_segmenter(config, videos, start=pretrained, device=device).state_dict()


WORK: dict[str, Work] = {
    **{f"passed {kind}": partial(passed, structure) for kind, structure in EVERY_KIND.items()},
    **{f"recorded {kind}": partial(recorded, structure) for kind, structure in EVERY_KIND.items()},
    **{f"trained {name}": partial(trained, name) for name in CONFIGS if name != "workers"},
    **{f"resumed {name}": partial(resumed, name) for name in ("as it is", "sgd", "pruned")},
    **{
        work.__name__.replace("_", " "): work
        for work in (
            *(recorded_in_every_mode, recorded_with_the_baseline_beside, answered_in_stretches),
            *(evaluated, calibrated, pruned, curve, changed, measured_without_things),
            *(trained_balanced, told_why_it_diverged, converted, saved_and_loaded, opened_untrained),
            *(segmented, segmented_by_segformer, described_and_posed, learnt_to_segment, learnt_people),
            *(segmented_on_a_backbone, learnt_on_a_backbone),
        )
    },
}
