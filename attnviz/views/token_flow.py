"""Base of views that show one cell per token in reading order: wrapping, hovering, clicking, walking with the keys."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QWidget

from attnviz.trace import Tokens
from attnviz.views.chip_layout import Place, flow, nearest_in_line
from attnviz.views.lettering import isolated
from attnviz.views.palette import GRID
from attnviz.views.pointed_view import PointedView
from attnviz.views.scrolled import paint_focus

AROUND = 12


class TokenFlow(PointedView[int]):
    """The tokens of the trace as cells in wrapping lines; a subclass measures and paints one cell."""

    _cell_height = 4 * GRID
    _line_gap = GRID
    _gap: float = GRID

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._places: tuple[Place, ...] = ()
        self._flows: dict[int, tuple[Place, ...]] = {}
        self._measured: Tokens | None = None
        self._at = 0
        self._drawn = self.cursor_at

    @property
    def tokens(self) -> Tokens | None:
        return self.trace.tokens()

    def cell(self, position: int) -> QRectF:
        """Where the token of this position stands in the widget now."""
        return self.to_view(self._area(position))

    def position_at(self, point: QPointF) -> int | None:
        """The token under a point of the content."""
        inside = (index for index in range(len(self._places)) if self._area(index).contains(point))
        return next(inside, None)

    # what a subclass gives

    def _measure(self, tokens: Tokens, position: int) -> float:
        """The width of one cell."""
        raise NotImplementedError

    def _paint_cell(self, painter: QPainter, tokens: Tokens, position: int, area: QRectF) -> None:
        raise NotImplementedError

    def _says(self, tokens: Tokens, position: int) -> str:
        """One token in words: the tooltip, and what a screen reader hears."""
        raise NotImplementedError

    def _act(self, tokens: Tokens, position: int) -> None:
        """A click, Enter or Space on a token."""

    def _look(self, position: int | None) -> None:
        """The mouse or the keyboard came to a token, or left: move the cursor's query there, for the time being."""
        pinned = self.cursor_at.pinned and position is not None
        self.pointed.emit(replace(self.cursor_at, query=position, key=None, pinned=pinned))

    def _groups(self, tokens: Tokens) -> tuple[int, ...]:
        """Numbers of groups that stand without a gap; by default every token stands alone."""
        return tuple(range(len(tokens)))

    def _room(self, width: int) -> tuple[float, float, float, float]:
        """Left, top, right and bottom margins around the cells."""
        return GRID, GRID, GRID, GRID

    def _paint_around(self, painter: QPainter) -> None:
        """Paint what is not a cell and scrolls with them: headings, axes."""

    # geometry

    def _area(self, position: int) -> QRectF:
        place = self._places[position]
        left, top, _, _ = self._room(self._content_width())
        return QRectF(left + place.left, top + place.line * self._pitch(), place.width, self._cell_height)

    def _pitch(self) -> int:
        return self._cell_height + self._line_gap

    def _flow(self, width: int) -> tuple[Place, ...]:
        tokens = self.tokens
        if tokens is None or not len(tokens):
            return ()
        if width not in self._flows:
            left, _, right, _ = self._room(width)
            widths = [self._measure(tokens, position) for position in range(len(tokens))]
            self._flows[width] = flow(widths, self._groups(tokens), max(width - left - right, 4 * GRID), self._gap)
        return self._flows[width]

    def _lines_height(self, lines: int, width: int) -> int:
        _, top, _, bottom = self._room(width)
        return int(top + lines * self._pitch() - self._line_gap + bottom)

    def _content_height(self, width: int) -> int:
        places = self._flow(width)
        return self._lines_height(places[-1].line + 1, width) if places else 0

    def _refit(self) -> None:
        super()._refit()
        self._places = self._flow(self._content_width())

    def _update(self, *, fresh: bool) -> None:
        if fresh and self.tokens is not self._measured:
            self._flows.clear()
            self._measured = self.tokens
            count = len(self.tokens or ())
            self._at = min(self._at, max(0, count - 1))
            if self._hovered is not None and self._hovered >= count:
                self._hovered = None
        if fresh:
            super()._update(fresh=True)
        else:
            self._touch(self._drawn.query, self._drawn.key, self.cursor_at.query, self.cursor_at.key)
        self._drawn = self.cursor_at

    def _touch(self, *positions: int | None) -> None:
        """Repaint these cells alone, with what is lettered around them."""
        for position in positions:
            if position is not None and position < len(self._places):
                self.update(self.cell(position).adjusted(-AROUND, -AROUND, AROUND, AROUND).toAlignedRect())

    # painting

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        tokens = self.tokens
        if tokens is None:
            return
        self._paint_around(painter)
        top = self._room(self._content_width())[1]
        first, last = (exposed.top() - top) / self._pitch() - 1, (exposed.bottom() - top) / self._pitch()
        for position, place in enumerate(self._places):
            if first <= place.line <= last:
                area = self._area(position)
                if area.adjusted(-AROUND, 0, AROUND, 0).intersects(exposed.adjusted(0, -AROUND, 0, AROUND)):
                    self._paint_cell(painter, tokens, position, area)
        if self.hasFocus() and self._at < len(self._places):
            paint_focus(painter, self._ring(self._at))

    def _ring(self, position: int) -> QRectF:
        return self._area(position).adjusted(-3, -3, 3, 3)

    def _tip(self, point: QPointF) -> tuple[str, QRectF]:
        tokens, position = self.tokens, self.position_at(point)
        if tokens is None or position is None or position >= len(tokens):
            return "", QRectF()
        return self._says(tokens, position), self._area(position)

    # pointing

    def _part_at(self, point: QPointF) -> int | None:
        return self.position_at(point)

    def _came_over(self, before: int | None) -> None:
        self._touch(before, self._hovered)
        if not self.cursor_at.pinned:
            self._look(self._hovered)

    def _clicked(self, part: int) -> None:
        tokens = self.tokens
        if tokens is not None and part < len(tokens):
            self._at = part
            self._act(tokens, part)
            self.update()

    def _walk(self, position: int) -> None:
        """The keyboard comes to ``position``."""
        self._at = position
        self._reveal(self._ring(position))
        self._announce()
        self._look(position)
        self.update()

    def _announce(self) -> None:
        tokens = self.tokens
        if tokens is not None and self._at < len(tokens):
            self.setAccessibleDescription(self._says(tokens, self._at))

    def _step(self, key: int) -> int | None:
        last = len(self._places) - 1
        line = self._places[self._at].line if last >= 0 else 0
        match key:
            case Qt.Key.Key_Left:
                return max(0, self._at - 1)
            case Qt.Key.Key_Right:
                return min(last, self._at + 1)
            case Qt.Key.Key_Up:
                return nearest_in_line(self._places, self._at, line - 1)
            case Qt.Key.Key_Down:
                return nearest_in_line(self._places, self._at, line + 1)
            case Qt.Key.Key_Home:
                return 0
            case Qt.Key.Key_End:
                return last
        return None

    # Qt

    def keyPressEvent(self, event: QKeyEvent) -> None:
        tokens = self.tokens
        if tokens is None or not self._places:
            event.ignore()
        elif event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._act(tokens, self._at)
        elif (position := self._step(event.key())) is not None:
            self._walk(position)
        else:
            event.ignore()


def token_name(tokens: Tokens, position: int) -> str:
    """A token as it is called in a sentence."""
    return isolated(tokens.labels[position])
