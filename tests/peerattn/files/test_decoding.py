"""JSON → dataclasses: every reader builds valid documents; for any other, the error names the field."""

import dataclasses
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.opening.session import Session
from peerattn.data.augmentation import Augmentation
from peerattn.errors import PeerattnError
from peerattn.files.decoding import decode, parse
from peerattn.graph.answers import Answer
from peerattn.graph.structure import Structure
from peerattn.modalities.settings import ClipSettings
from peerattn.scores.calibration import NoneOfThese
from peerattn.traces.trace import Trace
from peerattn.training.config import PruningSchedule, TrainingConfig
from peerattn.training.recipe import Recipe
from tests.small import small_structure
from tests.strategies import structures
from tests.traces import trace

WRONG = {"wrong": {"wrong": []}}
"""A value that no field has."""


def read_trace(document: Any) -> Trace:
    return Trace.from_json(json.dumps(document))


def read_session(about: Any) -> Session:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("session.json", json.dumps(about))
        archive.writestr("trace.json", "{}")
    return Session.from_bytes(file.getvalue())


def read_rule(entry: Any) -> NoneOfThese | None:
    return NoneOfThese.from_card({"none_of_these": entry})


SESSION = {
    "format": "peerattn-session/1",
    "checkpoint": "small",
    "clip": {"name": "a.mp4", "digest": "", "sample": "a"},
    "objects": [],
    "stretch": [0, 1.5],
    "hold": False,
    "view": {"frame": "3"},
}
RULE = {
    "threshold": 0.5,
    "auroc": 1,
    "auroc_interval": [0.5, 1.0],
    "n_known": 4,
    "n_unknown": 2,
    "protocol": "held out",
    "interval_method": "score",
}
VARIED = Recipe(
    TrainingConfig(pruning=PruningSchedule((1,), keep=3)), augmentation=Augmentation(drop={"rgb": 0.5})
)
READERS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "structure": (Structure.from_json, small_structure().to_json() | {"combination": "separate"}),
    "answer": (Answer.from_json, {"kind": "labels", "loss_weight": 2, "thresholds": [0.25, 1]}),
    "trace": (read_trace, json.loads(trace(frames=3, window=2).to_json())),
    "session": (read_session, SESSION),
    "rule": (read_rule, RULE),
    "clip": (ClipSettings.from_json, json.loads(json.dumps(dataclasses.asdict(ClipSettings())))),
    "training": (TrainingConfig.from_json, json.loads(json.dumps(VARIED.training.to_json()))),
    "recipe": (Recipe.from_json, json.loads(json.dumps(VARIED.to_json()))),
}
"""Kind of document → its reader, and a valid document."""
IGNORED = {"trace": ("attention_mode",)}
"""Kind of document → entries that its reader ignores."""

OPEN = {
    *(("structure",), ("trace",), ("trace", "structure")),  # more may stand beside their parts
    *(("session", "view"), ("recipe", "augmentation", "drop")),  # with names of their own
}
"""Kind and path of objects in which unknown names are allowed."""

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
names = st.sampled_from(
    sorted({name for _, document in READERS.values() for name in document} | {"format", "wrong"})
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | st.text(), inner, max_size=4)
)


