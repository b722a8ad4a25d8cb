"""The one gate through which numbers become an image: whatever arrives, what leaves can be drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QThread

from attnviz.export.colours import Codes

Drawable = NDArray[np.float32] | Codes
NO_DATA = "no data"
_HIGHEST = float(np.finfo(np.float32).max)


def safe_image(data: object) -> tuple[Drawable, str | None]:
    """``data`` as a finite, C-contiguous 2-D array of float32 or uint8, and a note on what had to be changed.

    What can't be drawn at all becomes one zero and the note "no data". NaN takes the lowest finite value, infinities
    the nearest finite one; both are counted in the note.
    """
    if not isinstance(data, np.ndarray) or data.ndim != 2 or data.size == 0 or data.dtype.kind not in "buif":
        return np.zeros((1, 1), np.float32), NO_DATA
    if data.dtype == np.uint8:
        return np.ascontiguousarray(data), None
    wide = data.astype(np.float64)
    finite = np.isfinite(wide)
    if finite.all():
        return np.ascontiguousarray(np.clip(wide, -_HIGHEST, _HIGHEST), dtype=np.float32), _beyond(wide)
    known = wide[finite]
    lowest, highest = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    shown = np.nan_to_num(wide, nan=lowest, posinf=highest, neginf=lowest)
    counts = (
        ("NaN", int(np.isnan(wide).sum())),
        ("∞ clipped", int(np.isposinf(wide).sum())),
        ("−∞ clipped", int(np.isneginf(wide).sum())),
    )
    note = ", ".join(f"{name}: {count} {'cell' if count == 1 else 'cells'}" for name, count in counts if count)
    return np.ascontiguousarray(np.clip(shown, -_HIGHEST, _HIGHEST), dtype=np.float32), note


def holes(data: object) -> NDArray[np.bool_] | None:
    """Where ``data`` has no finite number, or None if every cell has one."""
    if not isinstance(data, np.ndarray) or data.ndim != 2 or data.dtype.kind != "f":
        return None
    missing = ~np.isfinite(data)
    return missing if missing.any() else None


def spread(values: Drawable, *, signed: bool = False, percentile: float = 100.0) -> tuple[float, float]:
    """Finite levels low < high: 0 to the highest value, or symmetric about 0 at a percentile of the magnitudes."""
    magnitude = np.abs(values.astype(np.float64)) if signed else values.astype(np.float64)
    top = float(np.percentile(magnitude, percentile)) if percentile < 100.0 else float(magnitude.max())
    if not top > 0.0:
        top = 1.0
    return (-top if signed else 0.0), top


def coded(values: Drawable, low: float, high: float) -> Codes:
    """Indices 0 … 255 into a colour table for values between two finite levels, ``low`` < ``high``."""
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise ValueError(f"levels must be finite and rising, not {low} … {high}")
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values)
    # Halves, because the span between two extreme levels overflows.
    share = (values.astype(np.float64) / 2 - low / 2) / (high / 2 - low / 2)
    return np.ascontiguousarray(np.rint(np.clip(share, 0.0, 1.0) * 255.0), dtype=np.uint8)


def require_ui_thread() -> None:
    """Views make their images in the UI thread only: elsewhere Qt goes wrong late and far from the cause."""
    application = QCoreApplication.instance()
    if application is None or QThread.currentThread() is not application.thread():
        raise RuntimeError("images are set in the UI thread only")


def _beyond(wide: NDArray[np.float64]) -> str | None:
    count = int((np.abs(wide) > _HIGHEST).sum())
    return f"beyond float32, clipped: {count} {'cell' if count == 1 else 'cells'}" if count else None
