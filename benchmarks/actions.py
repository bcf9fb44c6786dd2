"""What each part of a network is worth on real clips.

    python -m benchmarks.actions FOLDER --maps MAPS --out OUT

Contenders learn from the training clips of the folder by one recipe, that of `actions14` with fewer epochs
and random first weights (without what takes object maps where they read none), and are measured on the
validation clips with true object maps and with estimated ones. Each is written to OUT, and passed over where
it is there: several processes can share the work (`--only`). The table gives every accuracy, and how far peer
attention is ahead on the same clips.
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

from benchmarks.controls import held
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
READ = people_structure().modalities


@dataclass(frozen=True)
class Contender:
    """A network; `joined` are the modalities that it reads as the channels of one, if it does."""

    structure: Structure
    joined: tuple[str, ...] = ()


def chain(names: Sequence[str]) -> Contender:
    """A plain (2+1)D network, one block after the other, over the channels of these modalities side by side.

    What flows is neither weighed nor attended; 0.7 million parameters.
    """
    joined = Modality("joined", sum(one.channels for one in READ if one.name in names))
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
    "plain, all joined": chain(("rgb", "flow", "object")),
    "plain, flow and object joined": chain(("flow", "object")),
}


def suited(recipe: Recipe, contender: Contender) -> Recipe:
    """The recipe without what takes object maps, for a network that reads none."""
    read = contender.joined or [one.name for one in contender.structure.read_modalities]
    if "object" in read:
        return recipe
    return recipe.changed({"clip": {"view": "centre"}, "augmentation": {"elsewhere": 0.0}})


def joined(tensors: dict[str, Tensor], names: Sequence[str]) -> dict[str, Tensor]:
    """These modalities as one, their channels side by side."""
    return {"joined": torch.cat([tensors[name] for name in names], dim=1)} if names else tensors


class Joined(FolderClips):
    """Clips of a folder whose modalities are joined after they were varied, as all contenders' are."""

    names: tuple[str, ...] = ()

    def batch(self, epoch: int, members: Sequence[int]) -> Batch:
        made = super().batch(epoch, members)
        return replace(made, tensors=joined(dict(made.tensors), self.names))


def main() -> None:
    """Train and measure the contenders that are not there yet, and print the table."""
    given = _arguments()
    torch.set_num_threads(1)
    given.out.mkdir(parents=True, exist_ok=True)
    recipe = read_recipe(RECIPE).changed({"epochs": given.epochs, "seed": given.seed})
    for name in given.only or CONTENDERS:
        path = _result(given.out, name)
        if not path.exists():
            contender = CONTENDERS[name]
            found = measured(contender, suited(recipe, contender), given.folder, given.maps, name)
            np.savez(path, **found)  # type: ignore[arg-type]  # it has a flag among the arrays' names
    print(table(given.out))


def measured(
    contender: Contender, recipe: Recipe, folder: Path, maps: Path, name: str
) -> dict[str, np.ndarray]:
    """Trains a contender; its probabilities (N, K) on the validation clips with each kind of maps."""
    learnt, tested = (labelled_files(folder, split=split) for split in ("train", "val"))
    class_names = sorted({label for file in learnt for label in file.labels})
    source = Joined(
        [*with_alternative_maps(learnt, folder, maps)],
        class_names,
        modalities=READ,
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
        callbacks=Callbacks(epoch=lambda one: _say(name, one.number, one.loss)),
    )
    found: dict[str, np.ndarray] = {"parameters": np.array(parameters)}
    for kind in MAPS:
        examples = [_joined(one, contender) for one in _examples(tested, class_names, recipe, kind)]
        result = evaluate(trained.network, examples, window=recipe.clip.window)
        found[kind] = result.probabilities
        found["labels"], found["groups"] = result.labels, np.array(result.groups)
        found["classes"] = np.array(class_names)
    return found


def table(out: Path) -> str:
    """A Markdown table of all results that are there."""
    lines = [
        "| network | parameters | top-1, true maps | peer ahead by | top-1, estimated maps | peer ahead by |",
        "|---|---|---|---|---|---|",
    ]
    there = [name for name in CONTENDERS if _result(out, name).exists()]
    for name in there:
        row = [name, f"{int(np.load(_result(out, name))['parameters']):,}"]
        for kind in MAPS:
            own = _evaluation(_result(out, name), kind)
            row.append(f"{100 * own.top1:.1f} % ({held(own.top1_interval)})")
            if name == "peer" or "peer" not in there:
                row.append("")
            else:
                ahead = paired_difference(own, _evaluation(_result(out, "peer"), kind))
                row.append(f"{100 * ahead.value:+.1f} points ({held(ahead.interval)})")
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


def _examples(
    files: Sequence[LabelledFile], class_names: Sequence[str], recipe: Recipe, maps: str
) -> FolderExamples:
    if maps == "estimated":
        files = [replace(file, objects=None) for file in files]
    segmenter = load_segmenter(SEGMENTER) if maps == "estimated" else None
    return FolderExamples(files, class_names, modalities=READ, settings=recipe.clip, segmenter=segmenter)


def _joined(example: Example, contender: Contender) -> Example:
    return replace(example, tensors=joined(dict(example.tensors), contender.joined))


def _evaluation(path: Path, kind: str) -> Evaluation:
    found = np.load(path)
    return summarise(found[kind], found["labels"], found["groups"].tolist(), found["classes"].tolist())


def _result(out: Path, name: str) -> Path:
    return out / f"{name.replace(', ', '-').replace(' ', '_')}.npz"


def _say(name: str, epoch: int, loss: float) -> None:
    print(f"{name}: epoch {epoch}, loss {loss:.3f}", file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="labelled clips with masks")
    parser.add_argument(
        "--maps", type=Path, required=True, help="cross-fitted object maps of the training clips"
    )
    parser.add_argument("--out", type=Path, required=True, help="where results are kept")
    parser.add_argument("--only", nargs="*", choices=CONTENDERS, help="these contenders")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
