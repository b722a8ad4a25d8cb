"""Decoding: how an encoder–decoder with attention makes each word, number by number, and what if it had been otherwise."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QWidget

from attnviz.jobs.decode import Decode, Earlier
from attnviz.models.transformer_config import MODEL_TYPE as TRANSFORMER
from attnviz.tabs.alignment_choice import followed, looking
from attnviz.tabs.asking import Asking
from attnviz.tabs.decoding_keys import add_keys
from attnviz.tabs.decoding_layout import DecodingLayout
from attnviz.tabs.decoding_models import name_of
from attnviz.tabs.decoding_picture import Scenery, draw, steps_of
from attnviz.tabs.decoding_tree import TreeTrace
from attnviz.tabs.decoding_wish import Way, Wish
from attnviz.tabs.decoding_words import BEFORE, says
from attnviz.tabs.tab import Tab
from attnviz.trace import Cursor, Decoding, LoadReport, Misfits, Notice, Trace
from attnviz.views.alignment_source import Reading
from attnviz.views.load_report import LoadReportDialog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attnviz.edits import DecodingEdit
    from attnviz.engine import Engine
    from attnviz.tabs.scene import Scene
    from attnviz.views.view import View


class DecodingTab(Tab):
    """Decoding is recorded once; stepping is a scrub. Two lanes: this run, and another model's or this one's without what-ifs."""

    name = "decoding"

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.lane = 0
        self._was_asked = False
        self._answered: Decode | None = None
        self._plain: tuple[Decode | None, Trace] = (None, Trace())
        self._shown_of: Wish | None = None
        self._searched = TreeTrace()
        self.reading = Reading()
        self.widgets = DecodingLayout(self)
        self.searching, self.decoding, self.comparing = (Asking(engine, self) for _ in range(3))
        self.wish = self.widgets.controls.wish
        self._connect()
        add_keys(self, self.widgets)

    @property
    def askings(self) -> tuple[Asking, Asking, Asking]:
        return self.searching, self.decoding, self.comparing

    def views(self) -> Sequence[View]:
        return (*self.widgets.views, *self.widgets.looks[1].views)

    @property
    def is_settled(self) -> bool:
        """Something was asked, and no question is open."""
        return self._was_asked and not any(asking.is_busy for asking in self.askings)

    @is_settled.setter
    def is_settled(self, settled: bool) -> None:
        """What every tab sets; here the questions know."""

    @property
    def lanes(self) -> tuple[tuple[str, Trace], ...]:
        """The runs that are shown, with their names: the first model's, and what it is compared with."""
        own = name_of(self.wish.reference.path) if self.wish.reference else ""
        first = (self.decoding if self.wish.takes_steps else self.searching).newest(Decoding)
        if self.wish.versus is not None:
            return (own, first), (name_of(self.wish.versus.path), self.comparing.newest(Decoding))
        if self.wish.edits and self.wish.takes_steps:
            is_kept = self._plain[0] == self.wish.other()
            return (own, first), (BEFORE, self._plain[1] if is_kept else self.comparing.newest(Decoding))
        return ((own, first),)

    def set_scene(self, scene: Scene) -> None:
        self.scene = scene
        self.widgets.controls.follow(scene)

    def ask(self) -> None:
        """Ask what is wished and was not asked yet."""
        if not self.isVisible():
            return
        self._was_asked = True
        if self.wish.is_complete:
            self._ask()
        elif not self.wish.source.strip():
            self._forget()
        self._on_rested()

    def take(self, text: str) -> None:
        """A source from outside, as if it were typed."""
        self.widgets.controls.source.setText(text)
        self.widgets.controls.say()

    def _forget(self) -> None:
        """There is no source: what was decoded is not shown as if it were its answer."""
        for asking in self.askings:
            asking.forget()
        self._answered, self._plain, self._shown_of = None, (None, Trace()), None

    def ask_again(self) -> None:
        for asking in self.askings:
            asking.job = None
        self.ask()

    def free(self) -> None:
        self.point(replace(self.cursor_at, query=None, key=None, pinned=False))

    def point(self, cursor: Cursor) -> None:
        """Move the one cursor of all views, the play head with it."""
        steps = max(1, steps_of(self.lanes))
        step = min(max(cursor.step, 0), steps - 1)
        query = None if cursor.query is None else min(cursor.query, steps - 1)
        self.reading = followed(self.reading, self.cursor_at, cursor)
        self.cursor_at = replace(cursor, step=step, query=query)
        self._draw()

    def _connect(self) -> None:
        parts = self.widgets
        for view in self.views():
            view.pointed.connect(self.on_pointed)
        for panel in parts.panels:
            panel.failed.connect(self.failed)
        for asking in self.askings:
            asking.failed.connect(self.failed)
            asking.came.connect(self._on_came)
            asking.answered.connect(self._on_answered)
            asking.rested.connect(self._on_rested)
        parts.controls.wished.connect(self._on_wished)
        parts.controls.report_wished.connect(self._on_report)
        cards, layers = parts.cards, parts.layers
        for staged in (cards.word_chosen, cards.weights_set, cards.source_hidden, cards.context_set):
            staged.connect(self._on_edit)
        for staged in (layers.word_chosen, layers.source_hidden):
            staged.connect(self._on_edit)
        for looks in parts.looks:
            looks.choice.chosen.connect(self._on_reading)
        parts.changes.edited.connect(self._on_edited)
        parts.tree.chosen.connect(self._on_path)
        parts.transport.moved.connect(self._on_moved)
        parts.timeline.lane_chosen.connect(self._on_lane)
        parts.lane_buttons.idClicked.connect(self._on_lane)
        parts.page_buttons.idClicked.connect(self._on_page)

    # asking

    def _ask(self) -> None:
        search, other = self.wish.search(), self.wish.other()
        if search is not None and search != self.searching.job:
            self.searching.ask(search)
        if self.wish.takes_steps:
            self._ask_steps()
        if self.wish.versus is None and not self.wish.takes_steps:
            return  # the search comes first: its best output is what the what-ifs are made in
        if other is not None and other not in (self._plain[0], self.comparing.job):
            self.comparing.ask(other)

    def _ask_steps(self) -> None:
        last = self.decoding.job
        if isinstance(last, Decode) and replace(last, earlier=None) == self.wish.decode():
            return
        self.decoding.ask(self.wish.decode(Earlier.of(self._answered, self.decoding.trace)))

    @Slot(object)
    def _on_wished(self, wish: Wish) -> None:
        """The controls changed: another search has other branches, the what-ifs stay."""
        self.widgets.transport.pause()
        self.wish = replace(wish, edits=self.wish.edits)
        self.ask()

    @Slot(object)
    def _on_edit(self, edit: DecodingEdit) -> None:
        """A what-if was made on one of the cards."""
        if self.lane == 1:
            self._on_lane(0)
        self.widgets.changes.add(edit, says(edit, self.lanes[0][1]))

    @Slot(object)
    def _on_edited(self, edits: tuple[DecodingEdit, ...]) -> None:
        self.widgets.transport.pause()
        self.wish = replace(self.wish, edits=edits)
        if not edits and self.wish.versus is None:
            self.lane = 0
        self._take_best()
        self.ask()

    def _take_best(self) -> None:
        """What-ifs are made in the best output of a search until another one is chosen."""
        if self.searching.job is not None and not self.searching.is_busy and self.searching.job == self.wish.search():
            self.wish = self.wish.along(self.searching.trace.find(Decoding))

    @Slot(object)
    def _on_path(self, tokens: tuple[int, ...]) -> None:
        """A branch of the tree was chosen: it is the shown output."""
        if not self.searching.is_busy:  # the tree that is drawn would be of another source
            self.wish = replace(self.wish, path=tokens)
            self.ask()

    # answers

    @Slot()
    def _on_came(self) -> None:
        if self.sender().incoming.find(Decoding) is not None:  # type: ignore[attr-defined] # the sender is an Asking
            self._settle_cursor()

    @Slot()
    def _on_answered(self) -> None:
        if self.sender() is self.decoding and isinstance(self.decoding.job, Decode):
            self._answered = replace(self.decoding.job, earlier=None)
            if not self._answered.edits:
                self._plain = self._answered, self.decoding.trace
            misfits = self.decoding.trace.find(Misfits)
            self.widgets.changes.tell_misfits(dict(misfits.reasons) if misfits else {})
        elif self.sender() is self.searching and self.wish.edits:
            self._take_best()
            self._ask()
        self._settle_cursor()
        self._offer_to_inspect()

    def _offer_to_inspect(self) -> None:
        """A Transformer has heads: the inspector may look at what is decoded here."""
        report, wish = self.lanes[0][1].find(LoadReport), self.wish
        writer = wish.reference if report is not None and report.family == TRANSFORMER else None
        scene = replace(self.scene, writer=writer, source=wish.source if writer else "")
        if scene != self.scene:
            self.wished.emit(scene)

    @Slot()
    def _on_rested(self) -> None:
        self._draw()
        if self.is_settled:
            self.noticed.emit(self.lanes[0][1].every(Notice))
            self.settled.emit()

    def _settle_cursor(self) -> None:
        """Another output begins with its last word in view; a what-if leaves the play head where it is."""
        subject = replace(self.wish, edits=(), versus=None)
        decoding = self.lanes[0][1].find(Decoding)
        if decoding is not None and subject != self._shown_of:
            self._shown_of = None if any(asking.is_busy for asking in self.askings[:2]) else subject
            step = max(0, len(decoding) - 1 - decoding.ended)
            self.cursor_at = replace(self.cursor_at, query=None, key=None, pinned=False, step=step)
        self._draw()

    # drawing

    def _draw(self) -> None:
        started = time.perf_counter()
        lanes, tree = self.lanes, self.searching.trace
        self.lane = min(self.lane, len(lanes) - 1)
        self.trace = lanes[self.lane][1]
        searched = self._searched.of(tree, lanes[0][1])
        way = self.wish.way
        draw(
            self.widgets,
            Scenery(lanes, self.lane, self.cursor_at, self.reading, searched, way is Way.BEAM, way is Way.FOLLOW),
        )
        self._built = time.perf_counter() - started
        self._painted.start()

    @Slot(object)
    def _on_reading(self, reading: Reading) -> None:
        """Another attention was chosen for the alignment; where it is one head's, that head is chosen."""
        self.reading = reading
        self.point(looking(self.cursor_at, reading))

    @Slot(object)
    def _on_moved(self, step: int) -> None:
        self.point(replace(self.cursor_at, step=step, query=None, pinned=False))

    @Slot(object)
    def _on_lane(self, lane: int) -> None:
        self.lane = lane
        self._draw()

    @Slot(object)
    def _on_page(self, page: int) -> None:
        if page == 0 or self.wish.way is Way.BEAM:
            self.widgets.go_to_page(page)
        self._draw()

    @Slot()
    def _on_report(self) -> None:
        report = self.trace.find(LoadReport)
        if report is not None:
            dialog = LoadReportDialog(report, self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()
