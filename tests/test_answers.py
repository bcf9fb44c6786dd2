"""Kinds of answer: every layer has a table for them, and no other code branches on the kind."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module

import pytest

from peerattn.graph.answers import ANSWERS
from tests.rooms import MODULES

TREES = {module: ast.parse(file.read_text(encoding="utf-8")) for module, file in MODULES.items()}
HOME = "peerattn.graph.answers"
LAYERS = {
    "peerattn.network.answers": {"PROBABILITIES", "LOG_PROBABILITIES"},
    "peerattn.training.losses": {"LOSSES", "TARGETS"},
    "peerattn.training.ridge": {"OFFSETS"},
    "peerattn.traces.predicted": {"PREDICTED"},
    "peerattn.scores.kinds": {"EVALUATIONS", "SCORES", "HEADLINES", "DIFFERENCES"},
    "peerattn.scores.calibration": {"TEMPERATURES", "ERRORS", "THRESHOLDS"},
    "peerattn.scores.attention_ablation": {"_SCORES"},
    "peerattn.scores.effect_weights": {"LOG_LOSSES"},
    "peerattn.scores.verdict": {"VERDICTS"},
    "peerattn.tables.clip": {"OPTIONS"},
    "peerattn.tables.evaluation": {"RESULTS"},
    "peerattn.figures.predictions": {"BAR_MARKS", "PROBABILITY_TITLES"},
    "peerattn.figures.definitions": {"PREDICTION_DEFINITIONS"},
    "peerattn.figures.report": {"PREDICTION_HEADINGS"},
    "peerattn.cli.reports": {"CLIP_ROWS", "EVALUATION_LAYOUTS"},
    "peerattn.cli.training_reports": {"REPORTED_SCORES"},
    "peerattn.cli.calibration_run": {"TRUTHS", "ERROR_MEASURES"},
    "app.parts.answers": {"WORDINGS"},
    "app.screens.results": {"NUMBERS", "CLIPS"},
    "app.screens.measuring": {"TITLES"},
}
"""Module → the names of its tables from kind of answer to function."""
COMPARED = {
    (
        "peerattn.cli.training_run",
        "match_answer_to_loss",
    ),  # rejects a structure and a recipe of different kinds
    ("peerattn.training.updating", "_check_loss"),
    ("peerattn.scores.kinds", "difference"),  # two evaluations
    ("peerattn.cli.segmentation_run", "table"),  # a key of JSON
}
"""Functions that compare two kinds with each other, to reject a mismatch."""
KIND = re.compile(r"(answer|said|before|after|evaluation|answer_for_loss\(\w+\))\.kind$")
SQUASHING = {"softmax", "log_softmax", "sigmoid", "logsigmoid", "expit", "_softmax", "_sigmoid"}
SQUASHING |= {"cross_entropy", "nll_loss", "binary_cross_entropy_with_logits"}
NOT_ANSWERS = {
    "peerattn.modalities.pretrained.movenet.forward",  # how likely a joint is at a place
    "peerattn.network.network.connection_weights",
    "peerattn.network.fusion.forward",
    "peerattn.network.attention.forward",
    "peerattn.network.attention.shares",
    "peerattn.network.blocks.assemblenet.scores",  # a softmax over frames
    "peerattn.recording.inside.inside",
    "peerattn.recording.inside.fields",
    "peerattn.training.history_log._connection_weights",
    "peerattn.training.optimisation.connection_pressure",
    "peerattn.segmenter_training.losses.map_loss",
    "peerattn.segmenter_training.losses.person_loss",
    "peerattn.segmenter_training.losses.presence_loss",
}
"""Functions that apply these to connection weights, attention or the scores of pixels and places."""
ANSWERING = {"peerattn.network.answers", "peerattn.training.losses", "peerattn.scores.calibration"}
"""Modules of tables that may turn the logits of an answer into probabilities."""


def tables(tree: ast.Module) -> Iterator[tuple[str, set[str]]]:
    """The dict literals of a module that have kinds of answer as keys: name → keys."""
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            keys = {key.value for key in node.value.keys if isinstance(key, ast.Constant)}
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            if keys & ANSWERS.keys():
                yield ast.unparse(target), keys


FOUND = {module: dict(tables(tree)) for module, tree in TREES.items() if module != HOME}


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("module", LAYERS)
def test_every_table_knows_every_kind(module: str, kind: str) -> None:
    found = vars(import_module(module)) if not module.startswith("app.screens") else FOUND[module]
    assert [name for name in sorted(LAYERS[module]) if kind not in found[name]] == []


def test_every_table_by_kind_of_answer_is_listed() -> None:
    assert {module: set(found) for module, found in FOUND.items() if found} == LAYERS
    assert all(keys == ANSWERS.keys() for found in FOUND.values() for keys in found.values())


def inside(tree: ast.AST, function: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Every node with the name of the function that contains it, or an empty name at module level."""
    for node in ast.iter_child_nodes(tree):
        yield function, node
        name = node.name if isinstance(node, ast.FunctionDef) else function
        yield from inside(node, name)


def names_a_kind(node: ast.AST) -> bool:
    """Whether an operand of a comparison is the kind of an answer, or the name of a kind or of its loss."""
    words = {*ANSWERS, *(known.loss for known in ANSWERS.values())}
    texts = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
    said = bool(words & {text for text in texts if isinstance(text, str)})
    return said or KIND.search(ast.unparse(node)) is not None


def comparing(tree: ast.AST) -> Iterator[str]:
    """The functions of a module that compare the kind of an answer."""
    for function, node in inside(tree):
        operands: list[ast.AST] = []
        if isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            operands = [node.value]
        if any(names_a_kind(operand) for operand in operands):
            yield function


def test_nothing_compares_the_kind_of_an_answer() -> None:
    found = {(module, name) for module, tree in TREES.items() for name in comparing(tree)}
    assert {place for place in found if place[0] != HOME} == COMPARED


def squashing(tree: ast.AST) -> Iterator[str]:
    """The functions of a module that use a softmax, a sigmoid or a loss that contains one."""
    for function, node in inside(tree):
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if name in SQUASHING:
            yield function


def test_only_the_tables_make_probabilities_of_logits() -> None:
    found = {
        f"{module}.{name}"
        for module, tree in TREES.items()
        if module not in ANSWERING
        for name in squashing(tree)
    }
    assert found == NOT_ANSWERS


BAD = """
def one(network, logits):
    if network.structure.answer.kind == "labels":
        return torch.sigmoid(logits)
    return partial(torch.softmax, dim=1)(logits)

def two(loss):
    match loss:
        case "binary":
            return True
    return loss in ("labels", "others")
"""


def test_the_searches_of_these_tests_find_examples() -> None:
    tree = ast.parse(BAD)
    assert list(comparing(tree)) == ["one", "two", "two"]
    assert list(squashing(tree)) == ["one", "one"]
    assert dict(tables(ast.parse("A = {'classes': 1}\nB: int = {'labels': 2, 'classes': 3}"))) == {
        "A": {"classes"},
        "B": {"labels", "classes"},
    }
