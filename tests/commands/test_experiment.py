"""``attnviz experiment``: the list, the JSON, the tables, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from attnviz.jobs.experiments import EXPERIMENTS
from tests.commands.conftest import Run

QUICK = ("experiment", "positions", "--quick", "--sentence", "the cat [MASK] on a mat", "--layers", "2")


def test_the_list_names_every_experiment(run: Run) -> None:
    """As a table and as JSON, in the order of the story."""
    names = [entry.name for entry in EXPERIMENTS]
    found = run("experiment", "list", "--json").json
    assert [entry["name"] for entry in found] == names
    assert list(found[0]) == ["name", "title", "question", "time"]
    lines = run("experiment", "list").out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == names


def test_the_json_has_everything_that_was_measured(run: Run, tiny: Path) -> None:
    """Settings, plots with their points, tables as rows with names, the conclusion."""
    found = run(*QUICK, "--checkpoint", tiny, "--json").json
    assert found["experiment"] == "positions"
    assert found["settings"]["checkpoint"] == "tiny"
    assert found["settings"]["shuffles"] == "4"
    assert [plot["name"] for plot in found["plots"]] == ["The open model", "An encoder of random weights"]
    curve = found["plots"][0]["series"][0]
    assert curve["places"] == [0.0, 1.0, 2.0]
    assert all(
        low <= value <= high for low, value, high in zip(curve["low"], curve["values"], curve["high"], strict=True)
    )
    [table] = found["tables"]
    assert [row["positions"] for row in table["rows"]] == ["with", "with", "without", "without"]
    assert len(found["conclusion"]) == 4


def test_the_command_that_is_told_makes_the_same_run(run: Run, tiny: Path) -> None:
    """Word by word, but for where the checkpoint lies: the same numbers."""
    import shlex

    found = run(*QUICK, "--seed", "5", "--checkpoint", tiny, "--json").json
    words = shlex.split(found["command"])[1:]
    words[words.index("--checkpoint") + 1] = str(tiny)
    assert run(*words, "--json").json == found


def test_without_json_there_are_tables_and_sentences(run: Run, tiny: Path) -> None:
    """The question first, a line a point, the conclusion last."""
    found = run(*QUICK, "--checkpoint", tiny, "--json").json
    lines = run(*QUICK, "--checkpoint", tiny).out.splitlines()
    assert lines[0].startswith("Without positions: ")
    assert lines[-4:] == found["conclusion"]
    row = next(line for line in lines if line.split()[:1] == ["1"])
    assert float(row.split()[1]) == pytest.approx(found["plots"][0]["series"][0]["values"][1], rel=1e-3)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "NAME"),
        (("bogus",), "choose from 'list', "),
        (("positions", "--shuffles", "many"), "--shuffles"),
        (("positions", "--shuffles", "0"), "from 1 to 500, not 0"),
        (("positions", "--seed", "-1"), "'seed' must be a whole number from 0"),
        (("positions", "--sentence", ""), "'sentence' must not be empty"),
        (("positions", "--shuf", "3"), "--shuf"),
        (("positions", "--checkpoint", "no/such"), "no/such"),
        (("list", "--quick"), "--quick"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_makes_no_sense_is_refused(run: Run, words: tuple[str, ...], said: str) -> None:
    """Exit status 2 and one sentence with the way out."""
    assert said in run("experiment", *words).refusal()
