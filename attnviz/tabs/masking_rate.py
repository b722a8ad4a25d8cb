"""15 %: what a model still predicts as more is masked, and how many positions of a text that teaches about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QSplitter, QVBoxLayout, QWidget

from attnviz.jobs.measure_mask_rates import NOTHING, MeasureMaskRates
from attnviz.tabs.masking_rate_controls import RateControls
from attnviz.tabs.page import Frame, Page, draw, put
from attnviz.trace import Measured, Notice, Progress, RatePoint, Trace
from attnviz.views.line_plot import LinePlot
from attnviz.views.palette import GRID, SMALL, ui_font
from attnviz.views.plot_spot import Spot, spot_of
from attnviz.views.rate_reading import ACCURACY, CROSS_ENTROPY, SUPERVISED, TAUGHT, conclusion, with_plots
from attnviz.views.rate_table import RateTable

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent

    from attnviz.engine import Engine
    from attnviz.trace import Cursor
    from attnviz.views.view import View

WAITING = "A curve grows here while it is measured."
PLOTS = (
    (ACCURACY, "how many masks are predicted right"),
    (CROSS_ENTROPY, "mean −ln p of the original word"),
    (SUPERVISED, "what one text teaches about"),
    (TAUGHT, "accuracy × supervised positions"),
)
WHY = (
    "BERT masks 15 % of the tokens (Devlin et al. 2019): more masks teach about more positions of a text, but leave less of it to "
    "predict them from. Wettig et al. (2023, “Should you mask 15 % in masked language modeling?”) trained models at each rate and "
    "found 40 % better for large ones; here one trained model is asked at each rate."
)
HOW = (
    "Every chosen position shows [MASK], none a random word or itself. Bands and ± are one standard error: binomial for shares, "
    "of the mean for −ln p. They take predictions as independent, which the words of one text are not quite."
)


class RatePage(Page):
    """Four curves over the mask rate and their numbers, under one spot. It measures while it is seen, and anew when something changes."""

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.spot = Spot()
        self.controls = RateControls(self)
        self.plots = tuple(LinePlot(name, WAITING, self) for name, _ in PLOTS)
        self.table = RateTable(self)
        self.measuring = self.asking()
        self._wanted: MeasureMaskRates | None = None
        self._stopped: MeasureMaskRates | None = None
        self._has_text = True
        self._build()
        for view in self.views():
            view.pointed.connect(self.point)
        self.controls.changed.connect(self.ask)
        self.controls.pressed.connect(self._on_pressed)
        self.controls.failed.connect(self.failed)
        self.measuring.came.connect(self._redraw)
        self.measuring.rested.connect(self._on_rested)

    def views(self) -> tuple[View, ...]:
        return (*self.plots, self.table)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What the window is told; that there is nothing to mask stands in the page itself."""
        return tuple(notice for notice in super().notices if notice.topic != NOTHING)

    @property
    def trace(self) -> Trace:
        """What was measured so far, also when it was stopped; until the first point comes, what was measured before."""
        came = self.measuring.incoming
        return came if came.every(RatePoint) or self._stopped is not None else self.measuring.trace

    @Slot()
    def ask(self) -> None:
        """Measure what the controls say, unless that was done or stopped."""
        job = self._job()
        self._has_text = job is not None
        if job is None:
            self.measuring.forget()
            self.measuring.incoming = Trace()
        elif job != self._stopped:
            self._wanted = job
            put(self.measuring, job)
            self._stopped = None
        self._redraw()

    def forget(self) -> None:
        self._stopped = None
        super().forget()

    def point(self, spot: Cursor) -> None:
        """Look at a rate."""
        self.spot = spot_of(spot)
        self._draw()

    def free(self) -> None:
        self.point(Spot())

    def _job(self) -> MeasureMaskRates | None:
        text = self.controls.source(self.scene.sentence)
        if self.scene.reference is None or not text.strip():
            return None
        return MeasureMaskRates(self.scene.reference, text, self.controls.seed.seed, self.controls.passes.value())

    @Slot(object)
    def _on_pressed(self, run: bool) -> None:
        if run:
            self.forget()
            self.ask()
        else:
            self.measuring.cancel()

    @Slot()
    def _on_rested(self) -> None:
        """What was stopped while it was seen, here or in the status line, stays so until it is wished or changed."""
        if self.measuring.job is None and self.isVisible():
            self._stopped = self._wanted
        self._redraw()

    # drawing

    @Slot()
    def _redraw(self) -> None:
        trace = self.trace
        if trace is not self._drawn_of:
            self._drawn_of, self._drawn = trace, with_plots(trace)
        self._draw()
        busy = self.measuring.is_busy
        self.controls.follow(trace.find(Measured), trace.find(Progress), self._said(trace), busy=busy)

    _drawn_of: Trace | None = None
    _drawn = Trace()

    def _draw(self) -> None:
        draw(self.views(), self._drawn, self.spot)

    def _said(self, trace: Trace) -> str:
        """The conclusion, or why there is none."""
        nothing = self.measuring.trace.find(Notice, NOTHING)
        if nothing is not None and not self.measuring.is_busy:
            return nothing.sentence
        if not self._has_text and self.scene.reference is not None:
            return "Type a sentence above, or choose a text that comes with the program."
        return conclusion(trace)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.controls)
        curves = QWidget(self)
        grid = QGridLayout(curves)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GRID)
        for place, (plot, (name, subtitle)) in enumerate(zip(self.plots, PLOTS, strict=True)):
            panel = self.panel(name.capitalize(), plot)
            panel.set_subtitle(subtitle)
            grid.addWidget(panel, place // 2, place % 2)
        split = QSplitter(Qt.Orientation.Horizontal, self)
        split.setChildrenCollapsible(False)
        split.addWidget(curves)
        split.addWidget(self._right())
        split.setSizes([98 * GRID, 58 * GRID])
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 0)
        column.addWidget(split, 1)

    def _right(self) -> QWidget:
        right = QWidget(self)
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.panel("Every number", self.table), 1)
        notes = Frame("What is measured", right)
        for text in (WHY, HOW):
            label = QLabel(text, notes)
            label.setObjectName("muted")
            label.setFont(ui_font(SMALL))
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            notes.column.addWidget(label)
        column.addWidget(notes)
        return right

    def hideEvent(self, event: QHideEvent) -> None:
        """Who looks elsewhere shall not wait for this; coming back begins it anew."""
        super().hideEvent(event)
        self.measuring.cancel()
