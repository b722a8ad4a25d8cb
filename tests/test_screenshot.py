"""``attnviz screenshot``: the real window as a picture."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from attnviz import places, settings
from attnviz.app import main
from attnviz.views import palette
from tests.windows import strong_folder

pytestmark = pytest.mark.usefixtures("_tidy")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that nobody changes."""
    return strong_folder(tmp_path_factory.mktemp("screenshot") / "tiny")


@pytest.fixture
def _tidy(qapp: QApplication, qtbot: QtBot) -> Iterator[None]:
    """The command leaves its closed window to the end of the process; here it goes now."""
    yield
    for widget in qapp.topLevelWidgets():
        widget.deleteLater()
    palette.apply(qapp, palette.LIGHT)


def shot(folder: Path, target: Path, *words: str, tab: str = "masking") -> QImage:
    assert main(["screenshot", tab, str(target), "--checkpoint", str(folder), "--text", "the [MASK]", *words]) == 0
    image = QImage(str(target))
    assert not image.isNull()
    return image


@pytest.mark.parametrize("size", [(1280, 800), (1000, 640), (320, 320)])
def test_the_picture_has_the_wished_size(folder: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    """A PNG, as wide and high as asked for, even where the window's contents need more."""
    image = shot(folder, tmp_path / "x.png", "--size", f"{size[0]}x{size[1]}")
    assert (image.width(), image.height()) == size
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


def test_light_and_dark_differ(folder: Path, tmp_path: Path) -> None:
    """The background says which it is."""
    light = shot(folder, tmp_path / "l.png", "--theme", "light").pixelColor(640, 797).lightness()
    dark = shot(folder, tmp_path / "d.png", "--theme", "dark").pixelColor(640, 797).lightness()
    assert dark < 80
    assert light > 200


def test_every_tab_can_be_taken(folder: Path, tmp_path: Path) -> None:
    """And they don't look the same."""
    pictures = {tab: shot(folder, tmp_path / f"{tab}.png", tab=tab) for tab in ("masking", "inspector")}
    assert pictures["masking"] != pictures["inspector"]


def test_the_same_command_gives_the_same_picture_above_the_status_line(folder: Path, tmp_path: Path) -> None:
    """Nothing in it is by chance: only the times in the status line differ."""
    first, second = (shot(folder, tmp_path / f"{number}.png").copy(0, 0, 1280, 760) for number in range(2))
    assert first == second


def test_what_the_program_remembers_is_not_touched(folder: Path, tmp_path: Path) -> None:
    """A picture is no session."""
    shot(folder, tmp_path / "x.png")
    assert not places.settings_file().exists()
    assert settings.load(places.settings_file()) == (settings.Settings(), None)


def test_a_picture_in_a_missing_folder_is_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence, status 2, and no window left."""
    assert main(["screenshot", "masking", str(tmp_path / "no" / "x.png"), "--checkpoint", str(folder)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "No such file" in captured.err
    assert len(captured.err.splitlines()) == 1


def test_a_process_of_its_own_says_one_line(folder: Path, tmp_path: Path, root: Path) -> None:
    """What Qt remarks about a platform without a screen is for the log."""
    words = ("screenshot", "masking", "x.png", "--checkpoint", str(folder), "--text", "the [MASK]")
    outcome = subprocess.run(
        [sys.executable, "-m", "attnviz", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, b"wrote x.png\n", b"")
