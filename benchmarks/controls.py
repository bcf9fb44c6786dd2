"""How much of a recording comes from the clip: what the explorer shows, checked against controls.

    python -m benchmarks.controls [--data FOLDER] [--out ANSWERS.json] [--against ANSWERS.json]

- later start: the same clip without its first frames; how much of the factors' variance is due to the start;
- frozen: the first frame of a clip repeated, so that nothing moves;
- modality shares: of a clip, a still one, one without objects, a black one;
- constant motion: the same motion in files of five frame rates;
- answers: top-1 on clips longer than a window, compared with answers written by another version.

`--data` is a folder of labelled clips with maps (as for `peerattn train --data`), used for networks trained
on real clips; networks trained on generated clips are run on generated ones.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from peerattn.actionworld.clips import CLASS_NAMES, MAP_NAMES, generate
from peerattn.checkpoints import checkpoint
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.data.examples import Example, FolderExamples
from peerattn.data.folder import labelled_files
from peerattn.modalities.clip import ObjectMaps, Origin
from peerattn.modalities.preparation import prepare
from peerattn.recording.predictions import predict
from peerattn.recording.recorder import record
from peerattn.scores.intervals import Interval, share_interval
from peerattn.tables.share import modality_share
from peerattn.traces.trace import Trace
from peerattn.video.decoding import decode
from peerattn.video.frames import Frames
from tests.moving import clip_of, constant_motion_clip, still, without

NETWORKS = ("actionworld", "actionworld-self", "actions14")
FIRST_SEED = 8_000_000
MARGIN = 14
"""Frames left out of comparisons at both ends of a clip: the bundled networks reach no farther."""
RATES = (24, 25, 30, 50, 60)
Tensors = Mapping[str, Tensor]


@dataclass(frozen=True)
class Subject:
    """A network and the labelled clips that it is run on."""

    loaded: Checkpoint
    name: str
    examples: list[Example]

    def record(self, tensors: Tensors, colour: Sequence[float] | None = None) -> Trace:
        """Record a clip; contributions are measured from this colour, by default from that of the card."""
        settings = self.loaded.settings
        baselines = settings.baselines if colour is None else {"rgb": colour}
        clip = clip_of(tensors, settings.frame_rate)
        return record(self.loaded.network, clip, window=settings.window, baselines=baselines)


def generated(loaded: Checkpoint, seeds: range, frames: int) -> Iterator[Example]:
    """Generated clips of these seeds, with flow and true object maps, as the checkpoint reads them."""
    modalities, settings = loaded.structure.read_modalities, loaded.settings
    for seed in seeds:
        world = generate(seed, frames=frames)
        maps = object_maps(world.object_ids)
        times = np.arange(frames) / settings.frame_rate
        clip = prepare(Frames(world.images, times), modalities, settings, objects=maps)
        yield Example((world.label,), clip.tensors, f"seed {seed}")


def object_maps(ids: NDArray[np.uint8], origin: Origin = "true") -> ObjectMaps:
    return ObjectMaps(ids, None, tuple(range(1, len(MAP_NAMES))), MAP_NAMES[1:], origin)


def subjects(data: Path | None, *, clips: int, frames: int, labelled: bool = False) -> Iterator[Subject]:
    """Every network on generated clips (if `labelled`, only if it knows their classes), and on `data`."""
    for name in NETWORKS:
        loaded = checkpoint.load(name)
        if loaded.class_names == CLASS_NAMES or not labelled:
            made = generated(loaded, range(FIRST_SEED, FIRST_SEED + clips), frames)
            yield Subject(loaded, f"{name} on generated clips", list(made))
        if loaded.class_names != CLASS_NAMES and data:
            files = labelled_files(data, split="val")
            reading = {"modalities": loaded.structure.read_modalities, "settings": loaded.settings}
            read = FolderExamples(files, loaded.class_names, **reading)
            yield Subject(loaded, f"{name} on labelled clips", list(read))


def deviation(trace: Trace, frames: slice = slice(None)) -> float:
    """The standard deviation of factors over time, averaged over channels, then over connections."""
    return float(np.mean([each.attention_factors[frames].std(axis=0).mean() for each in trace.connections]))


def later_start(subject: Subject) -> str:
    """Half of the mean squared change when a clip starts later, as a share of its variance over time."""
    shift, shares, changes, deviations = subject.loaded.settings.window // 2, [], [], []
    for example in subject.examples:
        if next(iter(example.tensors.values())).shape[2] < 2 * MARGIN + 2 * shift + 4:
            continue
        whole = subject.record(example.tensors)
        later = subject.record({name: tensor[:, :, shift:] for name, tensor in example.tensors.items()})
        own, moved, change = [], [], []
        for one, other in zip(whole.connections, later.connections, strict=True):
            inner = slice(shift + MARGIN, len(one.attention_factors) - MARGIN)
            factors = one.attention_factors[inner]
            difference = factors - other.attention_factors[MARGIN : MARGIN + len(factors)]
            own.append(factors.var(axis=0).mean())
            moved.append((difference**2).mean() / 2)
            change.append(np.abs(difference).mean())
        shares.append(np.sum(moved) / max(np.sum(own), 1e-12))
        changes.append(np.mean(change))
        deviations.append(np.mean(np.sqrt(own)))
    if not shares:
        return "no clip is long enough"
    low, middle, high = np.percentile(shares, (5, 50, 95))
    return (
        f"{middle:.1%} of the variance is due to the start (5 % of clips under {low:.1%}, 5 % over "
        f"{high:.1%}); mean change {np.mean(changes):.4f} of a deviation of {np.mean(deviations):.4f}, "
        f"{len(shares)} clips"
    )


def near_the_start(subject: Subject) -> Iterator[str]:
    """Per connection, half a window from the start but within its reach: how much the start changes there."""
    shift, found = subject.loaded.settings.window // 2, dict[str, list[tuple[float, float]]]()
    for example in subject.examples:
        if next(iter(example.tensors.values())).shape[2] < 2 * MARGIN + 2 * shift + 4:
            continue
        whole = subject.record(example.tensors)
        later = subject.record({name: tensor[:, :, shift:] for name, tensor in example.tensors.items()})
        for one, other in zip(whole.connections, later.connections, strict=True):
            assert other.reached is not None
            if (reach := other.reached[0]) > shift:
                near = other.attention_factors[shift:reach]
                change = np.abs(near - one.attention_factors[2 * shift : shift + reach]).mean()
                found.setdefault(one.key, []).append((change, one.attention_factors.std(axis=0).mean()))
    rows = {key: np.mean(pairs, axis=0) for key, pairs in found.items()}
    yield f"the start reaches {len(rows)} connections farther than {shift} frames"
    for key, (change, usual) in sorted(rows.items(), key=lambda row: -row[1][0]):
        yield f"  {key}: mean change {change:.4f}, of a deviation of {usual:.4f}"


def frozen(subject: Subject) -> str:
    """The deviation of factors over time: on the clips, on their frozen copies, and on long frozen copies."""
    moving, repeated, inner = [], [], []
    for example in subject.examples:
        moving.append(deviation(subject.record(example.tensors)))
        repeated.append(deviation(subject.record(still(example.tensors))))
        long = subject.record(still(example.tensors, 2 * MARGIN + 2 * subject.loaded.settings.window))
        inner.append(deviation(long, slice(MARGIN, -MARGIN)))
    return (
        f"deviation in time: clips {np.mean(moving):.4f}, frozen {np.mean(repeated):.4f}, frozen and long, "
        f"away from its ends {np.mean(inner):.6f}, {len(moving)} clips"
    )


def noisy(tensors: Tensors, pixels: float = 0.05) -> dict[str, Tensor]:
    """Replace the flow of a clip by a sensor's noise, normal with this standard deviation."""
    noise = torch.Generator().manual_seed(0)
    return {
        name: pixels * torch.randn(one.shape, generator=noise) if name == "flow" else one
        for name, one in tensors.items()
    }


