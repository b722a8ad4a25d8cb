"""From Q and K to what enters the softmax: the products, their scaling, and the mask; queries down, keys across."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from attnviz.views.block_card import BlockCard, told
from attnviz.views.block_moment import BlockMoment
from attnviz.views.block_pane import CAPTION, Pane, Place, caption_height, overhang
from attnviz.views.block_picture import BlockPicture, closed_ink
from attnviz.views.block_state_cards import paint_sign, shared, signed, size_of
from attnviz.views.card import LEFT
from attnviz.views.cell_reading import scale_name
from attnviz.views.palette import SMALL, colour, ui_font
from attnviz.views.step_moment import exact

TALL = 190


def under_labels(moment: BlockMoment, pane: Pane) -> Pane:
    """The pane lowered by its column labels, and drawn in so far that the last one doesn't lean out."""
    labels = moment.labels("key")
    cell = pane.area.width() / max(len(labels), 1)
    leaning = min(overhang(labels, cell), pane.area.width() / 4)
    return replace(pane, area=pane.area.adjusted(0, caption_height(labels, cell), -leaning, 0), headed=True)


class SquareCard(BlockCard):
    """Base of cards whose matrix has queries down and keys across; its columns are named where there is room."""

    def square(self, moment: BlockMoment, symbol: str, picture: BlockPicture, area: QRectF) -> Pane:
        """The matrix in ``area``, under the labels of its columns."""
        lettered = self.label_room() > 0
        pane = Pane(symbol, picture, area, rows="query", columns="key", lettered=lettered)
        if not self._opened and self.height() < TALL:
            return pane
        return replace(under_labels(moment, pane), scaled=self._opened)

    def opened_square(self, moment: BlockMoment, symbol: str, picture: BlockPicture, area: QRectF) -> Pane:
        return replace(self.square(moment, symbol, picture, area), caption=symbol)

    def _dims(self, moment: BlockMoment) -> str:
        return f"{len(moment.queries)} × {len(moment.keys)}"

    def scores_limit(self, moment: BlockMoment) -> float:
        """One scale for the scaled scores before and after the mask."""
        return self._picture("scaled", lambda: BlockPicture(moment.unfolded.scaled)).limit


class ProductsCard(SquareCard):
    """Every query with every key; opened, Q · Kᵀ as it is computed."""

    def _titles(self, moment: BlockMoment) -> tuple[str, ...]:
        return ("QKᵀ",)

    def _formula(self, moment: BlockMoment) -> str:
        return "every query · every key" if self._opened else "q · k"

    def _panes(self, moment: BlockMoment) -> tuple[Pane, ...]:
        picture = self._plain("products", moment.unfolded.products)
        if not self._opened:
            return (self.square(moment, "q·k", picture, self.inner()),)
        queries, keys = (moment.stage(name)[moment.head] for name in ("query", "key"))
        first, middle, last = shared(self.inner(), (0.7, 1.1, 1.3))
        product = replace(self.opened_square(moment, "q·k", picture, last), lettered=False, caption="QKᵀ")
        above = product.area.top() - last.top()
        left = Pane(
            "Q",
            self._plain("query", queries),
            first.adjusted(0, above, 0, 0),
            rows="query",
            caption=size_of("Q", queries.shape),
            lettered=True,
            scaled=True,
        )
        turned = self._picture("key", lambda: BlockPicture(keys.T))
        right = Pane("Kᵀ", turned, middle, columns="key", caption=size_of("Kᵀ", turned.shape), scaled=True)
        return product, left, under_labels(moment, right)

    def _paint_more(self, painter: QPainter, moment: BlockMoment) -> None:
        panes = self.panes()
        if len(panes) == 3:
            paint_sign(painter, panes[1].area, panes[2].area, "·")
            paint_sign(painter, panes[2].area, panes[0].area, "=")


