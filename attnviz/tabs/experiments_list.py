"""The list of experiments: title, question, how long it takes, and whether it runs or has a result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from attnviz.views.palette import BASE, GRID, SMALL, colour, ui_font

if TYPE_CHECKING:
    from attnviz.jobs.experiments import Entry

_STATE = Qt.ItemDataRole.UserRole
_ENTRY = Qt.ItemDataRole.UserRole + 1
WIDTH = 34 * GRID
_LEFT_ROOM, _RIGHT_ROOM = 1.5 * GRID, GRID
_WRAP = int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

_Index = QModelIndex | QPersistentModelIndex


class ExperimentList(QListWidget):
    """Its current row is the experiment in front."""

    def __init__(self, entries: tuple[Entry, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Experiments")
        self.setToolTip("Choose an experiment; what was measured stays until it is run again")
        self.setItemDelegate(_Painter(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.setFixedWidth(WIDTH)
        self.setObjectName("panel")
        for entry in entries:
            item = QListWidgetItem(entry.title, self)
            item.setData(_ENTRY, entry)
            self.mark(self.count() - 1, "")

    def mark(self, row: int, state: str) -> None:
        """Say beside an experiment's time how it stands: "", "waiting", "running" or "result"."""
        item = self.item(row)
        entry = item.data(_ENTRY)
        item.setData(_STATE, state)
        said = f"; {state}" if state else ""
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{entry.title}: {entry.question} {entry.time}{said}")

    def standing(self, row: int) -> str:
        found: str = self.item(row).data(_STATE)
        return found


class _Painter(QStyledItemDelegate):
    """Three lines or more: the title with its state at the right, the question, the time."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        small = QFontMetricsF(ui_font(SMALL))
        room = QRectF(0, 0, WIDTH - 2 - _LEFT_ROOM - _RIGHT_ROOM, 1000)
        question = small.boundingRect(room, _WRAP, index.data(_ENTRY).question)
        return QSize(WIDTH - 2, round(QFontMetricsF(ui_font(BASE)).height() + question.height() + 2.5 * GRID))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        entry, state = index.data(_ENTRY), index.data(_STATE)
        area = QRectF(option.rect)
        flags = option.state
        chosen = bool(flags & QStyle.StateFlag.State_Selected)
        painter.save()
        if chosen:
            painter.fillRect(area, colour("accent", 0.12))
            painter.fillRect(QRectF(area.left(), area.top(), 3, area.height()), colour("accent"))
        elif flags & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, colour("raised"))
        painter.setPen(colour("border"))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        inside = area.adjusted(_LEFT_ROOM, GRID, -_RIGHT_ROOM, -GRID)
        title = QFontMetricsF(ui_font(BASE, bold=True))
        line = QRectF(inside.left(), inside.top(), inside.width(), title.height())
        said = {"result": "✓ result"}.get(state, state or entry.time)
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("accent" if state else "muted"))
        painter.drawText(line, _RIGHT, said)
        room = line.width() - QFontMetricsF(ui_font(SMALL)).horizontalAdvance(said) - GRID
        painter.setFont(ui_font(BASE, bold=True))
        painter.setPen(colour("text"))
        painter.drawText(line, _LEFT, title.elidedText(entry.title, Qt.TextElideMode.ElideRight, room))
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("muted"))
        painter.drawText(inside.adjusted(0, title.height() + GRID / 2, 0, 0), _WRAP, entry.question)
        painter.restore()
