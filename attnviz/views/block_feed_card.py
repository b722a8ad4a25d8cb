"""The feed-forward network: its neurons before and after the activation, and which of them fire most for one token."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter

from attnviz.table import Table
from attnviz.views.block_card import BlockCard
from attnviz.views.block_moment import BlockMoment
from attnviz.views.block_pane import CAPTION, SCALE, Pane, Place
from attnviz.views.block_state_cards import shared
from attnviz.views.block_table import Lines, fitting, paint_lines
from attnviz.views.card import LEFT
from attnviz.views.palette import SMALL, colour, ui_font
from attnviz.views.step_moment import exact, lettered_number


class FeedForwardCard(BlockCard):
    """The neurons of every token; opened, before and after the activation, and the most active ones by number."""

    def _titles(self, moment: BlockMoment) -> tuple[str, ...]:
        return "feed-forward", "feed"

    def _dims(self, moment: BlockMoment) -> str:
        return f"{moment.stage('inner').shape[1]:,} neurons"

    def activation(self, moment: BlockMoment) -> str:
        """The name of the activation, where it is known."""
        return "activation" if moment.weights is None else moment.weights.activation

    def _formula(self, moment: BlockMoment) -> str:
        source = "LN(y)" if moment.pre else "y"
        formula = f"{self.activation(moment)}({source} W₁ + b₁)"
        return (
            f"{formula}: every token by itself, {moment.stage('inner').shape[1]:,} neurons each"
            if self._opened
            else formula
        )

    def _parts(self) -> tuple[QRectF, ...]:
        return shared(self.inner(), (1.7, 1.0), 24.0)

    def _panes(self, moment: BlockMoment) -> tuple[Pane, ...]:
        activated = self._plain("activated", moment.stage("activated"))
        if not self._opened:
            return (Pane("activated", activated, self.inner(), rows="query", lettered=self.label_room() > 0),)
        inner = self._plain("inner", moment.stage("inner"))
        room = self._parts()[0]
        tall = (room.height() - SCALE - CAPTION - 4) / 2
        upper = QRectF(room.left(), room.top(), room.width(), tall)
        lower = QRectF(room.left(), room.bottom() - tall, room.width(), tall)
        name = self.activation(moment)
        return (
            Pane(
                "activated",
                activated,
                lower,
                rows="query",
                caption=f"after {name} · neurons →",
                lettered=True,
                scaled=True,
            ),
            Pane("inner", inner, upper, rows="query", caption=f"before {name} · neurons →", lettered=True, scaled=True),
        )

    def _says(self, moment: BlockMoment, pane: Pane, place: Place) -> str:
        row, neuron = place
        before, after = (exact(float(moment.stage(name)[place])) for name in ("inner", "activated"))
        return f"{moment.token('query', row)}   neuron {neuron}: {before} → {after}"

    # the most active neurons

    def most_active(self, moment: BlockMoment, most: int) -> tuple[int, ...]:
        """The neurons that are highest after the activation for the pointed token, the highest first."""
        return tuple(np.argsort(-moment.stage("activated")[moment.row], kind="stable")[:most].tolist())

    def lines(self) -> Lines | None:
        moment = self.moment
        if moment is None or not self._opened:
            return None
        body, part = self.body(), self._parts()[1]
        area = QRectF(part.left(), body.top() + CAPTION + 4, part.width(), body.height() - CAPTION - 4)
        names = self.most_active(moment, fitting(area))
        inner, activated = (moment.stage(name)[moment.row] for name in ("inner", "activated"))
        rows = tuple(
            (str(neuron), lettered_number(float(inner[neuron]), 3), lettered_number(float(activated[neuron]), 3))
            for neuron in names
        )
        return Lines(area, ("neuron", "before", "after"), rows, names, first=0.34, pieces=False)

    def _paint_more(self, painter: QPainter, moment: BlockMoment) -> None:
        lines = self.lines()
        if lines is None:
            return
        painter.setFont(ui_font(SMALL, bold=True))
        painter.setPen(colour("text"))
        top = QRectF(lines.area.left(), self.body().top() - 2, lines.area.width(), CAPTION)
        text = f"most active for {moment.token('query', moment.row)}"
        painter.drawText(top, int(LEFT), text)
        paint_lines(painter, lines)

    def numbers(self) -> Table:
        """Every neuron of the pointed token, the most active first."""
        moment = self.moment
        if moment is None:
            return Table((), ())
        inner, activated = (moment.stage(name)[moment.row] for name in ("inner", "activated"))
        position, token = moment.row, moment.queries.labels[moment.row]
        rows = tuple(
            (position, token, neuron, float(inner[neuron]), float(activated[neuron]))
            for neuron in self.most_active(moment, len(inner))
        )
        return Table(("position", "token", "neuron", "before", "after"), rows)
