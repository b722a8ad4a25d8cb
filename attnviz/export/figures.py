"""Figures for a paper: one head's attention with a caption that reproduces it, and any widget as it looks."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF, QGuiApplication, QPainter, QPen
from PySide6.QtWidgets import QWidget

from attnviz.errors import ExportError, printable
from attnviz.export.cells import (
    Ink,
    bar_width,
    label_extent,
    label_width,
    paint_bar,
    paint_cells,
    paint_column_label,
    paint_row_label,
    stride,
)
from attnviz.export.colours import MAPS, Codes, diverging_table, sequential_table
from attnviz.export.devices import save_painting
from attnviz.export.ticks import Ticks, linear_ticks
from attnviz.trace import Attention, Floats, Hiding, Tokens

KINDS = ("weights", "scores", "raw products")
_UNITS = {"weights": "attention weight", "scores": "scaled score", "raw products": "q·k"}
_CELL, _LEAST_CELL, _WIDEST = 24.0, 1.5, 720.0
_MARGIN, _LINE = 16.0, 16.0
_LONGEST_LABEL, _LONGEST_TEXT = 24, 160


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a figure's numbers come from; what is empty is left out of the caption."""

    checkpoint: str = ""
    file_hash: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class AttentionFigure:
    """A figure laid out on a white page of ``size``; ``paint`` draws it on any device, ``save`` writes it by suffix."""

    codes: Codes
    table: Codes
    ticks: Ticks
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    caption: tuple[str, ...]
    title: str
    holes: Codes | None = None

    def save(self, path: str | Path) -> None:
        """Write .svg, .pdf or .png. Raises ExportError."""
        ensure_application()
        save_painting(self.paint, self.size(), path, self.title)

    def size(self) -> QSize:
        area, ink = self._area(), _paper_ink()
        width = max(area.right() + 16 + bar_width(self.ticks, ink), area.left() + 420.0) + _MARGIN
        lines = sum(len(_wrapped(line, ink.small, width - 2 * _MARGIN)) for line in self.caption)
        return QSize(math.ceil(width), math.ceil(max(area.bottom(), area.top() + 90.0) + _LINE * (lines + 1.5)))

    def paint(self, painter: QPainter) -> None:
        area, ink, size = self._area(), _paper_ink(), self.size()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(QRectF(0, 0, size.width(), size.height()), QColor("#ffffff"))
        paint_cells(painter, area, self.codes, self.table)
        self._paint_holes(painter, area)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(ink.line, 1))
        painter.drawRect(area)
        self._paint_labels(painter, area, ink)
        bar = QRectF(area.right() + 16, area.top(), 12, min(max(area.height(), 90.0), 240.0))
        paint_bar(painter, bar, self.table, self.ticks, ink)
        self._paint_caption(painter, max(area.bottom(), bar.bottom()) + _LINE * 1.5, size.width() - 2 * _MARGIN, ink)

    def _area(self) -> QRectF:
        """Where the cells stand on the page."""
        ink = _paper_ink()
        cell = max(min(_CELL, _WIDEST / max(self.codes.shape)), _LEAST_CELL)
        titles = QFontMetricsF(ink.small)
        left = _MARGIN + max(label_width(self.rows, ink.labels), titles.horizontalAdvance("queries ↓")) + 16
        top = _MARGIN + titles.height() + 6 + label_extent(self.columns, ink.labels, cell)[0]
        return QRectF(left, top, cell * self.codes.shape[1], cell * self.codes.shape[0])

    def _paint_holes(self, painter: QPainter, area: QRectF) -> None:
        """What is masked or hidden is crossed out, not coloured."""
        if self.holes is None:
            return
        height, width = area.height() / self.codes.shape[0], area.width() / self.codes.shape[1]
        painter.setPen(QPen(QColor("#9aa3af"), 0.6))
        for row, column in zip(*np.nonzero(self.holes), strict=True):
            cell = QRectF(area.left() + column * width, area.top() + row * height, width, height)
            painter.fillRect(cell, QColor("#eef0f3"))
            painter.drawLine(cell.bottomLeft(), cell.topRight())

    def _paint_labels(self, painter: QPainter, area: QRectF, ink: Ink) -> None:
        height, width = area.height() / self.codes.shape[0], area.width() / self.codes.shape[1]
        slanted = label_extent(self.columns, ink.labels, width)[1]
        needed = QFontMetricsF(ink.labels).height()
        painter.setFont(ink.labels)
        painter.setPen(ink.text)
        for row in range(0, len(self.rows), stride(height, needed * 0.9)):
            paint_row_label(painter, area.left() - 6, area.top() + (row + 0.5) * height, self.rows[row])
        for column in range(0, len(self.columns), stride(width, needed * 1.05) if slanted else 1):
            middle = area.left() + (column + 0.5) * width
            paint_column_label(painter, middle, area.top() - 3, self.columns[column], slanted=slanted)
        painter.setFont(ink.small)
        painter.setPen(ink.muted)
        metrics = QFontMetricsF(ink.small)
        painter.drawText(
            QPointF(area.left() - 12 - metrics.horizontalAdvance("queries ↓"), area.top() - 10), "queries ↓"
        )
        painter.drawText(QPointF(area.left(), _MARGIN + metrics.ascent() - 4), "keys →")

    def _paint_caption(self, painter: QPainter, top: float, width: float, ink: Ink) -> None:
        painter.setFont(ink.small)
        for index, line in enumerate(self.caption):
            painter.setPen(ink.text if index == 0 else ink.muted)
            for part in _wrapped(line, ink.small, width):
                painter.drawText(QPointF(_MARGIN, top), part)
                top += _LINE


