"""Learn: merges as they are learned, and a slider through all of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from attnviz.jobs.learn_bpe import LearnBpe
from attnviz.jobs.read_corpus import Corpus, ReadCorpus
from attnviz.jobs.replay_merges import ReplayMerges
from attnviz.tabs.page import draw, put
from attnviz.tabs.tokenization_learn_layout import LearnLayout
from attnviz.text.readable import spelling
from attnviz.trace import Learned, Timeline, Trace
from attnviz.views.history import history, makers
from attnviz.views.lettering import visible
from attnviz.views.moment import Moment
from attnviz.views.moment_facts import said

if TYPE_CHECKING:
    from attnviz.engine import Engine
    from attnviz.text.merge_edits import Edit
    from attnviz.trace import Cursor, Merge
    from attnviz.views.view import View


PACE_MS = 250
"""How often what is being learned is drawn: each call of Qt waits until the learning lets go of the interpreter."""


class LearnPage(LearnLayout):
    """``learned`` carries the text of a tokenizer.json. One moment for all views."""

    learned = Signal(object)

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.moment = Moment()
        self.learning, self.reading = self.asking(), self.asking()
        self.cutting, self.recutting = self.asking(), self.asking()
        self._trace, self._changed_trace = Trace(), Trace()
        self._has_chosen = False
        self._pace = QTimer(self, singleShot=True, interval=PACE_MS)
        self._connect()

    def views(self) -> tuple[View, ...]:
        """All that draw the moment; the strip of the changed tokenizer has a trace of its own."""
        return (self.table, self.slider, self.strip, self.facts, self.per_word, self.per_token, self.tree)

    @property
    def merges(self) -> tuple[Merge, ...]:
        """All merges that are shown."""
        return self.table.merges

    def ask(self) -> None:
        """Learn the sample when the page is first seen; after that, only follow the sentence."""
        if self.learning.job is None and not self.learning.trace.every(Learned) and self.corpus.box.text:
            self.corpus.ask()
        self._follow_sentence()
        self._redraw()

    def point(self, moment: Cursor) -> None:
        """Go to a moment."""
        if isinstance(moment, Moment):
            self._has_chosen = self._has_chosen or moment.done != self.moment.done
            self.moment = moment
            self._draw()

    def free(self) -> None:
        self.point(replace(self.moment, span=None))

    def go_to(self, piece: str) -> bool:
        """To the merge that made a piece, given as the vocabulary or as a reader writes it; False where there is none."""
        made = makers(self.merges)
        merge = made.get(piece) or next((made[name] for name in made if self._label(name) == piece), None)
        if merge is None:
            return False
        self.point(replace(self.moment, done=merge.rank + 1, piece=merge.piece, span=None))
        return True

    def _connect(self) -> None:
        for view in (*self.views(), self.changed_strip):
            view.pointed.connect(self.point)
        for strip in (self.strip, self.changed_strip):
            strip.sought.connect(self._on_sought)
        self.corpus.wished.connect(self._on_wished)
        self.corpus.stopped.connect(self.learning.cancel)
        self.corpus.opened.connect(self._on_opened)
        self.corpus.failed.connect(self.failed)
        self.save.failed.connect(self.failed)
        self.reading.answered.connect(self._on_read)
        self.learning.came.connect(self._on_came)
        self._pace.timeout.connect(self._on_pace)
        self.learning.answered.connect(self._on_learned)
        self.learning.rested.connect(self._on_rested)
        self.cutting.answered.connect(self._on_cut)
        self.recutting.answered.connect(self._redraw)
        self.changes.edited.connect(self._on_edited)
        self.wanted_piece.returnPressed.connect(self._on_find)
        for keys, slot in (
            ("Ctrl+F", self.wanted_piece.setFocus),
            ("Ctrl+Z", self.changes.stack.undo),
            ("Ctrl+Shift+Z", self.changes.stack.redo),
        ):
            shortcut = QShortcut(QKeySequence(keys), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(slot)

    # asking

    @Slot(object)
    def _on_wished(self, job: LearnBpe) -> None:
        self.slider.pause()
        self.learning.ask(job)
        self.corpus.follow(None, busy=True)

    @Slot(object)
    def _on_opened(self, path: str) -> None:
        self.reading.ask(ReadCorpus(path))

    @Slot()
    def _on_read(self) -> None:
        found = self.reading.trace.find(Corpus)
        if found is not None:
            self.corpus.put(found.text, Path(found.path).name)
            self.corpus.ask()

    @Slot()
    def _on_came(self) -> None:
        if not self._pace.isActive():
            self._pace.start()

    @Slot()
    def _on_pace(self) -> None:
        if self.learning.is_busy:
            self.corpus.follow(self.learning.progress, busy=True)
            self._redraw()

    @Slot()
    def _on_learned(self) -> None:
        found = self.learning.trace.find(Learned)
        if found is None:
            return
        self.changes.clear()
        self._has_chosen = False
        for asking in (self.cutting, self.recutting):
            asking.forget()
        self.learned.emit(found.json)
        self._follow_sentence()

    @Slot()
    def _on_rested(self) -> None:
        self.corpus.follow(None, busy=False)
        self._redraw()

    def _follow_sentence(self) -> None:
        found = self.learning.trace.find(Learned)
        if found is None:
            return
        local = found.pre_tokenizer != "none"
        before = self.cutting.trace.find(Timeline)
        put(self.cutting, ReplayMerges(self.scene.sentence, found.json, local=local, before=before))
        if self.changes.edits:
            put(self.recutting, ReplayMerges(self.scene.sentence, found.json, self.changes.edits, local))

    @Slot()
    def _on_cut(self) -> None:
        timeline = self.cutting.trace.find(Timeline)
        if timeline is not None and not self._has_chosen:
            self.moment = telling(timeline, history(self.learning.trace))
        self._redraw()

    @Slot(object)
    def _on_edited(self, _edits: tuple[Edit, ...]) -> None:
        self._after.setVisible(bool(self.changes.edits))
        self._follow_sentence()
        self._redraw()

    @Slot()
    def _on_find(self) -> None:
        found = self.go_to(self.wanted_piece.text().strip())
        self.wanted_piece.setToolTip("" if found else "No merge makes this piece.")
        self.wanted_piece.setStyleSheet(
            "" if found or not self.wanted_piece.text() else "QLineEdit { border-style: dashed; }"
        )

    @Slot(object)
    def _on_sought(self, rank: int) -> None:
        piece = self.merges[rank].piece if rank < len(self.merges) else self.moment.piece
        self.point(replace(self.moment, done=rank + 1, piece=piece))

    # drawing

    @Slot()
    def _redraw(self) -> None:
        self._join()
        self._draw()

    def _draw(self) -> None:
        draw(self.views(), self._trace, self.moment)
        self.changed_strip.draw(self._changed_trace, self.moment)
        self._say()

    def _join(self) -> None:
        """The history that is being learned or was, with the sentence under the merges that were."""
        learning = self.learning.incoming if self.learning.is_busy else self.learning.trace
        timeline = None if self.learning.is_busy else self.cutting.trace.find(Timeline)
        key = (learning, timeline, self.recutting.trace)
        if all(old is new for old, new in zip(key, self._joined_of, strict=True)):
            return
        self._joined_of = key
        self._trace = learning if timeline is None else learning.plus(timeline)
        changed = self.recutting.trace.find(Timeline)
        learned = learning.find(Learned)
        self._changed_trace = Trace().plus(*(record for record in (changed, learned) if record is not None))

    _joined_of: tuple[object, object, object] = (None, None, None)

    def _say(self) -> None:
        merges, done = self.merges, self.moment.done
        merge = merges[done - 1] if 0 < done <= len(merges) else None
        self._tree.set_subtitle(visible(self._label(self.moment.piece)) if self.moment.piece else "")
        self.changes.offer(merge, "" if merge is None else said(merge, self._trace), len(merges))
        self.save.offer(self.learning.trace)

    def _label(self, piece: str) -> str:
        found = self._trace.find(Learned)
        return spelling(found.alphabet if found else "chars").label(piece)


def telling(timeline: Timeline, merges: tuple[Merge, ...]) -> Moment:
    """A moment with something to see: two thirds of the way through what happens to this text, at its largest piece."""
    moments = timeline.moments().tolist()
    if not moments:
        return Moment(done=len(merges) // 2)
    done = min(moments[2 * len(moments) // 3] + 1, len(merges))
    made = makers(merges)
    return Moment(
        done=done, piece=max((piece for piece, _ in timeline.pieces(done) if piece in made), key=len, default=None)
    )
