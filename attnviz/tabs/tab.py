"""What every tab is: a sink of the engine that asks its question when shown and draws what comes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from attnviz.engine import Done, Failed
from attnviz.tabs.scene import Scene
from attnviz.trace import Cursor, Notice, Progress, Trace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attnviz.engine import Ending, Engine
    from attnviz.jobs import Job
    from attnviz.trace import Record
    from attnviz.views.view import View


class Tab(QWidget):
    """A subclass names its ``views``, gives the ``question`` for a scene, and may say when a trace ``is_worth_showing``.

    Signals: ``failed`` (AttnvizError), ``noticed`` (tuple of Notice), ``wished`` (a Scene that the user asked for here),
    ``drawn`` (milliseconds of the last drawing), ``settled`` (the answer is complete and painted).
    """

    name = ""
    needs_models = True
    """False where the tab works before anything is opened: at the start the import of torch then waits for its first answer."""

    failed = Signal(object)
    noticed = Signal(object)
    wished = Signal(object)
    drawn = Signal(object)
    settled = Signal()

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self.scene = Scene()
        self.trace = Trace()
        self.cursor_at = Cursor()
        self._incoming: Trace | None = None
        self._asked: Scene | None = None
        self.is_settled = self._is_settling = False
        self.progress: Progress | None = None
        self._built = 0.0
        self._spent = 0.0
        self._painted = QTimer(self, singleShot=True, interval=0)
        self._painted.timeout.connect(self._on_painted)
        free = QShortcut(QKeySequence(Qt.Key.Key_Escape), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        free.activated.connect(self.free)
        again = QShortcut(QKeySequence(Qt.Key.Key_F5), self, context=Qt.ShortcutContext.WindowShortcut)
        again.activated.connect(self.ask_again)

    def views(self) -> Sequence[View]:
        """Every view that draws this tab's trace."""
        return ()

    def front(self) -> View | None:
        """The view that is painted before the others are even drawn; None where none matters more."""
        return None

    def question(self, scene: Scene) -> Job | None:
        """The job that answers this scene, None when there is nothing to ask."""
        return None

    def is_worth_showing(self, trace: Trace) -> bool:
        """Whether an answer that is still coming in may replace the picture of the last one."""
        return trace.tokens() is not None

    def trace_for(self, view: View) -> Trace:
        """What a view draws: the tab's trace, unless it shows something of its own."""
        return self.trace

    def prepare(self) -> None:
        """Called before every drawing, for what decides how the views draw."""

    def redrawn(self) -> None:
        """Called after every drawing, for what is not a view."""

    def take(self, text: str) -> None:
        """A text from outside for a tab that doesn't follow the sentence."""

    def pose(self, what: str) -> None:
        """Before a picture is taken: a tab that shows nothing by itself shows ``what``, or what it likes best."""

    def set_scene(self, scene: Scene) -> None:
        """Show another scene: asked at once when the tab is visible, else when it becomes so."""
        self.scene = scene
        if self.isVisible():
            self.ask()

    def ask(self) -> None:
        """Put the question of the scene to the engine, unless it was just put."""
        if self._asked == self.scene or self.scene.reference is None:
            return
        self._engine.cancel(self)
        self._asked = self.scene
        job = self.question(self.scene) if self.scene.text.strip() or self.scene.pair else None
        if job is None:
            self._settle(Trace())
            return
        self.is_settled = self._is_settling = False
        self._incoming = Trace()
        self._engine.submit(job, self)

    @Slot()
    def ask_again(self) -> None:
        """F5: ask even though nothing changed, as after a cancel."""
        self._asked = None
        if self.isVisible():
            self.ask()

    def receive(self, records: tuple[Record, ...]) -> None:
        """Engine: more of the answer."""
        if self._incoming is None:
            return
        self._incoming = self._incoming.plus(*records)
        self.progress = self._incoming.find(Progress)
        if self.is_worth_showing(self._incoming):
            self._show(self._incoming)

    def end(self, ending: Ending) -> None:
        """Engine: nothing more comes."""
        incoming, self._incoming = self._incoming, None
        if isinstance(ending, Failed):
            self._fail(ending)
        elif isinstance(ending, Done) and incoming is not None:
            self.noticed.emit(incoming.every(Notice))
            self._settle(incoming)
        else:
            self._asked = None  # a cancelled question may be put again
            self._settle(self.trace)

    def _fail(self, ending: Failed) -> None:
        if ending.error.code == "EMPTY_TEXT":
            self._settle(Trace())
            return
        self.failed.emit(ending.error)
        self._settle(self.trace)

    def point(self, cursor: Cursor) -> None:
        """Move the one cursor of all views."""
        self.cursor_at = cursor
        self._draw()

    @Slot(object)
    def on_pointed(self, cursor: Cursor) -> None:
        self.point(cursor)

    @Slot()
    def free(self) -> None:
        """Esc: let go of the pinned place."""
        cursor = self.cursor_at
        self.cursor_at = Cursor(cursor.layer, cursor.head, site=cursor.site)
        self._draw()

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type] # Qt hands over a QShowEvent
        self.ask()

    def _settle(self, trace: Trace) -> None:
        self._is_settling = True
        self._show(trace)

    def _show(self, trace: Trace) -> None:
        self.trace = trace
        self.cursor_at = clamped(self.cursor_at, trace, self.scene)
        self._draw()

    def _draw(self) -> None:
        started = time.perf_counter()
        self.prepare()
        painting = self._draw_front()
        for view in self.views():
            if view.isVisible():
                view.draw(self.trace_for(view), self.cursor_at)
        self.redrawn()
        self._built = time.perf_counter() - started - painting
        self._painted.start()

    def _draw_front(self) -> float:
        """Draw the view in front and have it painted before the others ask for anything; the seconds that the painting took."""
        front = self.front()
        if front is None or not front.isVisible() or not front.draw(self.trace_for(front), self.cursor_at):
            return 0.0
        began = time.perf_counter()
        self._paint()
        return time.perf_counter() - began

    def _paint(self) -> None:
        """Answer the repaints that were asked for now, and not in a later turn of the event loop."""
        QCoreApplication.sendPostedEvents(self.window(), QEvent.Type.UpdateRequest.value)

    @Slot()
    def _on_painted(self) -> None:
        """The paint events that the drawing asked for are answered, at the latest now; where there were none, nothing is said."""
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
        self._paint()
        total = sum(view.paint_seconds for view in self.views())
        spent, self._spent = total - self._spent, total
        if spent > 0:
            self.drawn.emit((self._built + spent) * 1000)
        if self._is_settling:
            self._is_settling, self.is_settled = False, True
            self.settled.emit()


def clamped(cursor: Cursor, trace: Trace, scene: Scene) -> Cursor:
    """The cursor where this model has such a layer and head and this text such tokens."""
    tokens, report = trace.tokens(), scene.report
    count = len(tokens) if tokens else 0
    query = cursor.query if cursor.query is not None and cursor.query < count else None
    key = cursor.key if cursor.key is not None and cursor.key < count else None
    return Cursor(
        layer=min(cursor.layer, report.layers - 1) if report else cursor.layer,
        head=min(cursor.head, report.heads - 1) if report else cursor.head,
        query=query,
        key=key if query is not None else None,
        pinned=cursor.pinned and query is not None,
        site=cursor.site,
    )
