"""Whole words against pieces in three numbers each: vocabulary, unknown words, tokens per word."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import Why
from attnviz.views.lettering import percent
from attnviz.views.palette import BASE, GRID, LARGE, SMALL, colour, ui_font
from attnviz.views.scrolled import ScrolledView

HEIGHT = 17 * GRID


class WhyNumbers(ScrolledView):
    """Two rows of numbers under common headings."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Whole words against pieces")

    @property
    def why(self) -> Why | None:
        return self.trace.find(Why)

    def numbers(self) -> Table:
        why = self.why
        columns = ("approach", "vocabulary", "unknown on held-out text", "tokens per word")
        if why is None:
            return Table((), ())
        rows = (
            ("whole words", why.words, why.unknown_words, 1.0),
            ("BPE pieces", why.pieces, why.unknown_bpe, why.tokens_per_word),
        )
        return Table(columns, rows)

    def _sentence(self) -> str:
        return "" if self.why else "Learn merges first; then whole words and pieces are compared on the same text."

    def _content_height(self, width: int) -> int:
        return HEIGHT

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        why = self.why
        if why is None:
            return
        step = (self._content_width() - 16 * GRID) / 3
        headings = ("entries in the vocabulary", f"unknown of {why.held_out:,} held-out words", "tokens per word")
        rows = (
            ("whole words", "muted", (f"{why.words:,}", percent(why.unknown_words), "1.00")),
            ("BPE pieces", "accent", (f"{why.pieces:,}", percent(why.unknown_bpe), f"{why.tokens_per_word:.2f}")),
        )
        for column, heading in enumerate(headings):
            self._letter(painter, heading, 16 * GRID + column * step, GRID, step, SMALL, "muted")
        for number, (name, ink, values) in enumerate(rows):
            top = 5 * GRID + number * 6 * GRID
            painter.fillRect(QRectF(GRID, top, 4, 4 * GRID), colour(ink))
            self._letter(painter, name, 3 * GRID, top, 13 * GRID, BASE, "text", 4 * GRID)
            for column, value in enumerate(values):
                left = 16 * GRID + column * step
                self._letter(painter, value, left, top, step, LARGE + 6, "text", 4 * GRID)

    @staticmethod
    def _letter(
        painter: QPainter, text: str, left: float, top: float, width: float, size: int, ink: str, height: float = 20.0
    ) -> None:
        painter.setFont(ui_font(size, bold=size > LARGE))
        painter.setPen(colour(ink))
        painter.drawText(QRectF(left, top, width, height), Qt.AlignmentFlag.AlignVCenter, text)

    def sizeHint(self) -> QSize:
        return QSize(60 * GRID, HEIGHT)
