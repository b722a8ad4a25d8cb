"""The first checkpoint at the start: at once where the tab in front asks a model, else after that tab's first answer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from attnviz import session
from attnviz.settings import Settings
from attnviz.window import Window
from tests.windows import strong_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The checkpoint to begin with."""
    return strong_folder(tmp_path / "first")


@pytest.fixture
def begin(qtbot: QtBot, folder: Path) -> Iterator[Callable[[str], tuple[Window, list[str]]]]:
    """A window with a tab in front as a start makes it, and the names of the jobs that it asks for."""
    made: list[Window] = []

    def started(tab: str) -> tuple[Window, list[str]]:
        window = session.make_window(replace(Settings(), tab=tab), None, folder)
        made.append(window)
        jobs: list[str] = []
        window.engine.started.connect(lambda request: jobs.append(type(request.job).__name__))
        session.FirstOpening(window, str(folder)).begin()
        window.show()
        return window, jobs

    yield started
    for window in made:
        window.close()
        window.deleteLater()


@pytest.mark.parametrize("tab", ["masking", "inspector"])
def test_a_tab_that_asks_a_model_has_it_opened_at_once(
    qtbot: QtBot, begin: Callable[[str], tuple[Window, list[str]]], tab: str
) -> None:
    """As soon as the window is painted."""
    _, jobs = begin(tab)
    qtbot.waitUntil(lambda: bool(jobs))
    assert jobs == ["OpenCheckpoint"]


def test_a_tab_that_needs_no_model_has_its_answer_first(
    qtbot: QtBot, folder: Path, begin: Callable[[str], tuple[Window, list[str]]]
) -> None:
    """Then the checkpoint is opened all the same, once."""
    window, jobs = begin("tokenization")
    assert "OpenCheckpoint" not in jobs
    qtbot.waitUntil(lambda: window.is_settled, timeout=30_000)
    assert jobs.count("OpenCheckpoint") == 1
    assert jobs.index("OpenCheckpoint") > jobs.index("ReplayMerges")
    assert window.scene.report is not None
    assert window.scene.report.path == str(folder)


def test_a_tab_that_has_no_answer_does_not_keep_the_model_waiting(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, begin: Callable[[str], tuple[Window, list[str]]]
) -> None:
    """After a while it is opened whatever the tab does."""
    monkeypatch.setattr(session, "PATIENCE_MS", 50)
    window, jobs = begin("tokenization")
    window.settled.disconnect()
    qtbot.waitUntil(lambda: "OpenCheckpoint" in jobs, timeout=30_000)
    assert window.opening.last_path


def test_what_is_opened_meanwhile_is_not_replaced(
    qtbot: QtBot, tmp_path: Path, begin: Callable[[str], tuple[Window, list[str]]]
) -> None:
    """A person who chooses another checkpoint while the tab is still filling keeps it."""
    other = strong_folder(tmp_path / "other", seed=8)
    window, jobs = begin("tokenization")
    window.open(str(other))
    qtbot.waitUntil(lambda: window.is_settled, timeout=30_000)
    assert window.scene.report is not None
    assert window.scene.report.path == str(other)
    assert jobs.count("OpenCheckpoint") == 1


STARTED = """
import os, sys
from attnviz import app, places, session, settings
make = session.make_window
def watched(*given):
    window = make(*given)
    def told():
        found = sorted({"torch", "pyqtgraph", "transformers"} & set(sys.modules))
        print(len(window.tab.learn.merges), len(window.tab.learn.per_word.numbers().rows), found, flush=True)
        os._exit(0)
    window.settled.connect(told)
    return window
session.make_window = watched
settings.save(settings.Settings(tab="tokenization"), places.settings_file())
app.main(["--quit-after", "60"])
"""


def test_the_tab_is_full_before_anything_heavy_is_imported(root: Path) -> None:
    """A start with this tab in front: merges are learned and curves drawn while torch waits, and pyqtgraph isn't needed at all."""
    done = subprocess.run(
        [sys.executable, "-c", STARTED], capture_output=True, text=True, cwd=root, check=True, timeout=90
    )
    assert done.stdout.strip() == "300 301 []"
