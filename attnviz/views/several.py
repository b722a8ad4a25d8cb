"""A view made of views: they share its trace and its cursor, and point through it."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QSizePolicy, QWidget

from attnviz.views.palette import GRID
from attnviz.views.view import View


class SeveralViews(View):
    """A subclass places its ``parts``; each is a child that draws what this view is given."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parts: tuple[View, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def _hold(self, *parts: View) -> None:
        """Take ``parts`` in, in the order in which Tab goes through them."""
        self.parts = parts
        self.setFocusProxy(parts[0])
        for part in parts:
            part.pointed.connect(self.pointed)

    def _update(self, *, fresh: bool) -> None:
        for part in self.parts:
            part.draw(self.trace, self.cursor_at)

    def sizeHint(self) -> QSize:
        return QSize(60 * GRID, 64 * GRID)

    def minimumSizeHint(self) -> QSize:
        return QSize(40 * GRID, 40 * GRID)
