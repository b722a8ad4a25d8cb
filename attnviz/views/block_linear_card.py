"""Where Q, K and V come from: what enters times the head's part of a weight matrix; and W_O, which mixes the heads."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from attnviz.trace import Floats
from attnviz.views.block_card import BlockCard, told
from attnviz.views.block_moment import BlockMoment, Side
from attnviz.views.block_pane import CAPTION, SCALE, Pane, Place
from attnviz.views.block_picture import BlockPicture
from attnviz.views.block_state_cards import MEMORY, Named, entering, paint_sign, shared, signed, size_of
from attnviz.views.palette import SMALL, colour, ui_font
from attnviz.views.step_moment import exact

_BIAS, _BESIDE = 12.0, 0.6


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear map: its parameters are called ``name``, its result is ``symbol``, and ``says`` what that is for."""

    name: str
    symbol: str
    matrix: str
    side: Side
    says: str


QUERY = Linear("query", "Q", "W_Q", "query", "what each token looks for")
KEY = Linear("key", "K", "W_K", "key", "what each token can be found by")
VALUE = Linear("value", "V", "W_V", "key", "what each token passes on")
OUTPUT = Linear("output", "a", "W_O", "query", "the heads are mixed into what attention adds")


class LinearCard(BlockCard):
    """The result beside its matrix; opened, what enters · matrix + bias = result, and any cell worked out."""

    def __init__(self, linear: Linear, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.linear = linear
        self.side = linear.side

    @property
    def mixes(self) -> bool:
        """Whether it is W_O, which reads all heads."""
        return self.linear is OUTPUT

    def _titles(self, moment: BlockMoment) -> tuple[str, ...]:
        return (self.linear.matrix if self.mixes else self.linear.symbol,)

    def _dims(self, moment: BlockMoment) -> str:
        rows, columns = self.result(moment).shape
        return f"{rows} × {columns}"

    def _formula(self, moment: BlockMoment) -> str:
        source = self.source(moment).symbol
        bias = "" if moment.weights is not None and self.bias(moment) is None else " + b"
        formula = f"{source} {self.linear.matrix}{bias}"
        if not self._opened:
            return formula
        part = moment.columns
        where = (
            ""
            if self.mixes
            else f" (head {moment.head}: columns {part.start} to {part.stop - 1} of {self.linear.matrix})"
        )
        return f"{self.linear.symbol} = {formula}: {self.linear.says}{where}"

    # numbers

    def source(self, moment: BlockMoment) -> Named:
        """What is multiplied."""
        if self.mixes:
            return Named("context", "concat", "all heads side by side")
        return MEMORY if moment.crosses and self.linear.side == "key" else entering(moment)

    def result(self, moment: BlockMoment) -> Floats:
        return moment.stage("attended") if self.mixes else moment.stage(self.linear.name)[moment.head]

    def weight(self, moment: BlockMoment) -> Floats | None:
        """The matrix as it stands in the formula, (what enters, result)."""
        whole = moment.parameter(f"{self.linear.name}.weight")
        if whole is None:
            return None
        return whole.T if self.mixes else whole[moment.columns].T

    def bias(self, moment: BlockMoment) -> Floats | None:
        whole = moment.parameter(f"{self.linear.name}.bias")
        return whole if whole is None or self.mixes else whole[moment.columns]

    # pictures

    def _panes(self, moment: BlockMoment) -> tuple[Pane, ...]:
        return self._open_panes(moment) if self._opened else self._closed_panes(moment)

    def _closed_panes(self, moment: BlockMoment) -> tuple[Pane, ...]:
        side, weight = self.linear.side, self.weight(moment)
        result, lettered = self._plain("result", self.result(moment)), self.label_room(side) > 0
        inner = self.inner(side)
        if weight is None:
            return (Pane(self.linear.symbol, result, inner, rows=side, lettered=lettered),)
        own, beside = shared(inner, (_BESIDE, 1 - _BESIDE), 10.0)
        return (
            Pane(self.linear.symbol, result, own, rows=side, lettered=lettered),
            Pane(
                self.linear.matrix,
                self._picture("weight", lambda: BlockPicture(weight)),
                beside.adjusted(0, CAPTION - 3, 0, 0),
                caption=self.linear.matrix,
                shelf=moment.columns if self.mixes else None,
            ),
        )

    def _open_panes(self, moment: BlockMoment) -> tuple[Pane, ...]:
        side, source, weight, bias = self.linear.side, self.source(moment), self.weight(moment), self.bias(moment)
        before = self._plain("source", moment.stage(source.stage))
        after = self._plain("result", self.result(moment))
        shares = (1.3, 0.8, 0.9) if not self.mixes else (1.0, 1.0, 1.0)
        first, middle, last = shared(self.inner(side), shares, 32.0)
        band = moment.columns if self.mixes else None
        panes = [
            _open_pane(self.linear.symbol, after, last, side),
            Pane(
                source.symbol,
                before,
                first,
                rows=side,
                caption=size_of(source.symbol, before.shape),
                band=band,
                lettered=True,
                scaled=True,
            ),
        ]
        if weight is None:
            return tuple(panes)
        matrix = self._picture("weight", lambda: BlockPicture(weight))
        below = _BIAS + SCALE + 6 if bias is not None else 0.0
        room = middle.adjusted(0, 0, 0, -below)
        panes.append(
            Pane(
                self.linear.matrix,
                matrix,
                room,
                caption=size_of(self.linear.matrix, matrix.shape),
                shelf=band,
                scaled=True,
            )
        )
        if bias is not None:
            strip = self._picture("bias", lambda: BlockPicture(bias[None]))
            area = QRectF(middle.left(), middle.bottom() - _BIAS, middle.width(), _BIAS)
            panes.append(Pane("b", strip, area, scaled=True))
        return tuple(panes)

    def _paint_more(self, painter: QPainter, moment: BlockMoment) -> None:
        panes = self.panes()
        if not self._opened or len(panes) < 2:
            return
        last, first = panes[0], panes[1]
        if len(panes) == 2:
            room = QRectF(first.area.right(), first.area.top(), last.area.left() - first.area.right(), 80)
            painter.setFont(ui_font(SMALL))
            painter.setPen(colour("muted"))
            wrapped = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            said = (
                f"{self.linear.matrix} has not arrived" if moment.weights is None else f"no {self.linear.matrix} here"
            )
            painter.drawText(room, int(wrapped), said)
            return
        paint_sign(painter, first.area, panes[2].area, "·")
        paint_sign(painter, panes[2].area, last.area, "=")
        if len(panes) > 3:
            paint_sign(
                painter, QRectF(first.area.left(), panes[3].area.top(), first.area.width(), _BIAS), panes[3].area, "+ b"
            )

    def _says(self, moment: BlockMoment, pane: Pane, place: Place) -> str:
        """A cell of the result worked out."""
        weight, bias = self.weight(moment), self.bias(moment)
        if pane.symbol == "b":
            return f"b[{place[1]}] = {exact(float(pane.picture.values[place]))}"
        if pane.symbol != self.linear.symbol or weight is None or not self._opened:
            return told(moment, pane, place)
        row, column = place
        entering_row = moment.stage(self.source(moment).stage)[row]
        product = float(entering_row @ weight[:, column])
        added = 0.0 if bias is None else float(bias[column])
        worked = f"Σ {self.source(moment).symbol} · {self.linear.matrix} + b = {signed(product)} + {signed(added)}"
        return f"{moment.token(self.linear.side, row)}   {self.linear.symbol}[{column}] = {worked} = {exact(float(pane.picture.values[place]))}"


def _open_pane(symbol: str, picture: BlockPicture, area: QRectF, side: Side) -> Pane:
    return Pane(symbol, picture, area, rows=side, caption=size_of(symbol, picture.shape), scaled=True)
