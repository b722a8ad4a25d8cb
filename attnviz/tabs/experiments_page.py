"""One experiment: its question and formula, its controls, what it measures as that comes in, and its conclusion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QFrame, QLabel, QStackedWidget, QVBoxLayout, QWidget

from attnviz.errors import AttnvizError
from attnviz.jobs.experiments.experiment import make, uses_checkpoint
from attnviz.jobs.experiments.setting import settings_of
from attnviz.tabs.experiments_conclusion import ConclusionFrame
from attnviz.tabs.experiments_controls import ExperimentControls
from attnviz.tabs.experiments_figures import LEAST_HEIGHT, FigureGrid
from attnviz.tabs.page import Frame, Page
from attnviz.trace import Asked, Matrix, Plot, Rows, Trace
from attnviz.views.elided import ElidedLabel
from attnviz.views.palette import BASE, GRID, token_font, ui_font
from attnviz.views.placeholder import Placeholder

if TYPE_CHECKING:
    from attnviz.engine import Engine
    from attnviz.jobs.experiments import Entry
    from attnviz.tabs.scene import Scene

PACE_MS = 80
"""How often what comes in is drawn."""


class ExperimentPage(Page):
    """``changed`` says that a run began, went on or ended here. Its result stays until the next run is complete."""

    changed = Signal()

    def __init__(self, entry: Entry, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.entry = entry
        self._kind = entry.load()
        self.running = self.asking()
        self.controls = ExperimentControls(settings_of(self._kind), entry.time, self)
        self.figures = FigureGrid(self)
        self.conclusion = ConclusionFrame(self)
        self._pace = QTimer(self, singleShot=True, interval=PACE_MS)
        self._build()
        self._connect()
        self._draw()

    @property
    def result(self) -> Trace:
        """The last complete run; empty before there was one."""
        return self.running.trace

    @property
    def has_result(self) -> bool:
        return self.result.find(Asked) is not None

    @property
    def standing(self) -> str:
        """How it stands, in a word: "waiting", "running", "result" or nothing."""
        if self.running.is_busy:
            return "waiting" if self.running.progress is None and not self.running.incoming.records else "running"
        return "result" if self.has_result else ""

    def set_scene(self, scene: Scene) -> None:
        """A run looks into the model that is open when it begins; results stay, and name theirs."""
        self.scene = scene
        lacking = uses_checkpoint(self._kind) and scene.reference is None
        self.controls.allow("This experiment looks into a model; open one first" if lacking else "")

    def run_quick(self) -> None:
        self.controls.run_quick()

    def forget(self) -> None:
        """Nothing is asked again by itself."""

    def free(self) -> None:
        self.figures.free()

    @Slot(object)
    def _on_wished(self, values: dict[str, Any]) -> None:
        try:
            job = make(self.entry, values, self.scene.reference)
        except AttnvizError as error:
            self.failed.emit(error)
            return
        self.running.ask(job)
        self._on_changed()

    @Slot()
    def _on_came(self) -> None:
        if not self._pace.isActive():
            self._pace.start()

    @Slot()
    def _on_changed(self) -> None:
        self._draw()
        self.changed.emit()

    @Slot()
    def _on_pace(self) -> None:
        if self.running.is_busy:
            self._on_changed()

    def _draw(self) -> None:
        """The run that is under way, once it has something to show, else the last one."""
        asking = self.running
        begun = any(isinstance(record, Plot | Rows | Matrix) for record in asking.incoming.records.values())
        shown = asking.incoming if asking.is_busy and begun else asking.trace
        self.figures.draw(shown)
        self._pages.setCurrentIndex(1 if self.figures.panels else 0)
        self.empty.say(self._what_to_do())
        self.conclusion.draw(shown)
        self.controls.follow(asking.progress, busy=asking.is_busy)

    def _what_to_do(self) -> str:
        """What stands where nothing was measured yet."""
        if not self.running.is_busy:
            return f"Press Run to measure it here and now: about {self.entry.time}, or seconds with Quick run."
        return "It begins when the run before it is complete." if self.running.progress is None else "It has begun."

    def _connect(self) -> None:
        self.controls.wished.connect(self._on_wished)
        self.controls.stopped.connect(self.running.cancel)
        self.running.came.connect(self._on_came)
        self.running.rested.connect(self._on_changed)
        self._pace.timeout.connect(self._on_pace)
        self.figures.failed.connect(self.failed)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self._head())
        self._pages = QStackedWidget(self)
        self._pages.setMinimumHeight(LEAST_HEIGHT + 2 * GRID)
        self.empty = Placeholder("")
        self._pages.addWidget(_framed(self.empty, self))
        self._pages.addWidget(self.figures)
        column.addWidget(self._pages, 1)
        column.addWidget(self.conclusion)

    def _head(self) -> Frame:
        frame = Frame(self.entry.title, self)
        question = ElidedLabel(self.entry.question)
        question.setFont(ui_font(BASE))
        question.setToolTip(self.entry.question)
        frame.header.insertWidget(1, question, 100)  # before the frame's own stretch
        frame.header.addWidget(self.controls.buttons)
        formula = QLabel(self._kind.formula, self)
        formula.setTextFormat(Qt.TextFormat.PlainText)
        formula.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        formula.setWordWrap(True)
        formula.setFont(token_font(BASE))
        frame.column.addWidget(formula)
        frame.column.addWidget(self.controls)
        return frame


def _framed(inner: QWidget, parent: QWidget) -> QFrame:
    """In the look of a panel."""
    frame = QFrame(parent)
    frame.setObjectName("panel")
    QVBoxLayout(frame).addWidget(inner)
    return frame
