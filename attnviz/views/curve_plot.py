"""A number over all merges, for the corpus and for the sentence, with a marker at the moment that is looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import Curves, Timeline
from attnviz.views.moment import moment_of
from attnviz.views.palette import colour, theme
from attnviz.views.plot_view import Curve, Numbers, PlotView

Kind = Literal["tokens per word", "characters per token"]
_DOT = 4.5


class CurvePlot(PlotView):
    """``kind`` says which number; a press on the plot goes to that moment."""

    def __init__(self, kind: Kind, parent: QWidget | None = None) -> None:
        super().__init__("The curve is drawn when the merges are learned.", parent)
        self.kind = kind
        self._axes = ("merges", kind)
        self._curves: tuple[Numbers | None, Numbers | None] = (None, None)
        self._shown: tuple[object, object, object] = (None, None, None)
        self._marked = 0
        self.setAccessibleName(f"{kind} over all merges")

    def at(self, done: int) -> tuple[float | None, float | None]:
        """The number after ``done`` merges: of the corpus, and of the sentence."""
        return _value(self._curves[0], done), _value(self._curves[1], done)

    def numbers(self) -> Table:
        corpus, sentence = self._curves
        if corpus is None:
            return Table((), ())
        other = [None] * len(corpus) if sentence is None else [float(value) for value in sentence]
        rows = tuple((done, float(value), other[done]) for done, value in enumerate(corpus))
        return Table(("merges", f"{self.kind} (corpus)", f"{self.kind} (sentence)"), rows)

    def _found(self) -> tuple[Numbers | None, Numbers | None]:
        """The two curves of the trace, each with one value more than there are merges."""
        curves, timeline = self.trace.find(Curves), self.trace.find(Timeline)
        if curves is None or not curves.merges:
            return None, None
        per_word = self.kind == "tokens per word"
        corpus = curves.tokens_per_word() if per_word else curves.characters_per_token()
        if timeline is None or not len(timeline.symbols):
            return corpus, None
        tokens = timeline.curve(curves.merges).astype(np.float64)
        words = max(1, len(timeline.text.split()))
        characters = sum(not char.isspace() for char in timeline.text)
        return corpus, tokens / words if per_word else characters / np.maximum(1.0, tokens)

    def _update(self, *, fresh: bool) -> None:
        shown = self.trace.find(Curves), self.trace.find(Timeline), theme()
        if fresh and any(new is not old for new, old in zip(shown, self._shown, strict=True)):
            self._shown = shown
            self._curves = self._found()
            super()._update(fresh=True)
        for done in (self._marked, moment_of(self.cursor_at).done):
            self.update(self._strip(done))

    def _lines(self) -> tuple[Curve, ...]:
        found = zip(self._curves, ("muted", "accent"), strict=True)
        return tuple(
            Curve(np.arange(len(curve), dtype=np.float64), curve, ink) for curve, ink in found if curve is not None
        )

    def _limits(self) -> tuple[float, float]:
        found = [curve for curve in self._curves if curve is not None]
        if not found:
            return 1.0, 1.0
        return float(max(1, len(found[0]) - 1)), max(max(float(curve.max()) for curve in found) * 1.05, 1e-6)

    def _strip(self, done: int) -> QRect:
        """What the marker covers."""
        left, area = self._at(done, 0.0).x(), self.area
        return QRectF(
            left - _DOT - 2, area.top() - _DOT - 2, 2 * _DOT + 4, area.height() + 2 * _DOT + 4
        ).toAlignedRect()

    def _paint_over(self, painter: QPainter) -> None:
        self._marked = done = moment_of(self.cursor_at).done
        if not 0 <= done <= self._ends[0]:
            return
        painter.setPen(QPen(colour("text"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(self._at(done, 0.0), self._at(done, self._ends[1]))
        painter.setPen(QPen(colour("surface"), 1.5))
        for value, name in zip(self.at(done), ("muted", "accent"), strict=True):
            if value is not None:
                painter.setBrush(colour(name))
                painter.drawEllipse(self._at(done, value), _DOT, _DOT)

    def _go(self, place: QPointF) -> None:
        corpus = self._curves[0]
        if corpus is not None:
            done = min(max(round(place.x()), 0), len(corpus) - 1)
            self.pointed.emit(replace(moment_of(self.cursor_at), done=done))


def _value(curve: Numbers | None, done: int) -> float | None:
    return float(curve[done]) if curve is not None and 0 <= done < len(curve) else None
