"""How [CLS] divides its attention in every layer: itself, the first sentence, the second, and the separators."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import Attention, Tokens
from attnviz.views.focus_row import focus_row, template_tokens
from attnviz.views.lettering import percent
from attnviz.views.option import Option
from attnviz.views.palette import GRID, SMALL, colour, head_colour, readable_on, ui_font
from attnviz.views.ruler import small_width
from attnviz.views.scrolled import ScrolledView

PARTS = ("[CLS]", "first", "second", "[SEP]")
ROW, TALLEST, NAME, LEGEND = 22, 40, 56, 22
_CENTRE = Qt.AlignmentFlag.AlignCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class LayerShares:
    """Parts of the weight of one layer in the order of PARTS; they sum to 1."""

    layer: int
    shares: tuple[float, ...]


def parts_of(tokens: Tokens) -> tuple[int, ...]:
    """For each token the part that it belongs to; what the template added is [CLS] at the beginning and [SEP] elsewhere."""
    added = set(template_tokens(tokens))
    return tuple(
        (3 if place else 0) if place in added else 1 if span is not None and span[0] <= len(tokens.text) else 2
        for place, span in enumerate(tokens.spans)
    )


class SentenceShares(ScrolledView):
    """A bar a layer, as long as all of the weight. ``head`` None is the mean of all heads."""

    head: Option[int | None] = Option(None)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[LayerShares, ...] = ()
        self.setAccessibleName("How [CLS] divides its attention between the sentences")

    @property
    def rows(self) -> tuple[LayerShares, ...]:
        return self._rows

    def refresh(self) -> None:
        self._update(fresh=True)

    def numbers(self) -> Table:
        """A row per layer; the shares of a layer sum to 1."""
        return Table(("layer", *PARTS), tuple((row.layer, *row.shares) for row in self._rows))

    def _update(self, *, fresh: bool) -> None:
        if fresh:
            self._rows = self._found()
        super()._update(fresh=fresh)

    def _found(self) -> tuple[LayerShares, ...]:
        tokens = self.trace.tokens()
        if tokens is None or not len(tokens):
            return ()
        parts = parts_of(tokens)
        layers = sorted(record.layer for record in self.trace.every(Attention))
        found = (focus_row(self.trace, 0, layer, self.head) for layer in layers)
        return tuple(
            LayerShares(row.layer, tuple(_sum(row.weights.tolist(), parts, part) for part in range(len(PARTS))))
            for row in found
            if row is not None
        )

    # geometry

    def _sentence(self) -> str:
        return "" if self._rows else "Type two sentences to see how the first token divides its attention."

    def _content_height(self, width: int) -> int:
        return LEGEND + ROW * len(self._rows)

    def _pitch(self) -> float:
        """From bar to bar: as much as there is room for, within limits."""
        room = (self.height() - LEGEND) / max(len(self._rows), 1)
        return min(max(room, float(ROW)), float(TALLEST))

    def _whole(self, row: int) -> QRectF:
        pitch = self._pitch()
        return QRectF(NAME, LEGEND + row * pitch + 3, max(self._content_width() - NAME - GRID, 1), pitch - 6)

    def _segments(self, row: int) -> list[tuple[int, QRectF]]:
        area = self._whole(row)
        found, left = [], area.left()
        for part, share in enumerate(self._rows[row].shares):
            width = share * area.width()
            found.append((part, QRectF(left, area.top(), width, area.height())))
            left += width
        return found

    def _tip(self, point: QPointF) -> tuple[str, QRectF]:
        for row in range(len(self._rows)):
            for part, area in self._segments(row):
                if area.contains(point):
                    said = ", ".join(
                        f"{name} {percent(share)}" for name, share in zip(PARTS, self._rows[row].shares, strict=True)
                    )
                    return (
                        f"layer {self._rows[row].layer}: {percent(self._rows[row].shares[part])} of the weight on {PARTS[part]}\n{said}",
                        area,
                    )
        return "", QRectF()

    # painting

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        self._paint_legend(painter)
        for place, row in enumerate(self._rows):
            painter.setFont(ui_font(SMALL))
            painter.setPen(colour("muted"))
            painter.drawText(
                QRectF(0, LEGEND + place * self._pitch(), NAME - GRID, self._pitch()), int(_LEFT), f"layer {row.layer}"
            )
            for part, area in self._segments(place):
                _paint_segment(painter, area, part_colour(part), percent(row.shares[part]))

    def _paint_legend(self, painter: QPainter) -> None:
        left = float(NAME)
        painter.setFont(ui_font(SMALL))
        for part, name in enumerate(PARTS):
            painter.fillRect(QRectF(left, LEGEND / 2 - 5, 10, 10), part_colour(part))
            painter.setPen(colour("text"))
            painter.drawText(QRectF(left + 14, 0, 80, LEGEND), int(_LEFT), name)
            left += 14 + small_width(name) + 1.5 * GRID


def part_colour(part: int) -> QColor:
    """One of the categorical colours; greys for what the template added."""
    return head_colour(part - 1) if part in {1, 2} else colour("muted" if part == 0 else "border")


def _paint_segment(painter: QPainter, area: QRectF, fill: QColor, said: str) -> None:
    painter.fillRect(area, fill)
    if small_width(said) + 4 <= area.width():
        painter.setPen(readable_on(fill))
        painter.drawText(area, int(_CENTRE), said)


def _sum(weights: list[float], parts: tuple[int, ...], part: int) -> float:
    return sum(weight for weight, own in zip(weights, parts, strict=True) if own == part)
