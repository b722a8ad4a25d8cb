"""The softmax, and the row that is pointed at worked out: scores, exponentials, their sum, quotients."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QMouseEvent, QPainter

from attnviz.table import Table
from attnviz.trace import Cursor, Floats
from attnviz.views.block_card import told
from attnviz.views.block_change import set_by_hand
from attnviz.views.block_moment import BlockMoment
from attnviz.views.block_pane import CAPTION, Pane, Place
from attnviz.views.block_picture import BlockPicture
from attnviz.views.block_score_cards import SquareCard
from attnviz.views.block_state_cards import shared
from attnviz.views.block_table import Lines, fitting, paint_lines
from attnviz.views.card import LEFT
from attnviz.views.palette import SMALL, colour, ui_font
from attnviz.views.step_moment import exact, lettered_number


@dataclass(frozen=True, slots=True, eq=False)
class WorkedRow:
    """One row of the softmax as it is computed: the largest score is taken from all, which changes no quotient."""

    scores: Floats
    largest: float
    exponentials: Floats
    total: float
    weights: Floats


def worked_row(scores: Floats) -> WorkedRow:
    """The row of ``scores`` (keys,) worked out; all zero where everything is masked."""
    largest = float(scores.max(initial=-np.inf))
    shift = np.float32(largest if np.isfinite(largest) else 0.0)
    exponentials = np.exp(scores - shift, dtype=np.float32)
    total = exponentials.sum(dtype=np.float32)
    weights = exponentials / total if total > 0 else np.zeros_like(exponentials)
    return WorkedRow(scores, largest, exponentials, float(total), weights)


class SoftmaxCard(SquareCard):
    """The weights; opened, one row of them as a table. Pressing a line of it chooses that key."""

    def _titles(self, moment: BlockMoment) -> tuple[str, ...]:
        return ("softmax",)

    def _formula(self, moment: BlockMoment) -> str:
        if set_by_hand(moment, moment.row):
            return "this row was set by hand: its weights were used, whatever the scores say"
        if self._opened:
            return "weight = exp(score) / Σ exp(scores of the row): every row sums to 1"
        return "rows sum to 1"

    def _panes(self, moment: BlockMoment) -> tuple[Pane, ...]:
        picture = self._picture(
            "weights", lambda: BlockPicture(moment.unfolded.weights, signed=False, limit=_top(moment.unfolded.weights))
        )
        if not self._opened:
            return (self.square(moment, "weight", picture, self.inner()),)
        return (self.opened_square(moment, "weight", picture, self._halves()[0]),)

    def _halves(self) -> tuple[QRectF, ...]:
        return shared(self.inner(), (0.85, 1.1), 20.0)

    def _says(self, moment: BlockMoment, pane: Pane, place: Place) -> str:
        if set_by_hand(moment, place[0]):
            return f"{told(moment, pane, place)}, set by hand"
        row = worked_row(moment.unfolded.scores[place[0]])
        part = exact(float(row.exponentials[place[1]]))
        return f"{told(moment, pane, place)} = {part} / {exact(row.total)}"

    # the row that is worked out

    def worked(self, moment: BlockMoment) -> WorkedRow:
        return worked_row(moment.unfolded.scores[moment.row])

    def table_area(self) -> QRectF:
        """Where the worked row stands: right of the matrix, from the top of the card to its foot."""
        half, body = self._halves()[1], self.body()
        return QRectF(half.left(), body.top() + CAPTION + 4, half.width(), body.height() - CAPTION - 4)

    def lines(self) -> Lines | None:
        """The table, the heaviest keys where there is no room for all; in the order of the tokens."""
        moment = self.moment
        if moment is None or not self._opened:
            return None
        row, area = self.worked(moment), self.table_area()
        room = fitting(area, extra=1)
        count = len(row.weights)
        names = tuple(range(count)) if count <= room else heaviest(row.weights, max(room - 1, 1), moment.key)
        rows = tuple(self._line(moment, row, key) for key in names)
        rest = () if len(names) == count else (_rest(row, names),)
        told_rows = rows + rest
        total = ("Σ", "", lettered_number(row.total, 3), lettered_number(float(row.weights.sum()), 3))
        titles = ("key", "score s", "exp(s − max)", "weight")
        lines = Lines(area, titles, told_rows, (*names, *(-1 for _ in rest)), total, first=0.3)
        return _beside(lines, moment.unfolded.weights[moment.row]) if set_by_hand(moment, moment.row) else lines

    def _line(self, moment: BlockMoment, row: WorkedRow, key: int) -> tuple[str, ...]:
        score, part, weight = (float(values[key]) for values in (row.scores, row.exponentials, row.weights))
        return (moment.token("key", key), lettered_number(score), _small(part), _small(weight))

    def _paint_more(self, painter: QPainter, moment: BlockMoment) -> None:
        lines = self.lines()
        if lines is None:
            return
        painter.setFont(ui_font(SMALL, bold=True))
        painter.setPen(colour("text"))
        row = self.worked(moment)
        top = QRectF(lines.area.left(), self.body().top() - 2, lines.area.width(), CAPTION)
        where = "" if moment.query is not None else " (point at another)"
        highest = lettered_number(row.largest) if np.isfinite(row.largest) else "none: all masked"
        says = f"row of {moment.token('query', moment.row)}{where} · max {highest}"
        painter.drawText(top, int(LEFT), says)
        paint_lines(painter, lines, moment.key)

    # pointing at the table

    def _table_key(self, point: QPointF) -> int | None:
        lines = self.lines()
        key = None if lines is None else lines.at(point)
        return None if key is None or key < 0 else key

    def _reading(self, point: QPointF) -> str:
        moment, key = self.moment, self._table_key(point)
        if moment is None or key is None:
            return super()._reading(point)
        row = self.worked(moment)
        score, part = exact(float(row.scores[key])), exact(float(row.exponentials[key]))
        weight = exact(float(row.weights[key]))
        return f"{moment.token('key', key)}   exp({score} − {exact(row.largest)}) = {part};  / {exact(row.total)} = {weight}"

    def _hover(self, point: QPointF) -> None:
        key = self._table_key(point)
        if key is None:
            super()._hover(point)
        else:
            self._say(self._chosen(key, pinned=False))

    def _chosen(self, key: int, *, pinned: bool) -> Cursor:
        row = 0 if self.moment is None else self.moment.row
        return replace(self.cursor_at, query=row, key=key, pinned=pinned)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        key = self._table_key(event.position())
        if key is None or self._pressed is None:
            super().mouseReleaseEvent(event)
            return
        self._pressed = None
        chosen = self._chosen(key, pinned=True)
        if chosen == self.cursor_at:
            self._free()
        else:
            self._say(chosen)

    def numbers(self) -> Table:
        """The worked row, a line per key."""
        moment = self.moment
        if moment is None:
            return Table((), ())
        row = self.worked(moment)
        query, labels = moment.row, moment.keys.labels
        used = moment.unfolded.weights[query]
        cells = zip(*(part.tolist() for part in (row.scores, row.exponentials, row.weights, used)), strict=True)
        rows = tuple(
            (
                query,
                moment.queries.labels[query],
                key,
                labels[key],
                score if np.isfinite(score) else None,
                part,
                quotient,
                weight,
            )
            for key, (score, part, quotient, weight) in enumerate(cells)
        )
        return Table(
            ("query", "query token", "key", "key token", "score", "exp(score - max)", "softmax", "weight"), rows
        )


def heaviest(weights: Floats, most: int, also: int | None) -> tuple[int, ...]:
    """The positions with most weight in their own order, and one that has to be among them."""
    order = np.argsort(-weights, kind="stable")[:most].tolist()
    if also is not None and also not in order:
        order[-1] = also
    return tuple(sorted(order))


def _beside(lines: Lines, used: Floats) -> Lines:
    """The table with the weights that were used in the place of the softmax."""
    others = np.ones(len(used), np.bool_)
    others[[name for name in lines.names if name >= 0]] = False
    told = (float(used[others].sum()) if name < 0 else float(used[name]) for name in lines.names)
    rows = tuple((*texts, _small(value)) for texts, value in zip(lines.rows, told, strict=True))
    total = (*lines.total, lettered_number(float(used.sum()), 3))
    return replace(lines, titles=(*lines.titles[:-1], "softmax", "used"), rows=rows, total=total, first=0.24)


def _rest(row: WorkedRow, names: Iterable[int]) -> tuple[str, ...]:
    """What all the keys without a line of their own come to."""
    others = np.ones(len(row.weights), np.bool_)
    others[list(names)] = False
    parts, weights = float(row.exponentials[others].sum()), float(row.weights[others].sum())
    return (f"{int(others.sum())} others", "", _small(parts), _small(weights))


def _small(value: float) -> str:
    return f"{value:.1e}".replace("-", "−") if 0 < value < 0.0005 else lettered_number(value, 3)


def _top(weights: Floats) -> float:
    return float(weights.max(initial=0.0)) or 1.0
