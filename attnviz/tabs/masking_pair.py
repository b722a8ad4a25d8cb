"""Next sentence: does the second follow the first, the other way round too, and how [CLS] comes to say so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot

from attnviz.jobs.judge_pair import JudgePair, JudgePairs
from attnviz.tabs.masking_pair_layout import PairLayout
from attnviz.tabs.page import draw, put
from attnviz.text.clean import clean
from attnviz.trace import Attention, Cursor, Notice, PairJudgement, Trace, Verdict

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from attnviz.engine import Engine
    from attnviz.errors import AttnvizError
    from attnviz.tabs.asking import Asking
    from attnviz.tabs.scene import Scene
    from attnviz.views.pair_table import SamplePair
    from attnviz.views.view import View

NEEDS_TWO = "Type both sentences, or choose a pair from the list."


class PairPage(PairLayout):
    """Begins with the sentence above and its pair, else with the first pair that ships; after that its sentences are its own.

    One cursor points at tokens, another at coordinates, a third at a row of the list.
    """

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.there, self.back, self.listing = self.asking(), self.asking(), self.asking()
        self._token_at, self._coordinate_at, self._row_at = Cursor(), Cursor(), Cursor()
        self._taken: tuple[str, str | None] | None = None
        self._lacks_two = False
        self._connect()
        self._redraw()

    def _connect(self) -> None:
        for line in (self.first, self.second):
            line.textChanged.connect(self._on_edited)
        self.swap.clicked.connect(self._on_swap)
        self.heads.currentIndexChanged.connect(self._on_head)
        for view in self.path[:2]:
            view.pointed.connect(self._on_token)
        for view in self.path[2:]:
            view.pointed.connect(self._on_coordinate)
        self.table.pointed.connect(self._on_row)
        self.table.chosen.connect(self._on_chosen)
        for asking in (self.there, self.back, self.listing):
            asking.came.connect(self._redraw)
            asking.rested.connect(self._redraw)

    def asking(self) -> Asking:
        """A sentence that vanishes in the tokenizer is no failure: there is nothing to judge then."""
        made = super().asking()
        made.failed.disconnect(self.failed)
        made.failed.connect(self._on_failed)
        return made

    @property
    def pair(self) -> tuple[str, str]:
        return clean(self.first.text()).text, clean(self.second.text()).text

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Both orders are of one text: what both say is said once."""
        return tuple({notice.topic: notice for notice in super().notices}.values())

    def views(self) -> tuple[View, ...]:
        return (self.forwards, self.backwards, *self.path, self.table)

    def set_scene(self, scene: Scene) -> None:
        self._take(scene)
        super().set_scene(scene)

    @Slot()
    def ask(self) -> None:
        """Judge the pair in both orders, then those of the list."""
        reference, (first, second) = self.scene.reference, self.pair
        if reference is None:
            return
        self._lacks_two = not (first.strip() and second.strip())
        if self._lacks_two:
            self._empty()
        else:
            put(self.there, JudgePair(reference, first, second))
            put(self.back, JudgePair(reference, second, first))
        put(self.listing, JudgePairs(reference, tuple((pair.first, pair.second) for pair in self.table.pairs)))
        self._redraw()

    def free(self) -> None:
        self._token_at = replace(self._token_at, query=None, key=None, pinned=False)
        self._coordinate_at = replace(self._coordinate_at, query=None, key=None, pinned=False)
        self._redraw()

    def _take(self, scene: Scene) -> None:
        """The pair of the sentence above, whenever it is another one; without any the first that ships."""
        asked = (scene.text, scene.pair)
        if scene.pair is not None and asked != self._taken:
            self._taken = asked
            self._put(scene.text, scene.pair)
        elif not any(self.pair) and self.table.pairs:
            self._put(self.table.pairs[0].first, self.table.pairs[0].second)

    def _put(self, first: str, second: str) -> None:
        """Both at once, so that nothing between is judged."""
        for line, text in ((self.first, first), (self.second, second)):
            line.blockSignals(True)
            line.setText(text)
            line.setCursorPosition(0)
            line.blockSignals(False)
        self._on_edited()

    def _empty(self) -> None:
        for asking in (self.there, self.back):
            asking.forget()
            asking.incoming = Trace()

    @Slot()
    def _on_edited(self) -> None:
        chosen = self._row_at.query
        if chosen is not None and self.table.pairs[chosen][1:] != self.pair:
            self._row_at = Cursor()
        if self.isVisible():
            self.ask()

    @Slot()
    def _on_swap(self) -> None:
        first, second = self.first.text(), self.second.text()
        self._put(second, first)

    @Slot()
    def _on_head(self) -> None:
        head = self.heads.currentIndex() - 1
        self.focus.head = self.shares.head = head if head >= 0 else None

    @Slot(object)
    def _on_token(self, cursor: Cursor) -> None:
        self._token_at = cursor
        self._draw()

    @Slot(object)
    def _on_coordinate(self, cursor: Cursor) -> None:
        self._coordinate_at = cursor
        self._draw()

    @Slot(object)
    def _on_row(self, cursor: Cursor) -> None:
        self._row_at = cursor

    @Slot(object)
    def _on_chosen(self, pair: SamplePair) -> None:
        self._put(pair.first, pair.second)

    @Slot(object)
    def _on_failed(self, error: AttnvizError) -> None:
        if error.code in {"NEEDS_TWO", "EMPTY_TEXT"}:
            self._lacks_two = True
            self._empty()
            self._redraw()
        else:
            self.failed.emit(error)

    # drawing

    @Slot()
    def _redraw(self) -> None:
        layers = self.there.newest(PairJudgement).every(Attention)
        if layers:
            self._offer_heads(layers[0].heads)
        for verdict in (self.forwards, self.backwards):
            verdict.say(NEEDS_TWO if self._lacks_two else "")
        self._draw()
        self._logits_panel.set_subtitle(self.logits.said(), "logit(is next) − logit(is not), the log-odds of is next")
        listed = self.listing.newest(Verdict)
        said = self.table.said() or f"{len(listed.every(Verdict))} of {len(self.table.pairs)} judged"
        self._table_panel.set_subtitle(said, f"{said}; an answer counts as right on the true side of one half")

    def _draw(self) -> None:
        there = self.there.newest(PairJudgement)
        draw((self.focus, self.shares), there, self._token_at)
        draw((self.states, self.pooler, self.logits), there, self._coordinate_at)
        draw((self.forwards,), there, Cursor())
        draw((self.backwards,), self.back.newest(PairJudgement), Cursor())
        draw((self.table,), self.listing.newest(Verdict), self._row_at)
