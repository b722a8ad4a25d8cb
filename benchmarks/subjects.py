"""What is measured: the shipped model, random models, texts of a given length, and a real window on no screen."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from attnviz.models.bert import Bert
    from attnviz.models.checkpoint import Checkpoint
    from attnviz.tabs.inspector import InspectorTab
    from attnviz.trace import Tokens
    from attnviz.window import Window

PATIENCE_S = 120.0
PROSE = """the ship left the harbour before the storm came and nobody on the long white beach could see where it had
gone because the evening light was already low over the hills and the road behind the old church lay in deep shadow"""


def folder() -> Path:
    from attnviz.models import shelf

    return shelf.resolve(None)


def text(length: int) -> str:
    """A text that the shipped tokenizer makes ``length`` tokens of, the two special ones included."""
    return " ".join(islice(cycle(PROSE.split()), length - 2))


@cache
def checkpoint() -> Checkpoint:
    """The shipped model, with as many threads as the program gives it."""
    from attnviz.models.device import leave_one_core
    from attnviz.models.library import Library
    from attnviz.models.reference import Reference

    leave_one_core()
    return Library().encoder(Reference(str(folder()), "cpu"))


def tokens(length: int) -> Tokens:
    encoded = checkpoint().codec.encode(text(length), limit=512)
    assert len(encoded) == length
    return encoded


def bare_forward(length: int) -> Callable[[], object]:
    """The model called as a script would: ids in, last states out, no records."""
    import torch

    opened = checkpoint()
    ids = torch.tensor([tokens(length).ids])
    model = opened.model

    @torch.inference_mode()
    def forward() -> object:
        return model(ids)

    return forward


def random_model(*, hidden: int, layers: int, heads: int, positions: int) -> Bert:
    """Untrained weights: only the sizes matter."""
    import torch

    from attnviz.models.bert import Bert
    from attnviz.models.config import BertConfig

    torch.manual_seed(0)
    return Bert(
        BertConfig(1000, hidden, layers, heads, 4 * hidden, positions), pooler=False, mlm=False, nsp=False
    ).eval()


def application() -> QApplication:
    """The application object, on no screen unless another platform is asked for."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from attnviz import session

    return session.make_app()


def process_events(done: Callable[[], bool]) -> None:
    """Run the event loop until ``done``; sleeps between events, for a spinning UI thread would take the model's time."""
    from PySide6.QtCore import QEventLoop, QTimer
    from PySide6.QtWidgets import QApplication

    deadline = time.perf_counter() + PATIENCE_S
    heartbeat = QTimer(interval=500)  # so that waiting for an event that never comes ends too
    heartbeat.start()
    while not done():
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        assert time.perf_counter() < deadline, "the window did not answer in time"
    heartbeat.stop()


@contextmanager
def inspector(sentence: str) -> Iterator[tuple[Window, InspectorTab]]:
    """The real window with the shipped model and the inspector in front, settled on ``sentence``."""
    application()
    from attnviz import session, settings
    from attnviz.tabs.inspector import InspectorTab

    window = session.make_window(settings.Settings(sentence=sentence, theme="light", tab="inspector"), None, folder())
    window.show()
    window.open(str(folder()))
    process_events(lambda: window.is_settled)
    try:
        assert isinstance(window.tab, InspectorTab)
        yield window, window.tab
    finally:
        window.close()
        window.deleteLater()
