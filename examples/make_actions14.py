"""Make the checkpoint `actions14`: from a folder of labelled clips with person masks to weights and a card.

    python examples/make_actions14.py --data FOLDER --maps MAPS     # writes checkpoints/actions14

Each step is a command of `peerattn` and is passed over where its result is there already: cross-fitted object
maps, the network, a sister that never saw two of the classes, calibration, and the measurements on the card.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from peerattn.files.cards import CARD_FILE, read_card, write_card
from peerattn.files.paths import checkpoint_folders

NAME, SISTER = "actions14", "actions12"
RECIPE = Path(__file__).with_name("actions14.json")
LEFT_OUT = "stand,run"
"""Two of the 14 classes, drawn by lot, which the sister never saw."""
SISTER_EPOCHS = "40"
"""Fewer than the network's own, to save time; the card says so."""
TEXTS = {
    "segmenter": "people-objects",
    "description": "Actions of people in real clips; rgb, flow, object; peer attention",
    "data": "337 training and 89 validation clips of 14 classes of J-HMDB (Jhuang et al., ICCV 2013), with a "
    "mask of the acting person in every frame, split so that no source video is on both sides: a split of "
    "its own, not to be compared with published scores. Names, splits and sha256 are in data.json. Training "
    "began with the weights of an earlier actionworld, trained on the first version of the generated clips. "
    "Half of the times a clip was seen with its true mask, half with "
    "maps of a segmenter that never saw its source video (three folds): people-objects itself, which makes "
    "the maps of other clips, was trained on these. With true masks, the people were often put before the "
    "frames of another training clip.",
    "licence": "J-HMDB is a subset of HMDB51 (listed as CC BY 4.0); its footage is from films and the web. "
    "Only weights are here: no frame, no mask.",
    "limits": [
        "It names one of 14 actions, or none of these; it knows nothing else.",
        "It looks at the square around the people that the object maps show, one for the whole clip, at 15 "
        "frames a second and 64 pixels: where they show something else, so does it.",
        "It hardly reads rgb: its connection weights are near 0.",
        "Classes with few source videos (swing_baseball, shoot_bow) are measured on few: see the intervals.",
        "With 89 validation clips every accuracy is uncertain by about thirteen points.",
        "What it looks at and how it learnt were chosen on held-out thirds of the training clips; but other "
        "networks had been measured on these validation clips before, and temperature and threshold were "
        "fitted on them: expect less on others.",
        "How well it says none of these was measured on a network of 12 of the classes and 40 epochs.",
    ],
}


def main(data: Path, maps: Path) -> None:
    """Every step whose result is not there yet."""
    folder = checkpoint_folders()[0] / NAME
    if not (maps.is_dir() and any(maps.iterdir())):
        peerattn("cross-fit", "--data", data, "--out", maps)
    recipe = ("--data", data, "--others", maps, "--config", RECIPE, "--structure", "people")
    sister = ("--without", LEFT_OUT, "--epochs", SISTER_EPOCHS)
    for name, words in ((NAME, ()), (SISTER, sister)):
        if not (folder.with_name(name) / CARD_FILE).is_file():
            peerattn("train", "--out", name, *recipe, "--init", "actionworld", "--resume", *words)
    if "calibration" not in read_card(folder, "network"):
        peerattn("calibrate", "--checkpoint", NAME, "--data", data, "--sister", SISTER)
    peerattn("data", "check", data, "--manifest", folder / "data.json")
    describe(folder, data)


def describe(folder: Path, data: Path) -> None:
    """Measure with estimated and with true object maps, and write it on the card with the texts."""
    metrics = {f"{maps}_maps": measured(data, maps) for maps in ("estimated", "true")}
    command = f"python examples/{Path(__file__).name} --data FOLDER --maps MAPS"
    card = {**read_card(folder, "network"), **TEXTS, "metrics": metrics, "command": command}
    protocol = f"greatest probability of a network that learnt {SISTER_EPOCHS} epochs without {LEFT_OUT}"
    card["none_of_these"] = {**card["none_of_these"], "protocol": protocol}
    write_card(folder, "network", {key: card[key] for key in card if key not in ("format", "kind")})


def measured(data: Path, maps: str) -> dict[str, Any]:
    """Accuracies on the validation clips with their intervals, all and per class."""
    said = peerattn("evaluate", "--checkpoint", NAME, "--data", data, "--objects", maps, "--json", "-")
    found: dict[str, Any] = json.loads(said)
    return {key: value for key, value in found.items() if key != "confusion"}


def peerattn(*words: object) -> str:
    """Run a command; its answer."""
    command = [sys.executable, "-m", "peerattn", *map(str, words)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="labelled clips with masks: a manifest.csv with mask_path"
    )
    parser.add_argument("--maps", type=Path, required=True, help="a folder for cross-fitted object maps")
    given = parser.parse_args()
    main(given.data, given.maps)
