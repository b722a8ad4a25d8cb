"""``attnviz screenshot``: the real window with one tab, as a picture, when its data has arrived."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz import system
from attnviz.commands.run import fit, reference
from attnviz.errors import AttnvizError, ExportError, JobError, printable

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from PySide6.QtGui import QImage

    from attnviz.window import Window

NAME = "screenshot"
HELP = "render one tab of the real window to a PNG"
PATIENCE_S = 120
PULSE_MS, MOST_ROUNDS = 20, 20
SMALLEST, LARGEST = 320, 8192


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("tab", metavar="TAB", help="masking, inspector, …")
    parser.add_argument("file", metavar="FILE.png")
    parser.add_argument("--text", help="the sentence; a line break starts the second of a pair")
    parser.add_argument("--checkpoint", metavar="C", help="a name from 'attnviz list', or a folder")
    parser.add_argument(
        "--experiment", metavar="NAME", help="of the tab of experiments: which one is run, in its quick size"
    )
    parser.add_argument("--size", default="1280x800", metavar="WxH")
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    parser.set_defaults(device="auto", allow_pickle=False)


def run(arguments: Namespace) -> None:
    target = Path(arguments.file)
    if target.suffix.lower() != ".png":
        raise ExportError(f"A screenshot is written as .png, not '{printable(target.suffix)}'.", "BAD_SUFFIX")
    size = _size(arguments.size)
    folder = Path(reference(arguments).path)
    take({arguments.tab: target}, folder, arguments.text, size, arguments.theme, arguments.experiment or "")
    print(f"wrote {printable(str(target), 200)}")


def take(
    targets: dict[str, Path], folder: Path, text: str | None, size: tuple[int, int], theme: str, pose: str = ""
) -> None:
    """Open one window and save the named tabs, each when it has settled. Raises AttnvizError.

    ``pose`` says what a tab shows that shows nothing by itself.
    """
    if not system.has_display():
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from attnviz import session, settings  # noqa: PLC0415 - imports Qt
    from attnviz.tabs import TABS  # noqa: PLC0415

    names = tuple(kind.name for kind in TABS)
    for name in targets:
        if name not in names:
            raise JobError(f"There is no tab '{printable(name)}'; the tabs are: {', '.join(names)}.", "NO_SUCH_TAB")
    remembered = replace(settings.Settings(), width=size[0], height=size[1], theme=theme, tab=next(iter(targets)))
    if text is not None:
        remembered = replace(remembered, sentence=fit(text))
    window = session.make_window(remembered, None, folder)
    with session.qt_to_log():
        try:
            _show(window, size)
            window.open(str(folder))
            for name, target in targets.items():
                window.show_tab(name)
                _wait(window)
                if window.tab.name != name:  # an encoder–decoder was opened, which brings its own tab to the front
                    window.show_tab(name)
                    _wait(window)
                if text is not None:
                    window.tab.take(fit(text))
                    _wait(window)
                window.tab.pose(pose)
                _wait(window)
                save(window, target)
        finally:
            window.close()


def _show(window: Window, size: tuple[int, int]) -> None:
    """Lay the window out at exactly that size, seen by nobody; what is too small for its contents is cut."""
    from PySide6.QtCore import Qt  # noqa: PLC0415
    from PySide6.QtWidgets import QLayout  # noqa: PLC0415

    window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    window.show()
    layout = window.layout()
    if layout is not None:
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
    window.setMinimumSize(1, 1)
    window.resize(*size)


def save(window: Window, target: Path) -> None:
    """The window as it stands, as PNG: a pixel is a pixel, whatever the screen's scale."""
    from PySide6.QtCore import QBuffer, QIODevice  # noqa: PLC0415

    from attnviz.export.atomic import write_bytes  # noqa: PLC0415

    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    _at_rest(window).save(buffer, "PNG")  # type: ignore[call-overload] # the stubs type the format as bytes
    write_bytes(target, bytes(buffer.data().data()))


def _at_rest(window: Window) -> QImage:
    """The picture when what settles after the data, such as the layout of rows that became higher, has settled too."""
    picture = _picture(window)
    for _ in range(MOST_ROUNDS):
        _pulse()
        before, picture = picture, _picture(window)
        if picture == before:
            break
    return picture


def _picture(window: Window) -> QImage:
    from PySide6.QtCore import QPoint  # noqa: PLC0415
    from PySide6.QtGui import QImage  # noqa: PLC0415

    image = QImage(window.size(), QImage.Format.Format_RGB32)
    window.render(image, QPoint())
    return image


def _wait(window: Window) -> None:
    """Run the event loop until the window has settled; a refused checkpoint or a failed run is raised."""
    from PySide6.QtCore import QDeadlineTimer  # noqa: PLC0415

    deadline = QDeadlineTimer(PATIENCE_S * 1000)
    while not window.is_settled:
        _pulse()
        failed = [message.sentence for message in window.messages.messages if message.kind == "error"]
        if failed:
            raise AttnvizError(failed[0], "NOT_RENDERED")
        if deadline.hasExpired():
            raise AttnvizError(f"The tab did not settle within {PATIENCE_S} seconds.", "NOT_RENDERED")


def _pulse() -> None:
    """Let the event loop run for a moment; it sleeps between events, for the worker needs the cores."""
    from PySide6.QtCore import QEventLoop, QTimer  # noqa: PLC0415

    loop = QEventLoop()
    QTimer.singleShot(PULSE_MS, loop.quit)
    loop.exec()


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    sides = (int(match[1]), int(match[2])) if match else (0, 0)
    if not all(SMALLEST <= side <= LARGEST for side in sides):
        raise JobError(
            f"A size is written WxH with {SMALLEST} to {LARGEST} pixels a side, not '{printable(text)}'.", "BAD_SIZE"
        )
    return sides
