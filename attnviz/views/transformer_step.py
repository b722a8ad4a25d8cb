"""One step of a Transformer's decoder: the word before and its position, every layer's attentions, and the word that follows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import Decoding, Site, Trace
from attnviz.views.alignment_source import decoder_layers
from attnviz.views.card import Remark
from attnviz.views.card_board import Readout, paint_arrow
from attnviz.views.palette import GRID, colour
from attnviz.views.scrolled import paint_sentence
from attnviz.views.scroller import make_scroller
from attnviz.views.step_card import StepCard
from attnviz.views.step_moment import StepMoment, moment_of
from attnviz.views.step_words_card import WordsCard
from attnviz.views.transformer_board import Row, TransformerBoard
from attnviz.views.transformer_cross_card import CrossCard
from attnviz.views.transformer_heads_card import HeadsCard
from attnviz.views.transformer_layout import Parts, parts_of, stacked
from attnviz.views.transformer_stream_card import InputCard, StreamCard
from attnviz.views.view import View

Inner = HeadsCard | StreamCard


class TransformerStep(View):
    """The step that the cursor is at; a chosen head is the cursor's site, layer and head.

    ``word_chosen`` carries a ForceToken, ``source_hidden`` a HideSource.

    The layers scroll where there are many; the word before, the labels of the columns and the word that follows stay.
    """

    word_chosen = Signal(object)
    source_hidden = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("One step of the Transformer's decoder, layer by layer")
        self.input, self.words = InputCard(self), WordsCard()
        self.words.setParent(self)
        self.layers: tuple[Row, ...] = ()
        self._built: list[Row] = []
        self._opened: StepCard | None = None
        self._parts: Parts | None = None
        self.board = TransformerBoard()
        self._area = make_scroller(self.board, self)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.verticalScrollBar().valueChanged.connect(self.update)
        self.readout = Readout(self)
        for card in (self.input, self.words):
            self._connect(card)
            card.said.connect(self.readout.tell)
        self.words.word_chosen.connect(self.word_chosen)
        self.board.closed.connect(self.close_card)
        self._show_parts(there=False)

    @property
    def cards(self) -> tuple[StepCard, ...]:
        """Those that are shown, in the order of computation."""
        return (self.input, *(card for row in self.layers for card in row), self.words)

    @property
    def opened(self) -> StepCard | None:
        return self._opened

    def _connect(self, card: StepCard) -> None:
        card.pointed.connect(self.pointed)
        card.toggled.connect(self.toggle)

    def _build_layers(self, count: int) -> None:
        """Cards for so many layers; those that were built are kept."""
        while len(self._built) < count:
            layer = len(self._built)
            row = HeadsCard(Site.DECODER, layer), CrossCard(layer), StreamCard(layer)
            row[1].source_hidden.connect(self.source_hidden)
            for card in row:
                card.setParent(self.board)
                card.hide()
                self._connect(card)
                card.said.connect(self._tell)
            self._built.append(row)
        self.layers = tuple(self._built[:count])
        for before, after in pairwise(self.cards):
            QWidget.setTabOrder(before, after)

    # opening

    def toggle(self, card: StepCard) -> None:
        """Open a card in place, or close it when it is the opened one."""
        self._opened = None if card is self._opened else card
        self._lay()
        card.setFocus(Qt.FocusReason.OtherFocusReason)
        if card in self.cards[1:-1]:
            self._area.ensureWidgetVisible(card)

    @Slot()
    def close_card(self) -> None:
        """All cards side by side again."""
        if self._opened is not None:
            self.toggle(self._opened)

    def _heads(self) -> int:
        return max((found.heads for row in self.layers for card in row[:2] if (found := card.attention)), default=1)

    def _lay(self) -> None:
        """Everything in its place, for the size and what is opened."""
        outer = self._opened if self._opened in (self.input, self.words) else None
        inner = next((card for row in self.layers for card in row if card is self._opened), None)
        for card in (self.input, self.words):
            card.stand(opened=card is outer, chip=self._chipped(card, outer, inner))
        self.board.stack(self.layers, self._heads(), inner, folded=outer is not None)
        self._place()

    def _chipped(self, card: StepCard, outer: StepCard | None, inner: Inner | None) -> bool:
        """The words stay beside an opened card of the board; the input doesn't, for its height."""
        return card is not outer and (outer is not None or (inner is not None and card is self.input))

    def _place(self) -> None:
        which = "input" if self._opened is self.input else "words" if self._opened is self.words else ""
        which = which or ("inner" if self._opened is not None else "")
        self._parts = parts_of(QRectF(self.rect()), which, self._axis(which), self.board.minimumHeight())
        for widget, area in (
            (self.input, self._parts.input),
            (self._area, self._parts.layers),
            (self.words, self._parts.words),
        ):
            widget.setGeometry(area.toRect())
        self.readout.raise_()
        self.update()

    def _axis(self, which: str) -> float:
        """The height of the labels above the layers, for the width that the layers will have."""
        if which or not self.layers:
            return 0.0
        room = parts_of(QRectF(self.rect()), "", 0.0, 0.0).layers
        bar = self._area.verticalScrollBar().sizeHint().width()
        room.setWidth(room.width() - (bar if self.board.minimumHeight() > room.height() else 0))
        [areas] = stacked(room, 1, 1, None).areas
        return max(card.labels_in(area.width()).height for card, area in zip(self.layers[0][:2], areas, strict=False))

    # drawing

    def _update(self, *, fresh: bool) -> None:
        moment = self._moment()
        trace = Trace() if moment is None else self.trace
        count = 0 if moment is None else decoder_layers(trace)
        changed = count != len(self.layers)
        if changed:
            self._build_layers(count)
        if self._opened is not None and self._opened not in self.cards:
            self._opened = None
        for card in self.cards:
            card.draw(trace, self.cursor_at)
        self._show_parts(there=moment is not None)
        if fresh or changed:
            self._lay()
        if moment is not None:
            self.setAccessibleDescription(f"step {moment.step + 1} of {len(moment.decoding)}")
        self.update()

    def _moment(self) -> StepMoment | None:
        moment = moment_of(self.trace, self.cursor_at)
        return None if moment is None or moment.decoding.is_recurrent else moment

    def _show_parts(self, *, there: bool) -> None:
        for widget in (self.input, self._area, self.words):
            widget.setVisible(there)

    def _sentence(self) -> str:
        decoding = self.trace.find(Decoding)
        if self.trace.tokens(Site.ENCODER) is None:
            return "Type a source above to see how the Transformer makes its words, layer by layer."
        if decoding is not None and not len(decoding):
            return "Nothing was decoded: the limit of steps is 0."
        return "The decoding of this source has not arrived yet."

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), colour("surface"))
        if self._area.isHidden():
            paint_sentence(painter, QRectF(self.rect()), self._sentence())
        elif self._opened is None and self.layers and self._parts is not None:
            self._paint_axes(painter, self._parts)
            self._paint_flows(painter, self._parts)
        painter.end()

    def _on_view(self, card: QWidget) -> QRectF:
        """Where a card of the board stands in this widget."""
        return QRectF(QRect(card.mapTo(self, card.rect().topLeft()), card.size()))

    def _paint_axes(self, painter: QPainter, parts: Parts) -> None:
        """The labels of the columns, once for all layers."""
        for card in self.layers[0][:2]:
            left = self._on_view(card).left()
            labels = card.column_labels()
            painter.save()
            painter.translate(left, 0)
            labels.paint(painter, parts.layers.top() - 1, card.marked)
            painter.restore()

    def _paint_flows(self, painter: QPainter, parts: Parts) -> None:
        """From the input down into the first layer, and out of the last one to the words."""
        down = parts.input.left() + 1.5 * GRID
        paint_arrow(painter, (QPointF(down, parts.input.bottom() + 2), QPointF(down, parts.layers.top() - 2)))
        last = self._on_view(self.layers[-1][-1]).center().y()
        if parts.layers.top() < last < parts.layers.bottom():
            start = QPointF(parts.layers.right() + 2, last)
            paint_arrow(painter, (start, QPointF(parts.words.left() - 3, last)))

    @Slot(object)
    def _tell(self, remark: Remark) -> None:
        """A remark of a card on the board, which may be scrolled."""
        at = self.board.mapTo(self, remark.at.toPoint())
        self.readout.tell(Remark(remark.text, QPointF(at)))

    # numbers

    def numbers(self) -> Table:
        """The step, a row per number: the part, layer and head where it has them, the index, what it stands for, the value."""
        moment = self._moment()
        columns = ("part", "layer", "head", "index", "label", "value")
        return Table((), ()) if moment is None else Table(columns, tuple(self._rows(moment)))

    def _rows(self, moment: StepMoment) -> Iterator[tuple[str, int | None, int | None, int | None, str | None, float]]:
        for index, value in enumerate(moment.decoding.embedded[moment.step]):
            yield "embedding + position", None, None, index, None, float(value)
        for row in self.layers:
            for card, part in zip(row[:2], ("self-attention", "cross-attention"), strict=True):
                for layer, head, at, label, *_, weight in card.numbers().rows:
                    yield part, layer, head, at, label, weight  # type: ignore[misc] # what a heads card lists
            if row[2].moment is not None:
                for name, value in zip(("|in|", "|added|", "|out|"), row[2].norms(), strict=True):
                    yield name, row[2].layer, None, None, None, value
        for index, value in enumerate(moment.decoding.logits[moment.step]):
            yield "logits", None, None, index, moment.decoding.vocabulary[index], float(value)

    # Qt

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._opened is not None:
            self.close_card()
        else:
            event.ignore()