def attention_figure(
    attention: Attention,
    tokens: Tokens,
    head: int,
    *,
    kind: str = "weights",
    colour_map: str = "blues",
    hidden: tuple[int, ...] = (),
    keys: Tokens | None = None,
    origin: Origin | None = None,
) -> AttentionFigure:
    """The figure of one head. ``hidden`` keys are left out and the rows renormalised, which the caption says.

    Raises ExportError for a head, a kind or a colour map that doesn't exist.
    """
    _refuse_nonsense(attention, head, kind, colour_map)
    ensure_application()
    over = tokens if keys is None else keys
    values, remark = _values(attention, head, kind, hidden)
    missing = ~np.isfinite(values)
    high = float(np.abs(np.where(missing, 0.0, values)).max()) or 1.0
    low = 0.0 if kind == "weights" else -high
    shares = np.clip((np.where(missing, 0.0, values).astype(np.float64) - low) / (high - low), 0.0, 1.0)
    where = f"layer {attention.layer}, head {head}"
    return AttentionFigure(
        np.rint(shares * 255.0).astype(np.uint8),
        sequential_table(colour_map) if kind == "weights" else diverging_table(),
        linear_ticks(low, high, _UNITS[kind]),
        tuple(printable(label, _LONGEST_LABEL) for label in tokens.labels),
        tuple(printable(label, _LONGEST_LABEL) for label in over.labels),
        _caption(where, _UNITS[kind], tokens, remark, origin or Origin()),
        f"Attention, {where}",
        missing.astype(np.uint8) if missing.any() else None,
    )


def save_widget(widget: QWidget, path: str | Path) -> None:
    """Save ``widget`` as it looks now, as .png, .svg or .pdf. Raises ExportError."""
    if widget.size().isEmpty():
        raise ExportError("the view has no size yet, so there is no picture to save; show it first", "EXPORT_EMPTY")
    save_painting(lambda painter: widget.render(painter, QPoint()), widget.size(), path, widget.windowTitle())


def ensure_application() -> None:
    """Letters need an application for their fonts; without one, make one that needs no display."""
    if QGuiApplication.instance() is None:
        _kept.append(QGuiApplication([sys.argv[0] if sys.argv else "attnviz", "-platform", "offscreen"]))


_kept: list[QGuiApplication] = []


def _refuse_nonsense(attention: Attention, head: int, kind: str, colour_map: str) -> None:
    if not 0 <= head < attention.heads:
        raise ExportError(f"head {head} doesn't exist; this layer has heads 0 to {attention.heads - 1}", "EXPORT_HEAD")
    if kind not in KINDS:
        raise ExportError(f"{printable(kind)!r} is no kind of map; choose one of {', '.join(KINDS)}", "EXPORT_KIND")
    if colour_map not in MAPS:
        raise ExportError(f"{printable(colour_map)!r} is no colour map; choose one of {', '.join(MAPS)}", "EXPORT_MAP")


def _values(attention: Attention, head: int, kind: str, hidden: tuple[int, ...]) -> tuple[Floats, str]:
    """The map with NaN where it is hidden, and what the caption has to say about that."""
    if kind != "weights":
        values, remark = (
            attention.scores(head) if kind == "scores" else attention.products(head),
            "hidden keys are crossed out",
        )
    else:
        hiding = Hiding.of(attention.weights(head), hidden)
        values = hiding.weights
        remark = f"hidden keys carry {100 * hiding.share:.0f} % of the mass; rows renormalised"
    if not hidden:
        return values, ""
    shown = values.copy()
    shown[:, list(hidden)] = np.nan
    return shown, remark


def _caption(where: str, unit: str, tokens: Tokens, remark: str, origin: Origin) -> tuple[str, ...]:
    first = ", ".join(part for part in (printable(origin.checkpoint), where, unit) if part)
    text = tokens.text if tokens.pair is None else f"{tokens.text} / {tokens.pair}"
    lines = [f"{first}.", f"“{printable(text, _LONGEST_TEXT)}”"]
    if remark:
        lines.append(f"{remark}.")
    if origin.file_hash:
        lines.append(f"weights file: {printable(origin.file_hash)}")
    if origin.command:
        lines.append(printable(origin.command, 300))
    return tuple(lines)


def _wrapped(line: str, font: QFont, width: float) -> list[str]:
    """``line`` in parts that fit ``width``, broken at spaces where there are any."""
    metrics, parts, rest = QFontMetricsF(font), [], line
    while metrics.horizontalAdvance(rest) > width and len(rest) > 1:
        fits = max(
            next((end for end in range(len(rest), 0, -1) if metrics.horizontalAdvance(rest[:end]) <= width), 1), 1
        )
        space = rest.rfind(" ", 0, fits + 1)
        end = space if space > 0 else fits
        parts.append(rest[:end])
        rest = rest[end:].lstrip()
    return [*parts, rest]


def _paper_ink() -> Ink:
    labels = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    small = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    labels.setPixelSize(11)
    small.setPixelSize(11)
    return Ink(QColor("#111418"), QColor("#4a525e"), QColor("#8a929e"), labels, small)
