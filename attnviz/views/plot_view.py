"""Base of plots: pyqtgraph, imported when the first curve is drawn, in the colours of the theme and with fixed limits."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtWidgets import QStackedLayout, QWidget

from attnviz.views.palette import GRID, SMALL, Theme, colour, theme, ui_font
from attnviz.views.placeholder import Placeholder
from attnviz.views.plot_face import PlotFace
from attnviz.views.view import View


class PlotView(View):
    """A subclass adds its curves in ``_add_curves``, gives them data and colours in ``_set_curves``, and says ``_has_curves``."""

    _axes = ("", "")

    def __init__(self, sentence: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot: Any = None
        self._face: PlotFace | None = None
        self._ends = 1.0, 1.0
        self._styled: Theme | None = None
        self._layout = QStackedLayout(self)
        self._layout.addWidget(Placeholder(sentence))

    def _has_curves(self) -> bool:
        """Whether there is something to draw."""
        raise NotImplementedError

    def _add_curves(self, pg: Any, item: Any) -> None:
        """Make the curves on a new plot item."""
        raise NotImplementedError

    def _set_curves(self, pg: Any) -> None:
        """Data, pens and range, after a new trace or another theme."""
        raise NotImplementedError

    def _paint_over(self, painter: QPainter, area: QRectF) -> None:
        """Paint what moves, over the curves, which stand in ``area``."""

    def _place(self, area: QRectF, right: float, top: float) -> QPointF:
        """A point of the plot, in its own units, as it stands in ``area``."""
        return QPointF(
            area.left() + right / self._ends[0] * area.width(), area.bottom() - top / self._ends[1] * area.height()
        )

    def _go(self, place: QPointF) -> None:
        """A press or drag at a place of the plot, in its own units."""

    def _update(self, *, fresh: bool) -> None:
        if not fresh:
            return
        if self._has_curves():
            import pyqtgraph as pg  # noqa: PLC0415 - costs 0.4 s: only when there is a curve to draw

            if self._plot is None:
                self._build(pg)
            if self._styled != theme():
                self._styled = theme()
                self._restyle(pg)
            self._set_curves(pg)
        self._layout.setCurrentIndex(1 if self._has_curves() else 0)

    def _build(self, pg: Any) -> None:
        self._plot = pg.PlotWidget(self, enableMenu=False, useOpenGL=False)
        self._plot.setAntialiasing(True)
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._plot.hideButtons()
        self._plot.setMouseEnabled(x=False, y=False)
        item = self._plot.getPlotItem()
        item.showGrid(x=True, y=True, alpha=0.12)
        # WORKAROUND: the menu that nobody sees has no parent and would outlive the plot (pyqtgraph#2518).
        item.ctrlMenu.setParent(self._plot, item.ctrlMenu.windowFlags())
        self._add_curves(pg, item)
        self._layout.addWidget(self._plot)
        self._face = PlotFace(self._plot)
        self._plot.viewport().installEventFilter(self)

    def _restyle(self, pg: Any) -> None:
        self._plot.setBackground(colour("surface"))
        for side, name in zip(("bottom", "left"), self._axes, strict=True):
            axis = self._plot.getAxis(side)
            axis.setPen(pg.mkPen(colour("border")))
            axis.setTextPen(pg.mkPen(colour("muted")))
            axis.setStyle(tickFont=ui_font(SMALL))
            axis.enableAutoSIPrefix(False)
            axis.setLabel(name, **{"font-size": f"{SMALL}px", "color": colour("muted").name()})
        self._plot.getAxis("left").setWidth(6 * GRID)
        if self._face is not None:
            self._face.forget()

    def _limit(self, right: float, top: float) -> None:
        """Show 0 to ``right`` and 0 to ``top``, and nothing else ever."""
        self._ends = right, top
        box = self._plot.getViewBox()
        box.setLimits(xMin=None, xMax=None, yMin=None, yMax=None)
        box.setRange(xRange=(0.0, right), yRange=(0.0, top), padding=0)
        box.setLimits(xMin=0.0, xMax=right, yMin=0.0, yMax=top)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self._face is not None:
            self._paint_plot(self._face)
            return True
        if (
            isinstance(event, QMouseEvent)
            and event.type() in {QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove}
            and event.buttons() & Qt.MouseButton.LeftButton
        ):
            scene = self._plot.mapToScene(event.position().toPoint())
            self._go(self._plot.getViewBox().mapSceneToView(scene))
            return True
        return event.type() == QEvent.Type.Wheel

    def _paint_plot(self, face: PlotFace) -> None:
        painter = QPainter(self._plot.viewport())
        face.paint(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_over(painter, face.area)
        painter.end()

    def sizeHint(self) -> QSize:
        return QSize(40 * GRID, 24 * GRID)

    def minimumSizeHint(self) -> QSize:
        return QSize(24 * GRID, 10 * GRID)
