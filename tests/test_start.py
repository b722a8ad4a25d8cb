"""What a start does first and what it leaves for later: counted in modules and events, never timed."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QObject
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from attnviz import session


def imported(statement: str) -> set[str]:
    """The modules that a new interpreter has after ``statement``."""
    code = f"import sys, json; {statement}; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("statement", "spared"),
    [
        ("import attnviz.session", {"numpy", "torch", "tokenizers", "attnviz.window"}),
        ("import attnviz.models.shelf", {"numpy", "torch", "tokenizers", "attnviz.models.gate.pickle_archive"}),
        ("from attnviz.models.gate import Examination", {"torch", "attnviz.models.gate.pickle_archive", "zipfile"}),
        ("import attnviz.window, attnviz.tabs.inspector", {"torch", "tokenizers", "pyqtgraph"}),
    ],
    ids=["frame", "picker", "verdict", "window"],
)
def test_a_start_imports_what_it_needs(statement: str, spared: set[str]) -> None:
    """The frame needs Qt, the picker reads headers, waiting for a verdict reads no pickle, the window has no model."""
    assert not spared & imported(statement)


def test_the_start_is_not_collected_and_later_collections_leave_it_out(qtbot: QtBot) -> None:
    """Off for the first seconds; then on again, with what was imported set aside; and at the end as it was."""
    owner = QObject()
    with session.uncollected(owner):
        assert not gc.isenabled()
        session._collect_again()
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    owner.deleteLater()


def test_the_first_checkpoint_is_opened_when_the_window_has_been_painted(qtbot: QtBot) -> None:
    """What is still to be laid out and painted comes first, however the events stand in the queue."""
    order: list[str] = []

    class Pane(QWidget):
        tab = SimpleNamespace(needs_models=True)

        def paintEvent(self, event: QPaintEvent) -> None:
            order.append("painted")

        def open(self, folder: str) -> None:
            order.append(folder)

    pane = Pane()
    qtbot.addWidget(pane)
    with qtbot.waitExposed(pane):
        pane.show()
    order.clear()
    pane.update()
    session._open_when_painted(pane, "opened")  # type: ignore[arg-type] # all of a window that is asked for
    assert order == ["painted", "opened"]
