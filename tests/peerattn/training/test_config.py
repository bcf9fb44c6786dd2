"""Training settings: JSON keeps them exactly, and invalid values are refused in one line."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerattn.data.augmentation import Augmentation
from peerattn.errors import PeerattnError
from peerattn.modalities.settings import ClipSettings
from peerattn.training.config import (
    Averaging,
    Loss,
    Optimisation,
    PruningSchedule,
    Schedule,
    Stopping,
    TrainingConfig,
)
from peerattn.training.recipe import Recipe, read_recipe

SHARES = st.floats(0, 0.9)
CONFIGS = st.builds(
    TrainingConfig,
    epochs=st.integers(1, 100),
    batch=st.integers(1, 64),
    seed=st.integers(0, 2**31 - 1),
    workers=st.integers(0, 8),
    precision=st.sampled_from(("float32", "bf16", "fp16")),
    dropout=st.none() | SHARES,
    optimisation=st.builds(Optimisation, st.sampled_from(("adamw", "sgd")), rate=SHARES, momentum=SHARES),
    schedule=st.builds(Schedule, st.sampled_from(("one_cycle", "cosine", "constant")), warm_up=SHARES),
    loss=st.builds(Loss, st.sampled_from(("cross_entropy", "binary")), label_smoothing=SHARES),
    pruning=st.builds(
        PruningSchedule, st.lists(st.integers(1, 9), max_size=3).map(tuple), SHARES, st.none() | st.just(4)
    ),
    averaging=st.builds(Averaging, st.sampled_from(("none", "ema", "mean")), decay=SHARES),
    stopping=st.builds(Stopping, st.none() | st.integers(1, 9), st.sampled_from(("top1", "map"))),
)


@given(CONFIGS)
def test_settings_come_back_from_json(config: TrainingConfig) -> None:
    assert TrainingConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_settings_missing_from_json_get_their_defaults() -> None:
    config = TrainingConfig.from_json({"epochs": 3, "optimisation": {"rate": 1}})
    assert config == dataclasses.replace(TrainingConfig(), epochs=3, optimisation=Optimisation(rate=1.0))


WRONG: dict[str, tuple[Any, str]] = {
    "no object": ([], "the training config is [], but must be an object with any of epochs"),
    "an unknown field": ({"epoch": 3}, "there is no field 'epoch': did you mean epochs"),
    "an unknown inner field": ({"loss": {"name": "binary"}}, "loss: there is no field 'name'"),
    "a part that is none": ({"loss": "binary"}, "loss is 'binary', but must be an object with any of kind"),
    "a text": ({"epochs": "3"}, "epochs is '3', but must be a whole number"),
    "a yes": ({"epochs": True}, "epochs is True, but must be a whole number"),
    "half an epoch": ({"epochs": 1.5}, "epochs is 1.5, but must be a whole number"),
    "no epochs": ({"epochs": 0}, "epochs is 0: give 1 or more"),
    "an unknown loss": ({"loss": {"kind": "hinge"}}, "loss 'hinge' must be one of cross_entropy"),
    "an unknown optimiser": ({"optimisation": {"kind": "lion"}}, "optimiser 'lion' must be one of"),
    "a negative rate": ({"optimisation": {"rate": -1}}, "rate -1 must lie between"),
    "no number": ({"optimisation": {"rate": float("nan")}}, "rate nan must lie between"),
    "texts for epochs": (
        {"pruning": {"epochs": ["1"]}},
        "pruning.epochs[0] is '1', but must be a whole",
    ),
    "epoch nought": ({"pruning": {"epochs": [0]}}, "the first epoch is 1"),
    "nothing kept": ({"pruning": {"keep": 0}}, "keep at least 1"),
    "no patience": ({"stopping": {"patience": 0}}, "patience is 0"),
    "half precision": ({"precision": "float16"}, "precision 'float16' must be one of"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_settings_are_refused_in_one_line(case: str) -> None:
    given, said = WRONG[case]
    with pytest.raises(PeerattnError) as refusal:
        TrainingConfig.from_json(given)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_recipe_comes_back_from_its_file(tmp_path: Path) -> None:
    recipe = Recipe(
        TrainingConfig(epochs=3), ClipSettings(size=48), Augmentation(drop={"rgb": 0.4}, mixup=0.2)
    )
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(recipe.to_json()))
    assert read_recipe(path) == recipe


def test_a_recipe_with_only_training_settings_has_the_given_clip_settings(tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(TrainingConfig(epochs=3).to_json()))
    settings = ClipSettings(size=48, window=8)
    assert read_recipe(path, clip=settings) == Recipe(TrainingConfig(epochs=3), settings)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "this is not JSON"),
        ("[]", "must be a JSON object"),
        ('{"clip": 3}', "clip is 3, but must be an object with any of size"),
        ('{"clip": {"size": 3}}', "size 3 is not between"),
        ('{"augmentation": {"mixup": -1}}', "mixup -1"),
        (
            '{"augmentation": {"drop": {"rgb": "yes"}}}',
            "augmentation.drop.rgb is 'yes', but must be a num",
        ),
    ],
)
def test_a_file_that_is_not_a_recipe_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(text)
    with pytest.raises(PeerattnError, match=rf"recipe.json.*{said}"):
        read_recipe(path)


def test_a_recipe_is_changed_part_by_part() -> None:
    changed = Recipe().changed({"epochs": 4, "batch": None, "optimisation": {"rate": 0.5}})
    assert changed.training.epochs == 4
    assert changed.training.optimisation == Optimisation(rate=0.5)
    assert changed.training.batch == TrainingConfig().batch
