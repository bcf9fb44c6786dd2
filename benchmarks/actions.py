"""What each part of a network contributes on real clips.

    python -m benchmarks.actions FOLDER --maps MAPS --out OUT

All contenders are trained on the training clips of the folder with one recipe: that of `actions14`, with
fewer epochs and random initial weights, and without the settings that use object maps if a contender reads
none. They are evaluated on the validation clips, with true object maps and with estimated ones. Results are
written to OUT, and a contender whose result already exists is skipped, so several processes can share
the work (`--only`). The table gives every accuracy, and the lead of peer attention on the same clips.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.controls import interval_text
from peerattn.data.cache import Cache
from peerattn.data.cache_folder import default_folder
from peerattn.data.clips import FolderClips
from peerattn.data.examples import Example, FolderExamples
from peerattn.data.folder import LabelledFile, labelled_files, with_alternative_maps
from peerattn.data.loading import Batch
from peerattn.graph.specs import BlockSpec, Modality
from peerattn.graph.structure import Structure
from peerattn.modalities.segmenter import SEGMENTER, load_segmenter
from peerattn.recording.evaluating import evaluate
from peerattn.scores.evaluation import Evaluation, paired_difference, summarise
from peerattn.training.callbacks import Callbacks
from peerattn.training.initialisation import new_network
from peerattn.training.loop import fit
from peerattn.training.people import people_structure
from peerattn.training.recipe import Recipe, read_recipe

RECIPE = Path(__file__).parents[1] / "examples" / "actions14.json"
EPOCHS = 80
MAPS = ("true", "estimated")
MODALITIES = people_structure().modalities


@dataclass(frozen=True)
class Contender:
    """A structure to train; `joined` names the modalities, if any, that it reads as one."""

    structure: Structure
    joined: tuple[str, ...] = ()


def plain_chain(names: Sequence[str]) -> Contender:
    """A plain (2+1)D network, one block after another, over the concatenated channels of these modalities.

    It has neither connection weights nor attention; 0.7 million parameters.
    """
    joined = Modality("joined", sum(one.channels for one in MODALITIES if one.name in names))
    blocks = [
        BlockSpec("stem", 1, "video_input", 32, spatial_stride=2, modality=joined.name),
        BlockSpec("a", 2, "bottleneck", 64, spatial_stride=2, repeats=2),
        BlockSpec("b", 3, "bottleneck", 128, spatial_stride=2, repeats=2),
        BlockSpec("top", 4, "bottleneck", 256, spatial_stride=2, repeats=2),
    ]
    structure = Structure.complete(blocks, modalities=[joined], attention="none")
    neighbours = {("stem", "a"), ("a", "b"), ("b", "top")}
    kept = [
        replace(one, weight=None, learned=False)
        for one in structure.connections
        if (one.source, one.target) in neighbours
    ]
    return Contender(replace(structure, connections=tuple(kept)), tuple(names))


CONTENDERS = {
    "peer": Contender(people_structure()),
    "self": Contender(people_structure("self")),
    "no attention": Contender(people_structure("none")),
    "peer, flow and object": Contender(people_structure(modalities=("flow", "object"))),
    "peer, rgb and flow": Contender(people_structure(modalities=("rgb", "flow"))),
    "plain, all joined": plain_chain(("rgb", "flow", "object")),
    "plain, flow and object joined": plain_chain(("flow", "object")),
}


def recipe_for(recipe: Recipe, contender: Contender) -> Recipe:
    """The recipe for a contender: without the settings that use object maps if it reads none."""
    read = contender.joined or [one.name for one in contender.structure.read_modalities]
    if "object" in read:
        return recipe
    return recipe.changed({"clip": {"view": "centre"}, "augmentation": {"elsewhere": 0.0}})


def joined(tensors: dict[str, Tensor], names: Sequence[str]) -> dict[str, Tensor]:
    """Concatenate these modalities along the channels into one, `joined`; without names, change nothing."""
    return {"joined": torch.cat([tensors[name] for name in names], dim=1)} if names else tensors


class Joined(FolderClips):
    """Clips of a folder whose modalities are joined after augmentation, which all contenders share."""

    names: tuple[str, ...] = ()

    def batch(self, epoch: int, members: Sequence[int]) -> Batch:
        made = super().batch(epoch, members)
        return replace(made, tensors=joined(dict(made.tensors), self.names))


def main() -> None:
    """Train and evaluate the contenders that have no result yet, and print the table."""
    options = _arguments()
    torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    recipe = read_recipe(RECIPE).changed({"epochs": options.epochs, "seed": options.seed})
    for name in options.only or CONTENDERS:
        path = _result(options.out, name)
        if not path.exists():
            contender = CONTENDERS[name]
            found = train_and_evaluate(
                contender, recipe_for(recipe, contender), options.folder, options.maps, name
            )
            np.savez(path, **found)  # type: ignore[arg-type]  # savez also has a parameter that is a flag
    print(table(options.out))


def train_and_evaluate(
    contender: Contender, recipe: Recipe, folder: Path, maps: Path, name: str
) -> dict[str, np.ndarray]:
    """Train a contender; return its probabilities (N, K) on the validation clips for each kind of maps."""
    train_files, val_files = (labelled_files(folder, split=split) for split in ("train", "val"))
    class_names = sorted({label for file in train_files for label in file.labels})
    source = Joined(
        [*with_alternative_maps(train_files, folder, maps)],
        class_names,
        modalities=MODALITIES,
        settings=recipe.clip,
        augmentation=recipe.augmentation,
        seed=recipe.training.seed,
        cache=Cache(default_folder()),
    )
    source.names = contender.joined
    network = new_network(contender.structure, class_names, seed=recipe.training.seed)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    trained = fit(
        network,
        source,
        recipe.training,
        callbacks=Callbacks(epoch=lambda one: _print_epoch(name, one.number, one.loss)),
    )
    found: dict[str, np.ndarray] = {"parameters": np.array(parameters)}
    for kind in MAPS:
        examples = [_joined(one, contender) for one in _examples(val_files, class_names, recipe, kind)]
        result = evaluate(trained.network, examples, window=recipe.clip.window)
        found[kind] = result.probabilities
        found["labels"], found["groups"] = result.labels, np.array(result.groups)
        found["classes"] = np.array(class_names)
    return found


def table(out: Path) -> str:
    """Return a Markdown table of all results in the folder."""
    lines = [
        "| network | parameters | top-1, true maps | lead of peer | top-1, estimated maps | lead of peer |",
        "|---|---|---|---|---|---|",
    ]
    available = [name for name in CONTENDERS if _result(out, name).exists()]
    for name in available:
        row = [name, f"{int(np.load(_result(out, name))['parameters']):,}"]
        for kind in MAPS:
            own = _evaluation(_result(out, name), kind)
            row.append(f"{100 * own.top1:.1f} % ({interval_text(own.top1_interval)})")
            if name == "peer" or "peer" not in available:
                row.append("")
            else:
                lead = paired_difference(own, _evaluation(_result(out, "peer"), kind))
                row.append(f"{100 * lead.value:+.1f} points ({interval_text(lead.interval)})")
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


def _examples(
    files: Sequence[LabelledFile], class_names: Sequence[str], recipe: Recipe, maps: str
) -> FolderExamples:
    if maps == "estimated":
        files = [replace(file, objects=None) for file in files]
    segmenter = load_segmenter(SEGMENTER) if maps == "estimated" else None
    return FolderExamples(
        files, class_names, modalities=MODALITIES, settings=recipe.clip, segmenter=segmenter
    )


def _joined(example: Example, contender: Contender) -> Example:
    return replace(example, tensors=joined(dict(example.tensors), contender.joined))


def _evaluation(path: Path, kind: str) -> Evaluation:
    found = np.load(path)
    return summarise(found[kind], found["labels"], found["groups"].tolist(), found["classes"].tolist())


def _result(out: Path, name: str) -> Path:
    return out / f"{name.replace(', ', '-').replace(' ', '_')}.npz"


def _print_epoch(name: str, epoch: int, loss: float) -> None:
    print(f"{name}: epoch {epoch}, loss {loss:.3f}", file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="labelled clips with masks")
    parser.add_argument(
        "--maps", type=Path, required=True, help="cross-fitted object maps of the training clips"
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder for results")
    parser.add_argument("--only", nargs="*", choices=CONTENDERS, help="train only these contenders")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
