"""What a mask attends to: the tokens in reading order, above each a column as high as its weight."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import Tokens
from attnviz.views.focus_row import FocusRow, focus_row
from attnviz.views.lettering import isolated, percent
from attnviz.views.palette import BASE, GRID, SMALL, colour, sequential_colour, token_font, ui_font
from attnviz.views.ruler import small_width, token_width
from attnviz.views.token_flow import TokenFlow, token_name

NUMBER, COLUMN, LABEL, PADDING, HEAD, LINE = 16, 56, 24, 6, 48, 14
CENTRE = Qt.AlignmentFlag.AlignCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
SCALES = (0.1, 0.25, 0.5, 1.0)


class MaskFocus(TokenFlow):
    """The row of attention of the mask that the cursor's query is at, else of the first mask.

    ``layer`` None is the last layer that has arrived, ``head`` None the mean of all heads. ``hide_special`` leaves
    out the tokens of the template and says how much of the weight they held.
    """

    _cell_height = NUMBER + COLUMN + LABEL
    _line_gap = GRID
    _gap = 2.0

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layer: int | None = None
        self._head: int | None = None
        self._hide_special = False
        self._row: FocusRow | None = None
        self._heads: dict[int, int] = {}
        self.setAccessibleName("What the mask attends to")

    @property
    def layer(self) -> int | None:
        return self._layer

    @layer.setter
    def layer(self, layer: int | None) -> None:
        self._layer = layer
        self._update(fresh=True)

    @property
    def head(self) -> int | None:
        return self._head

    @head.setter
    def head(self, head: int | None) -> None:
        self._head = head
        self._update(fresh=True)

    @property
    def hide_special(self) -> bool:
        return self._hide_special

    @hide_special.setter
    def hide_special(self, hide: bool) -> None:
        self._hide_special = hide
        self._update(fresh=True)

    @property
    def shown_mask(self) -> int | None:
        """The position of the mask that is shown."""
        masks = self.tokens.masks if self.tokens else ()
        return self.cursor_at.query if self.cursor_at.query in masks else next(iter(masks), None)

    @property
    def row(self) -> FocusRow | None:
        return self._row

    def numbers(self) -> Table:
        """One row per key; the weight of a hidden key is empty."""
        tokens, row = self.tokens, self._row
        columns = ("mask", "layer", "head", "position", "token", "label", "weight")
        if tokens is None or row is None:
            return Table(columns, ())
        head = "mean" if row.head is None else row.head
        weights = [None if key in row.hidden else float(weight) for key, weight in enumerate(row.weights)]
        names = zip(tokens.pieces, tokens.labels, weights, strict=True)
        return Table(columns, tuple((row.query, row.layer, head, key, *rest) for key, rest in enumerate(names)))

    def title(self) -> str:
        """Whose weights these are, in words."""
        if self._row is None:
            return ""
        head = f"mean of {self._row.heads} heads" if self._row.head is None else f"head {self._row.head}"
        return f"position {self._row.query} attends to · layer {self._row.layer} · {head}"

    def remark(self) -> str:
        """What is hidden, how much it held, and what became of the rest."""
        tokens, row = self.tokens, self._row
        if tokens is None or row is None or not row.hidden:
            return ""
        names = " ".join(dict.fromkeys(isolated(tokens.labels[key]) for key in row.hidden))
        return f"{names} hidden: {percent(row.share)} of the weight; the rest is scaled up to 100 %"

    def summary(self) -> str:
        """The heaviest keys in words, for when they are scrolled away."""
        tokens, row = self.tokens, self._row
        if tokens is None or row is None or not row.top:
            return ""
        return "most on " + ", ".join(f"{token_name(tokens, key)} ({key})" for key in row.top)

    def _update(self, *, fresh: bool) -> None:
        mask = self.shown_mask
        if fresh or (self._row is not None and self._row.query != mask):
            fresh = True
            self._heads.clear()
            self._row = None if mask is None else self._computed(mask)
        super()._update(fresh=fresh)

    def _computed(self, mask: int) -> FocusRow | None:
        return focus_row(self.trace, mask, self._layer, self._head, hide_special=self._hide_special)

    def _says(self, tokens: Tokens, position: int) -> str:
        name = f"{token_name(tokens, position)} · position {position}"
        row = self._row
        if row is None:
            return name
        if position in row.hidden:
            return f"{name}\nhidden, not counted"
        return f"{name}\nweight {percent(float(row.weights[position]))} of what position {row.query} attends to"

    def _look(self, position: int | None) -> None:
        query = self.shown_mask if position is not None else None
        pinned = self.cursor_at.pinned and position is not None
        self.pointed.emit(replace(self.cursor_at, query=query, key=position, pinned=pinned))

    def _act(self, tokens: Tokens, position: int) -> None:
        cursor = self.cursor_at
        free = cursor.pinned and cursor.key == position
        self.pointed.emit(replace(cursor, query=self.shown_mask, key=position, pinned=not free))

    # geometry

    def _sentence(self) -> str:
        if self.shown_mask is None:
            return "Mask a word to see what the model looks at when it fills it in."
        if self._row is None:
            return "This layer and head have not been computed for this sentence."
        return ""

    def _room(self, width: int) -> tuple[float, float, float, float]:
        if width not in self._heads:
            needed, room = small_width(self._words()), max(1, width - 2 * GRID)
            more = 0 if needed <= room else int(1.1 * needed / room)  # a tenth for the ends of broken lines
            self._heads[width] = HEAD + more * LINE
        return 6 * GRID, self._heads[width], GRID, GRID

    def _words(self) -> str:
        return " · ".join(part for part in ("weight", self.summary(), self.remark()) if part)

    def _ring(self, position: int) -> QRectF:
        return self._area(position).adjusted(-1, NUMBER + COLUMN, 1, 0)

    def _measure(self, tokens: Tokens, position: int) -> float:
        label = token_width(isolated(tokens.labels[position]))
        return max(label + 2 * PADDING, small_width("88.8 %", bold=True) + 2)

    def _scale(self) -> float:
        """The weight at the top of the axis: the first of 10, 25, 50, 100 % that holds every column."""
        highest = 0.0 if self._row is None else float(self._row.weights.max())
        return next((scale for scale in SCALES if highest <= scale), 1.0)

    # painting

    def _paint_around(self, painter: QPainter) -> None:
        left, top, right, _ = self._room(self._content_width())
        end, scale = self._content_width() - right, self._scale()
        for line in range(self._places[-1].line + 1 if self._places else 0):
            base = top + line * self._pitch() + NUMBER + COLUMN
            painter.setFont(ui_font(SMALL))
            for part in (0, 1, 2):
                y = round(base - part * COLUMN / 2) - 0.5
                painter.setPen(QPen(colour("border"), 1))
                painter.drawLine(QPointF(left, y), QPointF(end, y))
                painter.setPen(colour("muted"))
                tick = QRectF(0, y - 8, left - 4, 16)
                text = f"{100 * scale * part / 2:g}{' %' if part == 2 else ''}"
                painter.drawText(tick, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        self._paint_heading(painter)

    def _paint_heading(self, painter: QPainter) -> None:
        width = self._content_width() - 2 * GRID
        painter.setFont(ui_font(BASE, bold=True))
        painter.setPen(colour("text"))
        painter.drawText(QRectF(GRID, 4, width, 20), LEFT, self.title())
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("muted"))
        top = self._room(self._content_width())[1]
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        painter.drawText(QRectF(GRID, 26, width, top - 26), int(flags), self._words())

    def _paint_cell(self, painter: QPainter, tokens: Tokens, position: int, area: QRectF) -> None:
        row = self._row
        if row is None:
            return
        looked = position in (self._hovered, self.cursor_at.key)
        label = QRectF(area.left(), area.bottom() - LABEL, area.width(), LABEL)
        if position not in row.hidden:
            self._paint_column(painter, float(row.weights[position]), area, top=position in row.top, looked=looked)
        elif looked:
            _paint_number(painter, area, area.top() + NUMBER + COLUMN, "hidden", bold=False)
        self._paint_label(painter, tokens, position, label, looked=looked)

    def _paint_column(self, painter: QPainter, weight: float, area: QRectF, *, top: bool, looked: bool) -> None:
        height = COLUMN * min(weight / self._scale(), 1.0)
        base = area.top() + NUMBER + COLUMN
        width = min(area.width() - GRID, 3 * GRID)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(sequential_colour(0.65 if top else 0.35))
        painter.drawRect(QRectF(area.center().x() - width / 2, base - height, width, height))
        if top or looked:
            _paint_number(painter, area, base - height, percent(weight), bold=top)

    def _paint_label(self, painter: QPainter, tokens: Tokens, position: int, area: QRectF, *, looked: bool) -> None:
        row = self._row
        box = area.adjusted(1, 2, -1, -2)
        shown = row is not None and position == row.query
        if shown or looked:
            painter.setPen(QPen(colour("accent"), 2) if looked else Qt.PenStyle.NoPen)
            painter.setBrush(colour("accent") if shown else colour("accent", 0.14))
            painter.drawRoundedRect(box, 4, 4)
        font = token_font(BASE)
        font.setBold(row is not None and position in row.top)
        painter.setFont(font)
        muted = tokens.special[position] and position not in tokens.masks
        painter.setPen(colour("on_accent" if shown else "muted" if muted else "text"))
        painter.drawText(area, CENTRE, isolated(tokens.labels[position]))


def _paint_number(painter: QPainter, area: QRectF, bottom: float, text: str, *, bold: bool) -> None:
    painter.setFont(ui_font(SMALL, bold=bold))
    painter.setPen(colour("text"))
    painter.drawText(QRectF(area.left() - 8, bottom - NUMBER, area.width() + 16, NUMBER), CENTRE, text)
