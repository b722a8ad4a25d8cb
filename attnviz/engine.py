"""Jobs off the UI thread: the only file that knows threads.

A worker thread drains one job at a time. Each request carries a ticket and a stop flag; the newest request of a sink
supersedes the older one. What a job yields is kept in the request's mailbox (one place per slot, the newest record
wins) until the UI thread fetches it: at most once a frame where something was drawn, and at once when all is there.
"""

from __future__ import annotations

import logging
import queue
import sys
import threading
import time
import traceback
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Protocol, cast

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from attnviz.errors import AttnvizError, Cancelled, in_words
from attnviz.trace import Record
from attnviz.trace import Slot as RecordSlot

if TYPE_CHECKING:
    from collections.abc import Callable

    from attnviz.jobs import Job
    from attnviz.models.library import Library

FRAME_MS = 16
LEAST_DRAWN_S = 0.001
LAST_CHANCE_S = 0.1
SWITCH_S = 0.0002
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Done:
    """The job yielded everything; ``seconds`` counts from the moment the worker began it."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """The job raised; ``details`` is the traceback, for the log and not for the window."""

    error: AttnvizError
    details: str


Ending = Done | Failed | Cancelled


class Sink(Protocol):
    """Who asked. Both methods are called in the UI thread."""

    def receive(self, records: tuple[Record, ...]) -> None:
        """The records that came since the last call, in order."""
        ...

    def end(self, ending: Ending) -> None:
        """Exactly once per job, after its last record; nothing follows."""
        ...


class Mailbox:
    """Records on their way to the UI thread. The one lock of the program guards the swap of a dict."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[RecordSlot, Record] = {}

    def put(self, record: Record) -> None:
        with self._lock:
            self._waiting.pop(record.slot, None)
            self._waiting[record.slot] = record

    def take(self) -> tuple[Record, ...]:
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        return tuple(waiting.values())


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One job under way: who asked, and whether anybody still wants the answer."""

    ticket: int
    job: Job
    sink: Sink
    stop: threading.Event = field(default_factory=threading.Event)
    mailbox: Mailbox = field(default_factory=Mailbox)
    endings: queue.SimpleQueue[Ending] = field(default_factory=queue.SimpleQueue)
    asked: float = field(default_factory=time.perf_counter)
    stopped: list[float] = field(default_factory=list)


class Engine(QObject):
    """Runs jobs one after another, those without a model (``needs_models = False``) and long ones (``runs_apart = True``, with models of their own) in threads of their own; signals ``started`` and ``ended`` carry the Request, in the UI thread."""

    started = Signal(object)
    ended = Signal(object)
    _woken = Signal()

    def __init__(self, make_library: Callable[[], Library], parent: QObject | None = None) -> None:
        super().__init__(parent)
        # Each call of Qt lets go of the interpreter and waits so long to have it back while a worker runs Python.
        sys.setswitchinterval(SWITCH_S)
        self._make_library = make_library
        self._tickets = count(1)
        self._live: dict[int, Request] = {}
        self._last_fetch, self._pause_ms = 0.0, FRAME_MS
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._fetch)
        self._woken.connect(self._on_woken)
        self._worker = _Worker(make_library, self._woken.emit)
        self._scribe = _Worker(_no_library, self._woken.emit)
        self._lab = _Worker(make_library, self._woken.emit)
        self._left: list[_Worker] = []

    @property
    def current(self) -> Request | None:
        """The oldest request that has not ended, None when idle."""
        return next(iter(self._live.values()), None)

    @property
    def stuck(self) -> float:
        """Seconds since a worker was told to stop something it hasn't stopped yet; 0 when both answer."""
        return max(worker.stuck for worker in self._workers)

    @property
    def _workers(self) -> tuple[_Worker, ...]:
        return self._worker, self._scribe, self._lab

    def submit(self, job: Job, sink: Sink) -> int:
        """Run ``job`` for ``sink``; an earlier job of the same sink ends as Cancelled at once. Returns the ticket."""
        self.cancel(sink)
        request = Request(next(self._tickets), job, sink)
        self._live[request.ticket] = request
        self.started.emit(request)
        worker = self._lab if getattr(job, "runs_apart", False) else self._worker
        worker = worker if getattr(job, "needs_models", True) else self._scribe
        worker.inbox.put(request)
        return request.ticket

    def cancel(self, sink: Sink | None = None) -> None:
        """End the job of ``sink`` (None: every job) as Cancelled; the worker stops it at its next yield."""
        for request in tuple(self._live.values()):
            if sink is None or request.sink is sink:
                request.stopped.append(time.perf_counter())
                request.stop.set()
                self._finish(request, Cancelled())

    def abandon(self) -> None:
        """Give up on a worker that doesn't answer: it is left behind, and a new one takes over with an empty library."""
        self.cancel()
        if self._scribe.stuck:
            self._scribe = self._replace(self._scribe, _no_library)
        elif self._lab.stuck:
            self._lab = self._replace(self._lab, self._make_library)
        else:
            self._worker = self._replace(self._worker, self._make_library)

    def _replace(self, worker: _Worker, make_library: Callable[[], Library]) -> _Worker:
        worker.retire()
        self._left.append(worker)
        return _Worker(make_library, self._woken.emit)

    def close(self, timeout: float = 5.0) -> bool:
        """Cancel everything and wait for the worker; False when it, or one left behind, isn't back within ``timeout`` seconds."""
        self.cancel()
        self._timer.stop()
        workers = self._workers
        for worker in workers:
            worker.retire()
        return all([worker.join(timeout) for worker in workers] + [worker.join(LAST_CHANCE_S) for worker in self._left])

    @Slot()
    def _on_woken(self) -> None:
        late = (time.perf_counter() - self._last_fetch) * 1000
        if late >= self._pause_ms or self._has_ended():
            self._fetch()
        elif not self._timer.isActive():
            self._timer.start(int(self._pause_ms - late) + 1)

    def _has_ended(self) -> bool:
        """Whether an answer is complete: nobody should wait a frame for what comes once."""
        return any(not request.endings.empty() for request in self._live.values())

    @Slot()
    def _fetch(self) -> None:
        for worker in self._workers:
            worker.awake.clear()
        self._last_fetch = time.perf_counter()
        self._worker.may_go_on.clear()
        try:
            for request in tuple(self._live.values()):
                self._deliver(request)
        finally:
            self._worker.may_go_on.set()
            drew = time.perf_counter() - self._last_fetch >= LEAST_DRAWN_S
            self._pause_ms = FRAME_MS if drew else FRAME_MS // 4

    def _deliver(self, request: Request) -> None:
        ending = None if request.endings.empty() else request.endings.get()
        records = request.mailbox.take()  # after the ending: nothing can follow it
        try:
            if records:
                request.sink.receive(records)
        finally:
            if ending is not None and request.ticket in self._live:
                self._finish(request, ending)

    def _finish(self, request: Request, ending: Ending) -> None:
        del self._live[request.ticket]
        request.sink.end(ending)
        self.ended.emit(request)


