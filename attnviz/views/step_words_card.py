"""The most probable words of a step as bars; a click takes another one instead."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPen

from attnviz.edits import ForceToken
from attnviz.table import Table
from attnviz.views.card import LEFT
from attnviz.views.lettering import percent
from attnviz.views.palette import BASE, GRID, SMALL, colour, sequential_colour, token_font, ui_font
from attnviz.views.ruler import small_width, token_width
from attnviz.views.scrolled import paint_focus
from attnviz.views.step_card import StepCard
from attnviz.views.step_moment import StepMoment, exact, lettered_number

ROW, OPENED_ROW, MARK = 18.0, 24.0, 16.0
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class WordRow:
    """A word of the target vocabulary at a step; ``rank`` counts from 1."""

    token: int
    label: str
    probability: float
    logit: float
    rank: int
    chosen: bool


class WordsCard(StepCard):
    """As many of the best words as fit, the one that the step took among them. ``word_chosen`` carries a ForceToken."""

    word_chosen = Signal(object)
    has_foot = False

    def __init__(self) -> None:
        super().__init__()
        self._words: tuple[WordRow, ...] = ()
        self._key: tuple[object, int, int] | None = None
        self._at = 0
        self._walked = False

    def _title(self, moment: StepMoment) -> str:
        return "softmax → word"

    def _formula(self, moment: StepMoment) -> str:
        decoding, step = moment.decoding, moment.step
        word = moment.word(decoding.tokens[step])
        loss = lettered_number(float(decoding.losses[step]))
        return f"took {word} · {decoding.choices[step].value} · rank {int(decoding.ranks[step]):,} · −ln p = {loss}"

    # rows

    def words(self) -> tuple[WordRow, ...]:
        """What is listed now."""
        moment = self.moment
        if moment is None:
            return ()
        most = max(int(self.body().height() / self._pitch()), 1)
        key = (moment.decoding, moment.step, most)
        if key != self._key:
            self._words, self._key = _listed(moment, most), key
            self._at = min(self._at, len(self._words) - 1)
        return self._words

    def _pitch(self) -> float:
        return OPENED_ROW if self._opened else ROW

    def row(self, place: int) -> QRectF:
        """Where a row stands in the widget."""
        body = self.body()
        return QRectF(body.left(), body.top() + place * self._pitch(), body.width(), self._pitch())

    def _place_at(self, point: QPointF) -> int | None:
        if self._chip:
            return None
        return next((place for place in range(len(self.words())) if self.row(place).contains(point)), None)

    def numbers(self) -> Table:
        """A row per listed word."""
        columns = ("rank", "id", "word", "probability", "logit", "taken")
        rows = ((word.rank, word.token, word.label, word.probability, word.logit, word.chosen) for word in self.words())
        return Table(columns, tuple(rows))

    # drawing

    def _paint_body(self, painter: QPainter, moment: StepMoment) -> None:
        words = self.words()
        under = None if self._mouse is None else self._place_at(self._mouse)
        room = min(max(token_width(moment.word(word.token)) for word in words) + 4, self.width() * 0.36)
        for place, word in enumerate(words):
            row = self.row(place)
            if place == under:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colour("accent", 0.14))
                painter.drawRoundedRect(row, 4, 4)
            self._paint_word(painter, moment, word, row, room)
        if self.hasFocus():
            paint_focus(painter, self.row(self._at).adjusted(0, 1, 0, -1))

    def _paint_word(self, painter: QPainter, moment: StepMoment, word: WordRow, row: QRectF, room: float) -> None:
        font = token_font(BASE)
        font.setBold(word.chosen)
        painter.setFont(font)
        painter.setPen(colour("text"))
        label = QRectF(row.left() + MARK, row.top(), room, row.height())
        text = QFontMetricsF(font).elidedText(moment.word(word.token), Qt.TextElideMode.ElideRight, room)
        painter.drawText(label, int(LEFT), text)
        if word.chosen:
            painter.setPen(colour("accent"))
            painter.setFont(ui_font(SMALL))
            painter.drawText(QRectF(row.left() + 5, row.top(), MARK, row.height()), int(LEFT), "▸")
        right = row.right() - 4
        painter.setFont(ui_font(SMALL, bold=word.chosen))
        painter.setPen(colour("text"))
        columns = [(percent(word.probability), small_width("100.0 %", bold=True))]
        if self._opened:
            columns += [(f"logit {lettered_number(word.logit)}", 84.0), (f"rank {word.rank:,}", 64.0)]
        elif word.rank > len(self.words()):
            columns += [(f"rank {word.rank:,}", 64.0)]
        for words, width in columns:
            painter.drawText(QRectF(right - width, row.top(), width, row.height()), int(RIGHT), words)
            right -= width + GRID
        self._paint_bar(
            painter, QRectF(label.right() + GRID, row.top(), right - label.right() - GRID, row.height()), word
        )

    def _paint_bar(self, painter: QPainter, area: QRectF, word: WordRow) -> None:
        """The whole of ``area`` is a probability of 1."""
        if area.width() < GRID:
            return
        track = area.adjusted(0, area.height() * 0.25, 0, -area.height() * 0.25)
        painter.fillRect(track, colour("raised", 0.6))
        length = track.width() * min(max(word.probability, 0.0), 1.0)
        bar = QRectF(track.left(), track.top(), max(length, 1.0), track.height())
        painter.fillRect(bar, sequential_colour(0.6))
        if word.chosen:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour("accent"), 1.5))
            painter.drawRect(bar.adjusted(-1.5, -1.5, 1.5, 1.5))

    def _reading(self, point: QPointF) -> str:
        place = self._place_at(point)
        return "" if place is None else _says(self.words()[place])

    # choosing

    def _choose(self, place: int) -> None:
        words, moment = self.words(), self.moment
        if moment is not None and place < len(words) and not words[place].chosen:
            self.word_chosen.emit(ForceToken(moment.step, words[place].token))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        place = self._place_at(event.position())
        can = self._chip or (place is not None and not self.words()[place].chosen)
        self.setCursor(Qt.CursorShape.PointingHandCursor if can else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        place = self._place_at(event.position())
        if place is None or event.button() != Qt.MouseButton.LeftButton:
            super().mouseReleaseEvent(event)
        else:
            self._at = place
            self._choose(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        words, key = self.words(), Qt.Key(event.key())
        targets = {
            Qt.Key.Key_Up: self._at - 1,
            Qt.Key.Key_Down: self._at + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: len(words) - 1,
        }
        if self._chip or not words:
            super().keyPressEvent(event)
        elif key in targets:
            self._at = min(max(targets[key], 0), len(words) - 1)
            self._walked = True
            self.setAccessibleDescription(_says(words[self._at]))
            self._remark()
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose(self._at)
        else:
            super().keyPressEvent(event)

    def _key_reading(self) -> tuple[str, QPointF] | None:
        words = self.words()
        if not self._walked or not words:
            return None
        return _says(words[self._at]), self.row(self._at).center()


def _says(word: WordRow) -> str:
    does = "this is the word that the step took" if word.chosen else "click takes it instead"
    return f"p = {exact(word.probability)} · logit {exact(word.logit)} · rank {word.rank:,} · id {word.token} · {does}"


def _listed(moment: StepMoment, most: int) -> tuple[WordRow, ...]:
    """The best words; the one that was taken stands last where it isn't among them."""
    decoding, step = moment.decoding, moment.step
    token = decoding.tokens[step]
    rows = [
        WordRow(
            entry.id, entry.label, entry.probability, float(decoding.logits[step, entry.id]), rank, entry.id == token
        )
        for rank, entry in enumerate(decoding.best(step, most), start=1)
    ]
    if not any(row.chosen for row in rows):
        own, logit = float(decoding.probabilities[step]), float(decoding.logits[step, token])
        rows[-1:] = [WordRow(token, decoding.vocabulary[token], own, logit, int(decoding.ranks[step]), chosen=True)]
    return tuple(rows)
