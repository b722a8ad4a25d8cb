"""Cards of states, a row per token: what enters, what is summed, what leaves, and all heads side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from attnviz.views.block_card import BlockCard, told
from attnviz.views.block_change import feed_dropped, layer_skipped
from attnviz.views.block_moment import BlockMoment, Side, entered
from attnviz.views.block_pane import Pane, Place
from attnviz.views.palette import BASE, SMALL, colour, ui_font
from attnviz.views.ruler import small_width
from attnviz.views.step_moment import exact, lettered_number

GAP = 26.0


@dataclass(frozen=True, slots=True)
class Named:
    """A stage and how it is written: ``symbol`` in formulas, ``meaning`` in words."""

    stage: str
    symbol: str
    meaning: str
    side: Side = "query"


INPUT = Named("input", "x", "what enters the block")
MEMORY = Named("memory", "m", "what the encoder made of the source", "key")
ATTENDED = Named("attended", "a", "what attention adds")
OUTER = Named("outer", "f", "what the feed-forward adds")
ENTERED = {
    False: Named("attention_norm", "y", "what the attention left"),
    True: Named("attention_sum", "y", "what the attention left"),
}


def shared(room: QRectF, shares: tuple[float, ...], gap: float = GAP) -> tuple[QRectF, ...]:
    """``room`` split from left to right, with gaps for the signs between."""
    spare = max(room.width() - gap * (len(shares) - 1), 1.0)
    left, areas = room.left(), []
    for share in shares:
        width = spare * share / sum(shares)
        areas.append(QRectF(left, room.top(), width, room.height()))
        left += width + gap
    return tuple(areas)


def paint_sign(painter: QPainter, left: QRectF, right: QRectF, sign: str) -> None:
    """A sign such as + or = between two matrices."""
    painter.setFont(ui_font(BASE, bold=True))
    painter.setPen(colour("text"))
    room = QRectF(left.right(), left.top(), right.left() - left.right(), min(left.height(), right.height()))
    painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), sign)


def size_of(name: str, picture_shape: Place) -> str:
    """A symbol with its size."""
    return f"{name}  {picture_shape[0]} × {picture_shape[1]}"


class StateCard(BlockCard):
    """One stage as it is; without a ``formula`` it says where a block's input comes from."""

    def __init__(self, named: Named, formula: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.named = named
        self.side = named.side
        self.formula = formula

    def _titles(self, moment: BlockMoment) -> tuple[str, ...]:
        return f"{self.named.stage} {self.named.symbol}", self.named.symbol

    def _dims(self, moment: BlockMoment) -> str:
        rows, columns = moment.stage(self.named.stage).shape
        return f"{rows} × {columns}"

    def _formula(self, moment: BlockMoment) -> str:
        short = self.formula or whence(moment)
        return f"{self.named.meaning}: {short}" if self._opened else short

    def _panes(self, moment: BlockMoment) -> tuple[Pane, ...]:
        side = self.named.side
        picture = self._plain(self.named.stage, moment.stage(self.named.stage))
        pane = Pane(self.named.symbol, picture, self.inner(side), rows=side, lettered=self.label_room(side) > 0)
        if not self._opened:
            return (pane,)
        return (replace(pane, caption=f"tokens ↓  dimensions → {beyond(pane)}", scaled=True),)


class OuterCard(StateCard):
    """The second linear map of the feed-forward."""

    def _titles(self, moment: BlockMoment) -> tuple[str, ...]:
        return ("W₂",)

    def _formula(self, moment: BlockMoment) -> str:
        return "dropped: nothing is added" if feed_dropped(moment) else super()._formula(moment)


class ConcatCard(BlockCard):
    """The contexts of all heads side by side, the chosen head's part framed."""

    def _titles(self, moment: BlockMoment) -> tuple[str, ...]:
        return ("concat",)

    def _dims(self, moment: BlockMoment) -> str:
        rows, columns = moment.stage("context").shape
        return f"{rows} × {columns}"

    def _formula(self, moment: BlockMoment) -> str:
        if not self._opened:
            return f"{moment.attention.heads} heads"
        part = moment.columns
        return f"all {moment.attention.heads} heads side by side; head {moment.head} made columns {part.start} to {part.stop - 1}"

    def _panes(self, moment: BlockMoment) -> tuple[Pane, ...]:
        picture = self._plain("context", moment.stage("context"))
        lettered = self.label_room() > 0
        pane = Pane("concat", picture, self.inner(), rows="query", band=moment.columns, lettered=lettered)
        return (replace(pane, scaled=True),) if self._opened else (pane,)

    def _says(self, moment: BlockMoment, pane: Pane, place: Place) -> str:
        head, inside = divmod(place[1], moment.width)
        return f"{told(moment, pane, place)}, dimension {inside} of head {head}"

    def _paint_more(self, painter: QPainter, moment: BlockMoment) -> None:
        """The numbers of the heads above their parts."""
        panes = self.panes()
        if not self._opened or not panes:
            return
        heads = moment.attention.heads
        width = panes[0].area.width() / heads
        every = 1 if small_width(str(heads - 1)) + 6 < width else heads
        for head in range(0, heads, every) if every == 1 else (moment.head,):
            own = head == moment.head
            painter.setFont(ui_font(SMALL, bold=own))
            painter.setPen(colour("accent" if own else "muted"))
            left = panes[0].area.left() + head * width
            room = QRectF(left, panes[0].area.top() - 15, width, 14)
            text = f"head {head}" if small_width(f"head {heads}") + 6 < width or every > 1 else str(head)
            painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip), text)