def _no_library() -> Library:
    """For jobs on text alone: they are given nothing, and never wait until torch is imported."""
    return cast("Library", None)


class _Worker:
    """A daemon thread with its own library."""

    def __init__(self, make_library: Callable[[], Library], wake: Callable[[], None]) -> None:
        self.inbox: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self.awake = threading.Event()
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self._make_library = make_library
        self._wake = wake
        self.busy: Request | None = None
        self._retired = threading.Event()
        self._thread = threading.Thread(target=self._work, name="attnviz-worker", daemon=True)
        self._thread.start()

    @property
    def stuck(self) -> float:
        """Seconds that a stop has gone unanswered."""
        busy = self.busy
        return time.perf_counter() - busy.stopped[0] if busy is not None and busy.stopped else 0.0

    def retire(self) -> None:
        self._retired.set()
        self.inbox.put(None)

    def join(self, timeout: float) -> bool:
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self) -> None:
        library: Library | None = None
        while (request := self.inbox.get()) is not None:
            if request.stop.is_set():
                continue
            self.busy = request
            try:
                library = self._make_library() if library is None else library
                ending = self._drain(request, library)
            except BaseException as error:  # noqa: BLE001 - the thread boundary: Rust panics are no Exceptions
                ending = Failed(in_words(error), traceback.format_exc())
                _log.error("job %s failed\n%s", type(request.job).__name__, ending.details)
            self.busy = None
            request.endings.put(ending)
            self.awake.clear()  # a wake-up that is on its way may be answered a frame later; this one isn't
            self._notify()
        close = getattr(library, "close", None)
        if close is not None:
            close()

    def _drain(self, request: Request, library: Library) -> Ending:
        began = time.perf_counter()
        run = request.job.run(library)
        try:
            for record in run:
                if request.stop.is_set():
                    return Cancelled()
                request.mailbox.put(record)
                self._notify()
                # While the window draws: two threads that both want the interpreter take three times as long.
                self.may_go_on.wait(FRAME_MS / 1000)
        finally:
            close = getattr(run, "close", None)
            if close is not None:
                close()
        return Done(time.perf_counter() - began)

    def _notify(self) -> None:
        """Wake the UI thread unless a wake-up is already on its way."""
        if not self.awake.is_set() and not self._retired.is_set():
            self.awake.set()
            self._wake()
