"""Small traces to draw in tests: sentences with masks, candidates, own probabilities and attention."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QPoint, QRectF, QSize
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from attnviz.trace import Attention, Candidate, Candidates, OwnProbability, Record, Site, Tokens, Trace, frozen
from attnviz.views import palette

CAPITAL = "[CLS] the capital of france is [MASK] . [SEP]"
HOSTILE = ("<b>x</b>", "<img src=file:///etc/passwd>", "&amp;", "a\0b", "\ud800", "שלום", " ", "w" * 200)


def tokens(labels: str | list[str], originals: Mapping[int, str] | None = None) -> Tokens:
    """The tokens of these labels; [MASK]s are masks, [CLS] and [SEP] are special, ## goes on with a word."""
    names = tuple(labels.split() if isinstance(labels, str) else labels)
    words: list[int | None] = []
    word = -1
    for name in names:
        word += not name.startswith("##")
        words.append(None if name in {"[CLS]", "[SEP]"} else word)
    count = len(names)
    known = originals or {}
    return Tokens(
        text=" ".join(names),
        ids=tuple(range(count)),
        pieces=names,
        labels=names,
        spans=(None,) * count,
        segments=(0,) * count,
        special=tuple(name in {"[CLS]", "[SEP]", "[MASK]"} for name in names),
        words=tuple(words),
        masks=tuple(index for index, name in enumerate(names) if name == "[MASK]"),
        originals=tuple(1 if index in known else None for index in range(count)),
        original_labels=tuple(known.get(index) for index in range(count)),
        total=count,
    )


def long_sentence(count: int, masked: tuple[int, ...] = ()) -> Tokens:
    """As many tokens as asked for, some of them masks."""
    names = ["[CLS]", *(f"word{index}" for index in range(1, count - 1)), "[SEP]"]
    return tokens(["[MASK]" if index in masked else name for index, name in enumerate(names)])


def attention(count: int, layer: int = 0, heads: int = 3, *, masked: bool = False, biased: bool = False) -> Attention:
    """Attention of random queries and keys; with a mask and a bias if asked."""
    random = np.random.default_rng(layer)
    query, key, value = (frozen(random.normal(size=(heads, count, 8)) * 2) for _ in range(3))
    mask = np.tril(np.ones((count, count), dtype=np.bool_)) if masked else None
    bias = frozen(random.normal(size=(heads, count, count))) if biased else None
    return Attention(Site.ENCODER, layer, query, key, value, 8**-0.5, mask, bias)


def candidates(position: int, *words: tuple[str, float], original: str | None = None) -> Candidates:
    """Candidates of these labels and probabilities; an original is the first of them."""
    entries = tuple(Candidate(100 + place, word, word, share) for place, (word, share) in enumerate(words))
    known = original is not None
    return Candidates(position, entries, original, 1 if known else None, words[0][1] if known else None)


def own_probabilities(of: Tokens, probability: float = 0.25) -> tuple[OwnProbability, ...]:
    """The same own probability for every word."""
    return tuple(OwnProbability(index, probability, 2) for index in range(len(of)) if not of.special[index])


def trace(*records: Record) -> Trace:
    return Trace().plus(*records)


def svg_text(view: QWidget) -> str:
    """The view as SVG source, as it is exported: texts stay texts."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(QSize(view.width(), view.height()))
    generator.setViewBox(QRectF(view.rect()))
    view.render(generator, QPoint())
    buffer.close()
    return bytes(data.data()).decode()


def hover(qtbot: QtBot, view: QWidget, point: QPoint) -> None:
    """Bring the mouse to ``point`` from the corner: Qt is silent when it is there already, from an earlier test."""
    qtbot.mouseMove(view, view.rect().bottomRight())
    qtbot.mouseMove(view, point)


@contextmanager
def in_theme(name: str) -> Iterator[palette.Theme]:
    """The named theme in force, and after it the one from before."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    before = palette.theme()
    chosen = palette.DARK if name == "dark" else palette.LIGHT
    palette.apply(app, chosen)
    try:
        yield chosen
    finally:
        palette.apply(app, before)
