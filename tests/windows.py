"""Windows on small checkpoints, for the tests that look at the whole program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from safetensors.torch import load_file, save_file

from attnviz import session
from attnviz.settings import Settings
from attnviz.window import Window
from tests.badinputs.valid import write_bert_folder

SENTENCE = "the cat [MASK] on a mat"


def strong_folder(path: Path, seed: int = 7) -> Path:
    """A tiny checkpoint whose weights are large enough for every word to matter."""
    made = write_bert_folder(path)
    noise = torch.Generator().manual_seed(seed)
    weights = load_file(made / "model.safetensors")
    changed = {name: torch.randn(tensor.shape, generator=noise) * 0.5 for name, tensor in weights.items()}
    save_file(changed, made / "model.safetensors")
    return made


def opened(
    qtbot: QtBot,
    folder: Path,
    settings_file: Path | None = None,
    release: Callable[[object], None] | None = None,
    **settings: Any,
) -> Window:
    """A window as the program shows it, with its checkpoint open and its sentence answered. To be closed.

    ``release`` is called before pytest-qt closes it, to let go of workers that a test held.
    """
    remembered = replace(Settings(), **{"sentence": SENTENCE, **settings})
    window = session.make_window(remembered, settings_file, folder)
    qtbot.addWidget(window, before_close_func=release)
    window.show()
    window.open(str(folder))
    settle(qtbot, window)
    return window


def settle(qtbot: QtBot, window: Window) -> None:
    """Wait until the visible tab shows a complete answer."""
    qtbot.waitUntil(lambda: window.is_settled, timeout=30_000)


def sentences(window: Window) -> list[str]:
    """What the message strips say, newest first."""
    return [message.sentence for message in window.messages.messages]


def drop(target: QWidget, path: str) -> bool:
    """Drag a path over ``target`` and let go; whether it was taken."""
    data = QMimeData()
    data.setUrls([QUrl(path) if "://" in path else QUrl.fromLocalFile(path)])
    data.setText(path)
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, left, none)
    QApplication.sendEvent(target, enter)
    if not enter.isAccepted():
        return False
    QApplication.sendEvent(target, QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, left, none))
    return True
