"""One stage of a cut: its pieces as chips under the characters that they came from."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.text.readable import visible
from attnviz.trace import Cut, Piece, Stage, StageKind
from attnviz.views.cut_layout import PADDING, Box, Sheet, sheet
from attnviz.views.lettering import isolated
from attnviz.views.moment import Moment, moment_of
from attnviz.views.palette import BASE, GRID, SMALL, colour, token_font, ui_font
from attnviz.views.piece_ink import paint_box, piece_colour
from attnviz.views.ruler import small_width, token_width
from attnviz.views.scrolled import ScrolledView, paint_focus

CHARACTERS, CHIP, IDS = 20.0, 26.0, 16.0
PITCH = CHARACTERS + CHIP + IDS + 1.5 * GRID
_PLAIN = frozenset({StageKind.NORMALISED, StageKind.PRE_TOKENS})


class CutChips(ScrolledView):
    """The pieces at the cursor's stage; the cursor's query is the piece that is pointed at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pieces: tuple[Piece, ...] = ()
        self._sheet = Sheet((), 0, ())
        self._sheets: dict[int, Sheet] = {}
        self._shown: tuple[Cut | None, int] = (None, 0)
        self.setAccessibleName("Pieces under the characters of the text")

    @property
    def moment(self) -> Moment:
        return moment_of(self.cursor_at)

    @property
    def cut(self) -> Cut | None:
        return next(iter(self.trace.every(Cut)), None)

    @property
    def stage(self) -> Stage | None:
        cut = self.cut
        return None if cut is None or not cut.stages else cut.stages[stage_number(cut, self.moment)]

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """What is shown: all pieces of the text at the cursor's stage."""
        return self._pieces

    def chip_area(self, index: int) -> QRectF:
        """Where a piece stands in the widget now."""
        return self.to_view(self._areas(index)[0])

    def numbers(self) -> Table:
        columns = ("piece", "label", "id", "start", "end", "bytes", "score")
        rows = (
            (p.text, p.label, p.id, *(p.span or (None, None)), p.raw.hex(" ").upper(), p.score) for p in self._pieces
        )
        return Table(columns, tuple(rows))

    def _sentence(self) -> str:
        return "" if self.cut is not None and self.cut.text else "Type a sentence above to see how it is cut."

    def _content_height(self, width: int) -> int:
        return int(GRID + len(self._laid(width).lines) * PITCH)

    def _laid(self, width: int) -> Sheet:
        cut = self.cut
        if cut is None or not cut.stages:
            return Sheet((), 0, ())
        number = stage_number(cut, self.moment)
        if self._shown[0] is not cut or self._shown[1] != number:
            self._shown = (cut, number)
            self._pieces = cut.at(number)
            self._sheets.clear()
        if width not in self._sheets:
            self._sheets[width] = sheet(cut.text, (self._pieces,), max(width - 2 * GRID, 8 * GRID), _room)
        return self._sheets[width]

    def _refit(self) -> None:
        super()._refit()
        self._sheet = self._laid(self._content_width())

    def _update(self, *, fresh: bool) -> None:
        if self.cut is None:
            self._pieces, self._sheet, self._shown = (), Sheet((), 0, ()), (None, 0)
        cut = self.cut
        moved = cut is not None and bool(cut.stages) and self._shown[1] != stage_number(cut, self.moment)
        super()._update(fresh=fresh or moved)

    def _areas(self, index: int) -> list[QRectF]:
        return [area.translated(GRID, GRID + CHARACTERS) for area in self._sheet.areas(self._boxes[index], _top, CHIP)]

    @property
    def _boxes(self) -> tuple[Box, ...]:
        """By piece: each has one box."""
        return self._sheet.rows[0] if self._sheet.rows else ()

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        cut, stage = self.cut, self.stage
        if cut is None or stage is None:
            return
        self._paint_characters(painter, cut.text, exposed)
        news = _changed(stage, self._pieces)
        for box in self._boxes:
            areas = self._areas(box.index)
            if any(area.adjusted(0, 0, 0, IDS).intersects(exposed) for area in areas):
                self._paint_chip(painter, box.index, areas, plain=stage.kind in _PLAIN, new=box.index in news)

    def _paint_characters(self, painter: QPainter, text: str, exposed: QRectF) -> None:
        painter.setFont(token_font(BASE))
        ahead = self._sheet.ahead
        looked = self._looked()
        span = None if looked is None else self._pieces[looked].span
        for number, line in enumerate(self._sheet.lines):
            top = GRID + number * PITCH
            if top + CHARACTERS < exposed.top() or top > exposed.bottom():
                continue
            for slot in range(line.start, line.end):
                place = slot - ahead
                if 0 <= place < len(text):
                    area = QRectF(GRID + line.at(slot), top, line.at(slot + 1) - line.at(slot), CHARACTERS)
                    under = span is not None and span[0] <= place < span[1]
                    if under:
                        painter.fillRect(area.adjusted(0, 0, 0, -2), colour("accent", 0.18))
                    painter.setPen(colour("text" if under else "muted"))
                    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, visible(text[place]))

    def _paint_chip(self, painter: QPainter, index: int, areas: list[QRectF], *, plain: bool, new: bool) -> None:
        piece = self._pieces[index]
        added = piece.special or piece.span is None
        ink = colour("error") if piece.unknown else None if plain or added else piece_colour(piece.text)
        for area in areas:
            paint_box(painter, area, ink, looked=index == self._looked(), dashed=added)
            if new:
                painter.fillRect(QRectF(area.left() + 3, area.bottom() + 1, area.width() - 6, 2.5), colour("accent"))
        painter.setFont(token_font(BASE))
        painter.setPen(colour("muted" if added else "text"))
        painter.drawText(areas[0], Qt.AlignmentFlag.AlignCenter, chip_label(piece))
        if piece.id is not None:
            painter.setFont(ui_font(SMALL))
            painter.setPen(colour("muted"))
            below = QRectF(areas[0].left() - 16, areas[0].bottom() + 3, areas[0].width() + 32, IDS - 2)
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, str(piece.id))
        if self.hasFocus() and index == self._looked():
            paint_focus(painter, areas[0].adjusted(-1, -1, 1, 1))

    def _looked(self) -> int | None:
        query = self.moment.query
        return query if query is not None and query < len(self._pieces) else None

    # pointing

    def _piece_at(self, point: QPointF) -> int | None:
        for box in self._boxes:
            if any(area.adjusted(-1, -CHARACTERS, 1, IDS).contains(point) for area in self._areas(box.index)):
                return box.index
        return None

    def _look(self, index: int | None, *, pinned: bool = False) -> None:
        moment = replace(self.moment, query=index, pinned=pinned and index is not None)
        if moment != self.cursor_at:
            self.pointed.emit(moment)

    def _tip(self, point: QPointF) -> tuple[str, QRectF]:
        index = self._piece_at(point)
        return ("", QRectF()) if index is None else (said(self._pieces[index]), self._areas(index)[0])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self.moment.pinned:
            self._look(self._piece_at(self.to_content(event.position())))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self._piece_at(self.to_content(event.position()))
        free = self.moment.pinned and index == self.moment.query
        self._look(None if free else index, pinned=True)

    def leaveEvent(self, event: QEvent) -> None:
        if not self.moment.pinned:
            self._look(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last, at = len(self._pieces) - 1, self._looked()
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None or last < 0:
            event.ignore()
            return
        index = 0 if at is None else min(max(at + step, 0), last)
        self._reveal(self._areas(index)[0])
        self.setAccessibleDescription(said(self._pieces[index]))
        self._look(index, pinned=True)

    def sizeHint(self) -> QSize:
        return QSize(80 * GRID, 24 * GRID)


def stage_number(cut: Cut, moment: Moment) -> int:
    """The cursor's stage as an index, the last where there is no such stage."""
    return moment.stage if 0 <= moment.stage < len(cut.stages) else len(cut.stages) - 1


def chip_label(piece: Piece) -> str:
    """A piece as a chip is lettered."""
    return isolated(piece.label, 60)


def said(piece: Piece) -> str:
    """A piece in words: its string, id, bytes, span and score."""
    place = "added by the template" if piece.span is None else f"characters {piece.span[0]} to {piece.span[1]}"
    parts = [isolated(piece.label, 60), "no id yet" if piece.id is None else f"id {piece.id:,}", place]
    lines = [" · ".join(parts), f"bytes {piece.raw.hex(' ').upper() or '–'}"]
    if piece.partial:
        lines.append("holds only a part of a character")
    if piece.score is not None:
        lines.append(f"score {piece.score:.3f}")
    if piece.unknown:
        lines.append("unknown: the vocabulary lacks it")
    return "\n".join(lines)


def _room(piece: Piece) -> float:
    """For the label, and for the id under it."""
    return max(token_width(chip_label(piece)) + PADDING, 0.0 if piece.id is None else small_width(str(piece.id)) + 8)


def _changed(stage: Stage, pieces: tuple[Piece, ...]) -> frozenset[int]:
    """The indices among all pieces of what is new at this stage."""
    fresh = {id(stage.pieces[place]) for place in stage.changed if place < len(stage.pieces)}
    return frozenset(place for place, piece in enumerate(pieces) if id(piece) in fresh)


def _top(line: int) -> float:
    return line * PITCH