class SumCard(BlockCard):
    """A residual: what a sublayer adds, plus what entered it. The ``first`` one is that of attention."""

    def __init__(self, *, first: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.first = first
        self.added = ATTENDED if first else OUTER
        self.after = "attention_sum" if first else "output_sum"

    def before(self, moment: BlockMoment) -> Named:
        """What entered the sublayer."""
        return INPUT if self.first else ENTERED[moment.pre]

    def _titles(self, moment: BlockMoment) -> tuple[str, ...]:
        ends = moment.pre and not self.first
        return ("+ residual → output", "output") if ends else ("+ residual", f"+ {self.before(moment).symbol}")

    def _dims(self, moment: BlockMoment) -> str:
        rows, columns = moment.stage(self.after).shape
        return f"{rows} × {columns}"

    def _formula(self, moment: BlockMoment) -> str:
        if not self.first and moment.pre and layer_skipped(moment):
            return "layer dropped: this doesn't go on" if self._opened else "layer dropped"
        before = self.before(moment)
        formula = f"{before.symbol} + {self.added.symbol}"
        if not self._opened:
            return f"y = {formula}" if self.first and moment.pre else formula
        return f"{formula}: {self.added.meaning}, added to {before.meaning}"

    def _panes(self, moment: BlockMoment) -> tuple[Pane, ...]:
        picture = self._plain(self.after, moment.stage(self.after))
        lettered = self.label_room() > 0
        if not self._opened:
            return (Pane("sum", picture, self.inner(), rows="query", lettered=lettered),)
        areas = shared(self.inner(), (1.0, 1.0, 1.0))
        start = self.before(moment)
        names = ((start.symbol, start.stage), (self.added.symbol, self.added.stage), ("sum", self.after))
        panes = tuple(
            Pane(
                symbol,
                self._plain(stage, moment.stage(stage)),
                area,
                rows="query",
                caption=size_of(symbol, moment.stage(stage).shape),
                lettered=place == 0,
                scaled=True,
            )
            for place, (area, (symbol, stage)) in enumerate(zip(areas, names, strict=True))
        )
        return (panes[2], panes[0], panes[1])

    def _says(self, moment: BlockMoment, pane: Pane, place: Place) -> str:
        """The sum of a cell with its numbers."""
        before, added = (float(moment.stage(named.stage)[place]) for named in (self.before(moment), self.added))
        if pane.symbol != "sum":
            return told(moment, pane, place)
        total = exact(float(pane.picture.values[place]))
        return f"{moment.token('query', place[0])} [{place[1]}]   {signed(before)} + {signed(added)} = {total}"

    def _paint_more(self, painter: QPainter, moment: BlockMoment) -> None:
        panes = self.panes()
        if len(panes) == 3:
            paint_sign(painter, panes[1].area, panes[2].area, "+")
            paint_sign(painter, panes[2].area, panes[0].area, "=")


def whence(moment: BlockMoment) -> str:
    """Where the input of a block comes from."""
    if moment.crosses:
        return "from self-attention"
    return f"from layer {moment.block.layer - 1}" if moment.block.layer else "embeddings"


def signed(value: float, digits: int = 4) -> str:
    """A number in a formula: negative ones in brackets."""
    text = lettered_number(value, digits)
    return f"({text})" if value < 0 else text


def beyond(pane: Pane) -> str:
    """What has to be said about a scale that doesn't reach to the highest number."""
    count = pane.picture.beyond
    return f" · {count} numbers lie beyond the scale" if count else ""


def entering(moment: BlockMoment) -> Named:
    """What the queries are made of."""
    return Named(entered(moment.block), "LN(x)" if moment.pre else "x", "what enters attention")
