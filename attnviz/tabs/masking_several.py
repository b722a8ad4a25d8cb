"""Several masks: filled jointly, from left to right and best first, compared; and how probable the sentence itself is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot

from attnviz.jobs.fill_all_masks import FillAllMasks
from attnviz.jobs.score_text import ScoreText
from attnviz.tabs.masking import word_span
from attnviz.tabs.masking_several_layout import SeveralLayout
from attnviz.tabs.page import draw, put
from attnviz.trace import Cursor, Filling, FillStep, Notice, OwnProbability, PseudoLikelihood, Trace, Way
from attnviz.trace.answers import pseudo_perplexity
from attnviz.views.fill_runs import NAMES, WAYS, WHY, chosen_way, longest, nats

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent
    from PySide6.QtWidgets import QWidget

    from attnviz.engine import Engine
    from attnviz.errors import AttnvizError
    from attnviz.tabs.asking import Asking
    from attnviz.trace import Tokens

CANDIDATES = 8
LAST = 1 << 20
LARGE = 1e5


class SeveralPage(SeveralLayout):
    """The cursor's layer is the way that is chosen, its step the play head of all three, its query the token pointed at."""

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.filling, self.scoring = self.asking(), self.asking()
        self.cursor_at = Cursor(layer=WAYS.index(Way.BEST_FIRST), step=LAST)
        self._connect()
        self._redraw()

    def _connect(self) -> None:
        for view in self.views():
            view.pointed.connect(self.point)
        for asking in (self.filling, self.scoring):
            asking.came.connect(self._redraw)
            asking.rested.connect(self._redraw)
        self.chips.toggled.connect(self._on_toggled)
        self.transport.moved.connect(self._on_moved)
        self.put_in.clicked.connect(self._on_put_in)
        self.scoring_box.currentIndexChanged.connect(self.ask)

    def asking(self) -> Asking:
        """A text that vanishes in the tokenizer is no failure: there is nothing to show then."""
        made = super().asking()
        made.failed.disconnect(self.failed)
        made.failed.connect(self._on_failed)
        return made

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Both questions are about one text: what both say is said once."""
        return tuple({notice.topic: notice for notice in super().notices}.values())

    @property
    def filled(self) -> Trace:
        """The fillings as far as they have come; until the first step has, the last ones."""
        return _newer(self.filling)

    @property
    def scored(self) -> Trace:
        return _newer(self.scoring)

    @Slot()
    def ask(self) -> None:
        scene = self.scene
        if scene.reference is None:
            return
        if not scene.text.strip() and not scene.pair:
            self._empty()
            return
        masks = FillAllMasks(scene.reference, scene.text, scene.pair, scene.masked, CANDIDATES, or_nothing=True)
        if put(self.filling, masks):
            self.cursor_at = replace(self.cursor_at, step=LAST)
        put(self.scoring, ScoreText(scene.reference, scene.text, scene.pair, self.scoring_box.currentIndex() == 1))
        self._redraw()

    def free(self) -> None:
        self.point(replace(self.cursor_at, query=None, pinned=False))

    @Slot(object)
    def point(self, cursor: Cursor) -> None:
        """Look at a way, a step or a token."""
        self.cursor_at = cursor
        self._redraw()

    def hideEvent(self, event: QHideEvent) -> None:
        """Who looks elsewhere need not wait for it."""
        super().hideEvent(event)
        for asking in (self.filling, self.scoring):
            if asking.is_busy:
                asking.cancel()

    def _empty(self) -> None:
        for asking in (self.filling, self.scoring):
            asking.forget()
        self._redraw()

    @Slot(object)
    def _on_failed(self, error: AttnvizError) -> None:
        if error.code == "EMPTY_TEXT":
            self._empty()
        else:
            self.failed.emit(error)

    @Slot(object)
    def _on_moved(self, step: int) -> None:
        self.point(replace(self.cursor_at, step=step))

    @Slot(object)
    def _on_toggled(self, position: int) -> None:
        tokens = self._current()
        span = word_span(tokens, position) if tokens is not None else None
        if tokens is None or span is None or (position in tokens.masks and tokens.originals[position] is None):
            return  # a [MASK] that was typed has no word to bring back; it is edited in the sentence
        self.wished.emit(self.scene.toggled(span))

    @Slot()
    def _on_put_in(self) -> None:
        filling = self.filled.find(Filling, WAYS[chosen_way(self.cursor_at)])
        if filling is not None and self._current() is not None:
            self.wished.emit(replace(self.scene, sentence=filling.text, masked=()))

    def _current(self) -> Tokens | None:
        """The tokens on screen where they are those of the sentence as it now is."""
        tokens, pair = self.filled.tokens(), self.scene.pair
        joint = self.scene.text if pair is None else f"{self.scene.text}\n{pair}"
        return tokens if tokens is not None and tokens.joint == joint else None

    @Slot()
    def _redraw(self) -> None:
        filled, scored = self.filled, self.scored
        steps, tokens = longest(filled), filled.tokens()
        cursor = replace(self.cursor_at, step=min(self.cursor_at.step, max(steps - 1, 0)))
        self.offer_steps(some=tokens is not None and bool(tokens.masks))
        draw((self.chips, self.ways, self.steps), filled, cursor)
        draw((self.bars,), scored, cursor)
        self.transport.follow(cursor.step, steps)
        way = WAYS[chosen_way(cursor)]
        self.put_in.setEnabled(filled.find(Filling, way) is not None)
        self.steps_panel.set_title(f"Step by step, {NAMES[way]}")
        self.steps_panel.set_subtitle(WHY[way])
        self.chips_panel.set_subtitle(_masks_said(tokens))
        self.ways_panel.set_subtitle(self._filled_said(steps))
        self.score.setText(_score_said(scored))
        self.score.setVisible(bool(self.score.text()))

    def _filled_said(self, steps: int) -> str:
        if not steps:
            return ""
        unchanged = "; what-ifs of the Inspector are not made here" if self.scene.changes else ""
        return f"the number on a word is the step in which it was put in{unchanged}"


def _newer(asking: Asking) -> Trace:
    incoming = asking.incoming
    tokens = incoming.tokens()
    if not asking.is_busy or tokens is None:
        return asking.trace
    begun = any(incoming.every(kind) for kind in (FillStep, OwnProbability, PseudoLikelihood))
    return incoming if begun else asking.trace


def _masks_said(tokens: Tokens | None) -> str:
    if tokens is None:
        return ""
    count = len(tokens.masks)
    masks = "no word masked" if not count else "1 mask" if count == 1 else f"{count} masks"
    return f"{len(tokens)} tokens · {masks} · click a word to mask it, click again to bring it back"


def _score_said(trace: Trace) -> str:
    """The sum and the perplexity, of a pair for each sentence too."""
    whole, tokens = trace.find(PseudoLikelihood), trace.tokens()
    if whole is None or tokens is None or not whole.scored:
        return ""
    said = [
        f"{nats(whole.log_probability)} nats over {_counted(whole.scored)}, pseudo-perplexity {_perplexity(whole.log_probability, whole.scored)}"
    ]
    if len(whole.sentences) > 1:
        parts = zip(("first", "second"), whole.sentences, strict=True)
        said += [f"{name} sentence {nats(log)} nats, {_perplexity(log, count)}" for name, (log, count) in parts]
    if tokens.masks:
        said.append("masks are not scored")
    return " · ".join(said)


def _counted(count: int) -> str:
    return "1 token" if count == 1 else f"{count} tokens"


def _perplexity(log: float, count: int) -> str:
    value = pseudo_perplexity(log, count)
    return "–" if value is None else f"{value:.3g}" if value < LARGE else f"{value:.1e}"
