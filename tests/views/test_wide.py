"""A view that is larger than its widget: both bars reach all of it, and what is revealed is seen."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from pytestqt.qtbot import QtBot

from attnviz.trace import Trace
from attnviz.views.wide import WideView
from tests.views.traces import shown, turn_wheel


class Sheet(WideView):
    """A sheet of a given size."""

    size_of_content = (1200, 900)

    def _content_height(self, width: int) -> int:
        return self.size_of_content[1]

    def _natural_width(self) -> int:
        return self.size_of_content[0]

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        painter.fillRect(exposed, Qt.GlobalColor.gray)


@pytest.mark.parametrize(
    ("content", "across", "down"),
    [((300, 200), False, False), ((900, 200), True, False), ((300, 900), False, True), ((900, 900), True, True)],
)
def test_bars_stand_where_they_are_needed(qtbot: QtBot, content: tuple[int, int], across: bool, down: bool) -> None:
    """And together with what is seen they reach exactly to the end of the content."""
    view = Sheet()
    view.size_of_content = content
    shown(qtbot, view, Trace(), size=(480, 420))
    assert (view._across.isVisible(), view._bar.isVisible()) == (across, down)
    room = view._content_room()
    if across:
        assert view._across.maximum() + room.width() == content[0]
    if down:
        assert view._bar.maximum() + room.height() == content[1]


def test_what_just_fits_needs_no_bar(qtbot: QtBot) -> None:
    """A bar that took room only because of the other one would be a bar for nothing."""
    view = Sheet()
    view.size_of_content = (480, 420)
    shown(qtbot, view, Trace(), size=(480, 420))
    assert not view._across.isVisible()
    assert not view._bar.isVisible()


@pytest.mark.parametrize("corner", [(0, 0), (1100, 0), (0, 850), (1150, 860), (500, 400)])
def test_what_is_revealed_is_seen(qtbot: QtBot, corner: tuple[int, int]) -> None:
    """From anywhere, wholly, and beside the bars."""
    view = shown(qtbot, Sheet(), Trace(), size=(480, 420))
    for start in ((0, 0), (9999, 9999)):
        view._across.setValue(start[0])
        view._bar.setValue(start[1])
        area = QRectF(*corner, 50, 40)
        view._reveal(area)
        assert view._content_room().contains(view.to_view(area))
        assert view.to_content(view.to_view(area).topLeft()) == area.topLeft()


def test_the_wheel_scrolls_down_first_and_sideways_where_nothing_is_below(qtbot: QtBot) -> None:
    """So that a wheel without a tilt reaches all of a timeline."""
    view = shown(qtbot, Sheet(), Trace(), size=(480, 420))
    turn_wheel(view, QPointF(50, 50), -2)
    assert view._bar.value() > 0
    assert view._across.value() == 0
    flat = Sheet()
    flat.size_of_content = (1200, 100)
    shown(qtbot, flat, Trace(), size=(480, 420))
    turn_wheel(flat, QPointF(50, 50), -2)
    assert flat._across.value() > 0