class ScaledCard(SquareCard):
    """The products divided by √d_k."""

    def _titles(self, moment: BlockMoment) -> tuple[str, ...]:
        return (scale_name(moment.attention.scale, moment.width),)

    def _formula(self, moment: BlockMoment) -> str:
        if not self._opened:
            return "QKᵀ / √d_k" if self._titles(moment)[0].startswith("÷") else "QKᵀ · scale"
        return f"q·k {self._titles(moment)[0]}: the factor {moment.attention.scale:.6g} keeps the scores of wide heads small"

    def _panes(self, moment: BlockMoment) -> tuple[Pane, ...]:
        picture = self._plain("scaled", moment.unfolded.scaled)
        if not self._opened:
            return (self.square(moment, "scaled", picture, self.inner()),)
        first, last = shared(self.inner(), (1.0, 1.0), 64.0)
        before = self.opened_square(moment, "q·k", self._plain("products", moment.unfolded.products), first)
        return replace(self.opened_square(moment, "scaled", picture, last), lettered=False), before

    def _says(self, moment: BlockMoment, pane: Pane, place: Place) -> str:
        if pane.symbol != "scaled":
            return told(moment, pane, place)
        product = float(moment.unfolded.products[place])
        return f"{told(moment, pane, place)} = {signed(product)} {self._titles(moment)[0]}"

    def _paint_more(self, painter: QPainter, moment: BlockMoment) -> None:
        panes = self.panes()
        if len(panes) == 2:
            paint_sign(painter, panes[1].area, panes[0].area, f"{self._titles(moment)[0]} =")


class MaskCard(SquareCard):
    """The scores as they enter the softmax: grey where a query may not look."""

    def _titles(self, moment: BlockMoment) -> tuple[str, ...]:
        return ("mask",) if moment.attention.bias is None else ("bias, mask", "mask")

    def _formula(self, moment: BlockMoment) -> str:
        mask, bias = moment.unfolded.open, moment.attention.bias
        added = "" if bias is None else "+ bias · " if not self._opened else "this model adds a bias to the scores; "
        if mask is None or mask.all():
            full = "no mask: every query may look at every key" if self._opened else "none: all open"
            return f"{added}{full}"
        closed = int(mask.size - mask.sum())
        return (
            f"{added}{closed} of {mask.size} cells are −∞: not looked at" if self._opened else f"{added}−∞ where closed"
        )

    def _panes(self, moment: BlockMoment) -> tuple[Pane, ...]:
        limit = None if moment.attention.bias is not None else self.scores_limit(moment)
        unfolded = moment.unfolded
        picture = self._picture("scores", lambda: BlockPicture(unfolded.scores, limit=limit, open_cells=unfolded.open))
        if not self._opened:
            return (self.square(moment, "score", picture, self.inner()),)
        first, last = shared(self.inner(), (1.0, 1.0), 40.0)
        before = self.opened_square(moment, "scaled", self._plain("scaled", unfolded.scaled), first)
        return replace(self.opened_square(moment, "score", picture, last), lettered=False), before

    def _says(self, moment: BlockMoment, pane: Pane, place: Place) -> str:
        said = told(moment, pane, place)
        mask, bias = moment.unfolded.open, moment.attention.bias
        if pane.symbol != "score":
            return said
        if mask is not None and not mask[place]:
            return f"{said}, masked: this query may not look there"
        if bias is None:
            return said
        scaled, added = float(moment.unfolded.scaled[place]), float(bias[moment.head][place])
        return f"{said} = {signed(scaled)} + bias {exact(added)}"

    def _paint_more(self, painter: QPainter, moment: BlockMoment) -> None:
        panes = self.panes()
        if len(panes) != 2:
            return
        paint_sign(painter, panes[1].area, panes[0].area, "→")
        if moment.unfolded.open is not None:
            area = panes[0].area
            box = QRectF(area.right() - 88, area.bottom() + 5, 10, 10)
            painter.fillRect(box, closed_ink())
            painter.setFont(ui_font(SMALL))
            painter.setPen(colour("muted"))
            painter.drawText(QRectF(box.right() + 4, box.top() - 3, 76, CAPTION + 1), int(LEFT), "may not look")
