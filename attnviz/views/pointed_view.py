"""Base of painted views whose parts are hovered, clicked and walked: which part the mouse is at, and when a click counts."""

from __future__ import annotations

from typing import Generic, TypeVar

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QFocusEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from attnviz.views.scrolled import ScrolledView

_Part = TypeVar("_Part")


class PointedView(ScrolledView, Generic[_Part]):
    """A subclass says which part is under a point, and what hovering and clicking mean.

    A click counts where the button goes up over the part on which it went down.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hovered: _Part | None = None
        self._pressed: _Part | None = None

    def _part_at(self, point: QPointF) -> _Part | None:
        """The part under a point of the content."""
        raise NotImplementedError

    def _came_over(self, before: _Part | None) -> None:
        """The mouse is over ``_hovered`` now, and was over ``before``; either may be no part."""

    def _clicked(self, part: _Part) -> None:
        """The left button was pressed and let go over a part."""

    def _announce(self) -> None:
        """Tell a screen reader where the keyboard is."""

    def _hover(self, part: _Part | None) -> None:
        if part == self._hovered:
            return
        before, self._hovered = self._hovered, part
        self.setCursor(Qt.CursorShape.ArrowCursor if part is None else Qt.CursorShape.PointingHandCursor)
        self._came_over(before)

    # Qt

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._part_at(self.to_content(event.position())))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = self._part_at(self.to_content(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        part = self._part_at(self.to_content(event.position()))
        if event.button() == Qt.MouseButton.LeftButton and part is not None and part == pressed:
            self._clicked(part)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._announce()
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()
