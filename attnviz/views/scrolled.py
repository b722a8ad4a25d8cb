"""A painted view that may be taller than its widget: one scroll bar, one empty-state sentence, plain-text tooltips."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QScrollBar, QSizePolicy, QWidget

from attnviz.views.lettering import show_tip
from attnviz.views.palette import BASE, GRID, colour, ui_font
from attnviz.views.view import View


class ScrolledView(View):
    """Base of painted views. A subclass says how tall its content is and paints it in content coordinates."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bar = QScrollBar(Qt.Orientation.Vertical, self)
        self._bar.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._bar.valueChanged.connect(self._scrolled)
        self._bar.hide()
        self._inner_width = self.width()
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def full_height(self, width: int) -> int:
        """The height at which nothing scrolls; a figure is exported at this size."""
        return max(self._needed(width), 5 * GRID)

    def to_view(self, area: QRectF) -> QRectF:
        """An area of the content as it stands in the widget now."""
        return area.translated(-self._corner())

    def to_content(self, point: QPointF | QPoint) -> QPointF:
        return QPointF(point) + self._corner()

    # what a subclass gives

    def _sentence(self) -> str:
        """What to do when there is nothing to draw; empty when there is something."""
        return ""

    def _content_height(self, width: int) -> int:
        """The content's height at this width of the content."""
        raise NotImplementedError

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        """Paint what meets ``exposed``, in content coordinates."""
        raise NotImplementedError

    def _paint_fixed(self, painter: QPainter) -> None:
        """Paint what doesn't scroll, such as a legend, in widget coordinates."""

    def _tip(self, point: QPointF) -> tuple[str, QRectF]:
        """The tooltip of a content point and the area it holds for."""
        return "", QRectF()

    # scrolling

    def _corner(self) -> QPointF:
        """The point of the content that stands in the widget's upper left corner."""
        return QPointF(0, self._bar.value())

    def _tallest(self) -> int:
        """The height that the widget asks for at most; above it scrolls."""
        return 16 * 1024

    def _needed(self, width: int) -> int:
        return 0 if self._sentence() else self._content_height(width)

    def _content_width(self) -> int:
        return self._inner_width

    def _refit(self) -> None:
        """Bring the scroll bar in line with the content; call when either changes size."""
        bar = self._bar.sizeHint().width()
        needed = self._needed(self.width()) > self.height()
        width = self.width() - bar if needed else self.width()
        excess = max(0, self._needed(width) - self.height()) if needed else 0
        self._bar.setGeometry(self.width() - bar, 0, bar, self.height())
        self._bar.setPageStep(max(1, self.height()))
        self._bar.setSingleStep(3 * GRID)
        self._bar.setRange(0, excess)
        self._bar.setVisible(excess > 0)
        self._inner_width = self.width() - bar if excess > 0 else self.width()
        self.updateGeometry()
        self.update()

    def _reveal(self, area: QRectF) -> None:
        """Scroll just so far that ``area`` of the content is seen."""
        top = self._bar.value()
        if area.top() < top:
            self._bar.setValue(int(area.top()) - GRID)
        elif area.bottom() > top + self.height():
            self._bar.setValue(int(area.bottom()) - self.height() + GRID)

    def _scrolled(self) -> None:
        self.update()

    def _update(self, *, fresh: bool) -> None:
        if fresh:
            self._refit()
        self.update()

    # Qt

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return min(self.full_height(width), self._tallest())

    def sizeHint(self) -> QSize:
        width = max(self.width(), 40 * GRID)
        return QSize(40 * GRID, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(20 * GRID, 5 * GRID)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._refit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._bar.maximum() > 0:
            QApplication.sendEvent(self._bar, event)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), colour("surface"))
        if sentence := self._sentence():
            paint_sentence(painter, QRectF(self.rect()), sentence)
            if self.hasFocus():
                paint_focus(painter, QRectF(self.rect()).adjusted(2, 2, -2, -2))
            return
        corner = self._corner()
        painter.save()
        painter.translate(-corner)
        self._paint(painter, QRectF(event.rect()).translated(corner))
        painter.restore()
        self._paint_fixed(painter)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text, area = self._tip(self.to_content(event.pos()))
            show_tip(self, event.globalPos(), text, self.to_view(area).toAlignedRect())
            return True
        return super().event(event)


def paint_sentence(painter: QPainter, area: QRectF, sentence: str) -> None:
    """A muted sentence in the middle of ``area``."""
    painter.setFont(ui_font(BASE))
    painter.setPen(colour("muted"))
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(area.adjusted(GRID, 0, -GRID, 0), int(flags), sentence)


def paint_focus(painter: QPainter, area: QRectF) -> None:
    """The ring around what the keyboard acts on."""
    painter.save()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour("text"), 2))
    painter.drawRoundedRect(area, 5, 5)
    painter.restore()
