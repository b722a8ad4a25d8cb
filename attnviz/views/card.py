"""A card in rows of cards: a title in the field's notation, the dimensions, a picture, and a button that opens it in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QToolButton, QWidget

from attnviz.views.palette import BASE, GRID, SMALL, colour, ui_font
from attnviz.views.ruler import small_width
from attnviz.views.view import View

HEADER, LINE, FOOTER, BUTTON = 24, 14, 18, 20
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_Moment = TypeVar("_Moment")


@dataclass(frozen=True, slots=True)
class Remark:
    """The exact value at a point of the card's parent; an empty text takes the last one back."""

    text: str
    at: QPointF


class Card(View, Generic[_Moment]):
    """Base of cards, each of which draws a moment: what it needs of (trace, cursor). ``opened`` and ``chip`` are set by the layout; ``toggled`` carries the card that wants to open or close,
    ``said`` a Remark whenever the value under the mouse or the keyboard is another one.

    A subclass gives ``_found`` and ``_title``, may give ``_dims`` and ``_formula``, and paints into ``body()``; ``_reading`` says what is
    under a point. A chip shows its title alone and opens when it is pressed.
    """

    toggled = Signal(object)
    said = Signal(object)
    has_foot = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.moment: _Moment | None = None
        self._opened = self._chip = False
        self._mouse: QPointF | None = None
        self._has_said = False
        self._buttons: list[QToolButton] = []
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._open_button = self._add_button("⤢", "Open this card")
        self._open_button.clicked.connect(self.toggle)

    # what a subclass gives

    def _found(self) -> _Moment | None:
        """What to draw now; None while a part of it hasn't arrived."""
        raise NotImplementedError

    def _title(self, moment: _Moment) -> str:
        raise NotImplementedError

    def _dims(self, moment: _Moment) -> str:
        return ""

    def _formula(self, moment: _Moment) -> str:
        """A second line under the title; empty where the title says it all."""
        return ""

    def _paint_body(self, painter: QPainter, moment: _Moment) -> None:
        raise NotImplementedError

    def _reading(self, point: QPointF) -> str:
        """The exact value under a point of the widget."""
        return ""

    def _key_reading(self) -> tuple[str, QPointF] | None:
        """The exact value that the keyboard is at, and where it stands."""
        return None

    # how it stands

    @property
    def title(self) -> str:
        return "" if self.moment is None else self._title(self.moment)

    @property
    def opened(self) -> bool:
        return self._opened

    @property
    def is_chip(self) -> bool:
        return self._chip

    def stand(self, *, opened: bool, chip: bool) -> None:
        """How the layout shows this card."""
        self._opened, self._chip = opened, chip
        for button in self._buttons:
            button.setVisible(not chip)
        self._open_button.setText("⤡" if opened else "⤢")
        says = "Close this card (E or Esc)" if opened else "Open this card in place (E)"
        self._open_button.setToolTip(says)
        self._open_button.setAccessibleName(f"{'Close' if opened else 'Open'} {self.title}")
        self.setCursor(Qt.CursorShape.PointingHandCursor if chip else Qt.CursorShape.ArrowCursor)
        self._place_buttons()
        self.update()

    def toggle(self) -> None:
        """Ask the layout to open or close this card."""
        self.toggled.emit(self)

    def body(self) -> QRectF:
        """Where the picture goes."""
        top = HEADER + (LINE if self.moment is not None and self._formula(self.moment) else 0)
        below = FOOTER if self.has_foot else GRID / 2
        return QRectF(self.rect()).adjusted(GRID, top + 2, -GRID, -below - 2)

    def foot(self) -> QRectF:
        """The line under the picture, for its scale."""
        return QRectF(GRID, self.height() - FOOTER, self.width() - 2 * GRID, FOOTER - 4)

    # drawing

    def _update(self, *, fresh: bool) -> None:
        before, self.moment = self.moment, self._found()
        if self.moment is not None:
            self._follow(before, self.moment, fresh=fresh)
            self._remark()
        self.update()

    def _follow(self, before: _Moment | None, now: _Moment, *, fresh: bool) -> None:
        """Another moment is shown than before."""
        self._name(now)

    def _name(self, moment: _Moment) -> None:
        """Tell a screen reader what the card shows."""
        dims = self._dims(moment)
        self.setAccessibleName(f"{self._title(moment)}{f', {dims}' if dims else ''}")
        self.setAccessibleDescription(self._formula(moment))

    def sizeHint(self) -> QSize:
        return QSize(20 * GRID, 14 * GRID)

    def minimumSizeHint(self) -> QSize:
        return QSize(4 * GRID, 3 * GRID)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_frame(painter)
        if self.moment is None:
            painter.end()
            return
        if self._chip:
            self._paint_chip(painter, self.moment)
        else:
            self._paint_header(painter, self.moment)
            self._paint_body(painter, self.moment)
        painter.end()

    def _paint_frame(self, painter: QPainter) -> None:
        focused = self.hasFocus()
        painter.setPen(QPen(colour("accent" if focused or self._opened else "border"), 2 if focused else 1))
        painter.setBrush(colour("raised" if self._chip else "surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 5, 5)

    def _paint_chip(self, painter: QPainter, moment: _Moment) -> None:
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("text"))
        room = QRectF(self.rect()).adjusted(6, 0, -6, 0)
        text = painter.fontMetrics().elidedText(self._title(moment), Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), text)

    def _paint_header(self, painter: QPainter, moment: _Moment) -> None:
        end = self.width() - GRID / 2 - len(self._buttons) * (BUTTON + 2)
        font = ui_font(BASE, bold=True)
        painter.setFont(font)
        painter.setPen(colour("text"))
        room = QRectF(GRID, 2, end - GRID - 2, HEADER - 2)
        title = self._title(moment)
        metrics = QFontMetricsF(font)
        painter.drawText(room, int(LEFT), metrics.elidedText(title, Qt.TextElideMode.ElideRight, room.width()))
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("muted"))
        used, dims = metrics.horizontalAdvance(title) + GRID, self._dims(moment)
        if used + small_width(dims) <= room.width():
            painter.drawText(room.adjusted(used, 1, 0, 1), int(LEFT), dims)
        if formula := self._formula(moment):
            line = QRectF(GRID, HEADER - 2, self.width() - 2 * GRID, LINE)
            metrics = QFontMetricsF(painter.font())
            painter.drawText(line, int(LEFT), metrics.elidedText(formula, Qt.TextElideMode.ElideRight, line.width()))

    # reading

    def _remark(self) -> None:
        """Say what is under the mouse, else what the keyboard is at."""
        found = None
        if self.moment is not None and not self._chip:
            if self._mouse is not None:
                found = self._reading(self._mouse), self._mouse
            elif self.hasFocus():
                found = self._key_reading()
        text, point = found or ("", QPointF())
        if text or self._has_said:
            self.said.emit(Remark(text, QPointF(self.mapToParent(point.toPoint()))))
        self._has_said = bool(text)

    # buttons

    def _add_button(self, text: str, tip: str) -> QToolButton:
        """A small flat button at the right of the header; later ones stand left of earlier ones."""
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setAutoRaise(True)
        button.setStyleSheet("QToolButton { padding: 0; border: 0; background: transparent; }")
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setCursor(Qt.CursorShape.ArrowCursor)
        button.setFixedSize(BUTTON, BUTTON)
        self._buttons.append(button)
        return button

    def _place_buttons(self) -> None:
        right = self.width() - GRID // 2
        for button in self._buttons:
            right -= BUTTON
            button.move(right, 3)
            right -= 2

    # Qt

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_buttons()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mouse = event.position()
        self._remark()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if (
            self._chip
            and event.button() == Qt.MouseButton.LeftButton
            and self.rect().contains(event.position().toPoint())
        ):
            self.toggle()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.position().y() <= HEADER and not self._chip:
            self.toggle()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._mouse = None
        self._remark()
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._remark()
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        opens = {Qt.Key.Key_E}
        if self._chip:
            opens |= {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}
        if event.key() in opens and not event.modifiers():
            self.toggle()
        else:
            event.ignore()
