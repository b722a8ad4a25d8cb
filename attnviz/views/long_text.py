"""A long text as running words: what the model reads, what is cut off, and what one window holds of it."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QWidget

from attnviz.table import Cell, Table
from attnviz.views.chip_layout import Place, flow
from attnviz.views.lettering import isolated
from attnviz.views.long_look import look_of
from attnviz.views.long_reading import Reading, Word, read_long
from attnviz.views.palette import BASE, GRID, colour, ui_font
from attnviz.views.pointed_view import PointedView

LINE, SPACE = 22, 5.0
LONGEST_WORD = 60
_CENTRE = Qt.AlignmentFlag.AlignCenter
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


class LongText(PointedView[int]):
    """Words in ink are read, pale ones are not; masks are chips. Pointing at a word shows which windows hold it, a click pins it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.reading: Reading | None = None
        self._places: tuple[Place, ...] = ()
        self._followed: int | None = None
        self._flows: dict[int, tuple[Place, ...]] = {}
        self.setAccessibleName("The text, and how far it is read")

    def numbers(self) -> Table:
        """A row for each word: its tokens, and the windows that hold them, by number from 1."""
        columns = ("word", "first token", "last token", "read", "windows")
        if self.reading is None:
            return Table(columns, ())
        return Table(columns, tuple(self._row(self.reading, word) for word in self.reading.words))

    def _row(self, reading: Reading, word: Word) -> tuple[Cell, ...]:
        windows = " ".join(str(number + 1) for number in reading.windows.readers(word.first))
        last = max(word.first, word.last - 1)
        return (word.text, word.first, last, int(word.first < reading.read), windows)

    def _update(self, *, fresh: bool) -> None:
        if fresh:
            before, self.reading = self.reading, read_long(self.trace, self.reading)
            if before is not self.reading:
                self._hovered = None
                self._flows.clear()
        super()._update(fresh=fresh)
        self._follow()

    def _follow(self) -> None:
        """Bring what was pinned elsewhere into sight, once."""
        wanted = self.cursor_at.query if self.cursor_at.pinned else None
        if wanted != self._followed:
            self._followed = wanted
            if self._hovered is None and (index := self._index(wanted)) is not None:
                self._reveal(self._area(index).adjusted(0, -2 * LINE, 0, 2 * LINE))

    def _index(self, position: int | None) -> int | None:
        """The word of a token, by number."""
        words = self.reading.words if self.reading is not None and position is not None else ()
        return next((index for index, word in enumerate(words) if word.first <= (position or 0) < word.last), None)

    # geometry

    def _sentence(self) -> str:
        some = self.reading is not None and self.reading.words
        return "" if some else "Paste a long text above, or take the sample, to see how far the model reads."

    def _lay(self, width: int) -> tuple[Place, ...]:
        """Words in lines; a word that breaks begins a new one."""
        reading = self.reading
        if reading is None or not reading.words:
            return ()
        if width not in self._flows:
            words, places, line = reading.words, list[Place](), 0
            starts = [0, *(place for place, word in enumerate(words) if word.breaks and place), len(words)]
            for start, end in pairwise(starts):
                widths = [self._measure(reading, word) for word in words[start:end]]
                block = flow(widths, tuple(range(end - start)), max(width - 2 * GRID, 4.0 * GRID), SPACE)
                places += [replace(place, line=place.line + line) for place in block]
                line = places[-1].line + 1
            self._flows[width] = tuple(places)
        return self._flows[width]

    def _measure(self, reading: Reading, word: Word) -> float:
        mask = reading.masks_of(word)
        return _width(_shown(reading, word)) + (2 * GRID if mask else 0)

    def _content_height(self, width: int) -> int:
        places = self._lay(width)
        return (places[-1].line + 1) * LINE + 2 * GRID if places else 0

    def _refit(self) -> None:
        super()._refit()
        self._places = self._lay(self._content_width())

    def _area(self, index: int) -> QRectF:
        place = self._places[index]
        return QRectF(GRID + place.left, GRID + place.line * LINE, place.width, LINE)

    def word_at(self, position: int) -> QRectF:
        """Where the word of a token stands in the widget now."""
        index = self._index(position)
        return QRectF() if index is None else self.to_view(self._area(index))

    # painting

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        reading = self.reading
        if reading is None:
            return
        look = look_of(self.cursor_at)
        lines = range(int((exposed.top() - GRID) // LINE) - 1, int((exposed.bottom() - GRID) // LINE) + 2)
        for index, place in enumerate(self._places):
            if place.line in lines:
                self._paint_word(painter, reading, index, look.window)
        self._paint_end(painter, reading)

    def _paint_word(self, painter: QPainter, reading: Reading, index: int, window: int | None) -> None:
        word, area = reading.words[index], self._area(index)
        held = window is not None and window in reading.windows.readers(word.first)
        if held:
            joined = index + 1 < len(self._places) and self._places[index + 1].line == self._places[index].line
            painter.fillRect(area.adjusted(0, 0, SPACE if joined else 0, 0), colour("accent", 0.16))
        is_read = word.first < reading.read
        if reading.masks_of(word):
            self._paint_mask(painter, reading, word, area)
        else:
            painter.setFont(ui_font(BASE))
            painter.setPen(colour("text") if is_read else colour("muted", 0.7))
            painter.drawText(area, _LEFT, _shown(reading, word))
        looked = self.cursor_at.query
        if index == self._hovered or (looked is not None and word.first <= looked < word.last):
            painter.setPen(QPen(colour("accent"), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(-2, 1, 2, -1), 4, 4)

    def _paint_mask(self, painter: QPainter, reading: Reading, word: Word, area: QRectF) -> None:
        """Filled where a window answers, an outline where none does."""
        answers = any(place in reading.answers for place in reading.masks_of(word))
        chip = area.adjusted(0.5, 2.5, -0.5, -2.5)
        painter.setPen(Qt.PenStyle.NoPen if answers else QPen(colour("muted"), 1, Qt.PenStyle.DashLine))
        painter.setBrush(colour("accent") if answers else colour("surface"))
        painter.drawRoundedRect(chip, 4, 4)
        painter.setFont(ui_font(BASE))
        painter.setPen(colour("on_accent") if answers else colour("muted"))
        painter.drawText(chip, _CENTRE, _shown(reading, word))

    def _paint_end(self, painter: QPainter, reading: Reading) -> None:
        """A bar behind the last word that is read, where words follow."""
        last = next((index for index, word in enumerate(reading.words) if word.first >= reading.read), None)
        if last is None or not last:
            return
        area = self._area(last - 1)
        painter.fillRect(QRectF(area.right() + 1, area.top() + 2, 3, LINE - 4), colour("error"))

    def _tip(self, point: QPointF) -> tuple[str, QRectF]:
        index = self._part_at(point)
        if self.reading is None or index is None:
            return "", QRectF()
        return _says(self.reading, self.reading.words[index]), self._area(index)

    # pointing

    def _part_at(self, point: QPointF) -> int | None:
        line = int((point.y() - GRID) // LINE)
        here = (index for index, place in enumerate(self._places) if place.line == line)
        return next((index for index in here if self._area(index).contains(point)), None)

    def _came_over(self, before: int | None) -> None:
        if not self.cursor_at.pinned:
            self._look(self._hovered, pinned=False)
        self.update()

    def _clicked(self, part: int) -> None:
        word = self.reading.words[part] if self.reading is not None else None
        free = self.cursor_at.pinned and word is not None and self.cursor_at.query == _token(self.reading, word)
        self._look(part, pinned=not free)

    def _look(self, index: int | None, *, pinned: bool) -> None:
        """A mask is looked at through the window that answers it, another word through none."""
        if self.reading is None:
            return
        position = None if index is None else _token(self.reading, self.reading.words[index])
        window = None if position is None else self.reading.answers.get(position)
        look = look_of(self.cursor_at)
        self.pointed.emit(replace(look, query=position, key=None, window=window, pinned=pinned))


@lru_cache(maxsize=8192)
def _width(text: str) -> float:
    return QFontMetricsF(ui_font(BASE)).horizontalAdvance(text)


def _shown(reading: Reading, word: Word) -> str:
    """The word itself; one that was masked by a click is shown as the mask."""
    masks = reading.masks_of(word)
    hidden = [place for place in masks if reading.tokens.originals[place] is not None]
    text = reading.tokens.labels[hidden[0]] if hidden else word.text
    return isolated(text, LONGEST_WORD)


def _token(reading: Reading | None, word: Word) -> int:
    """The token that stands for a word: its mask, else its first."""
    masks = reading.masks_of(word) if reading is not None else ()
    return masks[0] if masks else word.first


def _says(reading: Reading, word: Word) -> str:
    masks = reading.masks_of(word)
    name = isolated(word.text, LONGEST_WORD)
    first = f"{name} · token {word.first} of {len(reading.tokens)}"
    readers = [str(number + 1) for number in reading.windows.readers(masks[0] if masks else word.first)]
    if not readers:
        return f"{first}\ncut off: the model doesn't read it"
    if reading.windows.stride is None:
        return f"{first}\nread"
    held = f"in window {readers[0]}" if len(readers) == 1 else f"in windows {', '.join(readers)}"
    answering = [reading.answers[place] + 1 for place in masks if place in reading.answers]
    return f"{first}\n{held}" + (f"\nwindow {answering[0]} answers the mask" if answering else "")
