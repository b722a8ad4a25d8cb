"""A text as its pieces after so many merges: letters keep their place, and borders vanish as merges are done."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFont, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.text.readable import spelling
from attnviz.trace import Learned, Timeline
from attnviz.views.aligned import Line
from attnviz.views.lettering import isolated
from attnviz.views.moment import Moment, moment_of
from attnviz.views.palette import GRID, colour
from attnviz.views.piece_ink import letters, paint_box, piece_colour
from attnviz.views.ruler import token_width
from attnviz.views.scrolled import ScrolledView, paint_focus
from attnviz.views.strip_layout import (
    PITCH,
    SPREAD,
    Chip,
    Spot,
    boxes_of,
    changed_lines,
    chips_between,
    fonts_of_strip,
    lines_of,
    spots_of,
)

BASELINE = 17.5
LINES_SHOWN = 3


class MergeStrip(ScrolledView):
    """The text of the trace's Timeline, cut as of the cursor's moment.

    Hovering looks at a piece, a click opens its tree, a double click (Enter) emits ``sought`` with the rank of the
    merge that made it here.
    """

    sought = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: tuple[Line, ...] = ()
        self._chips: tuple[Chip, ...] = ()
        self._chips_for: tuple[Timeline | None, int] = (None, -1)
        self._flows: dict[int, tuple[Line, ...]] = {}
        self._flows_for: Timeline | None = None
        self._spots: list[Spot] = []
        self._firsts: list[int] = []
        self._spans: list[tuple[int, int]] = []
        self._laid_for: tuple[Timeline | None, int] = (None, -1)
        self._at = 0
        self._drawn = Moment()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("The sentence after this many merges")

    @property
    def timeline(self) -> Timeline | None:
        return self.trace.find(Timeline)

    @property
    def moment(self) -> Moment:
        return moment_of(self.cursor_at)

    @property
    def chips(self) -> tuple[Chip, ...]:
        """The pieces as of the cursor's moment."""
        timeline, done = self.timeline, self.moment.done
        if self._chips_for[0] is not timeline or self._chips_for[1] != done:
            self._chips_for = (timeline, done)
            self._chips = () if timeline is None else self._cut(timeline, done, 0, len(timeline.symbols))
        return self._chips

    def _cut(self, timeline: Timeline, done: int, first: int, last: int) -> tuple[Chip, ...]:
        return chips_between(timeline, self._spans, done, first, last)

    def _seen(self, top: float, bottom: float) -> tuple[Chip, ...]:
        """The pieces on the lines between two heights of the content."""
        timeline = self.timeline
        if timeline is None or not self._lines or not self._firsts:
            return ()
        low = max(0, int((top + 1 - GRID // 2) // PITCH))
        high = min(len(self._lines) - 1, int((bottom - GRID // 2) // PITCH))
        return self._cut(timeline, self.moment.done, self._firsts[low], self._firsts[high + 1]) if low <= high else ()

    def label(self, piece: str) -> str:
        learned = self.trace.find(Learned)
        return spelling(learned.alphabet if learned else "chars").label(piece)

    def numbers(self) -> Table:
        columns = ("piece", "label", "start", "end", "made by rank")
        timeline = self.timeline
        rows = (
            (chip.piece, self.label(chip.piece), chip.start, chip.end, timeline.last_change(chip.first, chip.last))
            for chip in self.chips
            if timeline is not None
        )
        return Table(columns, tuple(rows))

    def chip_area(self, place: int) -> QRectF:
        """Where the first part of a chip stands in the widget now."""
        return self.to_view(self._areas(self.chips[place])[0])

    # geometry

    def _sentence(self) -> str:
        timeline = self.timeline
        if timeline is None or not len(timeline.symbols):
            return "Type a sentence above to see it cut as of any merge."
        return ""

    def _tallest(self) -> int:
        return GRID + LINES_SHOWN * PITCH

    def _content_height(self, width: int) -> int:
        return GRID + len(self._flow(width)) * PITCH

    def _flow(self, width: int) -> tuple[Line, ...]:
        timeline = self.timeline
        if timeline is None:
            return ()
        if self._flows_for is not timeline:
            self._flows_for = timeline
            self._flows.clear()
        if width not in self._flows:  # Qt asks for heights again and again while labels around change
            self._flows[width] = lines_of(timeline, max(width - 2 * GRID, 4 * GRID))
        return self._flows[width]

    def _refit(self) -> None:
        super()._refit()
        width = self._content_width()
        if self._laid_for[0] is not self.timeline or self._laid_for[1] != width:
            self._laid_for = (self.timeline, width)
            self._spans = [] if self.timeline is None else [(a, b) for a, b in self.timeline.spans.tolist()]
            self._lines = self._flow(width)
            self._spots, self._firsts = spots_of(self._spans, self._lines)
        self._at = min(self._at, max(0, len(self.chips) - 1))

    def _areas(self, chip: Chip) -> list[QRectF]:
        """A box for every line that the chip stands on."""
        return boxes_of(self._spots[chip.first : chip.last])

    # painting

    def _update(self, *, fresh: bool) -> None:
        before, self._drawn, timeline = self._drawn, self.moment, self.timeline
        if fresh or timeline is None or self.hasFocus() or before.span != self._drawn.span:
            super()._update(fresh=fresh)
            return
        for line in changed_lines(timeline, self._spots, before.done, self._drawn.done):
            self.update(self.to_view(QRectF(0, GRID // 2 + line * PITCH - 1, self.width(), PITCH)).toRect())

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        moment, timeline = self.moment, self.timeline
        if timeline is None:
            return
        fonts, at = fonts_of_strip(), self.chips[self._at].first if self.hasFocus() and self.chips else None
        for chip in self._seen(exposed.top(), exposed.bottom()):
            areas = self._areas(chip)
            ink = piece_colour(chip.piece) if chip.last > chip.first + 1 else None
            for area in areas:
                paint_box(painter, area, ink, looked=(chip.start, chip.end) == moment.span)
            self._letter(painter, timeline, chip, areas, fonts)
            if chip.first == at:
                paint_focus(painter, areas[0].adjusted(-1, -1, 1, 1))
        self._mark_newest(painter, timeline, moment.done)

    def _letter(
        self, painter: QPainter, timeline: Timeline, chip: Chip, areas: list[QRectF], fonts: tuple[QFont, QFont, QFont]
    ) -> None:
        """Letters stand apart, so that they keep their place when pieces grow; parts of characters stand as their bytes."""
        spread, plain, small = fonts
        text = timeline.text[chip.start : chip.end]
        painter.setPen(colour("text"))
        if (self._spots[chip.first].shared or self._spots[chip.last - 1].shared) and (
            label := self.label(chip.piece)
        ) != text:
            painter.setFont(small)
            painter.drawText(areas[0], Qt.AlignmentFlag.AlignCenter, _bare(label))
        elif len(areas) == 1 and text.isascii() and text.isprintable():
            painter.setFont(spread)
            shown = text.replace(" ", "␣")
            painter.drawText(QPointF(areas[0].left() + SPREAD / 2 - 0.5, areas[0].top() + BASELINE), shown)
        elif len(parts := letters(text)) == len(text):
            painter.setFont(plain)
            self._letter_apart(painter, chip, parts)
        else:
            painter.setFont(plain)
            painter.drawText(areas[0], Qt.AlignmentFlag.AlignCenter, isolated(text, 200))

    def _letter_apart(self, painter: QPainter, chip: Chip, parts: tuple[str, ...]) -> None:
        for number, line in enumerate(self._lines):
            for place in range(max(chip.start, line.start), min(chip.end, line.end)):
                letter = parts[place - chip.start]
                left = GRID + (line.at(place) + line.at(place + 1) - token_width(letter)) / 2
                painter.drawText(QPointF(left, GRID // 2 + number * PITCH + BASELINE), letter)

    def _mark_newest(self, painter: QPainter, timeline: Timeline, done: int) -> None:
        """Underline the borders' former places that the last merge removed."""
        for border in np.flatnonzero(timeline.closes == done - 1).tolist():
            for area in self._areas(self._cut(timeline, done, border, border + 1)[0]):
                painter.fillRect(QRectF(area.left() + 3, area.bottom() + 2, area.width() - 6, 2.5), colour("accent"))

    def _tip(self, point: QPointF) -> tuple[str, QRectF]:
        chip = self._chip_at(point)
        return ("", QRectF()) if chip is None else (self._says(chip), self._areas(chip)[0])

    def _says(self, chip: Chip) -> str:
        timeline = self.timeline
        rank = timeline.last_change(chip.first, chip.last) if timeline else None
        made = "a symbol of the alphabet" if rank is None else f"made by merge {rank}"
        return (
            f"{isolated(self.label(chip.piece))} · {made} · characters {chip.start} to {chip.end}\n"
            "click opens its tree, double click goes to the merge that made it"
        )

    # pointing

    def _chip_at(self, point: QPointF) -> Chip | None:
        near = self._seen(point.y(), point.y())
        return next((chip for chip in near if any(area.contains(point) for area in self._areas(chip))), None)

    def _look(self, chip: Chip | None, *, open_it: bool = False) -> None:
        moment = replace(self.moment, span=None if chip is None else (chip.start, chip.end))
        if chip is not None and open_it:
            moment = replace(moment, piece=chip.piece)
        if moment != self.cursor_at:
            self.pointed.emit(moment)

    def _seek(self, chip: Chip) -> None:
        timeline = self.timeline
        rank = timeline.last_change(chip.first, chip.last) if timeline else None
        if rank is not None:
            self.sought.emit(rank)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._look(self._chip_at(self.to_content(event.position())))

    def leaveEvent(self, event: QEvent) -> None:
        self._look(None)
        super().leaveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        chip = self._chip_at(self.to_content(event.position()))
        if chip is not None and event.button() == Qt.MouseButton.LeftButton:
            self._at = self.chips.index(chip)
            self._look(chip, open_it=True)
            self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        chip = self._chip_at(self.to_content(event.position()))
        if chip is not None:
            self._seek(chip)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = len(self.chips) - 1
        key = Qt.Key(event.key())
        steps = {
            Qt.Key.Key_Left: self._at - 1,
            Qt.Key.Key_Right: self._at + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        if last < 0:
            event.ignore()
        elif key in steps:
            self._at = min(max(steps[key], 0), last)
            self._reveal(self._areas(self.chips[self._at])[0])
            self.setAccessibleDescription(self._says(self.chips[self._at]))
            self._look(self.chips[self._at])
            self.update()
        elif key == Qt.Key.Key_Space:
            self._look(self.chips[self._at], open_it=True)
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._seek(self.chips[self._at])
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(60 * GRID, self.heightForWidth(60 * GRID))


def _bare(label: str) -> str:
    """A part of a character in two figures a byte, without its brackets: the box is bracket enough."""
    return label.replace("⟨", "").replace("⟩", "")
