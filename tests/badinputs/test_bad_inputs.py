"""Every row of the table of bad inputs gets a typed answer in plain words, in time, and nothing of it is run."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from attnviz.errors import LONGEST_SENTENCE, CheckpointError
from attnviz.models.gate import Examination, Verdict, examine
from tests.badinputs import (
    config_rows,
    layout_rows,
    pickle_rows,
    relative_rows,
    safetensors_rows,
    tokenizer_rows,
    translator_rows,
)
from tests.badinputs.case import Case

CASES = (
    *(*safetensors_rows.CASES, *pickle_rows.CASES, *config_rows.CASES, *tokenizer_rows.CASES, *layout_rows.CASES),
    *translator_rows.CASES,
    *relative_rows.CASES,
)
ROWS = {
    *("S01", "S02", "S03", "S04", "S05", "S06", "S07", "S08", "S09", "S11", "S12", "S13", "S17"),
    *("P01", "P02", "P03", "P04", "P05", "P06", "P07", "P08", "P09", "P10", "P12", "P14"),
    *("C01", "C03", "C04", "C06", "C08", "C09", "C10", "C11", "C12", "C14", "C16", "C17", "C18"),
    *("T01", "T02", "T04", "T05", "T06", "T08", "T10", "T11", "T12"),
    *("W01", "W02", "W05", "W06"),
    *(f"D{number:02}" for number in range(1, 15)),
}
OTHER_FOLDERS = {"C16-cache": "models--someone--bert/", "C16-crowded": "crowded/"}
STARTING = ("os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "os.fork", "pickle.find_class")
STRANGERS = ("evil", "kernels", "transformers", "torch")
ADVICE_NEVER_GIVEN = ("weights_only", "trust_remote_code=", "Traceback", "Error(", "panicked")


class Watch:
    """Sees every file that this process opens while it is on, and every program that it starts."""

    def __init__(self) -> None:
        self.on = False
        self.opened: list[str] = []
        self.started: list[str] = []
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event == "open" and isinstance(arguments[0], (str, bytes)):
            self.opened.append(os.fsdecode(arguments[0]))
        elif event in STARTING or (event == "import" and arguments[0] in STRANGERS):
            self.started.append(f"{event} {arguments[0]}")


watch = Watch()


@pytest.fixture
def folder(case: Case, tmp_path: Path) -> Iterator[Path]:
    """A valid folder of the case's kind."""
    found = case.start(tmp_path / "picked")
    examine(found)  # good so far, and everything that this needs is imported
    yield found
    for path in found.iterdir():
        if not path.is_symlink():
            path.chmod(0o700)


def ask(case: Case, path: Path) -> Verdict:
    if case.child:
        return Examination(path, allow_pickle=case.consent, memory=case.memory).verdict()
    return examine(path, allow_pickle=case.consent, memory=case.memory)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_bad_input_is_answered_in_words(case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer has the row's code, one plain sentence, comes in time, and opens nothing outside the folder."""
    if case.id == "S17-unreadable" and hasattr(os, "geteuid") and os.geteuid() == 0:
        pytest.skip("root may read everything")
    path = case.build(folder) or folder
    canary = folder.parent / "canary"
    monkeypatch.chdir(folder.parent)
    watch.opened.clear()
    watch.started.clear()
    wall, spent = time.perf_counter(), time.process_time()
    watch.on = True
    try:
        verdict, refusal = ask(case, path), None
    except CheckpointError as error:
        verdict, refusal = None, error
    finally:
        watch.on = False
    wall, spent = time.perf_counter() - wall, time.process_time() - spent
    assert (refusal and refusal.code) == case.code, refusal
    assert wall <= (8.0 if case.child else 5.0)
    assert case.child or spent <= case.seconds
    assert not canary.exists()
    if not case.child:
        assert not watch.started
        inside = tuple(str(folder.parent / name) for name in (OTHER_FOLDERS.get(case.id, "picked/"), "/proc/meminfo"))
        assert all(name.startswith(inside) for name in watch.opened), watch.opened
    words = refusal.sentence if refusal else " ".join(verdict.notes if verdict else ())
    assert all(word in words for word in case.words), words
    if refusal:
        assert len(words) <= LONGEST_SENTENCE
        assert words.isprintable()
        assert words.endswith((".", "…"))
        assert not any(advice in words for advice in ADVICE_NEVER_GIVEN)


@pytest.mark.parametrize("case", [config_rows.CASES[0], translator_rows.CASES[0]], ids=["bert", "translator"])
def test_the_valid_folder_is_let_through(folder: Path) -> None:
    """What every bad input is made from is good itself, in this process and in the child."""
    verdict = examine(folder)
    assert verdict.notes == ()
    assert Examination(folder).verdict() == verdict


def test_every_row_of_the_table_is_tried() -> None:
    """No row id is forgotten, and none stands twice."""
    ids = [case.id for case in CASES]
    assert len(ids) == len(set(ids))
    assert {name.split("-")[0] for name in ids} >= ROWS
