"""One picture of an experiment with the settings it came from: in each row of its numbers, and under it where it is saved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from attnviz.table import Table
from attnviz.trace import Asked
from attnviz.views.palette import GRID, SMALL, ui_font
from attnviz.views.panel import Panel
from attnviz.views.several import SeveralViews
from attnviz.views.view import View


class Figure(SeveralViews):
    """``inner`` is the picture; ``beside`` is what else stands under it, such as a slider."""

    def __init__(self, inner: View, beside: QWidget | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.inner = inner
        self._caption = QLabel(self)
        self._caption.setTextFormat(Qt.TextFormat.PlainText)
        self._caption.setObjectName("muted")
        self._caption.setFont(ui_font(SMALL))
        self._caption.setWordWrap(True)
        self._caption.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(inner, 1)
        if beside is not None:
            column.addWidget(beside)
        column.addWidget(self._caption)
        self._hold(inner)
        self.setAccessibleName(inner.accessibleName())

    @property
    def asked(self) -> Asked | None:
        """What the picture's run was asked."""
        return self.trace.find(Asked)

    def numbers(self) -> Table:
        """The numbers of the picture; every row ends with the settings of the run."""
        table = self.inner.numbers()
        if self.asked is None or not table.columns:
            return table
        names = tuple(name for name, _ in self.asked.settings)
        values = tuple(value for _, value in self.asked.settings)
        return Table(
            (*table.columns, "experiment", *names), tuple((*row, self.asked.name, *values) for row in table.rows)
        )

    @contextmanager
    def captioned(self) -> Iterator[None]:
        """Meanwhile the settings, as the command that makes the same run, stand under the picture, which keeps its size."""
        if self.asked is None:
            yield
            return
        size = self.size()
        self._caption.setText(f"{self.asked.title}: {self.asked.command}")
        self._caption.show()
        self.resize(size + QSize(0, self._caption.heightForWidth(size.width()) + GRID // 2))
        try:
            yield
        finally:
            self._caption.hide()
            self.resize(size)

    def _update(self, *, fresh: bool) -> None:
        super()._update(fresh=fresh)
        self.updateGeometry()  # a table asks for the room of its rows

    def minimumSizeHint(self) -> QSize:
        return self.inner.minimumSizeHint()

    def sizeHint(self) -> QSize:
        return self.inner.sizeHint()


class FigurePanel(Panel):
    """The frame of a Figure: what is saved has its caption."""

    def __init__(self, title: str, figure: Figure, parent: QWidget | None = None) -> None:
        super().__init__(title, figure, parent=parent)
        self.figure = figure

    def _write_picture(self, path: str) -> None:
        with self.figure.captioned():
            super()._write_picture(path)