def shares(subject: Subject) -> Iterator[str]:
    """Modality shares of the clips, of changed copies, and against baselines of other colours."""
    kinds = {
        "moving": lambda tensors: tensors,
        "still": still,
        "still, flow noise 0.05 px": lambda tensors: noisy(still(tensors)),
        "no objects": lambda tensors: without(tensors, "object"),
        "black": lambda tensors: without(tensors, "rgb", "flow"),
        "nothing": lambda tensors: without(tensors, *tensors),
    }
    for kind, change in kinds.items():
        yield _shares_of(kind, [subject.record(change(dict(one.tensors))) for one in subject.examples])
    mean = np.mean([one.tensors["rgb"].mean(dim=(0, 2, 3, 4)).numpy() for one in subject.examples], axis=0)
    for name, colour in {"grey": (0.5,) * 3, "their mean colour": mean.tolist()}.items():
        traces = [subject.record(one.tensors, colour) for one in subject.examples]
        yield _shares_of(f"moving, against {name}", traces)


def _shares_of(kind: str, traces: Sequence[Trace]) -> str:
    tables = [modality_share(trace) for trace in traces]
    means = np.stack([table.mean(axis=0) for table in tables])
    parts = [
        f"{name} {share:.3f} (worst {most:.3f})"
        for name, share, most in zip(tables[0].columns, means.mean(axis=0), means.max(axis=0), strict=True)
    ]
    return f"{kind:33} {', '.join(parts)}, {len(tables)} clips"


