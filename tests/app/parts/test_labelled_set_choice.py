"""The labelled sets that are offered are those whose classes the network knows."""

import pytest

from app.parts.labelled_set_choice import FOLDER, GENERATED, MEASURED, sets_for
from peerattn.checkpoints.resolving import resolve


@pytest.mark.parametrize(
    ("name", "sets"),
    [
        ("actionworld", (GENERATED, FOLDER)),
        ("actionworld-none", (GENERATED, FOLDER)),
        ("actions21", (FOLDER,)),
    ],
)
def test_the_sets_that_fit_the_network_are_offered(name: str, sets: tuple[str, ...]) -> None:
    assert sets_for(resolve(name).class_names) == sets


def test_the_set_of_measurements_that_ship_comes_first() -> None:
    assert sets_for(resolve("actions21").class_names, measured=True) == (MEASURED, FOLDER)
