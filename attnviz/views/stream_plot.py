"""The residual stream: how long it is before each sublayer, how much that one adds, and in which direction."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from attnviz.export.cells import stride
from attnviz.table import Table
from attnviz.trace import Cursor, Floats
from attnviz.views.lens_reading import site_of
from attnviz.views.lettering import isolated
from attnviz.views.map_frame import Place
from attnviz.views.norm_scale import SCALES, NormScale
from attnviz.views.option import Option
from attnviz.views.palette import GRID, SMALL, colour, head_colour, ui_font
from attnviz.views.place_view import PlaceView
from attnviz.views.ruler import small_width
from attnviz.views.stream_reading import Sublayers, read_stream

_CENTRE = Qt.AlignmentFlag.AlignCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LINE, _LEAST_GROUP, _WIDEST_BAR = 16.0, 10.0, 28.0
_MARGIN = 7.5 * GRID
NOBODY = -1


class StreamPlot(PlaceView):
    """The cursor's token, else the mean over all tokens. Each sublayer is a pair of bars, and its cosine stands below.

    A click goes to the layer; left and right walk through the sublayers, up and down through the tokens.
    """

    scale = Option(SCALES[0], SCALES)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stream: Sublayers | None = None
        self._drawn_for: int | None = None
        self._kept: tuple[int, Cursor] | None = None
        self.setAccessibleName("Residual stream: norms and cosines by sublayer")

    def token(self) -> int | None:
        """The token whose numbers are drawn; None = the mean over all."""
        query = self.cursor_at.query
        return query if self.stream is not None and query is not None and query < len(self.stream.tokens) else None

    def numbers(self) -> Table:
        """A row per sublayer, for the token that is drawn or the mean."""
        if self.stream is None:
            return Table((), ())
        who = self._who(self.stream)
        rows = zip(self.stream.layers, self.stream.names, *map(_cells, self.stream.at(self.token())), strict=True)
        columns = ("layer", "sublayer", "token", "norm of the stream", "norm added", "cosine")
        return Table(columns, tuple((layer, name, who, *values) for layer, name, *values in rows))

    def _sentence(self) -> str:
        if self.stream is not None:
            return ""
        return "Type a sentence above to see what each layer adds to the vectors of its tokens."

    def _update(self, *, fresh: bool) -> None:
        if fresh or self.stream is None or self.stream.tokens.site is not site_of(self.cursor_at):
            self.stream = read_stream(self.trace, self.cursor_at)
            fresh = True
        moved, self._drawn_for = self.token() != self._drawn_for, self.token()
        super()._update(fresh=fresh or moved)

    def _who(self, stream: Sublayers) -> str:
        token = self.token()
        if token is None:
            return f"mean over {len(stream.tokens)} tokens"
        return f"{isolated(stream.tokens.labels[token])} ({token})"

    # geometry

    def _natural_width(self) -> int:
        return 0 if self.stream is None else int(_MARGIN + len(self.stream) * _LEAST_GROUP + 2 * GRID)

    def areas(self) -> tuple[QRectF, QRectF]:
        """Where norms and cosines stand, beside what doesn't scroll."""
        room = self._content_room().adjusted(_MARGIN, 2.5 * _LINE + GRID, -2 * GRID, -2 * _LINE - GRID)
        tall = max(room.height() - _LINE, 2 * GRID)
        upper = QRectF(room.left(), room.top(), max(room.width(), GRID), tall * 0.64)
        return upper, QRectF(room.left(), upper.bottom() + _LINE, upper.width(), tall * 0.36)

    def _group(self) -> float:
        upper = self.areas()[0]
        return max(upper.width() / max(len(self.stream or ()), 1), _LEAST_GROUP)

    def _left(self, index: int) -> float:
        return self.areas()[0].left() + index * self._group() - self._corner().x()

    def _column(self, index: int) -> QRectF:
        """A sublayer's place in both plots."""
        upper, lower = self.areas()
        return QRectF(self._left(index), upper.top(), self._group(), lower.bottom() - upper.top())

    def axis(self, stream: Sublayers) -> NormScale:
        """The axis of the norms that are drawn."""
        entering, added, _ = stream.at(self.token())
        return NormScale.of(np.concatenate([entering, added]), self.scale)

    # painting

    def _paint_face(self, painter: QPainter) -> None:
        if (stream := self.stream) is None:
            return
        upper, lower = self.areas()
        axis = self.axis(stream)
        painter.save()
        painter.setClipRect(QRectF(upper.left(), 0, upper.width() + 1, self.height()))
        self._paint_layers(painter, stream)
        self._paint_levels(painter, axis)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        wide = max(min(self._group() * 0.4, _WIDEST_BAR), 1.0)
        for index, (name, before, more, cosine) in enumerate(zip(stream.names, *stream.at(self.token()), strict=True)):
            middle, ink = self._left(index) + self._group() / 2, _ink(stream, name)
            for left, norm, brush in ((middle - wide, before, colour("muted", 0.55)), (middle, more, ink)):
                bar = _bar(upper.bottom(), left, wide, axis.share(float(norm)) * upper.height())
                if (
                    axis.low and bar.height()
                ):  # a bar from an arbitrary end would say nothing: its head alone stands for it
                    bar.setHeight(4.0)
                painter.fillRect(bar, brush)
            share = float(np.nan_to_num(cosine)) * lower.height() / 2
            painter.fillRect(_bar(lower.center().y(), middle - wide / 2, wide, share), ink)
        painter.restore()
        self._paint_frame(painter, axis)
        self._paint_legend(painter, stream)

    def _paint_layers(self, painter: QPainter, stream: Sublayers) -> None:
        """Every other layer's ground is tinted; its number stands below."""
        upper, lower = self.areas()
        painter.setFont(ui_font(SMALL))
        spans = stream.spans()
        step = stride(self._group() * len(stream) / len(spans), small_width(str(stream.layers[-1])) + GRID)
        for place, (layer, first, last) in enumerate(spans):
            ground = QRectF(QPointF(self._left(first), upper.top()), QPointF(self._left(last + 1), lower.bottom()))
            if place % 2:
                painter.fillRect(ground, colour("raised", 0.55))
            if place % step == 0:
                painter.setPen(colour("muted"))
                painter.drawText(QRectF(ground.center().x() - 30, lower.bottom() + 2, 60, _LINE), _CENTRE, str(layer))

    def _paint_levels(self, painter: QPainter, axis: NormScale) -> None:
        upper, lower = self.areas()
        painter.setPen(QPen(colour("border", 0.7), 1))
        for value, _ in self._ticks(axis):
            level = upper.bottom() - axis.share(value) * upper.height()
            painter.drawLine(QLineF(upper.left(), level, upper.right(), level))
        for level in (lower.top(), lower.bottom()):
            painter.drawLine(QLineF(upper.left(), level, upper.right(), level))

    def _ticks(self, axis: NormScale) -> tuple[tuple[float, str], ...]:
        return axis.ticks(max(1, int(self.areas()[0].height() / (2.2 * _LINE))))

    def _paint_frame(self, painter: QPainter, axis: NormScale) -> None:
        """The axes with their numbers and names."""
        upper, lower = self.areas()
        painter.setPen(QPen(colour("muted"), 1))
        for level in (upper.bottom(), lower.center().y()):
            painter.drawLine(QLineF(upper.left(), level, upper.right(), level))
        painter.setFont(ui_font(SMALL))
        levels = [(upper.bottom() - axis.share(value) * upper.height(), text) for value, text in self._ticks(axis)]
        levels += [] if axis.low else [(upper.bottom(), "0")]
        levels += [(lower.top(), "1"), (lower.center().y(), "0"), (lower.bottom(), "−1")]
        for level, text in levels:
            painter.drawText(QRectF(0, level - 8, upper.left() - 5, 16), int(_RIGHT), text)
        for area, name in ((upper, "norm (L2), log" if axis.low else "norm (L2)"), (lower, "cosine")):
            painter.save()
            painter.translate(2, area.center().y())
            painter.rotate(-90)
            painter.drawText(QRectF(-80, 0, 160, _LINE), int(_CENTRE), name)
            painter.restore()
        below = QRectF(upper.left(), lower.bottom() + _LINE, upper.width(), _LINE)
        painter.drawText(below, int(_CENTRE), "layer")

    def _paint_legend(self, painter: QPainter, stream: Sublayers) -> None:
        """Whose numbers these are, and what the colours mean."""
        line = QRectF(_MARGIN, 4, self.width() - _MARGIN - GRID, _LINE)
        painter.setFont(ui_font(SMALL, bold=True))
        painter.setPen(colour("text"))
        painter.drawText(line, int(_LEFT), self._who(stream))
        painter.setFont(ui_font(SMALL))
        left = _MARGIN
        named = [(colour("muted", 0.55), "the stream before it")]
        named += [(_ink(stream, kind), f"what {kind} adds") for kind in stream.kinds]
        for ink, text in named:
            painter.fillRect(QRectF(left, line.bottom() + 5, 10, 10), ink)
            painter.setPen(colour("muted"))
            painter.drawText(QRectF(left + 14, line.bottom() + 2, 400, _LINE), int(_LEFT), text)
            left += 14 + small_width(text) + 2 * GRID

    def _paint_over(self, painter: QPainter, marked: Place | None) -> None:
        """A frame around the cursor's layer, a stronger one around the sublayer that is looked at."""
        if (stream := self.stream) is None:
            return
        upper = self.areas()[0]
        painter.save()
        painter.setClipRect(QRectF(upper.left() - 2, 0, upper.width() + 4, self.height()))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for layer, first, last in stream.spans():
            if layer == self.cursor_at.layer:
                painter.setPen(QPen(colour("accent", 0.7), 1))
                painter.drawRect(self._column(first).united(self._column(last)))
        under = None if self._mouse is None else self._place_at(self._mouse)
        looked = under or (marked if self.hasFocus() else None)
        if looked is not None:
            painter.setPen(QPen(colour("accent"), 2))
            painter.drawRect(self._column(looked[0]).adjusted(1, 1, -1, -1))
        painter.restore()

    # pointing

    def _place_at(self, point: QPointF) -> Place | None:
        if self.stream is None:
            return None
        upper, lower = self.areas()
        if not QRectF(upper.topLeft(), lower.bottomRight()).adjusted(0, 0, 0, _LINE).contains(point):
            return None
        index = int((point.x() + self._corner().x() - upper.left()) / self._group())
        return (index, self._nobody_or_token()) if 0 <= index < len(self.stream) else None

    def _nobody_or_token(self) -> int:
        token = self.token()
        return NOBODY if token is None else token

    def _marked(self) -> Place | None:
        if self.stream is None:
            return None
        if self._kept is not None and self._kept[1] == self.cursor_at and self._kept[0] < len(self.stream):
            return self._kept[0], self._nobody_or_token()
        layer = self.cursor_at.layer
        return (self.stream.layers.index(layer), self._nobody_or_token()) if layer in self.stream.layers else None

    def _hover(self, place: Place | None) -> None:
        """The token is chosen elsewhere: here the mouse only reads."""
        self.update()

    def _toggle(self, place: Place) -> None:
        self._say(self._aimed(place, pinned=self.cursor_at.pinned))

    def _aimed(self, place: Place, *, pinned: bool) -> Cursor:
        index, token = place
        layer = self.cursor_at.layer if self.stream is None else self.stream.layers[index]
        query = None if token == NOBODY else token
        aimed = replace(self.cursor_at, layer=layer, query=query, key=None, pinned=pinned and query is not None)
        self._kept = index, aimed
        return aimed

    def _freed(self) -> Cursor:
        return replace(self.cursor_at, query=None, key=None, pinned=False)

    def _walked(self, place: Place | None, rows: int, columns: int) -> Place | None:
        if self.stream is None or not len(self.stream):
            return None
        index, token = place or (0, self._nobody_or_token())
        return (
            min(max(index + columns, 0), len(self.stream) - 1),
            min(max(token + rows, NOBODY), len(self.stream.tokens) - 1),
        )

    def _readout(self, place: Place) -> str:
        if (stream := self.stream) is None:
            return ""
        index, token = place
        before, more, cosine = (float(values[index]) for values in stream.at(None if token == NOBODY else token))
        share = f" ({100 * more / before:.0f} %)" if before > 0 and math.isfinite(more / before) else ""
        turned = f"{cosine:.2f}".replace("-", "−")
        return f"layer {stream.layers[index]}, {stream.names[index]}   stream {before:.3g}   adds {more:.3g}{share}   cosine {turned}"

    def _area_of(self, place: Place) -> QRectF:
        """The upper end of its column, so that what is said about it hides no bar."""
        column = self._column(place[0])
        column.setHeight(GRID)
        return column

    def _show_place(self, place: Place) -> None:
        area = self._column(place[0]).translated(self._corner())
        self._reveal(area.adjusted(-_MARGIN, 0, 2 * GRID, 0))


def _ink(stream: Sublayers, name: str) -> QColor:
    return head_colour(stream.kinds.index(name))


def _bar(base: float, left: float, wide: float, height: float) -> QRectF:
    """A bar that rises from ``base``, or hangs down from it where it is negative."""
    return QRectF(left, base - max(height, 0.0), wide, abs(height))


def _cells(values: Floats) -> list[float | None]:
    return [float(value) if math.isfinite(value) else None for value in values]
