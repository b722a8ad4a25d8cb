"""Colour tables of numbers, (256, 4) RGBA: sequential maps for weights, one diverging map for signed values."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint8]

MAPS = ("blues", "cividis", "viridis", "magma", "greys")
_SOURCES = {"cividis": "cividis", "viridis": "viridis", "magma": "magma"}

# Knots of (OKLab lightness, chroma, hue in degrees); lightness runs evenly, so equal steps of weight look equal.
_BLUES_LIGHT = (
    (1.00, 0.000, 250.0),
    (0.82, 0.085, 248.0),
    (0.62, 0.150, 254.0),
    (0.43, 0.150, 260.0),
    (0.26, 0.085, 265.0),
)
_BLUES_DARK = (
    (0.25, 0.018, 262.0),
    (0.42, 0.090, 258.0),
    (0.60, 0.130, 252.0),
    (0.78, 0.105, 240.0),
    (0.97, 0.030, 220.0),
)
_GREYS_LIGHT = ((1.00, 0.0, 0.0), (0.18, 0.0, 0.0))
_GREYS_DARK = ((0.25, 0.0, 0.0), (1.00, 0.0, 0.0))
_SIGNED_LIGHT = (
    (0.36, 0.140, 262.0),
    (0.68, 0.120, 252.0),
    (1.00, 0.000, 250.0),
    (1.00, 0.000, 55.0),
    (0.72, 0.130, 55.0),
    (0.42, 0.120, 40.0),
)
_SIGNED_DARK = (
    (0.86, 0.090, 235.0),
    (0.55, 0.130, 255.0),
    (0.25, 0.012, 262.0),
    (0.25, 0.012, 55.0),
    (0.57, 0.130, 50.0),
    (0.88, 0.090, 75.0),
)


@lru_cache(maxsize=32)
def sequential_table(name: str = "blues", *, dark: bool = False) -> Codes:
    """A perceptual map whose zero is near the page: dark on light, or light on dark."""
    if name == "blues":
        return _from_knots(_BLUES_DARK if dark else _BLUES_LIGHT)
    if name == "greys":
        return _from_knots(_GREYS_DARK if dark else _GREYS_LIGHT)
    import pyqtgraph as pg  # noqa: PLC0415 - costs as much as all of Qt, and most sessions keep the blues

    table = pg.colormap.get(_SOURCES[name]).getLookupTable(0.0, 1.0, 256, alpha=True).astype(np.uint8)
    return _read_only(table if dark else table[::-1])


@lru_cache(maxsize=2)
def diverging_table(*, dark: bool = False) -> Codes:
    """A map for signed values: blue below, the page at zero, orange above."""
    knots = _SIGNED_DARK if dark else _SIGNED_LIGHT
    return _from_knots(knots, positions=(0.0, 0.25, 0.5, 0.5, 0.75, 1.0))


def _from_knots(knots: tuple[tuple[float, float, float], ...], positions: tuple[float, ...] = ()) -> Codes:
    places = np.array(positions or np.linspace(0.0, 1.0, len(knots)), dtype=np.float64)
    lightness, chroma, hue = np.array(knots, dtype=np.float64).T
    steps = np.linspace(0.0, 1.0, 256)
    angle = np.deg2rad(hue)
    lab = [np.interp(steps, places, part) for part in (lightness, chroma * np.cos(angle), chroma * np.sin(angle))]
    table = np.full((256, 4), 255, dtype=np.uint8)
    table[:, :3] = np.rint(_srgb(np.stack(lab, axis=1)) * 255.0)
    return _read_only(table)


def _srgb(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    """OKLab (n, 3) to sRGB in [0, 1] (B. Ottosson, 2020, "A perceptual color space for image processing")."""
    to_cones = np.array(
        ((1.0, 0.3963377774, 0.2158037573), (1.0, -0.1055613458, -0.0638541728), (1.0, -0.0894841775, -1.2914855480))
    )
    to_light = np.array(
        (
            (4.0767416621, -3.3077115913, 0.2309699292),
            (-1.2684380046, 2.6097574011, -0.3413193965),
            (-0.0041960863, -0.7034186147, 1.7076147010),
        )
    )
    light = np.clip((lab @ to_cones.T) ** 3 @ to_light.T, 0.0, 1.0)  # (n, 3)
    curved: NDArray[np.float64] = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return curved


def _read_only(table: NDArray[np.uint8]) -> Codes:
    kept = np.ascontiguousarray(table)
    kept.flags.writeable = False
    return kept
