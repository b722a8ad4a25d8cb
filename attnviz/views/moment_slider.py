"""A slider through the moments of a matrix: back and forth through a run, or played, while it grows and afterwards."""

from __future__ import annotations

import bisect

from PySide6.QtCore import QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from attnviz.trace import Matrix
from attnviz.views.matrix_map import MatrixMap
from attnviz.views.palette import GRID, SMALL, ui_font
from attnviz.views.transport_icons import transport_icon

FRAME_MS = 160


class MomentSlider(QWidget):
    """Follows the newest moment until it is moved; hidden where there is only one. ``moved`` carries the moment that was gone to."""

    moved = Signal(object)

    def __init__(self, shown: MatrixMap, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._map = shown
        self._moments: tuple[Matrix, ...] = ()
        self._clock = QTimer(self, interval=FRAME_MS)
        self._clock.timeout.connect(self._on_tick)
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, 0, GRID, 0)
        row.setSpacing(GRID)
        self._build(row)
        self.slider.valueChanged.connect(self._on_moved)
        self.button.clicked.connect(self.toggle)
        self._letter()
        self.hide()

    @property
    def playing(self) -> bool:
        return self._clock.isActive()

    def follow(self) -> None:
        """Take the moments of the map; call after it was drawn."""
        moments = self._map.matrices
        if moments == self._moments:
            return
        at_end = self.slider.value() >= len(self._moments) - 1 or len(moments) < len(self._moments)
        self._moments = moments
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, len(moments) - 1))
        if at_end:
            self.slider.setValue(len(moments) - 1)
        self.slider.blockSignals(False)
        self.setVisible(len(moments) > 1)
        if moments:
            self.label.setMinimumWidth(self.label.fontMetrics().horizontalAdvance(_said(moments[-1])))
            self._show(self.slider.value())

    def go(self, moment: float) -> None:
        """Show the last moment that is not after this one, and say nothing of it."""
        place = bisect.bisect_right([matrix.moment for matrix in self._moments], moment) - 1
        self.slider.blockSignals(True)
        self.slider.setValue(max(0, place))
        self.slider.blockSignals(False)
        self._show(self.slider.value())

    @Slot()
    def toggle(self) -> None:
        """Play from here, from the start where the end is reached, or pause."""
        if self.playing:
            self.pause()
            return
        if self.slider.value() >= self.slider.maximum():
            self.slider.setValue(0)
        self._clock.start()
        self._letter()

    def pause(self) -> None:
        self._clock.stop()
        self._letter()

    @Slot(int)
    def _on_moved(self, place: int) -> None:
        self._show(place)
        if place < len(self._moments):
            self.moved.emit(self._moments[place].moment)

    @Slot()
    def _on_tick(self) -> None:
        self.slider.setValue(self.slider.value() + 1)
        if self.slider.value() >= self.slider.maximum():
            self.pause()

    def _show(self, place: int) -> None:
        if place >= len(self._moments):
            return
        matrix = self._moments[place]
        self._map.moment = None if place == len(self._moments) - 1 else matrix.moment
        self.label.setText(_said(matrix))

    def _letter(self) -> None:
        name = "pause" if self.playing else "play"
        self.button.setIcon(transport_icon(name))
        self.button.setAccessibleName(f"{name} the run")

    def _build(self, row: QHBoxLayout) -> None:
        self.button = QToolButton(self)
        self.button.setToolTip("Play the run from here, or pause")
        self.button.setFixedSize(3 * GRID + 4, 3 * GRID)
        self.button.setStyleSheet("padding: 0")
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setAccessibleName("Moment of the run")
        self.slider.setToolTip("Go back and forth through the run (arrow keys)")
        self.label = QLabel(self)
        self.label.setFont(ui_font(SMALL))
        self.label.setObjectName("muted")
        self.label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.button)
        row.addWidget(self.slider, 1)
        row.addWidget(self.label)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.pause()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._letter()


def _said(matrix: Matrix) -> str:
    return f"{matrix.moments} {matrix.moment:,}"
