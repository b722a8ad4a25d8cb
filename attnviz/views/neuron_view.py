"""The neuron view: one query and one key in all their numbers, and beside them every other key of that query."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from attnviz.table import Table
from attnviz.views.neuron_list import NeuronList
from attnviz.views.neuron_pair import NeuronRow
from attnviz.views.neuron_plot import NeuronPlot
from attnviz.views.palette import GRID, colour
from attnviz.views.view import View

BESIDE = 760
_LEAST_HEIGHT, _LEAST_WIDTH, _MOST_WIDTH = 120, 270, 360
_NO_LIMIT = 16_777_215  # QWIDGETSIZE_MAX


class NeuronView(View):
    """The cursor's query and key; needs nothing but the attention, so that it works for every model."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Neurons of a query and a key")
        self.plot, self.list = NeuronPlot(self), NeuronList(self)
        self._box = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(GRID)
        self._box.addWidget(self.plot, 3)
        self._box.addWidget(self.list, 1)
        for part in (self.plot, self.list):
            part.pointed.connect(self.pointed)

    @property
    def row(self) -> NeuronRow | None:
        """What is shown; None while nothing has arrived."""
        return self.plot.row

    def _update(self, *, fresh: bool) -> None:
        self.plot.draw(self.trace, self.cursor_at)
        self.list.draw(self.trace, self.cursor_at)
        self.list.setVisible(self.row is not None)

    def numbers(self) -> Table:
        """The pair dimension by dimension."""
        row = self.row
        if row is None:
            return Table((), ())
        parts = (row.query_vector, row.key_vector, row.terms, row.running)
        cells = zip(*(part.tolist() for part in parts), strict=True)
        columns = ("dimension", "query", "key", "product", "running sum")
        return Table(columns, tuple((place, *line) for place, line in enumerate(cells)))

    def sizeHint(self) -> QSize:
        return QSize(90 * GRID, 70 * GRID)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Side by side where there is room, else one under the other."""
        super().resizeEvent(event)
        beside = self.width() >= BESIDE
        self._box.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)
        self.list.setMaximumWidth(_MOST_WIDTH if beside else _NO_LIMIT)
        self.list.setMinimumSize(*((_LEAST_WIDTH, 0) if beside else (0, _LEAST_HEIGHT)))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour("surface"))
        painter.end()
