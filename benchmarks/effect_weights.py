"""Is a strong weight an important connection? `python -m benchmarks.effect_weights NAME … [--clips 192]`

Each connection of a checkpoint is removed in turn on generated clips. Prints Spearman's rank correlation of
the mean rise of −log p and the connection weight, that of the effects on two halves of the clips, and the
connections of which weight and effect disagree most.
"""

from __future__ import annotations

import argparse

from peerattn.checkpoints.resolving import resolve
from peerattn.data.labelled_set import LabelledSet
from peerattn.recording.effects import answers_in_parts
from peerattn.scores.effect_answers import EffectAnswers
from peerattn.scores.effect_weights import compare_with_weights
from peerattn.tables.effects import effects_table, weights_table

SHOWN = 3
"""How many connections of each kind of disagreement are printed."""


def measure(name: str, clips: int) -> None:
    """Print the comparison for one checkpoint."""
    loaded = resolve(name)
    examples = LabelledSet(count=clips).examples(loaded, cached=True)
    parts = answers_in_parts(
        loaded.network, examples, of="connection", how="remove", window=loaded.settings.window
    )
    answers = EffectAnswers.concatenated(list(parts))
    effects = answers.effects()
    found = compare_with_weights(answers, loaded.network.connection_weights())
    interval = "no interval" if found.interval is None else "{:.2f} to {:.2f}".format(*found.interval)
    print(f"\n{name}, {found.n} clips: rho {found.rho:.2f} ({interval}); halves {found.halves:.2f}")
    print(found.sentence)
    needed = effects_table(effects).query("needed == 'yes'")["component"]
    table = weights_table(found, effects).round(3)
    print(f"needed: {len(needed)} of {len(table)}; their weights:")
    print(table[table["connection"].isin(needed)].to_string(index=False))
    ranks = table["rise"].rank() - table["connection_weight"].rank()
    strong = table[(table["connection_weight"] > 0.5) & (ranks < 0)]
    print("strong, of least effect:")
    print(strong.sort_values("rise").head(SHOWN).to_string(index=False))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("--clips", type=int, default=192)
    options = parser.parse_args()
    for checkpoint in options.names:
        measure(checkpoint, options.clips)
