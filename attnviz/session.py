"""One run of the window: the application object, the hooks for what nobody caught, and the first checkpoint."""

from __future__ import annotations

import faulthandler
import gc
import logging
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, QtMsgType, Signal, Slot, qInstallMessageHandler
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from attnviz import places, settings
from attnviz.errors import AttnvizError, CheckpointError, in_words
from attnviz.shell import Shell
from attnviz.views import theme

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator
    from types import TracebackType

    from attnviz.models.library import Library
    from attnviz.settings import Settings
    from attnviz.views.header import Offered
    from attnviz.window import Window

STARTING_MS = 10_000
PATIENCE_MS = 1000
_log = logging.getLogger(__name__)


class Uncaught(QObject):
    """Brings exceptions that nobody caught, from whichever thread, to the window as a sentence.

    The hooks touch no widget: ``caught`` is to be connected queued, because they may run in any thread or in mid-paint.
    """

    caught = Signal(object)

    def install(self) -> None:
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread
        sys.unraisablehook = self._on_unraisable

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.exit(130)
            return
        _log.error("not caught", exc_info=(kind, error, trace))
        self.caught.emit(in_words(error))

    def _on_thread(self, what: threading.ExceptHookArgs) -> None:
        error = what.exc_value or RuntimeError("a thread ended without a reason")
        self._on_exception(type(error), error, what.exc_traceback)

    def _on_unraisable(self, what: sys.UnraisableHookArgs) -> None:
        error = what.exc_value or RuntimeError(what.err_msg or "something failed where nothing can be raised")
        _log.error("not raised: %s", what.err_msg, exc_info=error)
        self.caught.emit(in_words(error))


class FirstOpening(QObject):
    """Opens the first checkpoint; where the tab in front needs none, after its first answer, or when a second has passed.

    Importing torch takes seconds in which everything else that Python does is slow.
    """

    def __init__(self, window: Window, path: str) -> None:
        super().__init__(window)
        self._window, self._path = window, path
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._patience.timeout.connect(self._open)

    def begin(self) -> None:
        if self._window.tab.needs_models:
            QTimer.singleShot(0, self, self._open_painted)
            return
        self._window.settled.connect(self._open)
        self._patience.start()

    @Slot()
    def _open_painted(self) -> None:
        _open_when_painted(self._window, self._path)

    @Slot()
    def _open(self) -> None:
        self._patience.stop()
        if not self._window.opening.last_path:  # nobody opened another, and it isn't open yet
            self._window.open(self._path)


@contextmanager
def qt_to_log() -> Iterator[None]:
    """What Qt has to say meanwhile goes to the log; only what ends the program is said aloud."""

    def note(kind: QtMsgType, _context: object, text: str) -> None:
        _log.warning("Qt: %s", text)
        if kind is QtMsgType.QtFatalMsg:
            sys.stderr.write(f"{text}\n")

    before = qInstallMessageHandler(note)
    try:
        yield
    finally:
        qInstallMessageHandler(before)


@contextmanager
def uncollected(app: QObject) -> Iterator[None]:
    """No garbage collection in the first seconds, when thousands of lasting objects are imported, torch's before all.

    The collector would look through them again and again, which takes a sixth of the start; later it leaves them out.
    """
    was_on = gc.isenabled()
    gc.disable()
    QTimer.singleShot(STARTING_MS, app, _collect_again)
    try:
        yield
    finally:
        gc.unfreeze()
        if was_on:
            gc.enable()


def _collect_again() -> None:
    gc.freeze()
    gc.enable()


