"""A slider through the moments of a matrix: back and forth through a run, while it grows and afterwards."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from attnviz.trace import Matrix
from attnviz.views.matrix_map import MatrixMap
from attnviz.views.palette import GRID, SMALL, ui_font


class MomentSlider(QWidget):
    """Follows the newest moment until it is moved; hidden where there is only one."""

    def __init__(self, shown: MatrixMap, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._map = shown
        self._moments: tuple[Matrix, ...] = ()
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setAccessibleName("Moment of the run")
        self.slider.setToolTip("Go back and forth through the run (arrow keys)")
        self.label = QLabel(self)
        self.label.setFont(ui_font(SMALL))
        self.label.setObjectName("muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, 0, GRID, 0)
        row.setSpacing(GRID)
        row.addWidget(self.slider, 1)
        row.addWidget(self.label)
        self.slider.valueChanged.connect(self._on_moved)
        self.hide()

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
        self._on_moved(self.slider.value())

    @Slot(int)
    def _on_moved(self, place: int) -> None:
        if place >= len(self._moments):
            return
        matrix = self._moments[place]
        self._map.moment = None if place == len(self._moments) - 1 else matrix.moment
        self.label.setText(f"{matrix.moments} {matrix.moment:,}")
