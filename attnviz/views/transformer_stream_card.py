"""What goes into a Transformer's decoder at a step, and what each layer makes of it: the residual stream and its norms."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from attnviz.trace import Floats, Hidden, Site
from attnviz.views.card import LEFT
from attnviz.views.palette import SMALL, colour, sequential_colour, ui_font
from attnviz.views.ruler import small_width
from attnviz.views.step_moment import StepMoment, exact, lettered_number, moment_of
from attnviz.views.step_states import EmbeddingCard, ScaledCard
from attnviz.views.step_vectors import Spot
from attnviz.views.vector_strip import Fold, Strip

_NAMES = ("in", "added", "out")
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LINE_MOST = 20.0


class InputCard(EmbeddingCard):
    """The word before and its position, which are one sum before the first layer."""

    def _title(self, moment: StepMoment) -> str:
        return f"x{moment.now} = emb({moment.word(moment.decoding.previous[moment.step])}) + pos{moment.now}"

    def _strips(self, moment: StepMoment) -> tuple[Strip, ...]:
        values = moment.decoding.embedded[moment.step]
        return (Strip(f"x{moment.now}", "embedding of the previous word + its position", values, self._limit),)


class StreamCard(ScaledCard):
    """The norms of the stream before and after a layer and of their difference; opened, the three vectors."""

    has_foot = False
    _together = True

    def __init__(self, layer: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layer = layer
        self._longest = 1.0

    def _found(self) -> StepMoment | None:
        moment = moment_of(self.trace, self.cursor_at)
        there = (self.trace.hidden(self.layer + one, Site.DECODER) for one in (0, 1))
        fits = moment is not None and all(each is not None and len(each.states) > moment.step for each in there)
        return moment if fits else None

    def _arrived(self, moment: StepMoment) -> None:
        super()._arrived(moment)
        self._longest = longest_stream(tuple(each for each in self.trace.every(Hidden) if each.site is Site.DECODER))

    def _scaled(self, moment: StepMoment) -> tuple[Floats, ...]:
        return tuple(each.states for each in self.trace.every(Hidden) if each.site is Site.DECODER)

    def vectors(self) -> tuple[Floats, Floats, Floats]:
        """What came in, what the layer added, what goes out, each (hidden,); raises LookupError where nothing arrived."""
        before, after = (self.trace.hidden(self.layer + one, Site.DECODER) for one in (0, 1))
        if self.moment is None or before is None or after is None:
            raise LookupError(f"the stream of layer {self.layer} has not arrived")
        step = self.moment.step
        return before.states[step], after.states[step] - before.states[step], after.states[step]

    def norms(self) -> tuple[float, float, float]:
        """The lengths of the three vectors."""
        came, added, goes = (float(np.linalg.norm(vector)) for vector in self.vectors())
        return came, added, goes

    @property
    def cosine(self) -> float:
        """Of the angle between what came in and what goes out; 0 where one of them is nothing."""
        came, _, goes = self.vectors()
        lengths = float(np.linalg.norm(came) * np.linalg.norm(goes))
        return float(came @ goes) / lengths if lengths else 0.0

    def _title(self, moment: StepMoment) -> str:
        return f"layer {self.layer} adds"

    def _dims(self, moment: StepMoment) -> str:
        return str(len(self.vectors()[0]))

    def _formula(self, moment: StepMoment) -> str:
        return f"out = in + added;   {self._summary()}" if self._opened else ""

    def _summary(self) -> str:
        came, added, goes = (lettered_number(length, 3) for length in self.norms())
        return f"|in| {came}, |added| {added}, |out| {goes}, cos(in, out) {lettered_number(self.cosine, 3)}"

    def _before(self, strip: Strip) -> str:
        return strip.meaning

    def _strips(self, moment: StepMoment) -> tuple[Strip, ...]:
        meanings = (f"into layer {self.layer}", f"added by layer {self.layer}", f"out of layer {self.layer}")
        return tuple(
            Strip(name, meaning, values, self._limit)
            for name, meaning, values in zip(_NAMES, meanings, self.vectors(), strict=True)
        )

    def stand(self, *, opened: bool, chip: bool) -> None:
        self.has_foot = opened
        super().stand(opened=opened, chip=chip)

    def folds(self) -> tuple[Fold, ...]:
        """Where the vectors stand; there are none until the card is opened."""
        return super().folds() if self._opened else ()

    # drawing

    def _paint_body(self, painter: QPainter, moment: StepMoment) -> None:
        if self._opened:
            super()._paint_body(painter, moment)
            return
        body = self.body()
        pitch = min(body.height() / 4, LINE_MOST)
        for place, (name, length) in enumerate(zip(_NAMES, self.norms(), strict=True)):
            line = QRectF(body.left(), body.top() + place * pitch, body.width(), pitch)
            self._paint_norm(painter, line, f"|{name}|", length, accent=name == "added")
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("muted"))
        foot = QRectF(body.left(), body.top() + 3 * pitch, body.width(), pitch)
        painter.drawText(foot, int(LEFT), "cos(in, out)")
        painter.setPen(colour("text"))
        painter.drawText(foot, int(_RIGHT), lettered_number(self.cosine))

    def _paint_norm(self, painter: QPainter, line: QRectF, name: str, length: float, *, accent: bool) -> None:
        """A bar on the axis that all layers and steps share."""
        before, behind = small_width("|added|") + 6, small_width("000.0") + 4
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("muted"))
        painter.drawText(line, int(LEFT), name)
        painter.setPen(colour("text"))
        painter.drawText(line, int(_RIGHT), lettered_number(length, 1))
        track = line.adjusted(before, line.height() * 0.22, -behind, -line.height() * 0.22)
        if track.width() > 0:
            painter.fillRect(track, colour("raised", 0.6))
            share = min(length / self._longest, 1.0) if np.isfinite(length) else 1.0
            bar = QRectF(track.left(), track.top(), max(track.width() * share, 1.0), track.height())
            painter.fillRect(bar, sequential_colour(0.8 if accent else 0.45))

    # reading

    def _reading(self, point: QPointF) -> str:
        if self._opened:
            return super()._reading(point)
        return self._summary() if self.body().contains(point) else ""

    def _says(self, spot: Spot) -> str:
        """The pointed cell of all three vectors."""
        came, added, goes = (exact(float(vector[spot[1]])) for vector in self.vectors())
        return f"[{spot[1]}]   in {came}   added {added}   out {goes}"

    def _key_reading(self) -> tuple[str, QPointF] | None:
        if self._opened:
            return super()._key_reading()
        return None if self.moment is None else (self._summary(), self.body().center())

    def _name(self, moment: StepMoment) -> None:
        super()._name(moment)
        self.setAccessibleDescription(self._summary())


def longest_stream(states: tuple[Hidden, ...]) -> float:
    """The end of the axis of norms: the longest state, or change of one, of any layer and step; 1 for nothing but zeros."""
    kept = [each.states for each in sorted(states, key=lambda each: each.layer) if each.states.size]
    changes = [after - before for before, after in pairwise(kept) if after.shape == before.shape]
    lengths = [float(np.linalg.norm(each, axis=1).max()) for each in (*kept, *changes)]
    return max((length for length in lengths if np.isfinite(length)), default=0.0) or 1.0
