"""ELECTRA: a generator spoils the text, a discriminator tells what was replaced; words can be put in by hand to see them caught or not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Slot

from attnviz.errors import AttnvizError
from attnviz.jobs.fill_mask import FillMask
from attnviz.jobs.spoil_and_detect import SpoilAndDetect
from attnviz.tabs.asking import Asking
from attnviz.tabs.electra_controls import rate_of
from attnviz.tabs.electra_layout import ElectraLayout
from attnviz.tabs.electra_models import detectors, generators, shipped_detectors, shipped_generators
from attnviz.tabs.page import draw, put
from attnviz.trace import Candidates, Cursor, Detected, Spoiled, Trace
from attnviz.views.lettering import visible
from attnviz.views.spoiled_reading import conclusion, most_telling, place_of, tally

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from attnviz.engine import Engine
    from attnviz.models.reference import Reference
    from attnviz.trace import Tokens
    from attnviz.views.candidate_bars import Choice
    from attnviz.views.view import View

Words = tuple[tuple[int, str], ...]
TOP = 20
PATIENCE_MS = 150
"""So long the last answer stays while a new one is on its way; after that what has come of the new one is shown."""
BY_HAND = frozenset({"NO_SUCH_WORD", "NO_WORD_THERE", "TOO_LONG"})


class ElectraPage(ElectraLayout):
    """One game at a time; the generator is asked apart where a word is looked at that wasn't masked in it."""

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.cursor_at = Cursor()
        self._origin: int | None = None  # what is pinned, in the text's own positions
        self._words: Words = ()
        self._past: list[tuple[int | None, Words]] = []  # the rate, where it was changed with them
        self._subject: tuple[str, str | None, Reference | None] = ("", None, None)
        self.playing, self.looking = self._player(), self.asking()
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._connect()

    def views(self) -> tuple[View, ...]:
        return (self.chips, self.table, self.objectives, self.bars)

    @property
    def words(self) -> Words:
        """What was put in by hand, with positions in the text."""
        return self._words

    @property
    def trace(self) -> Trace:
        """The last game, until there is enough of a newer one."""
        waits = self._patience.isActive() and self.playing.trace.find(Detected) is not None
        return self.playing.trace if waits else self.playing.newest(Spoiled)

    @property
    def selected(self) -> int | None:
        """The position in the text that the generator is asked about: what is pinned, else where something was replaced."""
        return most_telling(self.trace) if self._origin is None else self._origin

    def ask(self) -> None:
        scene, controls = self.scene, self.controls
        controls.offer(generators(scene), detectors(scene))
        pair = controls.pair
        subject = (scene.text, scene.pair, pair[0] if pair else None)
        if subject != self._subject:  # words stand at positions of one text as one tokenizer cuts it
            self._subject, self._words, self._origin = subject, (), None
            self._past.clear()
        if pair is None or not scene.sentence.strip():
            self._clear()
            return
        rate, seed = rate_of(controls.rate.value()), controls.seed.seed
        if put(self.playing, SpoilAndDetect(*pair, scene.text, scene.pair, rate, seed, self._words, TOP)):
            self._patience.start()
        self._redraw()

    def point(self, cursor: Cursor) -> None:
        """Look at a token; a pinned one is asked about."""
        spoiled, query = self.trace.find(Spoiled), cursor.query
        self.cursor_at = cursor
        pinned = cursor.pinned and spoiled is not None and query is not None and query < len(spoiled.origins)
        before, self._origin = (
            self._origin,
            spoiled.origins[query] if pinned and spoiled and query is not None else None,
        )
        if self._origin != before:
            self.word.clear()
        self._redraw()

    def free(self) -> None:
        self.point(replace(self.cursor_at, query=None, pinned=False))

    def put_word(self, position: int, word: str) -> None:
        """Let a word stand at a position of the text."""
        self._past.append((None, self._words))
        self._words = (*(other for other in self._words if other[0] != position), (position, word))
        self.ask()

    def _player(self) -> Asking:
        """A sink whose failures are looked at before they are told."""
        made = Asking(self._engine, self)
        made.failed.connect(self._on_failed)
        made.rested.connect(self.rested)
        self._asked.append(made)
        return made

    def _connect(self) -> None:
        self.chips.pointed.connect(self.point)
        self.table.pointed.connect(self.point)
        self.bars.chosen.connect(self._on_chosen)
        self.controls.changed.connect(self._on_changed)
        self.controls.undone.connect(self._on_undone)
        self.controls.emptied.connect(self._on_emptied)
        self.word.returnPressed.connect(self._on_put)
        self.word.textChanged.connect(self._follow_word)
        self.put_in.clicked.connect(self._on_put)
        self.playing.came.connect(self._on_came)
        self.playing.rested.connect(self._on_rested)
        self.looking.rested.connect(self._redraw)
        self._patience.timeout.connect(self._redraw)

    def _clear(self) -> None:
        for asking in (self.playing, self.looking):
            asking.forget()
        self.cursor_at, self._origin = Cursor(), None
        self._redraw()

    # what the user does

    @Slot()
    def _on_changed(self) -> None:
        self.controls.say("")
        self.ask()

    @Slot(object)
    def _on_chosen(self, choice: Choice) -> None:
        self.put_word(choice.position, choice.candidate.token)

    @Slot()
    def _on_put(self) -> None:
        position, word = self.selected, self.word.text().strip()
        if position is not None and word:
            self._origin = position  # the one that was looked at stays in sight
            self.word.clear()
            self.put_word(position, word)

    @Slot()
    def _on_undone(self) -> None:
        if self._past:
            rate, self._words = self._past.pop()
            if rate is not None:
                self.controls.set_rate(rate)
            self.ask()

    @Slot()
    def _on_emptied(self) -> None:
        self._past.append((self.controls.rate.value(), self._words))
        self._words = ()
        self.controls.set_rate(0)
        self.ask()

    # what is answered

    @Slot()
    def _on_came(self) -> None:
        if not self._patience.isActive():
            self._redraw()

    @Slot()
    def _on_rested(self) -> None:
        if not self.playing.is_busy:
            self._patience.stop()
            self._redraw()

    @Slot(object)
    def _on_failed(self, error: AttnvizError) -> None:
        """A word that can't stand there is taken back, two models that don't fit are replaced by those that ship."""
        if error.code == "EMPTY_TEXT":
            self._clear()
            return
        if error.code == "VOCABULARIES_DIFFER" and self._take_shipped():
            return
        self.failed.emit(error)
        if error.code in BY_HAND and self._past:
            _, self._words = self._past.pop()
            self.ask()

    def _take_shipped(self) -> bool:
        """Let the two that ship play, and say why; False where they do already, or don't ship."""
        pair, shipped = self.controls.pair, (shipped_generators()[:1], shipped_detectors()[:1])
        if pair is None or not all(shipped) or (pair[0].path, pair[1].path) == (shipped[0][0], shipped[1][0]):
            return False
        names = " and ".join(f"“{Path(reference.path).name}”" for reference in pair)
        self.controls.choose(shipped[0][0], shipped[1][0])
        self.controls.say(f"{names} have different vocabularies, so the two that ship play.")
        self.ask()
        return True

    # drawing

    @Slot()
    def _redraw(self) -> None:
        trace = self.trace
        self._keep_pin(trace)
        draw((self.chips, self.table, self.objectives), trace, self._seen_at(trace))
        self._draw_candidates(trace)
        said = tally(trace)
        unchanged = "the models as they are, without the Inspector's changes" if said and self.scene.changes else ""
        self._chips_panel.set_subtitle(" · ".join(filter(None, (said, unchanged))))
        self.said.setText(conclusion(trace))
        self.controls.undo.setEnabled(bool(self._past))
        self.controls.empty.setEnabled(bool(self._words or self.controls.rate.value()))

    def _keep_pin(self, trace: Trace) -> None:
        """Words of several pieces move what stands behind them; the pin stays with its word."""
        spoiled, query = trace.find(Spoiled), self.cursor_at.query
        if self._origin is None or spoiled is None:
            return
        if query is None or query >= len(spoiled.origins) or spoiled.origins[query] != self._origin:
            place = place_of(trace, self._origin)
            self.cursor_at = replace(self.cursor_at, query=place, pinned=place is not None)

    def _seen_at(self, trace: Trace) -> Cursor:
        """The cursor, or where there is none the place that the generator is asked about."""
        origin = self.selected
        if self.cursor_at.query is not None or origin is None:
            return self.cursor_at
        return replace(self.cursor_at, query=place_of(trace, origin))

    def _draw_candidates(self, trace: Trace) -> None:
        """What the generator predicts where one looks, masked in the game or, for want of that, alone."""
        position, tokens = self.selected, trace.tokens()
        found, how = None, ""
        if position is not None and tokens is not None and position < len(tokens):
            found, how = trace.find(Candidates, position), "masked in this draw"
            if found is None and self._is_word(tokens, position):
                found, how = self._look_alone(tokens, position), "masked alone"
        self.bars.stale = found is None and self.looking.is_busy
        if found is not None:
            self.bars.draw(Trace().plus(found), Cursor())
        elif not self.bars.stale:
            self.bars.draw(Trace(), Cursor())
        name = (
            visible(tokens.labels[position])
            if tokens is not None and found is not None and position is not None
            else ""
        )
        self._bars_panel.set_title(f"Generator at {position}, “{name}”" if name else "The generator's words")
        self._bars_panel.set_subtitle(how if found is not None else "")
        self.word.setEnabled(found is not None)
        self.word.setPlaceholderText(f"another word than “{name}”" if name else "click a word above")
        self._follow_word()

    def _look_alone(self, tokens: Tokens, position: int) -> Candidates | None:
        """The answer to that question, which is put unless it was; it counts positions as its own model cuts the text."""
        pair, span = self.controls.pair, tokens.spans[position]
        if pair is None or span is None:
            return None
        job = FillMask(pair[0], self.scene.text, self.scene.pair, (span,), TOP)
        put(self.looking, job)
        theirs = None if self.looking.is_busy else self.looking.trace.tokens()
        if theirs is None or span not in theirs.spans:
            return None
        found = self.looking.trace.find(Candidates, theirs.spans.index(span))
        return None if found is None else replace(found, position=position)

    def _is_word(self, tokens: Tokens, position: int) -> bool:
        return not tokens.special[position] and position not in tokens.masks

    @Slot()
    def _follow_word(self) -> None:
        self.put_in.setEnabled(self.word.isEnabled() and bool(self.word.text().strip()))
