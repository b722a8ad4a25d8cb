"""The context as the weighted sum that it is: a line per source token, weighted, and under them their sum."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QMenu

from attnviz.edits import SetContext
from attnviz.export.numbers import matrix_table, numbered
from attnviz.table import Table
from attnviz.trace import Floats
from attnviz.views.card import LEFT
from attnviz.views.palette import SMALL, colour, ui_font
from attnviz.views.row_map import RowMap
from attnviz.views.step_moment import StepMoment, exact, lettered_number
from attnviz.views.step_source_card import SourceCard
from attnviz.views.vector_strip import Fold, Strip, limit_of, paint_strip

_SUM, _WEIGHT = 13.0, 56.0


class ContextCard(SourceCard):
    """The terms αⱼ h̃ⱼ on the scale of the states, and c under them. ``context_set`` carries a SetContext."""

    context_set = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._limit = 1.0
        self._terms: RowMap | None = None
        self._terms_of: tuple[object, int] | None = None
        self._replace_button = self._add_button("⇄", "Replace the context… (R)")
        self._replace_button.clicked.connect(self.open_replacements)

    def _title(self, moment: StepMoment) -> str:
        return f"context c{moment.now}"

    def _formula(self, moment: StepMoment) -> str:
        return "Σⱼ αⱼ h̃ⱼ, on the scale of h̃"

    def _dims(self, moment: StepMoment) -> str:
        return str(moment.encoding.states.shape[1])

    def _arrived(self, moment: StepMoment) -> None:
        self._limit = limit_of(moment.encoding.states)
        self._terms_of = None

    @property
    def terms(self) -> RowMap | None:
        """The map of the weighted states, made when it is looked at."""
        moment = self.moment
        if moment is None:
            return None
        if self._terms_of != (moment.decoding, moment.step):
            weighted = moment.decoding.weighted(moment.step, moment.encoding)
            self._terms = None if weighted is None else RowMap(weighted, self._limit)
            self._terms_of = (moment.decoding, moment.step)
        return self._terms

    def rows(self) -> QRectF:
        """The lines of the terms; opened, with room for the weight before each."""
        return super().rows().adjusted(_WEIGHT if self._opened else 0, 0, 0, 0)

    def sum_area(self) -> QRectF:
        """Where c stands, under the columns that it sums."""
        rows = self.rows()
        return QRectF(rows.left(), rows.bottom() + 4, rows.width(), _SUM)

    def _paint_rows(self, painter: QPainter, moment: StepMoment) -> None:
        context = moment.decoding.context
        terms = self.terms
        if terms is None or context is None:
            return
        terms.paint(painter, self.rows())
        if self._opened and moment.decoding.weights is not None:
            self._paint_weights(painter, moment.decoding.weights[moment.step])
        values = context[moment.step]
        strip = Strip(f"c{moment.now}", "context", values, self._limit)
        paint_strip(painter, strip, Fold(len(values), len(values), self.sum_area()))
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("text"))
        room = QRectF(self.body().left(), self.sum_area().top(), self._label_room() - 6, _SUM)
        painter.drawText(
            room,
            int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter),
            "c" if self._by_hand(moment) else "Σ",
        )
        painter.setPen(colour("muted"))
        area = self.sum_area()
        note = QRectF(self.body().left(), area.bottom() + 1, self.body().width(), 14)
        painter.drawText(note, int(LEFT), self._note(moment))

    def _map_area(self) -> QRectF | None:
        return self.rows()

    def _paint_weights(self, painter: QPainter, weights: Floats) -> None:
        """What each line was multiplied by."""
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("text"))
        for position in self.labelled:
            line = self.row(position)
            area = QRectF(line.left() - _WEIGHT, line.center().y() - 8, _WEIGHT - 6, 16)
            text = f"{lettered_number(float(weights[position]), 3)} ×"
            painter.drawText(area, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text)

    def _note(self, moment: StepMoment) -> str:
        if self._by_hand(moment):
            return "set by hand: not the sum above"
        return f"Σ = c{moment.now}, summed by column"

    def _by_hand(self, moment: StepMoment) -> bool:
        """Whether the context is another one than the weighted sum."""
        weights, context = moment.decoding.weights, moment.decoding.context
        if weights is None or context is None:
            return False
        summed = weights[moment.step] @ moment.encoding.states
        return bool(abs(summed - context[moment.step]).max() > 1e-3 * max(self._limit, 1.0))

    # reading

    def _column(self, moment: StepMoment, point: QPointF, area: QRectF) -> int | None:
        width = moment.encoding.states.shape[1]
        return Fold(width, width, area).at(point)

    def _row_says(self, moment: StepMoment, position: int, point: QPointF | None) -> str:
        weights = moment.decoding.weights
        if weights is None:
            return moment.source(position)
        weight = float(weights[moment.step, position])
        says = f"{moment.source(position)}   α = {exact(weight)}"
        column = None if point is None else self._column(moment, point, self.rows())
        if column is None:
            return says
        state = float(moment.encoding.states[position, column])
        return f"{says}   α h̃[{column}] = {_short(weight)} · {_short(state)} = {exact(weight * state)}"

    def _reading(self, point: QPointF) -> str:
        moment = self.moment
        if moment is not None and moment.decoding.context is not None:
            column = self._column(moment, point, self.sum_area())
            if column is not None:
                return f"c{moment.now}[{column}] = {exact(float(moment.decoding.context[moment.step, column]))}"
        return super()._reading(point)

    def numbers(self) -> Table:
        """A row per source token, a column per dimension, and the context as the last row."""
        moment, terms = self.moment, self.terms
        if moment is None or terms is None or moment.decoding.context is None:
            return Table((), ())
        columns = tuple(str(column) for column in range(terms.values.shape[1]))
        table = matrix_table("term", numbered(moment.tokens.labels), columns, terms.values)
        context = tuple(float(value) for value in moment.decoding.context[moment.step])
        return Table(table.columns, (*table.rows, ("context", *context)))

    # what if

    def replacements(self) -> QMenu:
        """Other contexts for this step, all of them numbers of this run."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._offers = []
        menu.triggered.connect(self._take)
        moment = self.moment
        if moment is None or moment.decoding.context is None:
            return menu
        states, step, position = moment.encoding.states, moment.step, self.subject
        self._replacement(menu, "zero vector", 0 * states[0])
        self._replacement(menu, "mean of the encoder states", states.mean(axis=0))
        if position is None:
            menu.addAction("state of a source token (point at one first)").setEnabled(False)
        else:
            self._replacement(menu, f"encoder state of {moment.source(position)}", states[position])
        if step == 0:
            menu.addAction("context of the step before (this is the first)").setEnabled(False)
        else:
            self._replacement(menu, f"context of step {step}", moment.decoding.context[step - 1])
        return menu

    def _replacement(self, menu: QMenu, origin: str, values: Floats) -> None:
        self._offer(menu, f"replace c by the {origin}", partial(self._set, tuple(map(float, values)), origin))

    def _set(self, values: tuple[float, ...], origin: str) -> None:
        if self.moment is not None:
            self.context_set.emit(SetContext(self.moment.step, values, origin))

    def open_replacements(self) -> None:
        self.replacements().popup(self.mapToGlobal(self._replace_button.geometry().bottomLeft()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_R and not event.modifiers() and not self._chip:
            self.open_replacements()
        else:
            super().keyPressEvent(event)


def _short(value: float) -> str:
    """A factor, in brackets where it is negative."""
    text = f"{value:.3g}".replace("-", "−")
    return f"({text})" if value < 0 else text
