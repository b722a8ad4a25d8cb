"""The mismatch: every word predicted with [MASK], with a random word and with itself shown, and why training shows all three."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from attnviz.jobs.compare_treatments import CompareTreatments
from attnviz.jobs.measure_mask_rates import NOTHING
from attnviz.tabs.masking_mismatch_layout import MismatchLayout
from attnviz.tabs.page import draw
from attnviz.trace import Mismatch, Notice, Progress, Trace
from attnviz.views.mismatch_reading import conclusion, mismatches, reasons, with_plot
from attnviz.views.plot_spot import Spot, spot_of

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent

    from attnviz.engine import Engine
    from attnviz.trace import Cursor
    from attnviz.views.view import View

CANDIDATES = 20
TYPE = "Type a sentence above to see what its words are predicted to be."

PREDICTING = "The words are being predicted."


class MismatchPage(MismatchLayout):
    """One position for all views; it is predicted while the page is seen, and anew when sentence or seed change."""

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.spot = Spot()
        self.comparing = self.asking()
        self._of: Trace | None = None
        self._drawn = Trace()
        for view in (self.chips, self.columns):
            view.pointed.connect(self.point)
        self.curves.pointed.connect(self._on_plot_pointed)
        self.seed.changed.connect(self._on_seed)
        self.comparing.came.connect(self._redraw)
        self.comparing.rested.connect(self._on_rested)
        self._redraw()

    def views(self) -> tuple[View, ...]:
        return (self.chips, self.columns, self.curves, self.table)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What the window is told; that there is nothing to mask stands in the page itself."""
        return tuple(notice for notice in super().notices if notice.topic != NOTHING)

    @property
    def trace(self) -> Trace:
        """The newest answer that has a word predicted, also one that was stopped; at first whatever comes."""
        came, before = self.comparing.incoming, self.comparing.trace
        return came if came.every(Mismatch) or not before.every(Mismatch) else before

    def ask(self) -> None:
        scene = self.scene
        if scene.reference is not None and (scene.text.strip() or scene.pair):
            self._put(CompareTreatments(scene.reference, scene.text, scene.pair, self.seed.seed, CANDIDATES))
        else:
            self.comparing.forget()
            self.comparing.incoming = Trace()
        self._redraw()

    def _put(self, job: CompareTreatments) -> None:
        """Ask, the position that is looked at first, unless just this was asked."""
        asked = self.comparing.job
        if not isinstance(asked, CompareTreatments) or replace(asked, first=None) != job:
            self.comparing.ask(replace(job, first=self.spot.query))

    def point(self, cursor: Cursor) -> None:
        """Look at a position."""
        spot = spot_of(cursor)
        place = None if spot.query is None else float(spot.query)
        self.spot = replace(spot, place=place, series=spot.series if place == self.spot.place else None)
        self._draw()

    def free(self) -> None:
        self.point(Spot())

    @Slot(object)
    def _on_plot_pointed(self, cursor: Cursor) -> None:
        spot = spot_of(cursor)
        self.spot = replace(spot, query=None if spot.place is None else round(spot.place))
        self._draw()

    @Slot()
    def _on_seed(self) -> None:
        self.ask()

    @Slot()
    def _on_rested(self) -> None:
        tokens = self.comparing.trace.tokens()
        if tokens is not None and self.spot.query is not None and self.spot.query >= len(tokens):
            self.spot = Spot()
        self._redraw()

    # drawing

    @Slot()
    def _redraw(self) -> None:
        trace = self.trace
        if trace is not self._of:
            self._of, self._drawn = trace, with_plot(trace)
        self._draw()
        self.say(self._said(trace), reasons(trace), _state(trace, busy=self.comparing.is_busy))

    def _draw(self) -> None:
        draw(self.views(), self._drawn, self.spot)
        found = self.columns.shown
        self.name(None if found is None else found.mask.candidates.original, None if found is None else found.position)

    def _said(self, trace: Trace) -> str:
        nothing = trace.find(Notice, NOTHING)
        if nothing is not None:
            return nothing.sentence
        return conclusion(trace) or (PREDICTING if self.comparing.is_busy else TYPE)

    def hideEvent(self, event: QHideEvent) -> None:
        """Who looks elsewhere shall not wait for this; coming back begins it anew."""
        super().hideEvent(event)
        self.comparing.cancel()


def _state(trace: Trace, *, busy: bool) -> str:
    """How many of the words are predicted so far."""
    progress, done = trace.find(Progress), len(mismatches(trace))
    if progress is None or not done:
        return ""
    return f"{done:,} of {progress.total:,} word pieces" + ("" if busy or done == progress.total else ", stopped")
