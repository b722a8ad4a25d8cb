"""The pictures of one experiment in a grid: a panel for each plot, matrix and table, in the experiment's own order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QWidget

from attnviz.trace import Asked, Cursor, Matrix, Plot, Rows, Trace
from attnviz.views.figure import Figure, FigurePanel
from attnviz.views.line_plot import LinePlot
from attnviz.views.matrix_map import MatrixMap
from attnviz.views.moment_slider import MomentSlider
from attnviz.views.palette import GRID
from attnviz.views.plot_spot import Spot, spot_of
from attnviz.views.rows_view import RowsView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attnviz.views.view import View

Key = tuple[type, str]
LEAST_WIDTH, LEAST_HEIGHT, LEAST_OF_MANY, LEAST_OF_MAPS = 35 * GRID, 21 * GRID, 30 * GRID, 36 * GRID
WAITING = "What is measured appears here as it comes in."


class FigureGrid(QScrollArea):
    """``failed`` carries an AttnvizError. Plots share one cursor: those over the same places show it together."""

    failed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.panels: dict[Key, FigurePanel] = {}
        self._sliders: dict[Key, MomentSlider] = {}
        self._trace, self._cursor = Trace(), Cursor()
        self._arranged = 0
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inner = QWidget(self)
        self._grid = QGridLayout(inner)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GRID)
        self.setWidget(inner)

    @property
    def figures(self) -> tuple[View, ...]:
        """The pictures, in order."""
        return tuple(panel.figure.inner for panel in self.panels.values())

    def draw(self, trace: Trace) -> None:
        """Show a run, or as much of it as has arrived."""
        self._trace = trace
        keys = _keys(trace)
        if keys != tuple(self.panels):
            self._lay_out(keys)
        self._draw()

    def free(self) -> None:
        self._point(Cursor())

    @Slot(object)
    def _point(self, cursor: Cursor) -> None:
        """A place that is pinned in a plot is the moment that the matrices show."""
        self._cursor = cursor
        place = spot_of(cursor).place
        if cursor.pinned and place is not None:
            self._go(place)
        self._draw()

    @Slot(object)
    def _on_moved(self, moment: int) -> None:
        """A slider was moved: the others go along, and the plots mark that place."""
        for slider in self._sliders.values():
            if slider is not self.sender():
                slider.pause()
        self._go(moment)
        self._cursor = Spot(place=float(moment))
        self._draw()

    def _go(self, place: float) -> None:
        for slider in self._sliders.values():
            slider.go(place)

    def _draw(self) -> None:
        for key, panel in self.panels.items():
            panel.figure.draw(self._trace, self._cursor)
            if key in self._sliders:
                self._sliders[key].follow()
        self._fit()

    def _lay_out(self, keys: Sequence[Key]) -> None:
        """A panel for each, those that were there before kept: what is drawn side by side, tables below it."""
        for key in set(self.panels) - set(keys):
            self.panels[key].deleteLater()
            self._sliders.pop(key, None)
        self.panels = {key: self.panels[key] if key in self.panels else self._panel(key) for key in keys}
        self._arrange(self._columns())

    def _columns(self) -> int:
        """How many pictures stand side by side: as many as look well together and have room."""
        drawn = sum(kind is not Rows for kind, _ in self.panels)
        return max(1, min(drawn, 2 if drawn in {2, 4} else 3, (self.width() + GRID) // LEAST_WIDTH))

    def _arrange(self, columns: int) -> None:
        """Put the panels into the grid; tables take the room of their rows."""
        self._arranged = columns
        drawn = [panel for (kind, _), panel in self.panels.items() if kind is not Rows]
        tables = [panel for (kind, _), panel in self.panels.items() if kind is Rows]
        rows = -(-len(drawn) // columns)
        for place, panel in enumerate(drawn):
            span = columns - place % columns if panel is drawn[-1] else 1
            self._grid.addWidget(panel, place // columns, place % columns, 1, span)
        for place, panel in enumerate(tables):
            self._grid.addWidget(panel, rows + place, 0, 1, columns)
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
        for row in range(self._grid.rowCount()):
            self._grid.setRowStretch(row, 1 if row < rows else 0)
        self._fit()

    def _fit(self) -> None:
        """Give every row of pictures its least height: a low one where then nothing has to scroll."""
        drawn = [panel for (kind, _), panel in self.panels.items() if kind is not Rows]
        tables = [panel.sizeHint().height() + GRID for (kind, _), panel in self.panels.items() if kind is Rows]
        rows = -(-len(drawn) // max(1, self._arranged))
        fits = rows * (LEAST_HEIGHT + GRID) + sum(tables) <= self.viewport().height()
        for row in range(self._grid.rowCount()):
            here = drawn[row * self._arranged : (row + 1) * self._arranged]
            self._grid.setRowMinimumHeight(row, self._least(here, fits=fits))

    def _least(self, row: Sequence[FigurePanel], *, fits: bool) -> int:
        """The least height of a row; a matrix that changes has a slider under it."""
        change = {matrix.name for matrix in self._trace.every(Matrix) if matrix.moments}
        if any(panel.title in change for panel in row):
            return LEAST_OF_MAPS
        return 0 if not row else LEAST_HEIGHT if fits else LEAST_OF_MANY

    def _panel(self, key: Key) -> FigurePanel:
        kind, name = key
        slider = None
        if kind is Plot:
            inner: View = LinePlot(name, WAITING)
        elif kind is Rows:
            inner = RowsView(name, WAITING)
        else:
            shown = MatrixMap(name, WAITING)
            inner = shown
            slider = self._sliders[key] = MomentSlider(shown)
            slider.moved.connect(self._on_moved)
        panel = FigurePanel(name, Figure(inner, slider), self.widget())
        panel.failed.connect(self.failed)
        panel.figure.pointed.connect(self._point)
        return panel

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.panels and self._columns() != self._arranged:
            self._arrange(self._columns())
        self._fit()


def _keys(trace: Trace) -> tuple[Key, ...]:
    """What there is to be drawn, in the order of the experiment; the moments of a matrix are one picture."""
    asked = trace.find(Asked)
    kinds = {record.name: type(record) for record in trace.records.values() if isinstance(record, Plot | Matrix | Rows)}
    return () if asked is None else tuple((kinds[name], name) for name in asked.figures if name in kinds)