def constant_motion(subject: Subject) -> Iterator[str]:
    """Flow, and the deviation of factors, on the same motion in files of every frame rate."""
    loaded = subject.loaded
    modalities, settings = loaded.structure.read_modalities, loaded.settings
    names = {modality.name: modality for modality in modalities}
    for rate in RATES:
        with tempfile.TemporaryDirectory() as folder:
            frames = decode(constant_motion_clip(rate, Path(folder)), frame_rate=settings.frame_rate)
        ids = np.zeros(frames.images.shape[:3], np.uint8)
        class_ids = names["object"].class_ids
        maps = ObjectMaps(ids, None, class_ids, tuple(map(str, class_ids)), "true", frames.times)
        clip = prepare(frames, modalities, settings, objects=maps)
        means = clip.tensors["flow"].norm(dim=1).mean(dim=(2, 3))[0]
        inner = slice(MARGIN, -MARGIN)
        moved = deviation(subject.record(clip.tensors), inner)
        yield (
            f"{rate} frames/s read at {settings.frame_rate:g}: mean flow {means.min():.3f} to "
            f"{means.max():.3f} px, greatest / least {means.max() / means.min():.3f}; deviation of factors "
            f"{moved:.5f}, {len(means)} frames"
        )


def answers(subject: Subject) -> dict[str, bool]:
    """Group and number of a clip → whether its answer is right, for clips longer than a window."""
    window = subject.loaded.settings.window
    longer = [one for one in subject.examples if next(iter(one.tensors.values())).shape[2] > window]
    if not longer:
        return {}
    found = predict(subject.loaded.network, longer, window=window)
    right = found.clips.argmax(axis=1) == np.array([one.label for one in longer])
    return {
        f"{one.group} #{number}": bool(hit)
        for number, (one, hit) in enumerate(zip(longer, right, strict=True))
    }


def _groups(answers: Mapping[str, bool]) -> np.ndarray:
    """(N,): the source video of each clip."""
    return np.array([key.rpartition(" #")[0] for key in answers])


def interval_text(bounds: Interval | None) -> str:
    """Format an interval, in percent or points."""
    return f"{100 * bounds[0]:.1f} to {100 * bounds[1]:.1f} %" if bounds else "too few clips"


def compare_answers(now: Mapping[str, bool], before: Mapping[str, bool]) -> str:
    """How many answers changed, with the interval of their share."""
    lost = sum(before[key] and not now[key] for key in now)
    gained = sum(now[key] and not before[key] for key in now)
    changed = np.array([before[key] != now[key] for key in now])
    bounds = share_interval(changed, _groups(now))
    shares = [100 * sum(each.values()) / len(each) for each in (before, now)]
    return (
        f"{shares[0]:.1f} to {shares[1]:.1f} %: {lost} lost, {gained} gained of {len(now)} clips, "
        f"{interval_text(bounds)} of answers changed"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--against", type=Path)
    options = parser.parse_args()
    found: dict[str, dict[str, bool]] = {}
    for subject in subjects(options.data, clips=48, frames=80):
        print(f"\n{subject.name}\n  later start: {later_start(subject)}\n  {frozen(subject)}", flush=True)
        for line in (*near_the_start(subject), *shares(subject), *constant_motion(subject)):
            print(f"  {line}", flush=True)
    before = json.loads(options.against.read_text()) if options.against else {}
    for subject in subjects(options.data, clips=192, frames=48, labelled=True):
        found[subject.name] = now = answers(subject)
        if not now:
            print(f"\n{subject.name}: no clip is longer than a window", flush=True)
            continue
        share = 100 * sum(now.values()) / len(now)
        bounds = share_interval(np.array([*now.values()]), _groups(now))
        summary = f"top-1 on clips longer than a window {share:.1f} % ({interval_text(bounds)})"
        print(f"\n{subject.name}: {summary}, {len(now)} clips", flush=True)
        if subject.name in before:
            print(f"  {compare_answers(now, before[subject.name])}", flush=True)
    if options.out:
        options.out.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
