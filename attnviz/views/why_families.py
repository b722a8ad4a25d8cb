"""Words of one stem and the pieces that they share; and how often such words share a piece in the whole text."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import Family, Sharing, Why
from attnviz.views.lettering import isolated, percent
from attnviz.views.palette import BASE, GRID, SMALL, colour, token_font, ui_font
from attnviz.views.piece_ink import paint_box, piece_colour
from attnviz.views.ruler import token_width
from attnviz.views.scrolled import ScrolledView

CHIP, LINE, BAR = 26.0, 34.0, 28.0


class WhyFamilies(ScrolledView):
    """Families as rows of chips; a shared piece has its colour, every other is neutral."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Words of one stem and the pieces they share")

    @property
    def why(self) -> Why | None:
        return self.trace.find(Why)

    def numbers(self) -> Table:
        why = self.why
        rows = (
            (family.stem, word, " ".join(pieces), " ".join(family.shared))
            for family in (why.families if why else ())
            for word, pieces in zip(family.words, family.pieces, strict=True)
        )
        return Table(("stem", "word", "pieces", "shared"), tuple(rows))

    def _sentence(self) -> str:
        if self.why is None:
            return "Learn merges first; then words of one stem are shown with the pieces that they share."
        return "" if self.why.families else "The text has no words of one stem."

    def _content_height(self, width: int) -> int:
        return int(self._lay(None, width))

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        self._lay(painter, self._content_width())

    def _lay(self, painter: QPainter | None, width: int) -> float:
        """Paint families line by line, or only measure; returns the height."""
        top = float(GRID)
        for family in self.why.families if self.why else ():
            left, common = 14.0 * GRID, shared_pieces(family)
            if painter is not None:
                painter.setFont(ui_font(BASE))
                painter.setPen(colour("text"))
                heading = QRectF(GRID, top, 12.5 * GRID, CHIP)
                painter.drawText(heading, Qt.AlignmentFlag.AlignVCenter, f"{isolated(family.stem)}…")
            for pieces in family.pieces:
                size = sum(_width(piece) for piece in pieces)
                if left > 14 * GRID and left + size > width - GRID:
                    left, top = 14.0 * GRID, top + LINE
                for piece in pieces:
                    if painter is not None:
                        _paint_piece(painter, piece, QRectF(left, top, _width(piece), CHIP), piece in common)
                    left += _width(piece)
                left += 2 * GRID
            top += LINE + 4
        return top


class WhySharings(ScrolledView):
    """A bar for each kind of pair."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Share of word pairs with a piece in common")

    @property
    def sharings(self) -> tuple[Sharing, ...]:
        """The kinds of which the text has pairs."""
        why = self.trace.find(Why)
        return tuple(sharing for sharing in why.sharings if sharing.pairs) if why else ()

    def numbers(self) -> Table:
        rows = tuple((sharing.kind, sharing.pairs, sharing.shared, sharing.share) for sharing in self.sharings)
        return Table(("kind", "pairs", "with a common first piece", "share"), rows)

    def _sentence(self) -> str:
        return "" if self.sharings else "Learn merges first; then pairs such as “word, words” are counted here."

    def _content_height(self, width: int) -> int:
        return int(2 * GRID + len(self.sharings) * BAR)

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        left, right = 18.0 * GRID, self._content_width() - 18.0 * GRID
        for number, sharing in enumerate(self.sharings):
            top, share = GRID + number * BAR, sharing.share or 0.0
            painter.setFont(token_font(SMALL + 1))
            painter.setPen(colour("text"))
            painter.drawText(QRectF(GRID, top, left - 2 * GRID, 20), Qt.AlignmentFlag.AlignVCenter, sharing.kind)
            painter.fillRect(QRectF(left, top + 4, right - left, 12), colour("raised"))
            painter.fillRect(QRectF(left, top + 4, (right - left) * share, 12), colour("accent"))
            painter.setFont(ui_font(SMALL))
            said = f"{percent(share)} · {sharing.shared:,} of {sharing.pairs:,}"
            painter.drawText(QRectF(right + GRID, top, 17 * GRID, 20), Qt.AlignmentFlag.AlignVCenter, said)

    def sizeHint(self) -> QSize:
        return QSize(48 * GRID, 28 * GRID)


def shared_pieces(family: Family) -> frozenset[str]:
    """The pieces that two or more words of the family have."""
    counted = Counter(piece for pieces in family.pieces for piece in set(pieces))
    return frozenset(piece for piece, words in counted.items() if words > 1)


def _width(piece: str) -> float:
    return token_width(isolated(piece)) + 1.5 * GRID


def _paint_piece(painter: QPainter, piece: str, area: QRectF, shared: bool) -> None:
    paint_box(painter, area.adjusted(1, 0, -1, 0), piece_colour(piece) if shared else None)
    painter.setFont(token_font(BASE))
    painter.setPen(colour("text"))
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, isolated(piece))
