"""The slider through the moments of a matrix: it follows, is moved, goes along and plays."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from attnviz.trace import Cursor, Matrix, Trace, frozen
from attnviz.views.matrix_map import MatrixMap
from attnviz.views.moment_slider import FRAME_MS, MomentSlider


def run_of(moments: int) -> Trace:
    """A matrix whose numbers are its moment, at 0, 5, 10 …"""
    return Trace().plus(
        *(
            Matrix("m", frozen(np.full((2, 3), place)), ("a", "b"), ("x", "y", "z"), ("rows", "columns"), "", moment=5 * place, moments="step")
            for place in range(moments)
        )
    )  # fmt: skip


@pytest.fixture
def shown(qtbot: QtBot) -> Iterator[tuple[MatrixMap, MomentSlider]]:
    """A map with its slider under it, four moments in."""
    room = QWidget()
    qtbot.addWidget(room)
    column = QVBoxLayout(room)
    picture = MatrixMap("m", "nothing yet")
    slider = MomentSlider(picture)
    column.addWidget(picture)
    column.addWidget(slider)
    room.resize(500, 400)
    room.show()
    picture.draw(run_of(4), Cursor())
    slider.follow()
    yield picture, slider
    room.close()


def value(picture: MatrixMap) -> float:
    return float(picture.matrix.values[0, 0])


def test_it_follows_the_newest_until_it_is_moved(shown: tuple[MatrixMap, MomentSlider]) -> None:
    """A moment that comes in is shown at the end, and not where somebody went back."""
    picture, slider = shown
    assert (value(picture), slider.label.text()) == (3, "step 15")
    picture.draw(run_of(5), Cursor())
    slider.follow()
    assert (value(picture), slider.label.text()) == (4, "step 20")
    slider.slider.setValue(1)
    picture.draw(run_of(6), Cursor())
    slider.follow()
    assert (value(picture), slider.label.text()) == (1, "step 5")


def test_being_moved_is_said_and_going_along_is_not(qtbot: QtBot, shown: tuple[MatrixMap, MomentSlider]) -> None:
    """Between two moments the earlier one is shown; before the first, the first."""
    picture, slider = shown
    said: list[int] = []
    slider.moved.connect(said.append)
    qtbot.keyClick(slider.slider, Qt.Key.Key_Left)
    assert (value(picture), said) == (2, [10])
    for moment, place in ((9.5, 1), (15, 3), (99, 3), (-1, 0)):
        slider.go(moment)
        assert value(picture) == place
    assert said == [10]


def test_it_plays_from_the_start_and_stops_at_the_end(qtbot: QtBot, shown: tuple[MatrixMap, MomentSlider]) -> None:
    """From the end it begins anew, every moment once, each in its turn."""
    picture, slider = shown
    said: list[int] = []
    slider.moved.connect(said.append)
    qtbot.mouseClick(slider.button, Qt.MouseButton.LeftButton)
    assert slider.playing
    assert value(picture) == 0
    qtbot.waitUntil(lambda: not slider.playing, timeout=20 * FRAME_MS)
    assert said == [0, 5, 10, 15]
    assert value(picture) == 3


def test_it_pauses_when_asked_and_when_hidden(qtbot: QtBot, shown: tuple[MatrixMap, MomentSlider]) -> None:
    """No clock runs for what nobody sees."""
    _, slider = shown
    qtbot.mouseClick(slider.button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(slider.button, Qt.MouseButton.LeftButton)
    assert not slider.playing
    slider.toggle()
    slider.window().hide()
    assert not slider.playing


def test_one_moment_needs_no_slider(shown: tuple[MatrixMap, MomentSlider]) -> None:
    picture, slider = shown
    picture.draw(run_of(1), Cursor())
    slider.follow()
    assert not slider.isVisible()
