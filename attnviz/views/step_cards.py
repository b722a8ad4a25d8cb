"""One decoder step as rows of cards: from the previous word to the next one, each part real and opened in place."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from attnviz.table import Table
from attnviz.trace import Decoding, Site, Trace
from attnviz.views.card_board import CardBoard, Rows
from attnviz.views.palette import colour
from attnviz.views.scrolled import paint_sentence
from attnviz.views.scroller import make_scroller
from attnviz.views.step_card import StepCard
from attnviz.views.step_context_card import ContextCard
from attnviz.views.step_moment import StepMoment, moment_of
from attnviz.views.step_source_cards import ScoresCard, StatesCard
from attnviz.views.step_states import (
    AttentionalCard,
    BeforeCard,
    EmbeddingCard,
    FixedCard,
    GruCard,
    HiddenCard,
    JoinedCard,
    LogitsCard,
)
from attnviz.views.step_weights_card import WeightsCard
from attnviz.views.step_words_card import WordsCard
from attnviz.views.view import View


class StepCards(View):
    """The step that the cursor is at. What-ifs are staged on the cards and handed out as edits:

    ``word_chosen`` (ForceToken), ``weights_set`` (SetWeights), ``source_hidden`` (HideSource), ``context_set``
    (SetContext).
    """

    word_chosen = Signal(object)
    weights_set = Signal(object)
    source_hidden = Signal(object)
    context_set = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("One decoder step, number by number")
        self._attends: bool | None = None
        self._opened: StepCard | None = None
        self._build_cards()
        self._build_board()
        self._connect()

    def _build_cards(self) -> None:
        self.embedding, self.before, self.gru, self.hidden = EmbeddingCard(), BeforeCard(), GruCard(), HiddenCard()
        self.states, self.scores, self.weights, self.context = StatesCard(), ScoresCard(), WeightsCard(), ContextCard()
        self.fixed = FixedCard()
        self.joined, self.attentional, self.logits, self.words = (
            JoinedCard(),
            AttentionalCard(),
            LogitsCard(),
            WordsCard(),
        )

    def _build_board(self) -> None:
        self.board = CardBoard()
        for card in self.cards:
            card.setParent(self.board)
            card.hide()
        self._area = make_scroller(self.board, self)
        self._area.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._area)

    def _connect(self) -> None:
        for card in self.cards:
            card.pointed.connect(self.pointed)
            card.toggled.connect(self.toggle)
            card.said.connect(self.board.readout.tell)
        self.board.closed.connect(self.close_card)
        self.words.word_chosen.connect(self.word_chosen)
        self.weights.weights_set.connect(self.weights_set)
        self.context.context_set.connect(self.context_set)
        for source in (self.states, self.scores, self.weights, self.context):
            source.source_hidden.connect(self.source_hidden)

    @property
    def cards(self) -> tuple[StepCard, ...]:
        """All cards, in the order of computation, shown or not."""
        attending = (self.states, self.scores, self.weights, self.context, self.fixed)
        first = (self.embedding, self.before, self.gru, self.hidden)
        return (*first, *attending, self.joined, self.attentional, self.logits, self.words)

    @property
    def opened(self) -> StepCard | None:
        return self._opened

    # opening

    def toggle(self, card: StepCard) -> None:
        """Open a card in place, or close it when it is the opened one."""
        self._opened = None if card is self._opened else card
        self._lay()
        card.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_card(self) -> None:
        """All cards side by side again."""
        if self._opened is not None:
            self.toggle(self._opened)

    def _lay(self) -> None:
        attends = bool(self._attends)
        middle = (
            ((self.states, 1.05), (self.scores, 1.0), (self.weights, 1.0), (self.context, 1.05))
            if attends
            else ((self.fixed, 1.0),)
        )
        rows: Rows = (
            ((self.embedding, 1.0), (self.before, 1.0), (self.gru, 1.4), (self.hidden, 1.0)),
            middle,
            ((self.joined, 1.0), (self.attentional, 1.15), (self.logits, 0.9), (self.words, 1.6)),
        )
        flows: tuple[tuple[StepCard, StepCard], ...] = ((self.hidden, self.scores), (self.context, self.joined))
        self.board.lay(rows, flows if attends else ((self.hidden, self.joined),), self._opened)

    # drawing

    def _update(self, *, fresh: bool) -> None:
        moment = self._moment()
        self._area.setVisible(moment is not None)
        trace = Trace() if moment is None else self.trace
        for card in self.cards:
            card.draw(trace, self.cursor_at)
        if moment is not None and moment.attends != self._attends:
            self._attends = moment.attends
            if self._opened not in self._row_cards(moment):
                self._opened = None
            self._lay()
        if moment is not None:
            self.setAccessibleDescription(f"step {moment.step + 1} of {len(moment.decoding)}")
        self.update()

    def _moment(self) -> StepMoment | None:
        """The step to show; a Transformer's has other parts, see ``TransformerStep``."""
        moment = moment_of(self.trace, self.cursor_at)
        return moment if moment is not None and moment.decoding.is_recurrent else None

    def _row_cards(self, moment: StepMoment) -> tuple[StepCard, ...]:
        absent = {self.fixed} if moment.attends else {self.states, self.scores, self.weights, self.context}
        return tuple(card for card in self.cards if card not in absent)

    def _sentence(self) -> str:
        decoding = self.trace.find(Decoding)
        if self.trace.tokens(Site.ENCODER) is None:
            return "Type a source above to see how the decoder makes its words, number by number."
        if decoding is not None and not len(decoding):
            return "Nothing was decoded: the limit of steps is 0."
        return "The decoding of this source has not arrived yet."

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour("surface"))
        if self._area.isHidden():
            paint_sentence(painter, QRectF(self.rect()), self._sentence())
        painter.end()

    def numbers(self) -> Table:
        """Every vector of the step, a row per number: the part, the index, what it stands for, the value."""
        moment = self._moment()
        if moment is None:
            return Table((), ())
        decoding, step = moment.decoding, moment.step
        source, target = moment.tokens.labels, decoding.vocabulary
        parts = (
            ("embedding", decoding.embedded, None),
            ("state before", decoding.before, None),
            ("reset", decoding.reset, None),
            ("update", decoding.update, None),
            ("candidate", decoding.candidate, None),
            ("state", decoding.hidden, None),
            ("scores", decoding.scores, source),
            ("weights", decoding.weights, source),
            ("context", decoding.context, None),
            ("attentional", decoding.attentional, None),
            ("logits", decoding.logits, target),
        )
        rows = (
            (name, index, None if labels is None else labels[index], float(value))
            for name, array, labels in parts
            if array is not None
            for index, value in enumerate(array[step])
        )
        return Table(("part", "index", "label", "value"), tuple(rows))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._opened is not None:
            self.close_card()
        else:
            event.ignore()
