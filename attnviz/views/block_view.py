"""One block of a Transformer from what enters to what leaves, each step a card that opens in place."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from attnviz.table import Table
from attnviz.views.block_board import BlockBoard, Order
from attnviz.views.block_card import BlockCard
from attnviz.views.block_feed_card import FeedForwardCard
from attnviz.views.block_linear_card import KEY, OUTPUT, QUERY, VALUE, LinearCard
from attnviz.views.block_moment import BlockMoment, absence, block_moment
from attnviz.views.block_norm_card import NormCard
from attnviz.views.block_score_cards import MaskCard, ProductsCard, ScaledCard
from attnviz.views.block_softmax_card import SoftmaxCard
from attnviz.views.block_state_cards import INPUT, MEMORY, OUTER, ConcatCard, OuterCard, StateCard, SumCard
from attnviz.views.block_summary import summary
from attnviz.views.block_values_card import ValuesCard
from attnviz.views.option import Option
from attnviz.views.palette import colour
from attnviz.views.scrolled import paint_sentence
from attnviz.views.scroller import make_scroller
from attnviz.views.view import View

_Kind = tuple[bool, bool, bool]


class BlockView(View):
    """The block of the cursor's layer and site, seen through the cursor's head.

    ``excuse`` is said in the place of "computing …" by whoever knows that no Block will come, such as for a model whose
    inside can't be seen.
    """

    excuse = Option("")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("One block, step by step")
        self._kind: _Kind | None = None
        self._opened: BlockCard | None = None
        self.moment: BlockMoment | None = None
        self._build_cards()
        self._build_board()
        for card in self.cards:
            card.pointed.connect(self.pointed)
            card.toggled.connect(self.toggle)
            card.said.connect(self.board.readout.tell)
        self.board.closed.connect(self.close_card)

    def _build_cards(self) -> None:
        self.input, self.memory = StateCard(INPUT, ""), StateCard(MEMORY, "encoder")
        self.query, self.key, self.value = LinearCard(QUERY), LinearCard(KEY), LinearCard(VALUE)
        self.products, self.scaled, self.masked, self.softmax = ProductsCard(), ScaledCard(), MaskCard(), SoftmaxCard()
        self.values, self.concat, self.mixed = ValuesCard(), ConcatCard(), LinearCard(OUTPUT)
        self.attention_sum, self.attention_norm = SumCard(first=True), NormCard("attention_norm")
        self.feed, self.outer = FeedForwardCard(), OuterCard(OUTER, "f = … W₂ + b₂")
        self.output_sum, self.output_norm = SumCard(first=False), NormCard("output_norm")

    def _build_board(self) -> None:
        self.board = BlockBoard()
        for card in self.cards:
            card.setParent(self.board)
            card.hide()
        self._area = make_scroller(self.board, self)
        self._area.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._area)

    @property
    def cards(self) -> tuple[BlockCard, ...]:
        """All cards, shown or not."""
        first = (self.input, self.memory, self.query, self.key, self.value)
        scores = (self.products, self.scaled, self.masked, self.softmax)
        attended = (self.values, self.concat, self.mixed, self.attention_sum, self.attention_norm)
        return (*first, *scores, *attended, self.feed, self.outer, self.output_sum, self.output_norm)

    @property
    def opened(self) -> BlockCard | None:
        return self._opened

    def refresh(self) -> None:
        """Draw anew, after an option has changed."""
        self._update(fresh=True)

    # order

    def order(self, moment: BlockMoment) -> Order:
        """The cards that this block has, in the order of its computation."""
        norm = ((self.attention_norm, 0.9),)
        made = ((self.query, 1.25),)
        seen = ((self.key, 1.25), (self.value, 1.25))
        entering = ((self.input, 1.0), *(norm if moment.pre else ()))
        memory = ((self.memory, 0.9),) if moment.crosses else ()
        scores = ((self.products, 1.0), (self.scaled, 1.0), (self.masked, 1.0), (self.softmax, 1.0))
        joined = ((self.values, 1.1), (self.concat, 1.1), (self.mixed, 1.3), (self.attention_sum, 0.9))
        rows = [(*entering, *made, *memory, *seen), scores, (*joined, *(() if moment.pre else norm))]
        flows = [
            (self.query, self.products),
            (self.key, self.products),
            (self.softmax, self.values),
            (self.value, self.values),
        ]
        if "inner" in moment.block.stages:
            last = ((self.output_norm, 1.0),)
            feed = ((self.feed, 1.2), (self.outer, 1.0), (self.output_sum, 1.0))
            rows.append((*last, *feed) if moment.pre else (*feed, *last))
            flows.append((rows[2][-1][0], rows[3][0][0]))
        source = entering[-1][0]
        rail = (self.memory, (self.key, self.value)) if moment.crosses else (source, (self.query, self.key, self.value))
        return Order(tuple(rows), rail, tuple(flows))

    # opening

    def toggle(self, card: BlockCard) -> None:
        """Open a card in place, or close it when it is the opened one."""
        self._opened = None if card is self._opened else card
        self._lay()
        card.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_card(self) -> None:
        """All cards side by side again."""
        if self._opened is not None:
            self.toggle(self._opened)

    def _lay(self) -> None:
        if self.moment is not None:
            self.board.arrange(self.order(self.moment), self._opened)

    # drawing

    def _update(self, *, fresh: bool) -> None:
        self.moment = moment = block_moment(self.trace, self.cursor_at)
        self._area.setVisible(moment is not None)
        for card in self.cards if moment is None else self.order(moment).cards:
            card.draw(self.trace, self.cursor_at)
        if moment is not None:
            kind = (moment.pre, moment.crosses, "inner" in moment.block.stages)
            if kind != self._kind:
                self._kind = kind
                if self._opened is not None and self._opened not in self.order(moment).cards:
                    self._opened = None
                self._lay()
            self.setAccessibleDescription(f"layer {moment.block.layer}, head {moment.head}")
        self.update()

    def sentence(self) -> str:
        """What is said while there is no block; empty when there is one."""
        if self.moment is not None:
            return ""
        return self.excuse or absence(self.trace, self.cursor_at)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour("surface"))
        if sentence := self.sentence():
            paint_sentence(painter, QRectF(self.rect()), sentence)
        painter.end()

    def numbers(self) -> Table:
        """The opened step; else a line per step with its size and its spread."""
        if self.moment is None:
            return Table((), ())
        return summary(self.moment) if self._opened is None else self._opened.numbers()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._opened is not None:
            self.close_card()
        else:
            event.ignore()