def places(value: Any) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every value in a document; for lists, only of the first item."""
    items = (
        value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    )
    for key, inner in items:
        yield (key,)
        yield from ((key, *path) for path in places(inner))


def with_value(document: Any, path: tuple[str | int, ...], value: Any) -> Any:
    changed = deepcopy(document)
    *outer, last = path
    parent = changed
    for key in outer:
        parent = parent[key]
    parent[last] = value
    return changed


def is_refused(name: str, document: Any) -> str:
    with pytest.raises(PeerattnError) as refusal:
        READERS[name][0](document)
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


@pytest.mark.parametrize("name", READERS)
def test_a_document_that_fits_is_read(name: str) -> None:
    read, document = READERS[name]
    assert read(document) is not None


@given(st.data(), st.sampled_from(sorted(READERS)))
def test_any_json_is_read_or_refused_in_one_line(data: st.DataObject, name: str) -> None:
    """The JSON is the whole document, or replaces any value in it."""
    read, document = READERS[name]
    value, path = data.draw(anything), data.draw(st.sampled_from([(), *places(document)]))
    try:
        read(with_value(document, path, value) if path else value)
    except PeerattnError as refusal:
        assert "\n" not in str(refusal)


@pytest.mark.parametrize("name", READERS)
def test_a_value_of_another_type_is_refused_by_the_name_of_its_field(name: str) -> None:
    document = READERS[name][1]
    for path in places(document):
        field = next(key for key in reversed(path) if isinstance(key, str))
        if field not in IGNORED.get(name, ()):
            assert field in is_refused(name, with_value(document, path, WRONG)), path


@pytest.mark.parametrize("name", READERS)
def test_an_unknown_field_is_refused_with_the_most_similar_one(name: str) -> None:
    document = READERS[name][1]
    for path in places(document):
        *outer, field = path
        apart = (name, *outer) in OPEN or field in ("format", "clip", "augmentation")
        if isinstance(field, str) and not apart:
            misspelt = with_value(document, (*outer, f"{field}x"), 1)
            said = is_refused(name, misspelt)
            assert f"there is no field '{field}x': did you mean" in said and field in said


@given(structures())
def test_a_structure_is_written_as_it_was_read(structure: Structure) -> None:
    text = json.dumps(structure.to_json())
    back = Structure.from_json(json.loads(text))
    assert back == structure and json.dumps(back.to_json()) == text


@pytest.mark.parametrize("temperature", [2, 2.0, 0.1])
def test_a_number_is_written_as_it_was_read(temperature: float) -> None:
    document = small_structure().to_json()
    document["outputs"][0] |= {"answer": {"kind": "classes", "loss_weight": 3}, "temperature": temperature}
    assert json.dumps(Structure.from_json(document).to_json()) == json.dumps(document)


@dataclasses.dataclass(frozen=True)
class Wheel:
    size: int
    spokes: tuple[float, ...] = ()


@dataclasses.dataclass(frozen=True)
class Cart:
    name: str
    wheels: tuple[Wheel, ...] = ()
    spare: Wheel | None = None
    loads: Mapping[str, float] = dataclasses.field(default_factory=dict)
    place: tuple[int, int] = (0, 0)
    weights: np.ndarray[tuple[int, int], np.dtype[np.float32]] | None = None
    old: bool = False

    def __post_init__(self) -> None:
        if self.place[0] < 0:
            raise PeerattnError("place is outside")


SAID = {
    "not an object": (3, "a cart is 3, but must have name, and may have wheels, spare, loads"),
    "no name": ({}, "a cart lacks 'name'"),
    "a name in a number": ({"name": 1}, "name is 1, but must be text"),
    "a part of a number": (
        {"name": "", "wheels": [{"size": 1}, {"size": 1.5}]},
        "wheels[1].size is 1.5, but must be a whole",
    ),
    "a truth for a number": ({"name": "", "wheels": [{"size": True}]}, "wheels[0].size is True"),
    "a part without its size": ({"name": "", "spare": {}}, "spare lacks 'size', but must have size"),
    "a part that is null": ({"name": "", "wheels": [None]}, "wheels[0] is None, but must have size"),
    "no list": ({"name": "", "wheels": "two"}, "wheels is 'two', but must be a list"),
    "an item": (
        {"name": "", "spare": {"size": 1, "spokes": [1, "x"]}},
        "spare.spokes[1] is 'x', but must be a number",
    ),
    "an entry": ({"name": "", "loads": {"hay": "much"}}, "loads.hay is 'much', but must be a number"),
    "too few": ({"name": "", "place": [1]}, "place is [1], but must be a list of 2"),
    "no truth": ({"name": "", "old": "yes"}, "old is 'yes', but must be true or false"),
    "a flat array": (
        {"name": "", "weights": [1.0]},
        "weights is [1.0], but must be a list of lists of numbers in the range of float32",
    ),
    "a ragged array": (
        {"name": "", "weights": [[1], [1, 2]]},
        "weights is [[1], [1, 2]], but must be a list of lists of numbers in the range of float32, with "
        "lists of equal length",
    ),
    "beyond float32": ({"name": "", "weights": [[1e300]]}, "weights is [[1e+300]]"),
    "what the class refuses": ({"name": "", "place": [-1, 0]}, "place is outside"),
    "an unknown field": (
        {"name": "", "spare": {"size": 1, "spoke": []}},
        "spare: there is no field 'spoke': did you mean spokes",
    ),
}


@pytest.mark.parametrize("case", SAID)
def test_the_error_names_the_field_and_the_fault(case: str) -> None:
    data, said = SAID[case]
    with pytest.raises(PeerattnError) as refusal:
        decode(data, Cart, "a cart")
    assert str(refusal.value).startswith(said)


def test_missing_fields_get_defaults_and_values_are_converted() -> None:
    assert decode({"name": "dray"}, Cart, "a cart") == Cart("dray")
    read = decode(
        {"name": "dray", "spare": {"size": 2, "spokes": [1]}, "weights": [[1, 2.5]]}, Cart, "a cart"
    )
    assert read.spare == Wheel(2, (1.0,)) and isinstance(read.spare.spokes[0], float)
    assert (
        read.weights is not None and read.weights.dtype == np.float32 and read.weights.tolist() == [[1, 2.5]]
    )


@pytest.mark.parametrize("text", ["", "{", "NaN", "[" * 100_000, "9" * 5000, '"\ud800"'])
def test_other_texts_are_not_json(text: str) -> None:
    with pytest.raises(PeerattnError, match=r"this is not JSON \(.*\): choose a list"):
        parse(text, "a list")
