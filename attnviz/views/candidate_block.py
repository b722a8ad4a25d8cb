"""One mask's candidates: where its rows stand and how they are painted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from attnviz.trace import Candidates
from attnviz.views.lettering import bits, isolated, percent
from attnviz.views.palette import BASE, GRID, SMALL, colour, sequential_colour, token_font, ui_font
from attnviz.views.ruler import small_width, token_width

HEADING, ROW, AXIS, FOOTER = 28, 24, 20, 20
TICK = 32
NO_BREAK = "\N{NO-BREAK SPACE}"
VALUE, NARROWEST, WIDEST, BETWEEN = 64, 276, 760, 3 * GRID
FEWEST_ROWS = 10
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
ELIDED = Qt.TextElideMode.ElideRight
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class Block:
    """A record and the area it is painted in; ``label`` is the width of the column of words."""

    record: Candidates
    area: QRectF
    label: float

    def row(self, index: int) -> QRectF:
        return QRectF(self.area.left(), self.area.top() + HEADING + index * ROW, self.area.width(), ROW)

    @property
    def bars(self) -> QRectF:
        """The area of the bars: its width is a probability of 1."""
        left = self.area.left() + GRID + self.label + GRID
        width = max(GRID, self.area.right() - GRID - VALUE - left)
        return QRectF(left, self.area.top() + HEADING, width, ROW * len(self.record.entries))


@dataclass(frozen=True, slots=True)
class Look:
    """How a block is looked at: the hovered row, whether the cursor is at this mask, and pinned there.

    Its heading names its position, or is ``title``; the square before it is the accent's or ``tint``.
    """

    hovered: int | None
    looked: bool
    pinned: bool
    title: str = ""
    tint: QColor | None = None


def arrange(records: Sequence[Candidates], width: int) -> tuple[Block, ...]:
    """Blocks side by side in as many equal columns as fit, line under line; all with the same column of words."""
    room, columns = _room(width), _columns(len(records), width)
    each = min((room - (columns - 1) * BETWEEN) / columns, WIDEST)
    label = min(max((_widest(record) for record in records), default=0.0), each * 0.36)
    blocks: list[Block] = []
    top = float(GRID)
    for first in range(0, len(records), columns):
        line = records[first : first + columns]
        for column, record in enumerate(line):
            area = QRectF(GRID + column * (each + BETWEEN), top, each, _height(record, each))
            blocks.append(Block(record, area, label))
        top += max(_height(record, each) for record in line) + 2 * GRID
    return tuple(blocks)


def content_height(records: Sequence[Candidates], width: int) -> int:
    """The height of all blocks at this width."""
    return int(max((block.area.bottom() for block in arrange(records, width)), default=0.0)) + GRID


def fitting(records: Sequence[Candidates], width: int, height: int) -> int:
    """How many candidates of each record there is room for without scrolling: ten, or as many more as fit."""
    columns = _columns(len(records), width)
    lines = -(-len(records) // columns)
    each = min((_room(width) - (columns - 1) * BETWEEN) / columns, WIDEST)
    footer = max((_footer(record, each) for record in records), default=0.0)
    around = HEADING + AXIS + footer + 2 * GRID
    return max(FEWEST_ROWS, int(((height - GRID) / max(1, lines) - around) // ROW))


def says(record: Candidates, row: int) -> str:
    """One candidate in words."""
    entry = record.entries[row]
    place = f"{row + 1} of {len(record.entries)} at position {record.position}"
    return f"{isolated(entry.label)} · {place}\np = {entry.probability:.6g} · {bits(entry.probability)} · id {entry.id}"


def original_words(record: Candidates) -> str:
    """What is known of the original word, as the line under its bars; empty when nothing is known."""
    if record.original is None:
        return ""
    known = [f"original: {isolated(record.original, 12)}"]
    if record.rank is not None:
        known.append(f"rank {record.rank:,}")
    if record.probability is not None:
        share = percent(record.probability)
        known += [f"p {share}" if share.startswith("<") else f"p = {share}", bits(record.probability)]
    return " · ".join(known)


def paint_block(painter: QPainter, block: Block, look: Look) -> None:
    """Heading, grid, rows, axis and the original word."""
    painter.save()
    _paint_heading(painter, block, look)
    _paint_axis(painter, block)
    for row in range(len(block.record.entries)):
        _paint_row(painter, block, row, hovered=look.hovered == row)
    if words := original_words(block.record):
        height = _footer(block.record, block.area.width())
        area = QRectF(block.area.left() + GRID, block.area.bottom() - height, block.area.width() - 2 * GRID, height)
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("text"))
        unbroken = " · ".join(part.replace(" ", NO_BREAK) for part in words.split(" · "))
        painter.drawText(area, int(LEFT | Qt.TextFlag.TextWordWrap), unbroken)
    painter.restore()


def _room(width: int) -> int:
    return max(width - 2 * GRID, NARROWEST // 2)


def _columns(records: int, width: int) -> int:
    return max(1, min(records, (_room(width) + BETWEEN) // (NARROWEST + BETWEEN)))


def _height(record: Candidates, width: float) -> float:
    return HEADING + ROW * len(record.entries) + AXIS + _footer(record, width)


def _footer(record: Candidates, width: float) -> float:
    """One line for the original word, two where the block is too narrow, none where nothing is known."""
    needed = small_width(original_words(record))
    lines = 0 if not needed else 1 if needed <= width - 2 * GRID else 2
    return lines * FOOTER


def _widest(record: Candidates) -> float:
    return max((token_width(isolated(entry.label)) for entry in record.entries), default=0.0) + 2


def _paint_heading(painter: QPainter, block: Block, look: Look) -> None:
    square = QRectF(block.area.left() + GRID, block.area.top() + 8, 11, 11)
    painter.setPen(QPen(colour("text"), 2) if look.looked else Qt.PenStyle.NoPen)
    painter.setBrush(look.tint or colour("accent"))
    painter.drawRoundedRect(square, 2, 2)
    heading = block.area.adjusted(GRID + 19, 0, -GRID, 0)
    heading.setHeight(HEADING)
    painter.setFont(ui_font(BASE, bold=True))
    painter.setPen(colour("text"))
    title = look.title or f"position {block.record.position}"
    painter.drawText(heading, LEFT, painter.fontMetrics().elidedText(title, ELIDED, int(heading.width())))
    if look.pinned:
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("muted"))
        painter.drawText(heading, RIGHT, "pinned")


def _paint_axis(painter: QPainter, block: Block) -> None:
    """Grid lines at the quarters, their numbers below, and the axis' name under the words."""
    bars = block.bars
    painter.setFont(ui_font(SMALL))
    below = QRectF(block.area.left(), bars.bottom(), 0, AXIS)
    for quarter in range(5):
        x = round(bars.left() + bars.width() * quarter / 4) + 0.5
        painter.setPen(QPen(colour("border"), 1))
        painter.drawLine(QPointF(x, bars.top()), QPointF(x, bars.bottom() + 3))
        painter.setPen(colour("muted"))
        tick = QRectF(x - 24, below.top() + 3, 48, AXIS - 3)
        if quarter and (quarter % 2 == 0 or bars.width() >= 4 * TICK):
            painter.drawText(tick, Qt.AlignmentFlag.AlignCenter, f"{25 * quarter}{' %' if quarter == 4 else ''}")
    room = max(bars.left() - block.area.left() - 2 * GRID, small_width("probability"))
    name = QRectF(block.area.left() + GRID, below.top() + 3, room, AXIS - 3)
    painter.drawText(name, RIGHT, "probability")


def _paint_row(painter: QPainter, block: Block, index: int, *, hovered: bool) -> None:
    row, bars, entry = block.row(index), block.bars, block.record.entries[index]
    if hovered:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("accent", 0.14))
        painter.drawRoundedRect(row.adjusted(0, 1, 0, -1), 4, 4)
    font = token_font(BASE)
    font.setBold(entry.label == block.record.original)
    painter.setFont(font)
    painter.setPen(colour("text"))
    words = QRectF(row.left() + GRID, row.top(), block.label, ROW)
    elided = QFontMetricsF(font).elidedText(isolated(entry.label), ELIDED, words.width())
    painter.drawText(words, LEFT, elided)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(sequential_colour(0.6))
    length = bars.width() * min(max(entry.probability, 0.0), 1.0)
    painter.drawRect(QRectF(bars.left(), row.top() + 5, length, ROW - 10))
    painter.setFont(ui_font(BASE))
    painter.setPen(colour("text"))
    painter.drawText(row.adjusted(0, 0, -GRID, 0), RIGHT, percent(entry.probability))
