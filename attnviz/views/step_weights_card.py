"""The attention weights of a step as bars that can be dragged; what is staged waits for Apply."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QApplication, QMenu, QPushButton

from attnviz.table import Table
from attnviz.trace import Decoding, softmax
from attnviz.views.card import LEFT
from attnviz.views.palette import SMALL, colour, ui_font
from attnviz.views.source_bars import BarScale, paint_axis, paint_bars, paint_numbers
from attnviz.views.step_moment import StepMoment, exact
from attnviz.views.step_source_card import SourceCard
from attnviz.views.step_stage import StagedWeights

NUDGE = 0.05
_HINT = "Staged for this step alone: going to another step drops it"


class WeightsCard(SourceCard):
    """The distribution of a step. ``weights_set`` carries a SetWeights once what was dragged is applied.

    Dragging a bar sets its weight and scales the others; several drags add up. Right and left change the marked bar by
    0.05, Enter applies, Esc discards. Leaving the step discards too.
    """

    weights_set = Signal(object)
    hides = True

    def __init__(self) -> None:
        super().__init__()
        self._staged: StagedWeights | None = None
        self._staged_for: Decoding | None = None
        self._base: StagedWeights | None = None
        self._dragged: int | None = None
        self._by_hand = False
        self.apply_button = self._push_button("Apply", "Decode again from this step with these weights (Enter)")
        self.discard_button = self._push_button("Discard", "Back to the weights as they were (Esc)")
        self.apply_button.clicked.connect(self.apply)
        self.discard_button.clicked.connect(self.discard)

    def _push_button(self, text: str, tip: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setFont(ui_font(SMALL))
        button.setStyleSheet("QPushButton { padding: 0 6px; }")
        button.setToolTip(f"{tip}. {_HINT}.")
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setCursor(Qt.CursorShape.ArrowCursor)
        button.hide()
        return button

    def _title(self, moment: StepMoment) -> str:
        return f"weights α{moment.now}"

    def _formula(self, moment: StepMoment) -> str:
        return f"set by hand, not softmax(e{moment.now})" if self._by_hand else f"softmax(e{moment.now})"

    def _dims(self, moment: StepMoment) -> str:
        return str(len(moment.tokens))

    # staging

    @property
    def staged(self) -> StagedWeights | None:
        """What waits to be applied; None when nothing was moved."""
        return self._staged

    def _own(self) -> StagedWeights | None:
        """What is staged, else the step's own weights as a beginning."""
        moment = self.moment
        if moment is None or moment.decoding.weights is None:
            return None
        if self._staged is not None:
            return self._staged
        scores = moment.decoding.scores
        own = moment.decoding.weights[moment.step]
        return StagedWeights.of(moment.step, own, None if scores is None else scores[moment.step])

    def stage(self, staged: StagedWeights) -> None:
        """Show a distribution that waits to be applied; back where it was, nothing waits."""
        self._staged = staged if staged.moved else None
        self._staged_for = None if self.moment is None else self.moment.decoding
        self._show_buttons()
        self.setAccessibleDescription(f"staged: {staged.says()}. Enter applies, Escape discards.")
        self.update()

    def apply(self) -> None:
        """Hand over what is staged; it stays on show until the new decoding arrives."""
        if self._staged is not None:
            self.weights_set.emit(self._staged.edit())

    def discard(self) -> None:
        self._staged = self._staged_for = self._base = self._dragged = None
        self._show_buttons()
        self.update()

    def _moved(self, moment: StepMoment, *, same: bool) -> None:
        self._by_hand = _differs(moment)
        super()._moved(moment, same=same)
        if self._staged is not None and (self._staged.step != moment.step or self._staged_for is not moment.decoding):
            self.discard()

    def _show_buttons(self) -> None:
        foot, shown = self.foot(), self._staged is not None and not self._chip
        right = foot.right()
        for button in (self.discard_button, self.apply_button):
            button.setVisible(shown)
            size = button.sizeHint()
            button.setGeometry(int(right - size.width()), int(foot.bottom() - 16), size.width(), 18)
            right -= size.width() + 4

    def stand(self, *, opened: bool, chip: bool) -> None:
        super().stand(opened=opened, chip=chip)
        self._show_buttons()

    # drawing

    def bar_scale(self) -> BarScale:
        """The axis of the bars, from 0 to 1."""
        return BarScale(self.rows(), 0.0, 1.0, reserve=34.0)

    def _paint_rows(self, painter: QPainter, moment: StepMoment) -> None:
        own = self._own()
        if own is None:
            return
        scale = self.bar_scale()
        shown = own.weights.astype(np.float32)
        paint_axis(painter, scale, (0.0, 0.5, 1.0) if self._staged is None else (), digits=1)
        paint_bars(painter, scale, shown)
        if self._staged is not None:
            self._paint_ghosts(painter, scale, self._staged)
        paint_numbers(painter, scale, shown, self.marked)
        foot = self.foot()
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("muted" if self._staged is None else "text"))
        line = (
            foot.adjusted(0, 16, 0, 0)
            if self._staged is None
            else QRectF(foot.left(), foot.top() - 1, foot.width(), 14)
        )
        painter.drawText(line, int(LEFT), f"{own.says()} · drag a bar" if self._staged is None else own.says())

    def _paint_ghosts(self, painter: QPainter, scale: BarScale, staged: StagedWeights) -> None:
        """The outlines of the weights as they were."""
        pitch = scale.area.height() / len(staged.original)
        gap = min(pitch * 0.15, 3.0)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour("text"), 1, Qt.PenStyle.DotLine))
        for place in np.flatnonzero(staged.original > 0.002).tolist():
            top = scale.area.top() + place * pitch + gap
            end = scale.at(float(staged.original[place]))
            painter.drawRect(QRectF(scale.area.left(), top, end - scale.area.left(), max(pitch - 2 * gap, 1.0)))

    def _row_says(self, moment: StepMoment, position: int, point: QPointF | None) -> str:
        own = self._own()
        if own is None:
            return moment.source(position)
        weight = exact(float(own.weights[position]))
        was = f", was {exact(float(own.original[position]))}" if self._staged is not None else ""
        return f"{moment.source(position)}   α = {weight}{was}"

    def numbers(self) -> Table:
        """A row per source token; ``staged`` is empty when nothing is staged."""
        moment, own = self.moment, self._own()
        columns = ("position", "token", "weight", "staged")
        if moment is None or own is None:
            return Table(columns, ())
        staged = [None] * len(own.weights) if self._staged is None else own.weights.tolist()
        cells = zip(moment.tokens.labels, own.original.tolist(), staged, strict=True)
        return Table(columns, tuple((place, *cell) for place, cell in enumerate(cells)))

    # dragging

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        point, pressed = event.position(), self._pressed
        if pressed is None:
            near = self.row_at(point) is not None
            self.setCursor(Qt.CursorShape.SizeHorCursor if near else Qt.CursorShape.ArrowCursor)
            return
        if self._dragged is None and abs(point.x() - pressed.x()) >= QApplication.startDragDistance():
            self._dragged, self._base = self.row_at(pressed), self._own()
        if self._dragged is not None and self._base is not None:
            self.stage(self._base.with_weight(self._dragged, round(self.bar_scale().value(point.x()), 3)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._dragged is not None:
            self._dragged = self._base = self._pressed = None
        else:
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, own = Qt.Key(event.key()), self._own()
        change = {Qt.Key.Key_Left: -NUDGE, Qt.Key.Key_Right: NUDGE}.get(key)
        if self._chip or own is None:
            super().keyPressEvent(event)
        elif change is not None:
            self._nudge(own, change)
        elif self._staged is not None and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.apply()
        elif self._staged is not None and key == Qt.Key.Key_Escape:
            self.discard()
        else:
            super().keyPressEvent(event)

    def _nudge(self, own: StagedWeights, change: float) -> None:
        position = self.subject or 0
        if self.marked is None:
            self._point(position, pinned=True)
        self.stage(own.with_weight(position, float(own.weights[position]) + change))

    def _fill_menu(self, menu: QMenu, moment: StepMoment, position: int | None) -> None:
        own = self._own()
        if own is None:
            return
        self._offer(menu, "uniform over the source", self._stage_uniform)
        if position is not None:
            self._offer(menu, f"all on {moment.source(position)}", partial(self._stage_all_on, position))
        menu.addSeparator()

    def _stage_uniform(self) -> None:
        if (own := self._own()) is not None:
            self.stage(own.uniform())

    def _stage_all_on(self, position: int) -> None:
        if (own := self._own()) is not None:
            self.stage(own.all_on(position))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_buttons()


def _differs(moment: StepMoment) -> bool:
    """Whether the weights of the step are other ones than its scores give."""
    weights, scores = moment.decoding.weights, moment.decoding.scores
    if weights is None or scores is None:
        return False
    return bool(np.abs(softmax(scores[moment.step]) - weights[moment.step]).max() > 1e-3)
