"""Without a display the main job is done all the same: words, pictures, and how to get a window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from attnviz.app import main
from attnviz.tabs import TABS
from tests.windows import strong_folder

pytestmark = pytest.mark.usefixtures("_tidy")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that nobody changes."""
    return strong_folder(tmp_path_factory.mktemp("headless") / "tiny")


@pytest.fixture
def _tidy(qapp: QApplication, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder of its own, no display, and no window left."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    yield
    for widget in qapp.topLevelWidgets():
        widget.deleteLater()


def test_the_main_job_is_done_without_a_window(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Five candidates for the mask, a picture of every tab, and three ways to a window."""
    assert main([str(folder), "--text", "the [MASK] sat"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("tiny: the [MASK] sat")
    assert len([line for line in said.splitlines() if line.endswith("█") or " % " in line]) == 5
    for tab in TABS:
        assert not QImage(f"screenshots/{tab.name}.png").isNull()
        assert f"saved screenshots/{tab.name}.png" in said
    assert all(way in said for way in ("X or Wayland", "ssh -X", "QT_QPA_PLATFORM=vnc"))


def test_a_text_without_a_mask_has_every_word_judged(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As in the window: each word's own probability; a second line is the second sentence."""
    assert main([str(folder), "--text", "the cat\nsat"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if " rank " in line]
    assert [line[0] for line in lines] == ["the", "cat", "sat"]


def test_a_place_where_nothing_can_be_saved_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file named screenshots stands in the way."""
    Path("screenshots").write_text("x", encoding="utf-8")
    assert main([str(folder), "--text", "the [MASK]"]) == 2
    assert "screenshots" in capsys.readouterr().err
