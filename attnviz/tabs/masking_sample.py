"""Mask like BERT: which tokens training chooses, what it shows in their place, and what the model answers there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from attnviz.jobs.measure_masking import MeasureMasking
from attnviz.jobs.predict_sampled import PredictSampled
from attnviz.tabs.masking_controls import MaskingControls
from attnviz.tabs.page import draw, put
from attnviz.tabs.text_page import TextPage
from attnviz.text.masking_long_run import COVERAGE, EPOCHS
from attnviz.trace import Candidates, Cursor, LongRun, Sampled, Trace, learning
from attnviz.views.lettering import percent
from attnviz.views.line_plot import LinePlot
from attnviz.views.mask_shares import MaskShares
from attnviz.views.palette import GRID
from attnviz.views.plot_spot import Spot
from attnviz.views.sampled_chips import SampledChips
from attnviz.views.sampled_table import SampledTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attnviz.engine import Engine
    from attnviz.views.view import View

TOP = 3
PATIENCE_MS = 150
"""So long the last answer stays while a new one is on its way; after that what has come of the new one is shown."""
SIDE = 35 * GRID


class SamplePage(TextPage):
    """One draw and its predictions; the long run is measured when these are there."""

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.cursor_at, self.spot = Cursor(), Spot()
        self.predicting, self.measuring = self.asking(), self.asking()
        self.controls = MaskingControls(self)
        self.chips, self.table, self.shares = SampledChips(self), SampledTable(self), MaskShares(self)
        self.coverage = LinePlot(COVERAGE, "How much of the text is ever predicted appears with the first draws.", self)
        self._joined = Trace(), Trace(), Trace()
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._build()
        self._connect()

    def views(self) -> Sequence[View]:
        return (self.chips, self.table, self.shares, self.coverage)

    def ask(self) -> None:
        scene, controls = self.scene, self.controls
        if scene.reference is None or not scene.sentence.strip():
            self.empty()
            return
        what = (scene.reference, scene.text, scene.pair, controls.masking)
        if put(self.predicting, PredictSampled(*what, controls.seed.value(), controls.drawn_epoch, TOP)):
            self.measuring.cancel()  # it can wait; the draw that was asked for can't
            self._patience.start()
        elif not self.predicting.is_busy:
            put(self.measuring, MeasureMasking(*what))
        self._redraw()

    def point(self, cursor: Cursor) -> None:
        """Look at a token, or at a point of the curves."""
        if isinstance(cursor, Spot):
            self.spot = cursor
        else:
            self.cursor_at = cursor
        self._redraw()

    def free(self) -> None:
        self.cursor_at = replace(self.cursor_at, query=None, pinned=False)
        self.spot = Spot()
        self._redraw()

    def _build(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        side = QVBoxLayout()
        side.setSpacing(GRID)
        self.controls.setFixedWidth(SIDE)
        side.addWidget(self.controls)
        shares = self.panel("Shares", self.shares)
        shares.setFixedWidth(SIDE)
        side.addWidget(shares, 1)
        row.addLayout(side)
        split = QSplitter(Qt.Orientation.Vertical, self)
        split.setChildrenCollapsible(False)
        self._chips_panel = self.panel("The text as training sees it", self.chips)
        split.addWidget(self._chips_panel)
        self._table_panel = self.panel("Predictions at the chosen positions", self.table)
        split.addWidget(self._table_panel)
        self._coverage_panel = self.panel("What training sees of the text", self.coverage)
        split.addWidget(self._coverage_panel)
        for place in range(split.count()):
            split.setStretchFactor(place, 1)
        split.setSizes([29 * GRID, 22 * GRID, 28 * GRID])
        row.addWidget(split, 1)

    def _connect(self) -> None:
        for view in self.views():
            view.pointed.connect(self.point)
        self.controls.changed.connect(self.ask)
        self.predicting.answered.connect(self._on_answered)
        self.measuring.came.connect(self._redraw)
        self.predicting.came.connect(self._on_came)
        self._patience.timeout.connect(self._redraw)

    @Slot()
    def _on_came(self) -> None:
        if not self._patience.isActive():
            self._redraw()

    @Slot()
    def _on_answered(self) -> None:
        self._patience.stop()
        self.ask()

    @Slot()
    def _redraw(self) -> None:
        waits = self._patience.isActive() and self.predicting.trace.find(Sampled) is not None
        drawn = self.predicting.trace if waits else self.predicting.newest(Sampled)
        measured = self.measuring.newest(LongRun)
        draw((self.chips, self.table), drawn, self.cursor_at)
        draw((self.shares,), self._both(drawn, measured), self.cursor_at)
        draw((self.coverage,), measured, self.spot)
        sampled = drawn.find(Sampled)
        self._chips_panel.set_subtitle(self._drawn(sampled))
        self._table_panel.set_subtitle(_learned(drawn, sampled))
        self._coverage_panel.set_subtitle(_measured(measured))

    def _both(self, drawn: Trace, measured: Trace) -> Trace:
        """The draw with what was measured of its text, joined anew only when either has grown."""
        if self._joined[0] is not drawn or self._joined[1] is not measured:
            self._joined = drawn, measured, drawn.plus(*measured.records.values())
        return self._joined[2]

    def _drawn(self, sampled: Sampled | None) -> str:
        if sampled is None:
            return ""
        said = f"{len(sampled.chosen)} of {sampled.candidates} tokens chosen"
        when = f"epoch {sampled.epoch + 1}" if self.controls.dynamic else "the same in every epoch"
        return " · ".join(filter(None, (said, f"seed {sampled.seed}", when, self.unchanged())))


def _learned(trace: Trace, sampled: Sampled | None) -> str:
    found = None if sampled is None else learning(sampled, trace.every(Candidates))
    if found is None:
        return ""
    parts = [f"mean loss {found.loss:.2f} nats", _accuracy("accuracy", found.right, found.predicted)]
    if found.masked:
        parts.append(_accuracy("at [MASK]", found.right_masked, found.masked))
    return " · ".join(parts)


def _accuracy(name: str, right: int, total: int) -> str:
    return f"{name} {right} of {total} ({percent(right / total)})"


def _measured(trace: Trace) -> str:
    run = trace.find(LongRun)
    return "" if run is None else f"mean of {run.draws // EPOCHS} seeds · the band holds all of their dynamic masks"
