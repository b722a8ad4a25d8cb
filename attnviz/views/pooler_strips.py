"""From the state of [CLS] to the difference of two logits: dense, tanh, and what each coordinate adds, one above the other."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import PairJudgement
from attnviz.views.palette import GRID, SMALL, colour, ui_font
from attnviz.views.pointed_view import PointedView
from attnviz.views.vector_strip import Fold, Strip, limit_of, paint_scale, paint_strip

NAME, STRIP, PITCH, SCALE = 64, 18, 26, 136
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class PoolerStrips(PointedView[int]):
    """Three strips over the same coordinates; the cursor's key is the one that is looked at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("The pooler and what each coordinate adds")

    def strips(self) -> tuple[Strip, ...]:
        found = self.trace.find(PairJudgement)
        if found is None:
            return ()
        return (
            Strip("W·h + b", "the pooler's linear map of the last state", found.dense, limit_of(found.dense)),
            Strip("tanh", "the pooled state", found.pooled, 1.0),
            Strip(
                "adds",
                "what the coordinate adds to the difference of the logits",
                found.contributions,
                limit_of(found.contributions),
            ),
        )

    def numbers(self) -> Table:
        """A row per coordinate."""
        strips = self.strips()
        columns = zip(*(map(float, strip.values) for strip in strips), strict=True)
        rows = tuple((place, *values) for place, values in enumerate(columns))
        return Table(("coordinate", "before tanh", "pooled", "adds to the difference"), rows if strips else ())

    def _sentence(self) -> str:
        return "" if self.strips() else "Type two sentences to see what the pooler makes of the first token."

    def _content_height(self, width: int) -> int:
        return 3 * PITCH + GRID // 2

    def _folds(self) -> list[tuple[Strip, Fold]]:
        wide = max(self._content_width() - NAME - SCALE, 1)
        return [
            (strip, Fold(len(strip.values), len(strip.values), QRectF(NAME, place * PITCH + 4, wide, STRIP)))
            for place, strip in enumerate(self.strips())
        ]

    def _part_at(self, point: QPointF) -> int | None:
        found = (fold.at(point) for _, fold in self._folds())
        return next((index for index in found if index is not None), None)

    def _came_over(self, before: int | None) -> None:
        if not self.cursor_at.pinned:
            self.pointed.emit(replace(self.cursor_at, query=None, key=self._hovered))

    def _clicked(self, part: int) -> None:
        frees = self.cursor_at.pinned and self.cursor_at.key == part
        self.pointed.emit(replace(self.cursor_at, query=None, key=part, pinned=not frees))

    def _tip(self, point: QPointF) -> tuple[str, QRectF]:
        part = self._part_at(point)
        if part is None:
            return "", QRectF()
        return "\n".join(f"{strip.says(part)} · {strip.meaning}" for strip in self.strips()), QRectF(
            point.x() - 1, point.y() - 1, 2, 2
        )

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        for strip, fold in self._folds():
            key = self.cursor_at.key
            paint_strip(painter, strip, fold, key if key is not None and key < fold.count else None)
            painter.setFont(ui_font(SMALL))
            painter.setPen(colour("muted"))
            painter.drawText(QRectF(0, fold.area.top(), NAME - GRID, STRIP), int(_RIGHT), strip.symbol)
            area = QRectF(fold.area.right() + GRID, fold.area.top(), SCALE - GRID, STRIP)
            paint_scale(painter, area, strip.limit, signed=True)

    def sizeHint(self) -> QSize:
        return QSize(60 * GRID, self._content_height(0))

    def minimumSizeHint(self) -> QSize:
        return QSize(28 * GRID, self._content_height(0))