def make_app() -> QApplication:
    """The one application object."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(["attnviz"])
    app.setApplicationName("attnviz")
    app.setDesktopFileName("attnviz")
    icon = places.resources() / "icons" / "attnviz.svg"
    if icon.is_file():
        app.setWindowIcon(QIcon(str(icon)))
    return app


def dress(app: QApplication, name: str) -> None:
    """Put the theme of that name in force: "light", "dark", or what the desktop says."""
    theme.apply(app, {"light": theme.LIGHT, "dark": theme.DARK}.get(name) or theme.system_theme())


def make_window(remembered: Settings, settings_file: Path | None, first: Path | None) -> Window:
    """A window whose worker starts checking ``first`` before it has even imported torch."""
    from attnviz.models import shelf  # noqa: PLC0415 - what reads models and draws numbers comes after the first paint
    from attnviz.models.reference import Reference  # noqa: PLC0415
    from attnviz.views.header import Offered  # noqa: PLC0415
    from attnviz.window import Window  # noqa: PLC0415

    device = remembered.device
    at_first = [] if first is None else [first]

    def make_library() -> Library:
        from attnviz.models.gate import Examination  # noqa: PLC0415 - needs no torch

        early = {Reference(str(folder), device): Examination(folder) for folder in at_first}
        at_first.clear()  # a worker that takes over later begins with nothing
        from attnviz.models.device import leave_one_core  # noqa: PLC0415
        from attnviz.models.library import Library  # noqa: PLC0415 - imports torch, in the worker

        leave_one_core()
        return Library(early)

    dress(make_app(), remembered.theme)
    window = Window(make_library, remembered, settings_file)
    shipped = shelf.encoders()
    recent = tuple(Offered(Path(path).name, path) for path in remembered.recent if Path(path) not in shipped)
    window.header.offer_checkpoints(tuple(_offered(folder) for folder in shipped), recent)
    window.header.offer_sentences(examples(), remembered.recent_sentences)
    return window


def examples() -> tuple[str, ...]:
    """The shipped sentences; ``⏎`` in the file stands for the line break of a pair."""
    path = places.resources() / "samples" / "sentences.txt"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ()
    return tuple(line.replace(" ⏎ ", "\n") for line in lines if line.strip())


def run(arguments: Namespace) -> int:
    """Show the window until it is closed; returns the exit status. An empty frame is painted before anything heavy is imported."""
    remembered, notice = settings.load(places.settings_file())
    crashed = _watch_for_crashes()
    if arguments.text is not None:
        from attnviz.commands.run import fit  # noqa: PLC0415

        remembered = replace(remembered, sentence=fit(arguments.text))
    app = make_app()
    dress(app, remembered.theme)
    shell = Shell(remembered.width, remembered.height)
    uncaught = Uncaught(shell)
    uncaught.install()
    said = [sentence for sentence in (notice, crashed) if sentence]
    shell.painted.connect(lambda: _furnish(shell, uncaught, remembered, arguments.checkpoint, said))
    if arguments.quit_after is not None:
        QTimer.singleShot(int(arguments.quit_after * 1000), shell.close)
    with qt_to_log(), uncollected(shell):
        shell.show()
        status = app.exec()
    if not shell.is_furnished:
        with suppress(OSError):
            settings.save(remembered, places.settings_file())
    shell.deleteLater()
    return status


def _furnish(shell: Shell, uncaught: Uncaught, remembered: Settings, wish: str | None, said: list[str]) -> None:
    """Fill the frame with the window, and open the first checkpoint in it; a frame that was closed already stays empty."""
    if not shell.isVisible():
        return
    from attnviz.views.message_bar import Message  # noqa: PLC0415

    first, refused = _first_checkpoint(wish, remembered)
    try:
        window = make_window(remembered, places.settings_file(), first)
    except Exception as error:  # noqa: BLE001 - whatever it is, an empty frame must say why
        _log.exception("the window could not be made")
        shell.say(in_words(error).sentence)
        return
    uncaught.caught.connect(window.tell_error, Qt.ConnectionType.QueuedConnection)
    for sentence in [*said, refused]:
        if sentence:
            window.tell(Message(sentence, "warning"))
    shell.hold(window)
    if first is not None:
        FirstOpening(window, str(first)).begin()


def _open_when_painted(window: Window, folder: str) -> None:
    """Not before: the window would be late by what the import of torch takes from it."""
    for receiver, event in ((None, QEvent.Type.LayoutRequest), (window.window(), QEvent.Type.UpdateRequest)):
        QApplication.sendPostedEvents(receiver, event.value)
    window.open(folder)


def _first_checkpoint(wish: str | None, remembered: Settings) -> tuple[Path | None, str | None]:
    """The folder to begin with, and why it isn't the one that was wished for."""
    from attnviz.models import shelf  # noqa: PLC0415

    try:
        return shelf.resolve(wish or remembered.checkpoint or None, remembered.recent), None
    except CheckpointError as error:
        try:
            return shelf.resolve(None), error.sentence
        except AttnvizError:
            return None, error.sentence


def _offered(folder: Path) -> Offered:
    from attnviz.models import shelf  # noqa: PLC0415
    from attnviz.views.header import Offered  # noqa: PLC0415

    try:
        entry = shelf.listing(folder)
    except (AttnvizError, OSError):
        return Offered(folder.name, str(folder))
    millions = f", {entry.parameters / 1e6:.1f} M parameters" if entry.parameters else ""
    return Offered(entry.name, entry.path, f"{entry.family}, {entry.layers} layers × {entry.heads} heads{millions}")


def _watch_for_crashes() -> str | None:
    """Have a crash of this run written down; says so when the last run left something there."""
    path = places.log_file().with_name("crash.log")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        left = path.exists() and path.stat().st_size > 0
        if left:
            path.replace(path.with_name("crash.previous.log"))
        faulthandler.enable(path.open("w", encoding="utf-8"))
    except OSError:
        return None
    return (
        f"The program crashed last time; what is known of it is in {path.with_name('crash.previous.log')}."
        if left
        else None
    )
