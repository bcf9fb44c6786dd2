"""Make the checkpoints on generated clips: from nothing to weights, and cards that say what was measured.

    python examples/make_actionworld.py     # writes checkpoints/actionworld, -self, -none and -objects

Each step is a command of `peerattn` and is skipped if its result exists. A network takes about 15 minutes on
one core.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any

from peerattn.files.cards import CARD_FILE, read_card, write_card
from peerattn.files.paths import checkpoint_folders
from peerattn.scores.attention_ablation import card_metrics
from peerattn.scores.intervals import METHOD

SEGMENTER = "actionworld-objects"
PEER = "actionworld"
NETWORKS = {
    PEER: (),
    "actionworld-self": ("--attention", "self"),
    "actionworld-none": ("--attention", "none"),
}
"""Name → what distinguishes its training from that of the network with peer attention."""
RGB = "rgb"
"""The same recipe on rgb alone: only its accuracy is kept, on the card of the network with peer attention."""
RECIPE = "examples/actionworld.json"
TRAINING_CLIPS, CLIPS = 16_000, 960
SWAPPED_CLIPS = 192


def main() -> None:
    """Train and measure whatever does not exist yet."""
    if not trained(SEGMENTER):
        peerattn("train-objects", "--out", SEGMENTER)
    for name, options in {**NETWORKS, RGB: ("--modalities", "rgb")}.items():
        if not trained(name):
            peerattn("train", "--out", name, "--config", RECIPE, *options, "--clips", TRAINING_CLIPS)
    for name in NETWORKS:
        describe(name)


def describe(name: str) -> None:
    """Measure a network and write what was found on its card."""
    folder = checkpoint_folders()[0] / name
    card = read_card(folder, "network")
    metrics = {"true_maps": card["metrics"]["true_maps"], "estimated_maps": accuracy(name, "estimated")}
    metrics["swapped"] = swapped(name)
    if "none" not in name:
        metrics["attention"] = card_metrics(measured("attention", name, "--clips", SWAPPED_CLIPS))
    if name == PEER:
        rgb = read_card(folder.with_name(RGB), "network")
        metrics["rgb_alone"] = {**rgb["metrics"]["true_maps"], "command": rgb["command"]}
        for other in NETWORKS:
            if other != PEER:
                metrics[f"minus_{other.rpartition('-')[2]}"] = difference(name, other)
    card["metrics"] = metrics
    write_card(folder, "network", {key: card[key] for key in card if key not in ("format", "kind")})


def accuracy(name: str, maps: str) -> dict[str, Any]:
    """Return the accuracy with its interval, on true or on estimated object maps."""
    found = measured("evaluate", name, "--clips", CLIPS, "--objects", maps)
    return {key: found[key] for key in ("n", "interval_method", "top1", "top1_interval")}


def difference(name: str, other: str) -> dict[str, Any]:
    """Return the paired difference of two networks' accuracies."""
    found = measured("evaluate", name, "--against", other, "--clips", CLIPS)
    kept = {key: found[key] for key in ("n", "interval_method", "difference", "difference_interval")}
    return {
        **kept,
        "compared_with": other,
        "method": "top-1 with true maps on the same clips, paired",
        "in_words": found["in_words"],
    }


def swapped(name: str) -> dict[str, Any]:
    """Return the change of accuracy for each modality that comes from another clip, with joint intervals."""
    found = measured("effect", name, "--of", "modality", "--clips", SWAPPED_CLIPS)
    before = {f"before_{key}": found["before"][key] for key in ("top1", "top1_interval")}
    changes: dict[str, Any] = {"n": found["n"], "interval_method": METHOD, **before}
    for effect in found["effects"]:
        changes[f"{effect['name']}_difference"] = effect["difference"]
        changes[f"{effect['name']}_difference_interval"] = effect["adjusted_interval"]
    return changes


def measured(command: str, name: str, *options: object) -> dict[str, Any]:
    """Return what a command that measures a checkpoint found."""
    found: dict[str, Any] = json.loads(peerattn(command, "--checkpoint", name, *options, "--json", "-"))
    return found


def trained(name: str) -> bool:
    return (checkpoint_folders()[0] / name / CARD_FILE).is_file()


def peerattn(*words: object) -> str:
    """Run a command and return its output."""
    command = [sys.executable, "-m", "peerattn", *map(str, words)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    main()
