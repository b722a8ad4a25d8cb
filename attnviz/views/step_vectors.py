"""Cards of vectors: one strip, or several under each other, with the exact value under the mouse and the arrow keys."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.views.card import LEFT
from attnviz.views.palette import GRID, SMALL, colour, ui_font
from attnviz.views.ruler import small_width
from attnviz.views.step_card import StepCard
from attnviz.views.step_moment import StepMoment
from attnviz.views.vector_strip import Fold, Strip, folded, paint_scale, paint_strip

Spot = tuple[int, int]


class VectorCard(StepCard):
    """Strips under each other, each on its own fold; ``_strips`` gives them for a step."""

    _between = 3.0
    _together = False  # whether the same cell of every strip is lit

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[Strip, ...] = ()
        self._spot: Spot | None = None

    def _strips(self, moment: StepMoment) -> tuple[Strip, ...]:
        raise NotImplementedError

    def _dims(self, moment: StepMoment) -> str:
        return " + ".join(str(len(strip.values)) for strip in self._strips(moment))

    @property
    def strips(self) -> tuple[Strip, ...]:
        """What is drawn now."""
        return self._shown

    def numbers(self) -> Table:
        """A row per cell: the vector, the index, what it stands for, the value."""
        rows = (
            (strip.meaning, index, strip.names[index] if strip.names else None, float(value))
            for strip in self._shown
            for index, value in enumerate(strip.values)
        )
        return Table(("vector", "index", "label", "value"), tuple(rows))

    def folds(self) -> tuple[Fold, ...]:
        """Where the strips stand in the widget."""
        strips = self._shown
        if not strips:
            return ()
        body = self.body()
        left = body.left() + self._symbol_room()
        height = (body.height() - self._between * (len(strips) - 1)) / len(strips)
        tops = (body.top() + place * (height + self._between) for place in range(len(strips)))
        width = body.right() - left
        return tuple(
            folded(max(len(strip.values), 1), QRectF(left, top, width, height))
            for strip, top in zip(strips, tops, strict=True)
        )

    def _symbol_room(self) -> float:
        if len(self._shown) < 2:
            return 0.0
        return max(small_width(self._before(strip)) for strip in self._shown) + GRID

    def _before(self, strip: Strip) -> str:
        """What stands before a strip: its symbol, and its meaning where there is room."""
        return f"{strip.symbol}  {strip.meaning}" if self._opened else strip.symbol

    # drawing

    def _update(self, *, fresh: bool) -> None:
        super()._update(fresh=fresh)
        self._refresh_strips()
        self._remark()

    def _refresh_strips(self) -> None:
        self._shown = () if self.moment is None else self._strips(self.moment)
        if self._spot is not None and not self._holds(self._spot):
            self._spot = None

    def stand(self, *, opened: bool, chip: bool) -> None:
        super().stand(opened=opened, chip=chip)
        self._refresh_strips()

    def _holds(self, spot: Spot) -> bool:
        return spot[0] < len(self._shown) and spot[1] < len(self._shown[spot[0]].values)

    def _paint_body(self, painter: QPainter, moment: StepMoment) -> None:
        looked = self._looked()
        folds = self.folds()
        for place, (strip, fold) in enumerate(zip(self._shown, folds, strict=True)):
            lit = looked is not None and (self._together or looked[0] == place)
            paint_strip(painter, strip, fold, looked[1] if lit and looked is not None else None)
            if len(folds) > 1:
                painter.setFont(ui_font(SMALL))
                painter.setPen(colour("muted"))
                before = QRectF(GRID, fold.area.top(), self._symbol_room(), fold.area.height())
                painter.drawText(before, int(LEFT), self._before(strip))
        if len(folds) > 1 and not self._between:
            self._paint_bracket(painter, folds)
        self._paint_foot(painter)

    def _paint_bracket(self, painter: QPainter, folds: tuple[Fold, ...]) -> None:
        """The sign that the strips are one vector."""
        line = round(folds[1].area.top()) + 0.5
        painter.setPen(QPen(colour("text"), 1.5))
        painter.drawLine(QPointF(folds[0].area.left(), line), QPointF(folds[0].area.right(), line))

    def _paint_foot(self, painter: QPainter) -> None:
        foot, left = self.foot(), self.foot().left()
        scales: dict[tuple[float, bool], list[str]] = {}
        for strip in self._shown:
            scales.setdefault((strip.limit, strip.signed), []).append(strip.symbol)
        for (limit, signed), symbols in scales.items():
            if len(scales) > 1:
                names = " ".join(symbols)
                painter.setFont(ui_font(SMALL))
                painter.setPen(colour("muted"))
                painter.drawText(foot.adjusted(left - foot.left(), 0, 0, 0), int(LEFT), names)
                left += small_width(names) + 4
            left = 6 + paint_scale(painter, foot.adjusted(left - foot.left(), 0, 0, 0), limit, signed=signed)

    # reading

    def _spot_at(self, point: QPointF) -> Spot | None:
        for place, fold in enumerate(self.folds()):
            index = fold.at(point)
            if index is not None and self._holds((place, index)):
                return place, index
        return None

    def _looked(self) -> Spot | None:
        under = None if self._mouse is None else self._spot_at(self._mouse)
        return under if under is not None else self._spot if self.hasFocus() else None

    def _says(self, spot: Spot) -> str:
        return self._shown[spot[0]].says(spot[1])

    def _reading(self, point: QPointF) -> str:
        spot = self._spot_at(point)
        return "" if spot is None else self._says(spot)

    def _key_reading(self) -> tuple[str, QPointF] | None:
        if self._spot is None:
            return None
        return self._says(self._spot), self.folds()[self._spot[0]].cell(self._spot[1]).center()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        folds = self.folds()
        if self._chip or not folds:
            super().keyPressEvent(event)
            return
        place, index = self._spot or (0, 0)
        columns, last = folds[place].columns, len(self._shown[place].values) - 1
        targets = {
            Qt.Key.Key_Left: index - 1,
            Qt.Key.Key_Right: index + 1,
            Qt.Key.Key_Up: index - columns,
            Qt.Key.Key_Down: index + columns,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        if event.key() not in targets:
            super().keyPressEvent(event)
            return
        self._walk(place, targets[Qt.Key(event.key())] if self._spot is not None else 0)

    def _walk(self, place: int, index: int) -> None:
        """To a cell of a strip; beyond its ends to the neighbouring strip, if there is one."""
        size = len(self._shown[place].values)
        if index < 0 and place > 0:
            place, index = place - 1, len(self._shown[place - 1].values) + index
        elif index >= size and place + 1 < len(self._shown):
            place, index = place + 1, index - size
        index = min(max(index, 0), len(self._shown[place].values) - 1)
        self._spot = (place, index)
        self.setAccessibleDescription(self._says(self._spot))
        self._remark()
        self.update()
