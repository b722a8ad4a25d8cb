"""What a test can leave running: threads, timers and top-level windows, each with the line that started it."""

from __future__ import annotations

import gc
import sys
import threading
import time
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import Any

GRACE = 2.0  # seconds a thread gets to finish after its test
OWN = (__file__, threading.__file__)


class Leaks:
    """Notes who starts threads and timers, and says which of them outlive a test."""

    def __init__(self) -> None:
        self._origin: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
        self._qt_threads: weakref.WeakSet[Any] = weakref.WeakSet()
        self._timers: weakref.WeakSet[Any] = weakref.WeakSet()

    def watch(self) -> None:
        """Wrap the ``start`` of threads and, where Qt is loaded, of QThread and QTimer."""
        self._wrap(threading.Thread)
        if "PySide6.QtCore" in sys.modules:
            from PySide6.QtCore import QThread, QTimer

            self._wrap(QThread, self._qt_threads)
            self._wrap(QTimer, self._timers)

    def alive(self) -> frozenset[int]:
        """The identities of everything that runs now."""
        return frozenset(_identity(thing) for thing in self._everything())

    def left(self, before: frozenset[int], grace: float = GRACE) -> list[str]:
        """A line for each thing that runs now and didn't before, after a moment's grace and a collection."""
        self._delete_later()
        if not self._new(before):
            return []
        deadline = time.monotonic() + grace
        while any(isinstance(thing, threading.Thread) for thing in self._new(before)) and time.monotonic() < deadline:
            time.sleep(0.01)
        gc.collect()
        self._delete_later()
        return [self._describe(thing) for thing in self._new(before)]

    def _wrap(self, kind: type, seen: weakref.WeakSet[Any] | None = None) -> None:
        start = kind.start  # type: ignore[attr-defined]  # every kind here has one

        def noted(thing: Any, *arguments: Any, **options: Any) -> Any:
            if isinstance(thing, kind):  # QTimer.start is never called on the class; singleShot is another function
                self._origin[thing] = _caller()
                if seen is not None:
                    seen.add(thing)
            return start(thing, *arguments, **options)

        kind.start = noted  # type: ignore[attr-defined]

    def _new(self, before: frozenset[int]) -> list[Any]:
        return [thing for thing in self._everything() if _identity(thing) not in before]

    def _everything(self) -> Iterable[Any]:
        # Python keeps a dummy entry for every foreign thread that ever called in, alive or not: Qt's are asked themselves.
        yield from (thread for thread in threading.enumerate() if not isinstance(thread, threading._DummyThread))
        if "PySide6.QtCore" not in sys.modules:
            return
        from shiboken6 import isValid

        yield from (thread for thread in self._qt_threads if isValid(thread) and thread.isRunning())
        yield from (timer for timer in self._timers if isValid(timer) and timer.isActive())
        yield from _windows()

    def _delete_later(self) -> None:
        """Carry out the deletions that wait for an event loop."""
        if "PySide6.QtCore" in sys.modules:
            from PySide6.QtCore import QCoreApplication, QEvent

            if QCoreApplication.instance() is not None:
                QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    def _describe(self, thing: Any) -> str:
        origin = self._origin.get(thing)
        return f"{thing!r}" + (f", started at {origin}" if origin else "")


def _identity(thing: Any) -> int:
    """The address of the object itself: Python's wrapper of a Qt object may be a new one each time."""
    if isinstance(thing, threading.Thread):
        return id(thing)
    from shiboken6 import getCppPointer

    return int(getCppPointer(thing)[0])


def _windows() -> list[Any]:
    if "PySide6.QtWidgets" not in sys.modules:
        return []
    from PySide6.QtWidgets import QApplication

    if not isinstance(QApplication.instance(), QApplication):
        return []
    return [widget for widget in QApplication.topLevelWidgets() if widget.parent() is None]


def _caller() -> str:
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename in OWN:
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno} in {frame.f_code.co_name}"
