"""One head as two columns of tokens: lines from each query to its keys, the stronger the weight the stronger the line."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from attnviz.export.cells import is_vector
from attnviz.export.numbers import numbered
from attnviz.table import Table
from attnviz.trace import Attention, Floats, Hiding, Site, Tokens
from attnviz.views.arc_lines import Lines, lines_of
from attnviz.views.arc_paint import Mark, paint_lines, paint_token
from attnviz.views.image import require_ui_thread
from attnviz.views.map_paint import paint_ring
from attnviz.views.option import Option
from attnviz.views.palette import GRID, SMALL, colour, head_colour, ui_font
from attnviz.views.segments import SEGMENTS, kept, nothing_in
from attnviz.views.two_columns import FOOTER, HEADER, TwoColumns

_QUICK = 24
_Key = tuple[Site, int, int]


class Arcs(TwoColumns):
    """The cursor's head as lines. Queries stand left, keys right; pointing at a token shows only its lines.

    ``hidden_tokens`` are keys left out; the rows are then renormalised, and the caption says so. ``segments`` leaves the
    tokens of one sentence in each column.
    """

    segments = Option("all", SEGMENTS)
    hidden_tokens: Option[tuple[int, ...]] = Option(())

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._weights: Floats | None = None
        self._share = 0.0
        self._shown_for: _Key | None = None
        self._lines: Lines | None = None
        self._kept: tuple[object, QPixmap] | None = None

    def refresh(self) -> None:
        self._update(fresh=True)

    def lines(self) -> Lines | None:
        """The lines that are drawn at the cursor."""
        if self._lines is None and self._weights is not None:
            self._lines = lines_of(self._weights, *self._focus())
        return self._lines

    def caption(self) -> str:
        """What the lines mean, and what isn't drawn."""
        lines = self.lines()
        if lines is None or self._weights is None:
            return ""
        parts = [f"strongest line = {float(self._weights.max()):.3g}"]
        parts.append(
            f"the strongest {len(lines):,} lines, {lines.left_out:,} left out"
            if lines.left_out
            else "weights from 0.004"
        )
        if self.hidden_tokens:
            parts.insert(0, f"hidden keys carry {100 * self._share:.0f} % of the mass; rows renormalised")
        return " · ".join(parts)

    def numbers(self) -> Table:
        """A row per line that is drawn, strongest first."""
        lines = self.lines()
        if lines is None or self._sides is None:
            return Table((), ())
        queries, keys = (numbered(side.labels, rows) for side, rows in zip(self._sides, self._rows, strict=True))
        order = (-lines.weights).argsort(kind="stable").tolist()
        rows = tuple((queries[lines.queries[at]], keys[lines.keys[at]], float(lines.weights[at])) for at in order)
        return Table(("query", "key", "weight"), rows)

    # what is drawn

    def _update(self, *, fresh: bool) -> None:
        require_ui_thread()
        key = self.cursor_at.site, self.cursor_at.layer, self.cursor_at.head
        if fresh or key != self._shown_for:
            self._shown_for = key
            self._unfold()
            self._kept = None
            fresh = True
        self._lines = None
        super()._update(fresh=fresh)

    def _unfold(self) -> None:
        site, layer, head = self.cursor_at.site, self.cursor_at.layer, self.cursor_at.head
        attention = self.trace.attention(layer, site)
        queries = self.trace.tokens(Site.DECODER if site is Site.CROSS else site)
        keys = self.trace.tokens(Site.ENCODER if site is Site.CROSS else site)
        self._weights, self._sides, self._rows = None, None, ((), ())
        if attention is None or queries is None or keys is None or not _fits(attention, head, queries, keys):
            return
        hiding = Hiding.of(attention.weights(head), tuple(each for each in self.hidden_tokens if 0 <= each < len(keys)))
        rows = kept(self.segments, queries, keys)
        if all(rows):
            self._weights, self._share = hiding.weights[np.ix_(*rows)], hiding.share
            self._sides, self._rows = (queries, keys), rows

    def _sentence(self) -> str:
        if self._weights is not None:
            return ""
        if self.trace.tokens(self.cursor_at.site) is None and self.cursor_at.site is not Site.CROSS:
            return "Type a sentence above to see which tokens attend to which."
        if self.trace.attention(self.cursor_at.layer, self.cursor_at.site) is not None:
            return nothing_in(self.segments)
        return f"Layer {self.cursor_at.layer} has not arrived yet."

    # painting

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        lines = self.lines()
        if lines is None or self._sides is None or self._weights is None:
            return
        top = (exposed.top() - HEADER) / self._pitch() - 1
        bottom = (exposed.bottom() - HEADER) / self._pitch() + 1
        if is_vector(painter) or len(lines) <= _QUICK:
            self._paint_lines(painter, exposed)
        else:
            painter.drawPixmap(QPointF(0, self._bar.value()), self._kept_lines())
        for side, looked in enumerate((self.cursor_at.query, self.cursor_at.key)):
            labels = self._labels(side)
            for row in range(max(int(top), 0), min(int(bottom) + 1, len(labels))):
                marked = self._rows[side][row] == looked
                mark = Mark.NONE if not marked else Mark.PINNED if self.cursor_at.pinned else Mark.POINTED
                paint_token(painter, self.token_area(row, side), labels[row], mark, right=side == 0)
        self._paint_weights(painter)

    def _paint_lines(self, painter: QPainter, exposed: QRectF) -> None:
        lines = self.lines()
        if lines is None or self._weights is None:
            return
        seen = lines.within(
            (exposed.top() - HEADER) / self._pitch() - 1, (exposed.bottom() - HEADER) / self._pitch() + 1
        )
        between = self.token_area(0, 0).right() + 2, self.token_area(0, 1).left() - 2
        paint_lines(painter, seen, float(self._weights.max()), between, self._middle, head_colour(self.cursor_at.head))

    def _kept_lines(self) -> QPixmap:
        """Thousands of lines are painted once and kept until the head, the place or the theme changes."""
        offset, size, ratio = self._bar.value(), self.size(), self.devicePixelRatio()
        key = (self._shown_for, self._focus(), offset, size.width(), size.height(), ratio)
        if self._kept is None or self._kept[0] != key:
            pixmap = QPixmap(size * ratio)
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.translate(0, -offset)
            self._paint_lines(painter, QRectF(0, offset, size.width(), size.height()))
            painter.end()
            self._kept = key, pixmap
        return self._kept[1]

    def _paint_weights(self, painter: QPainter) -> None:
        """The numbers of the lines of one query, beside its keys."""
        query, lines = self._focus()[0], self.lines()
        if query is None or lines is None:
            return
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("muted"))
        for key, weight in zip(lines.keys.tolist(), lines.weights.tolist(), strict=True):
            area = self.token_area(key, 1)
            place = QRectF(area.right(), area.top(), self._margin(), area.height())
            painter.drawText(place, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), f"{weight:.3f}")

    def _paint_fixed(self, painter: QPainter) -> None:
        metrics = QFontMetricsF(ui_font(SMALL))
        width = float(self._content_width())
        painter.fillRect(QRectF(0, 0, width, HEADER - 2), colour("surface"))
        foot = QRectF(0, self.height() - FOOTER, width, FOOTER)
        painter.fillRect(foot, colour("surface"))
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("muted"))
        level = metrics.ascent() + GRID / 2
        painter.drawText(
            QPointF(self.token_area(0, 0).right() - metrics.horizontalAdvance("queries") - GRID / 2, level), "queries"
        )
        painter.drawText(QPointF(self.token_area(0, 1).left() + GRID / 2, level), "keys")
        caption = metrics.elidedText(self.caption(), Qt.TextElideMode.ElideRight, width - 2 * GRID)
        painter.drawText(foot.adjusted(GRID, 0, -GRID, 0), int(Qt.AlignmentFlag.AlignCenter), caption)
        if self.hasFocus():
            paint_ring(painter, QRectF(self.rect()))


def _fits(attention: Attention, head: int, queries: Tokens, keys: Tokens) -> bool:
    shape = attention.query.shape[1], attention.key.shape[1]
    return 0 <= head < attention.heads and shape == (len(queries), len(keys))
