"""Two versions of the code are compared bit by bit, and every difference is reported with its place."""

import json
import subprocess

import pytest

from benchmarks.same import ROOT, Result, differences, differences_of_runs, worktree

DOCUMENT = {
    "top1": 0.1,
    "windows": [{"start": 0, "shares": [0.5, 0.25]}, {"start": 8, "shares": []}],
    "text": "a",
}


def changed(old: str, new: str) -> object:
    """The document with one piece of its JSON replaced."""
    text = json.dumps(DOCUMENT)
    assert old in text
    return json.loads(text.replace(old, new))


def test_the_same_document_has_no_differences() -> None:
    assert list(differences(DOCUMENT, changed("0.1", "0.10"))) == []


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("0.25", "0.25000000000000006", "windows[0].shares[1]: 0.25 there, 0.25000000000000006 here"),
        ("0.1", "0.10000000000000002", "top1: 0.1 there, 0.10000000000000002 here"),
        ('"start": 0', '"start": -0.0', "windows[0].start: 0 there, -0.0 here"),
        ('"start": 8', '"start": 8.0', "windows[1].start: 8 there, 8.0 here"),
        ('"start": 8', '"stop": 8', "windows[1].start: only there"),
        ("[0.5, 0.25]", "[0.5]", "windows[0].shares: 2 there, 1 here"),
        ('"a"', "null", "text: 'a' there, None here"),
        ("[]", "{}", "windows[1].shares: [] there, {} here"),
    ],
)
def test_a_difference_is_named_by_its_place(old: str, new: str, line: str) -> None:
    assert next(differences(changed(old, new), DOCUMENT)) == line


def test_entries_about_the_computing_environment_are_ignored_everywhere() -> None:
    here = {"traces": [{"computed_by": {"threads": 1}, "top1": 1}]}
    assert list(differences(here, {"traces": [{"top1": 1}]})) == []


def test_added_keys_are_allowed_and_removed_keys_are_differences() -> None:
    more = {**DOCUMENT, "objects": {}}
    assert list(differences(more, DOCUMENT)) == []
    assert list(differences(DOCUMENT, more)) == ["objects: only there"]


def test_a_refusal_is_equal_to_a_refusal_and_a_failure_to_nothing() -> None:
    assert differences_of_runs(Result(2, None), Result(2, None)) == []
    assert differences_of_runs(Result(0, {}), Result(2, None)) != []
    assert differences_of_runs(Result(1, None), Result(1, None)) == ["end: 1 both here and there"]


def test_a_worktree_contains_the_commit_and_is_removed() -> None:
    if subprocess.run(["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True).returncode:
        pytest.skip("this copy is no git repository")
    with worktree("HEAD") as tree:
        assert (tree / "peerattn" / "__init__.py").is_file()
    assert not tree.exists()
    listed = subprocess.run(["git", "-C", str(ROOT), "worktree", "list"], capture_output=True, text=True)
    assert str(tree) not in listed.stdout
