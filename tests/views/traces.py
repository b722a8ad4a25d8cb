"""Small runs with known numbers for the tests of views: seeded Q, K, V, hidden states and overviews."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, Slot
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from attnviz.trace import Attention, Cursor, Hidden, Overview, Record, Site, Tokens, Trace, frozen
from attnviz.views.view import View

WORDS = ("[CLS]", "the", "capital", "of", "france", "is", "[MASK]", ".", "[SEP]")


def tokens_of(labels: tuple[str, ...], site: Site = Site.ENCODER, second: int | None = None) -> Tokens:
    """Tokens with these labels; from index ``second`` on they belong to the second sentence."""
    count = len(labels)
    segments = tuple(int(second is not None and index >= second) for index in range(count))
    special = tuple(label.startswith("[") for label in labels)
    nothing = (None,) * count
    return Tokens(" ".join(labels), tuple(range(count)), labels, labels, nothing, segments, special, nothing, site=site)


def words(count: int) -> tuple[str, ...]:
    return tuple(WORDS[index % len(WORDS)] for index in range(count))


def attention_of(
    queries: int, keys: int | None = None, *, layer: int = 0, heads: int = 3, width: int = 8, site: Site = Site.ENCODER
) -> Attention:
    keys = queries if keys is None else keys
    random = np.random.default_rng(layer)
    query = frozen(2 * random.normal(size=(heads, queries, width)))
    key, value = (frozen(random.normal(size=(heads, keys, width))) for _ in range(2))
    return Attention(site, layer, query, key, value, width**-0.5)


def overview_of(attention: Attention) -> Overview:
    weights = np.stack([attention.weights(head) for head in range(attention.heads)])
    tiles = np.rint(weights[:, :64, :64] * 255).astype(np.uint8)
    summary = np.random.default_rng(attention.layer).random((attention.heads, len(Overview.SUMMARY)))
    return Overview(attention.site, attention.layer, tiles, frozen(summary))


def hidden_of(layer: int, count: int, width: int = 16) -> Hidden:
    states = (1 + layer) * np.random.default_rng(layer).normal(size=(count, width))
    return Hidden(Site.ENCODER, layer, frozen(states))


def trace_of(
    labels: tuple[str, ...] = WORDS, *, layers: int = 2, heads: int = 3, second: int | None = None, width: int = 16
) -> Trace:
    """A finished run of an encoder."""
    records: list[Record] = [tokens_of(labels, second=second), hidden_of(0, len(labels), width)]
    for layer in range(layers):
        attention = attention_of(len(labels), layer=layer, heads=heads)
        records += [attention, overview_of(attention), hidden_of(layer + 1, len(labels), width)]
    return Trace().plus(*records)


def crossing(queries: int = 3, keys: int = 7) -> Trace:
    """A run whose decoder attends to an encoder of another length."""
    attention = attention_of(queries, keys, site=Site.CROSS)
    target = tokens_of(tuple(f"out{index}" for index in range(queries)), Site.DECODER)
    source = tokens_of(tuple(f"in{index}" for index in range(keys)))
    return Trace().plus(target, source, attention, overview_of(attention))


NOWHERE = Cursor()
_View = TypeVar("_View", bound=View)


def shown(
    qtbot: QtBot, view: _View, trace: Trace, cursor: Cursor = NOWHERE, size: tuple[int, int] = (480, 420)
) -> _View:
    """``view`` on screen with ``trace``, following its own pointing as a tab would make it."""
    qtbot.addWidget(view)
    Follower(view)
    view.resize(*size)
    view.draw(trace, cursor)
    with qtbot.waitExposed(view):
        view.show()
    return view


class Follower(QObject):
    """Hands a view's pointing back to it, and keeps what it heard."""

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self.view = view
        view.pointed.connect(self.follow)

    @Slot(object)
    def follow(self, cursor: Cursor) -> None:
        self.view.draw(self.view.trace, cursor)


def press(view: View, *keys: Qt.Key) -> None:
    """Press keys one after the other."""
    for key in keys:
        QApplication.sendEvent(view, QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier))


def turn_wheel(view: View, at: QPointF, notches: int) -> None:
    """Turn the wheel over a point; up is positive."""
    event = QWheelEvent(
        at, view.mapToGlobal(at), QPoint(), QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, event)
