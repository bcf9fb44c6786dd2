"""Does attention matter in `actions21`? Asked on clips of source videos that a network never saw.

    python -m benchmarks.attention_pooled FOLDER      # labelled clips with the split train, as for actions21

Training clips are answered by the networks of the five folds. Donors, and the clips from which batch norm is
estimated, are of the same fold network's own test and training clips.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from benchmarks.dress import NETWORKS, fold_of_groups
from peerattn.checkpoints import checkpoint
from peerattn.checkpoints.checkpoint import Checkpoint
from peerattn.cli.attention_run import table
from peerattn.cli.console import progress_bar
from peerattn.data.cache import Cache
from peerattn.data.cache_folder import default_folder
from peerattn.data.folder import LabelledFile, labelled_files
from peerattn.data.person_clips import PersonExamples
from peerattn.data.readable import CachedExamples
from peerattn.recording.attention_ablation import ablate_attention
from peerattn.scores.attention_ablation import summarise_ablation
from peerattn.scores.attention_answers import AblationAnswers

TRAINING_CLIPS = 208


def ask(folder: Path, trained: Path) -> AblationAnswers:
    """Return the answers on all clips of the split train, each by a network that never saw its video."""
    fold, files = fold_of_groups(), labelled_files(folder, split="train")
    parts = []
    for name in sorted(set(fold.values())):
        loaded = checkpoint.load(trained / name)
        own = [file for file in files if fold[file.group] == name]
        others = [file for file in files if fold[file.group] != name]
        order = np.random.default_rng(0).permutation(len(others))[:TRAINING_CLIPS]
        with progress_bar(f"runs of a clip, fold {name}") as progress:
            answers = ablate_attention(
                loaded.network,
                CachedExamples(examples_of(loaded, own)),
                examples_of(loaded, [others[number] for number in order]),
                window=loaded.settings.window,
                progress=progress,
            )
            parts.append(AblationAnswers.concatenated(list(answers)))
    return AblationAnswers.concatenated(parts)


def examples_of(loaded: Checkpoint, files: Sequence[LabelledFile]) -> PersonExamples:
    return PersonExamples(
        files,
        loaded.class_names,
        modalities=loaded.structure.read_modalities,
        settings=loaded.settings,
        cache=Cache(default_folder()),
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="labelled clips with the split train")
    parser.add_argument("--networks", type=Path, default=NETWORKS, help="a folder with a network per fold")
    parser.add_argument("--out", type=Path, help="where to store the answers (.npz)")
    given = parser.parse_args()
    answers = ask(given.folder, given.networks)
    if given.out:
        np.savez_compressed(given.out, **answers.to_arrays())
    found = summarise_ablation(answers).to_json()
    result = {**found, "training_clips": answers.about.training_clips, "skipped": answers.about.left_out}
    Console().print(table(result, "actions21"))


if __name__ == "__main__":
    main()
