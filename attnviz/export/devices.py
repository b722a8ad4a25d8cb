"""One painting on three devices; the file's suffix decides: .png for pixels, .svg and .pdf for strokes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QPoint, QRect, QSize, QSizeF
from PySide6.QtGui import QImage, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from attnviz.errors import ExportError, printable
from attnviz.export.atomic import write_bytes

SUFFIXES = (".png", ".svg", ".pdf")
PIXEL_RATIO = 2
_POINTS_PER_PIXEL = 72.0 / 96.0

Paint = Callable[[QPainter], None]


def save_painting(paint: Paint, size: QSize, path: str | Path, title: str = "") -> None:
    """Save what ``paint`` draws on a page of ``size`` logical pixels. Raises ExportError."""
    write_bytes(path, painted(paint, size, Path(path).suffix.lower(), title))


def painted(paint: Paint, size: QSize, suffix: str, title: str = "") -> bytes:
    """The bytes of a picture file in the format of ``suffix``."""
    devices = {".png": _png, ".svg": _svg, ".pdf": _pdf}
    if suffix not in devices:
        raise ExportError(
            f"{printable(suffix) or 'a name without a suffix'} names no picture format; use .png, .svg or .pdf",
            "EXPORT_SUFFIX",
        )
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    devices[suffix](paint, size, buffer, title)
    return bytes(buffer.data().data())


def _png(paint: Paint, size: QSize, buffer: QBuffer, title: str) -> None:
    image = QImage(size * PIXEL_RATIO, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(PIXEL_RATIO)
    image.fill(0xFFFFFFFF)
    image.setText("Title", title)
    painter = QPainter(image)
    paint(painter)
    painter.end()
    if not image.save(buffer, "PNG"):  # type: ignore[call-overload]  # the stubs type the format as bytes
        raise ExportError("the picture could not be encoded as PNG; it may be too large", "EXPORT_FAILED")


def _svg(paint: Paint, size: QSize, buffer: QBuffer, title: str) -> None:
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(size)
    generator.setViewBox(QRect(QPoint(), size))
    generator.setResolution(96)
    generator.setTitle(title)
    painter = QPainter(generator)
    paint(painter)
    painter.end()


def _pdf(paint: Paint, size: QSize, buffer: QBuffer, title: str) -> None:
    writer = QPdfWriter(buffer)
    writer.setTitle(title)
    writer.setResolution(96)
    writer.setPageSize(QPageSize(QSizeF(size) * _POINTS_PER_PIXEL, QPageSize.Unit.Point))
    writer.setPageMargins(QMarginsF())
    painter = QPainter(writer)
    paint(painter)
    painter.end()
