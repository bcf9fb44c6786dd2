"""Which measure of attention is seen to move: what the colour of a connection could show, on real recordings.

    python -m benchmarks.shades [--clips FOLDER]

For each bundled network and clip: how many connections move over at least a quarter of the measure's range,
which is fixed for each network (`peerattn usual`), and how far the connection that moves most goes. Clips are
the samples of the app and, with `--clips`, the video files of a folder. Then two controls: a repeated frame,
and factors held at their mean while what they multiply goes on; no connection may move over 5 % of the range,
and no moment may be found.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from peerattn import api
from peerattn.checkpoints import checkpoint
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.errors import PeerattnError
from peerattn.modalities.clip import Clip
from peerattn.recording.interventions import frozen
from peerattn.traces.moments import frames_that_show_the_clip
from peerattn.traces.shift import MEASURES
from peerattn.traces.trace import ConnectionTrace, Trace
from peerattn.traces.usual import load_usual
from tests.moving import clip_of, still

SAMPLES = Path(__file__).parents[1] / "app" / "samples"
NETWORKS = ("actionworld", "actionworld-self", "actions14", "actions21")
MOVES, RESTS = 0.25, 0.05
"""A connection moves if it covers this part of the range within a clip, and rests below the other."""
SECONDS = 12.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--clips", type=Path, help="a folder of video files, for the networks of real clips")
    folder = parser.parse_args().clips
    for name in NETWORKS:
        loaded = checkpoint.load(name)
        ranges = ranges_of(loaded)
        print(
            f"\n{name}: {', '.join(f'{key} {low:.3f} to {high:.3f}' for key, (low, high) in ranges.items())}"
        )
        for title, clip in clips_of(loaded, folder):
            print(row(title, api.record(loaded, clip), ranges))
            controls(loaded, clip, ranges)


def ranges_of(loaded: Checkpoint) -> dict[str, tuple[float, float]]:
    """Return the range of each measure; the mean factor has that of all factors."""
    usual = load_usual(loaded.folder, loaded.structure)
    assert usual, f"run `peerattn usual {loaded.name}` first"
    return {"mean_factor": (0.0, 1.0), **{name: usual.ranges[name] for name in MEASURES}}


def clips_of(loaded: Checkpoint, folder: Path | None) -> Iterator[tuple[str, Clip]]:
    """Yield the clips for a network: the samples, or the files of the folder that it can read."""
    real = not loaded.name.startswith("actionworld")
    for path in sorted((folder.iterdir() if folder else ()) if real else SAMPLES.glob("*.mp4")):
        objects = None if real else path.with_suffix(".npz")
        try:
            yield path.name, api.read_clip(path, loaded, objects=objects, stretch=(0.0, SECONDS))
        except PeerattnError as error:
            print(f"  {path.name}: {error}")


def moved(trace: Trace, connection: ConnectionTrace, values: NDArray[np.floating]) -> float:
    """Return the greatest minus the least value over the frames that show the clip; 0 without values."""
    shown = values[frames_that_show_the_clip(trace, connection)]
    shown = shown[np.isfinite(shown)]
    return float(np.ptp(shown)) if len(shown) else 0.0


def parts_moved(trace: Trace, ranges: Mapping[str, tuple[float, float]]) -> dict[str, NDArray[np.float64]]:
    """Return measure → the part of its range that each connection covers."""
    measures = {"mean_factor": lambda each: each.mean_factor, **MEASURES}
    return {
        name: np.array([moved(trace, each, measures[name](each)) for each in trace.connections])
        / max(high - low, 1e-9)
        for name, (low, high) in ranges.items()
    }


def row(title: str, trace: Trace, ranges: Mapping[str, tuple[float, float]]) -> str:
    counts = {name: int((parts >= MOVES).sum()) for name, parts in parts_moved(trace, ranges).items()}
    said = ", ".join(f"{name} {count}" for name, count in counts.items())
    moments = ", ".join(f"{moment.time:.2f} s" for moment in trace.moments or ())
    frames = f"{title} ({len(trace.times)} frames)"
    return f"  {frames}: {said} of {len(trace.connections)}; moments: {moments or 'none'}"


def controls(loaded: Checkpoint, clip: Clip, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Print how far shifts go on a repeated frame, and with frozen factors."""
    repeated = api.record(loaded, clip_of(still(clip.tensors), loaded.settings.frame_rate))
    with frozen(loaded.network, connections=list(loaded.network.connections)):
        held = api.record(loaded, clip)
    for title, trace in (("a repeated frame", repeated), ("frozen factors", held)):
        most = float(parts_moved(trace, ranges)["shift"].max())
        moments = len(trace.moments or ())
        verdict = "rests" if most <= RESTS and not moments else "MOVES"
        print(f"    {title}: at most {100 * most:.1f} % of the range of shift, {moments} moments: {verdict}")


if __name__ == "__main__":
    main()
