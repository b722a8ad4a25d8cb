"""LayerNorm: each token's numbers brought to mean 0 and variance 1, then stretched by γ and moved by β."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import Floats
from attnviz.views.block_card import BlockCard, told
from attnviz.views.block_change import layer_skipped
from attnviz.views.block_moment import BlockMoment
from attnviz.views.block_pane import SCALE, Pane, Place, label_level, shown_lines
from attnviz.views.block_state_cards import ENTERED, INPUT, Named, shared, signed, size_of
from attnviz.views.palette import GRID, SMALL, colour, ui_font
from attnviz.views.step_moment import exact, lettered_number

_STRIP, _NUMBER = 12.0, 50.0


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Mean and variance of each token's numbers; the variance divides by their count, as LayerNorm's does."""

    mean: NDArray[np.float64]
    variance: NDArray[np.float64]

    @staticmethod
    def of(states: Floats) -> Spread:
        wide = states.astype(np.float64)
        return Spread(wide.mean(axis=1), wide.var(axis=1))


class NormCard(BlockCard):
    """The normalised stage; opened, before and after with mean and variance of every token, γ and β.

    ``name`` is what its parameters are called: attention_norm or output_norm.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self._spreads: tuple[Spread, Spread] | None = None

    def before(self, moment: BlockMoment) -> Named:
        """What is normalised."""
        if self.name == "attention_norm":
            return INPUT if moment.pre else Named("attention_sum", "x + a", "the sum")
        return ENTERED[True] if moment.pre else Named("output_sum", "y + f", "the sum")

    def after(self, moment: BlockMoment) -> str:
        """The stage that it makes."""
        return self.name if self.name == "attention_norm" or moment.pre else "output"

    def _titles(self, moment: BlockMoment) -> tuple[str, ...]:
        return ("LayerNorm → output", "output") if self.after(moment) == "output" else ("LayerNorm", "LN")

    def _dims(self, moment: BlockMoment) -> str:
        rows, columns = moment.stage(self.after(moment)).shape
        return f"{rows} × {columns}"

    def _formula(self, moment: BlockMoment) -> str:
        if self._skips(moment):
            return "layer dropped: what entered goes on, not this sum's norm" if self._opened else "layer dropped"
        if not self._opened:
            written = f"LN({self.before(moment).symbol})"
            return f"y = {written}" if self.name == "attention_norm" and not moment.pre else written
        epsilon = "ε" if moment.weights is None else f"{moment.weights.epsilon:g}"
        return f"({self.before(moment).symbol} − mean) / √(variance + {epsilon}) · γ + β, for each token by itself"

    def _skips(self, moment: BlockMoment) -> bool:
        """Whether the stage isn't the norm of the sum, since the layer was dropped."""
        return self.after(moment) == "output" and layer_skipped(moment)

    def spreads(self, moment: BlockMoment) -> tuple[Spread, Spread]:
        """Before and after."""
        if self._spreads is None:
            self._spreads = (
                Spread.of(moment.stage(self.before(moment).stage)),
                Spread.of(moment.stage(self.after(moment))),
            )
        return self._spreads

    def _follow(self, before: BlockMoment | None, now: BlockMoment, *, fresh: bool) -> None:
        address = self._address
        super()._follow(before, now, fresh=fresh)
        if address != self._address:
            self._spreads = None

    def _gains(self, moment: BlockMoment) -> tuple[tuple[str, Floats], ...]:
        named = (("γ", moment.parameter(f"{self.name}.weight")), ("β", moment.parameter(f"{self.name}.bias")))
        return tuple((symbol, values) for symbol, values in named if values is not None)

    def _panes(self, moment: BlockMoment) -> tuple[Pane, ...]:
        after = self._plain("after", moment.stage(self.after(moment)))
        lettered = self.label_room() > 0
        if not self._opened:
            return (Pane("LN", after, self.inner(), rows="query", lettered=lettered),)
        before = self._plain("before", moment.stage(self.before(moment).stage))
        gains = self._gains(moment)
        left, right = shared(self.inner(), (1.0, 1.0), 2 * _NUMBER + 3 * GRID)
        right = right.adjusted(0, 0, -2 * _NUMBER - GRID, 0)
        spare = (right.width() - left.width()) / 2
        left, right = left.adjusted(0, 0, spare, 0), right.adjusted(spare, 0, 0, 0)
        below = len(gains) * (_STRIP + SCALE) + 6 if gains else 0.0
        names = ((self.before(moment).symbol, before, left), ("LN", after, right))
        panes = [
            Pane(
                symbol,
                picture,
                area.adjusted(0, 0, 0, -below),
                rows="query",
                caption=size_of(symbol if symbol != "LN" else f"LN({self.before(moment).symbol})", picture.shape),
                lettered=area is left,
                scaled=True,
            )
            for symbol, picture, area in names
        ]
        top = panes[0].area.bottom() + SCALE + 6
        for symbol, values in gains:
            strip = self._plain(symbol, values[None])
            panes.append(Pane(symbol, strip, QRectF(right.left(), top, right.width(), _STRIP), scaled=True))
            top += _STRIP + SCALE
        return (panes[1], panes[0], *panes[2:])

    # numbers beside the maps

    def _paint_more(self, painter: QPainter, moment: BlockMoment) -> None:
        panes = self.panes()
        if not self._opened or len(panes) < 2:
            return
        for pane, spread in zip((panes[1], panes[0]), self.spreads(moment), strict=True):
            self._paint_spread(painter, moment, pane, spread)
        painter.setFont(ui_font(SMALL, bold=True))
        painter.setPen(colour("text"))
        for pane in panes[2:]:
            room = QRectF(pane.area.left() - 18, pane.area.top() - 2, 14, _STRIP + 4)
            painter.drawText(room, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), pane.symbol)

    def _paint_spread(self, painter: QPainter, moment: BlockMoment, pane: Pane, spread: Spread) -> None:
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        left = pane.area.right() + 4
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("muted"))
        for place, title in enumerate(("mean", "variance")):
            painter.drawText(QRectF(left + place * _NUMBER, pane.area.top() - 16, _NUMBER, 14), right, title)
        pitch = pane.area.height() / len(spread.mean)
        for row in shown_lines(len(spread.mean), pitch, moment.query, 11.5):
            own = row == moment.query
            painter.setFont(ui_font(SMALL, bold=own))
            painter.setPen(colour("accent" if own else "text"))
            middle = label_level(pane.area, row, pitch)
            for place, values in enumerate((spread.mean, spread.variance)):
                room = QRectF(left + place * _NUMBER, middle - 8, _NUMBER, 16)
                painter.drawText(room, right, lettered_number(float(values[row]), 3))

    def _says(self, moment: BlockMoment, pane: Pane, place: Place) -> str:
        row, column = place
        said = told(moment, pane, place)
        if pane.rows is None:
            return f"{pane.symbol}[{column}] = {exact(float(pane.picture.values[place]))}"
        before, after = self.spreads(moment)
        spread = after if pane.symbol == "LN" else before
        mean, variance = float(spread.mean[row]), float(spread.variance[row])
        says = f"{said}   ·   mean {exact(mean)}, variance {exact(variance)}"
        gains = dict(self._gains(moment))
        if pane.symbol != "LN" or len(gains) < 2 or moment.weights is None or self._skips(moment):
            return says
        value = float(moment.stage(self.before(moment).stage)[place])
        mean, variance = float(before.mean[row]), float(before.variance[row])
        worked = (value - mean) / float(np.sqrt(variance + moment.weights.epsilon))
        gamma, beta = float(gains["γ"][column]), float(gains["β"][column])
        return f"{said} = {signed(worked)} · {signed(gamma)} + {signed(beta)}   from ({signed(value)} − {signed(mean)}) / √{lettered_number(variance, 4)}"

    def numbers(self) -> Table:
        """Mean and variance of each token, before and after."""
        moment = self.moment
        if moment is None:
            return Table((), ())
        before, after = self.spreads(moment)
        columns = ("position", "token", "mean before", "variance before", "mean after", "variance after")
        parts = (before.mean, before.variance, after.mean, after.variance)
        cells = zip(moment.queries.labels, *(part.tolist() for part in parts), strict=True)
        return Table(columns, tuple((place, *row) for place, row in enumerate(cells)))
