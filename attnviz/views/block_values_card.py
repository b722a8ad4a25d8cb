"""What a head hands on: the values weighted and summed, and the sum of one token term by term."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from attnviz.trace import Floats
from attnviz.views.block_card import told
from attnviz.views.block_change import head_changed
from attnviz.views.block_moment import BlockMoment
from attnviz.views.block_pane import CAPTION, SCALE, Pane, Place, label_level, shown_lines
from attnviz.views.block_picture import BlockPicture
from attnviz.views.block_score_cards import SquareCard
from attnviz.views.block_state_cards import paint_sign, shared, signed, size_of
from attnviz.views.card import LEFT
from attnviz.views.palette import SMALL, colour, ui_font
from attnviz.views.step_moment import exact, lettered_number
from attnviz.views.vector_strip import limit_of

_WEIGHT, _SUM, _HEADING = 58.0, 13.0, 18.0
_SHARE = 0.46


class ValuesCard(SquareCard):
    """The head's context; opened, weights · V = context, and under it the terms of the row that is pointed at."""

    def _titles(self, moment: BlockMoment) -> tuple[str, ...]:
        return "weights · V", "α V"

    def _dims(self, moment: BlockMoment) -> str:
        return f"{len(moment.queries)} × {moment.width}"

    def _formula(self, moment: BlockMoment) -> str:
        if head_changed(moment):
            return (
                f"head {moment.head} was dropped: it hands on something else than its sums"
                if self._opened
                else "dropped"
            )
        if self._opened:
            return f"head {moment.head}: each token takes the values of all tokens, each as much as its weight says"
        return "Σⱼ αⱼ vⱼ"

    def context(self, moment: BlockMoment) -> Floats:
        """The head's part of what the block itself joined."""
        return moment.stage("context")[:, moment.columns]

    def terms(self, moment: BlockMoment) -> Floats:
        """The weighted values of the row that is worked out, (keys, head_dim)."""
        weights = moment.unfolded.weights[moment.row]
        weighted: Floats = weights[:, None] * moment.stage("value")[moment.head]
        return weighted

    # where they stand

    def _upper(self) -> QRectF:
        inner = self.inner()
        return inner.adjusted(0, 0, 0, -inner.height() * (1 - _SHARE) - SCALE)

    def _lower(self) -> QRectF:
        inner = self.inner("key")
        top = self._upper().bottom() + SCALE + CAPTION + 4
        return QRectF(inner.left() + _WEIGHT, top, inner.width() - _WEIGHT, inner.bottom() - _SUM - 4 - top)

    def _panes(self, moment: BlockMoment) -> tuple[Pane, ...]:
        context = self._plain("context", self.context(moment))
        if not self._opened:
            return (Pane("c", context, self.inner(), rows="query", lettered=self.label_room() > 0),)
        first, middle, last = shared(self._upper(), (1.2, 1.0, 1.0))
        weights = self._picture("weights", lambda: BlockPicture(moment.unfolded.weights, signed=False))
        values = self._plain("value", moment.stage("value")[moment.head])
        weighted, joined_row, lower = self.terms(moment), self.context(moment)[moment.row][None], self._lower()
        limit = limit_of(weighted, joined_row)
        terms, joined = BlockPicture(weighted, limit=limit), BlockPicture(joined_row, limit=limit)
        below = QRectF(lower.left(), lower.bottom() + 4, lower.width(), _SUM)
        return (
            Pane("c", context, last, rows="query", caption=size_of("context", context.shape), scaled=True),
            Pane(
                "α",
                weights,
                first,
                rows="query",
                columns="key",
                caption=size_of("weights", weights.shape),
                lettered=True,
                scaled=True,
            ),
            Pane("v", values, middle, rows="key", caption=size_of("V", values.shape), scaled=True),
            Pane("α v", terms, lower, rows="key"),
            Pane("Σ", joined, below, scaled=True),
        )

    def _paint_more(self, painter: QPainter, moment: BlockMoment) -> None:
        panes = self.panes()
        if len(panes) != 5:
            return
        paint_sign(painter, panes[1].area, panes[2].area, "·")
        paint_sign(painter, panes[2].area, panes[0].area, "=")
        lower, left = panes[3].area, self.body().left()
        painter.setFont(ui_font(SMALL, bold=True))
        painter.setPen(colour("text"))
        heading = QRectF(left, lower.top() - _HEADING, self.body().width(), _HEADING)
        changed = ", but the head was dropped: this isn't handed on" if head_changed(moment) else ", summed by column"
        says = f"for {moment.token('query', moment.row)}: weight × value of each key{changed}"
        painter.drawText(heading, int(LEFT), says)
        self._paint_weights(painter, moment, panes[3])
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("text"))
        room = QRectF(left, panes[4].area.top() - 2, lower.left() - left - 6, _SUM + 4)
        painter.drawText(
            room,
            int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter),
            "context" if head_changed(moment) else "Σ = context",
        )

    def _paint_weights(self, painter: QPainter, moment: BlockMoment, pane: Pane) -> None:
        """What each line of the terms was multiplied by, and whose value it is."""
        weights, labels = moment.unfolded.weights[moment.row], moment.labels("key")
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        pitch = pane.area.height() / max(len(labels), 1)
        room = pane.area.left() - _WEIGHT - self.body().left()
        for key in shown_lines(len(labels), pitch, moment.key, 11.5):
            own = key == moment.key
            painter.setFont(ui_font(SMALL, bold=own))
            painter.setPen(colour("accent" if own else "text"))
            middle = label_level(pane.area, key, pitch)
            weight = QRectF(pane.area.left() - _WEIGHT, middle - 8, _WEIGHT - 6, 16)
            painter.drawText(weight, right, f"{lettered_number(float(weights[key]), 3)} ×")
            text = painter.fontMetrics().elidedText(labels[key], Qt.TextElideMode.ElideRight, int(room))
            painter.drawText(QRectF(self.body().left(), middle - 8, room, 16), right, text)

    def _says(self, moment: BlockMoment, pane: Pane, place: Place) -> str:
        row, column = place
        if pane.symbol == "Σ":
            return (
                f"{moment.token('query', moment.row)}   context[{column}] = {exact(float(pane.picture.values[place]))}"
            )
        if pane.symbol != "α v":
            return told(moment, replace(pane, symbol="context" if pane.symbol == "c" else pane.symbol), place)
        weight = float(moment.unfolded.weights[moment.row, row])
        value = float(moment.stage("value")[moment.head][row, column])
        term = exact(float(pane.picture.values[place]))
        return f"{moment.token('key', row)}   α v[{column}] = {signed(weight)} · {signed(value)} = {term}"
