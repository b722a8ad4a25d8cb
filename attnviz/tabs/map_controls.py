"""The controls of a head's picture: what is drawn, on which scale, and which tokens are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QWidget

from attnviz.views.heat_map import KINDS, SCALES
from attnviz.views.palette import MAPS
from attnviz.views.segments import SEGMENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attnviz.trace import Tokens
    from attnviz.views.arcs import Arcs
    from attnviz.views.heat_map import HeatMap


class MapControls(QWidget):
    """A row of selectors that sets the options of the maps and the lines."""

    def __init__(self, maps: Sequence[HeatMap], arcs: Arcs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._maps, self._arcs = tuple(maps), arcs
        self._tokens: Tokens | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.kind = _box("Show", KINDS, "q·k (raw product), the scaled score, or the weight after the softmax", self)
        self.scale = _box("Scale", SCALES, "Linear, or logarithmic from 0.0001", self)
        self.colours = _box("Colours", MAPS, "Perceptual colour map", self)
        self.segments = _box("Segments", SEGMENTS, "With two sentences: which looks at which", self)
        self.special = QCheckBox("hide special", self)
        self.special.setToolTip("Leave out [CLS] and [SEP] as keys; rows are renormalised and the hidden share is said")
        for control in (self.kind, self.scale, self.colours, self.segments, self.special):
            row.addWidget(control)
        row.addStretch(1)
        for box in (self.kind, self.scale, self.colours, self.segments):
            box.currentTextChanged.connect(self._apply)
        self.special.toggled.connect(self._apply)

    def follow(self, tokens: Tokens | None) -> None:
        """Adapt to another sentence: pairs offer segments, special tokens move."""
        if tokens is self._tokens:
            return
        self._tokens = tokens
        paired = tokens is not None and len(set(tokens.segments)) > 1
        self.segments.setEnabled(paired)
        self.segments.setToolTip(
            "Which sentence looks at which" if paired else "Write a second sentence (Enter) to choose segments"
        )
        if not paired:
            self.segments.setCurrentText("all")
        self._apply()

    def full(self, everything: bool) -> None:
        """Show the selectors that only the map has."""
        for box in (self.kind, self.scale, self.colours):
            box.setVisible(everything)

    @Slot()
    def _apply(self) -> None:
        hidden: tuple[int, ...] = ()
        if self.special.isChecked() and self._tokens is not None:
            hidden = tuple(place for place, special in enumerate(self._tokens.special) if special)
        for shown in self._maps:
            shown.kind = self.kind.currentText()
            shown.scale = self.scale.currentText()
            shown.colour_map = self.colours.currentText()
            shown.segments = self.segments.currentText()
            shown.hidden_tokens = hidden
        self._arcs.segments, self._arcs.hidden_tokens = self.segments.currentText(), hidden


def _box(name: str, choices: tuple[str, ...], tip: str, parent: QWidget) -> QComboBox:
    box = QComboBox(parent)
    box.addItems(choices)
    box.setToolTip(tip)
    box.setAccessibleName(name)
    return box
