"""What [CLS] attends to in every layer: a row per layer, a column per token."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget

from attnviz.views.layer_focus import LayerFocus
from attnviz.views.map_paint import Picture
from attnviz.views.palette import GRID


class ClsFocus(LayerFocus):
    """The attention row of the first token, from which the next-sentence head reads, through all layers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("What [CLS] attends to, layer by layer")

    def _sentence(self) -> str:
        return "Type two sentences to see where the first token looks in each layer."

    def _mask(self) -> int | None:
        tokens = self.trace.tokens()
        return None if tokens is None or not len(tokens) else 0

    def _build_picture(self) -> Picture | None:
        picture = super()._build_picture()
        return None if picture is None else replace(picture, ticks=replace(picture.ticks, unit="weight"))

    def minimumSizeHint(self) -> QSize:
        return QSize(28 * GRID, 15 * GRID)
