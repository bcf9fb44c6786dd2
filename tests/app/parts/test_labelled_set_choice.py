"""The labelled set that is offered first is one whose classes the network knows."""

import pytest

from app.parts.labelled_set_choice import FOLDER, GENERATED, sets_for
from peerattn.checkpoints.resolving import resolve


@pytest.mark.parametrize(
    ("name", "first"), [("actionworld", GENERATED), ("actionworld-none", GENERATED), ("actions21", FOLDER)]
)
def test_the_set_that_fits_the_network_comes_first(name: str, first: str) -> None:
    sets = sets_for(resolve(name).class_names)
    assert sets[0] == first and set(sets) == {GENERATED, FOLDER}
